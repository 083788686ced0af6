"""Under which names an instance is found: its domain, its aliases, the domain of before, letters beyond ASCII."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alcove.apps.testing import cozy_data, log_in, write_app
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance("alice.example", DomainAliases="al.example,a.example", Passphrase="x")
        yield entry


async def modify(door: Front, domain: str = "alice.example", **params: str) -> int:
    return (await door.operator.patch(f"/instances/{domain}", params=params)).status_code


async def test_an_alias_answers_as_itself(door: Front) -> None:
    headers = {"Accept": "text/html"}
    async with door.client("al.example", "io.cozy.settings") as client:
        assert (await client.get("/settings/instance")).status_code == 200
        leads = (await client.get("/", headers={**headers, "Authorization": ""})).headers["location"]
    assert leads.startswith("http://al.example/auth/login")
    assert (await door.operator.get("/instances/al.example")).json()["data"]["attributes"]["domain"] == "alice.example"
    assert (await door.operator.get("/instances/count")).json() == {"count": 1}


async def test_a_token_is_good_at_every_name(door: Front) -> None:
    said = {"Authorization": f"Bearer {door.token('alice.example', 'io.cozy.settings')}"}
    for name in ("alice.example", "al.example", "a.example"):
        async with door.client(name, **said) as client:
            assert (await client.get("/settings/instance")).status_code == 200


async def test_aliases_are_replaced_and_taken_once(door: Front) -> None:
    assert await modify(door, DomainAliases="b.example") == 200
    assert door.house.need(Instances).by_host("al.example") is None
    await door.instance("al.example")
    assert await modify(door, DomainAliases="al.example") == 409
    assert await modify(door, DomainAliases="alice.example") == 409
    assert await modify(door, DomainAliases="b c") == 422
    assert door.house.need(Instances).by_host("b.example") is not None
    assert await modify(door, DomainAliases=",") == 200
    assert door.house.need(Instances).by_host("b.example") is None
    await door.instance("b.example")


async def test_the_domain_of_before_sends_on(door: Front) -> None:
    assert await modify(door, Domain="alice.other") == 200
    async with door.client("alice.example") as client:
        sent = await client.get("/settings/instance?a=b")
    assert (sent.status_code, sent.headers["location"]) == (308, "http://alice.other/settings/instance?a=b")
    async with door.client("drive.alice.example") as client:
        assert (await client.get("/x")).headers["location"] == "http://drive.alice.other/x"
    await door.instance("alice.example")
    async with door.client("alice.example", "io.cozy.settings") as client:
        assert (await client.get("/settings/instance")).status_code == 200


async def test_a_new_name_keeps_passphrase_and_tokens(door: Front) -> None:
    said = {"Authorization": f"Bearer {door.token('alice.example', 'io.cozy.settings')}"}
    for name in ("alice.other", "alice.third"):
        before = door.house.need(Instances).all()[0].domain
        assert await modify(door, before, Domain=name) == 200
        async with door.client(name, **said) as client:
            assert 'data-salt="me@alice.example"' in (await client.get("/auth/login")).text
            assert (await client.get("/settings/instance")).status_code == 200
    for name in ("alice.example", "alice.other"):
        async with door.client(name) as client:
            assert (await client.get("/x")).headers["location"] == "http://alice.third/x"
    assert await modify(door, "alice.third", Domain="alice.other") == 200
    assert door.house.need(Instances).by_domain("alice.other").before == ["alice.third", "alice.example"]


async def test_letters_beyond_ascii_are_found_as_browsers_write_them(door: Front) -> None:
    await door.instance("été.example")
    async with door.client("xn--t-9fab.example") as client:
        leads = (await client.get("/", headers={"Accept": "text/html"})).headers["location"]
    assert leads.startswith("http://xn--t-9fab.example/")
    assert await modify(door, "xn--t-9fab.example") == 200
    assert (await door.operator.post("/instances", params={"Domain": "XN--t-9fab.example"})).status_code == 409


@pytest.mark.parametrize(("subdomains", "host"), [("nested", "app.al.place.example"), ("flat", "al-app.place.example")])
async def test_apps_are_served_at_an_alias_too(tmp_path: Path, subdomains: str, host: str) -> None:
    write_app(tmp_path, "app")
    async with front(apps=str(tmp_path), subdomains=subdomains) as door:
        await door.instance("alice.place.example", DomainAliases="al.place.example", Passphrase="pass words here")
        async with door.client("al.place.example") as client:
            await log_in(client, "al.place.example", "pass words here")
            page = await client.get(f"http://{host}/")
    assert page.status_code == 200
    assert "al.place.example" in page.text
    assert "alice.place.example" not in page.text


@pytest.mark.parametrize(
    ("subdomains", "host", "later"),
    [
        ("nested", "app.alice.place.example", "app.bob.place.example"),
        ("flat", "alice-app.place.example", "bob-app.place.example"),
    ],
)
async def test_both_ways_of_writing_hosts_work_from_end_to_end(
    tmp_path: Path, subdomains: str, host: str, later: str
) -> None:
    write_app(tmp_path, "app")
    async with front(apps=str(tmp_path), subdomains=subdomains) as door:
        await door.instance("alice.place.example", Passphrase="pass words here")
        async with door.client("alice.place.example", Accept="text/html") as client:
            assert (await client.get(f"http://{host}/")).headers["location"].startswith("http://alice.place.example/")
            await log_in(client, "alice.place.example", "pass words here")
            page = await client.get(f"http://{host}/")
            told = cozy_data(page.text)
            assert (page.status_code, told["domain"], told["subdomain"]) == (200, "alice.place.example", subdomains)
            bearer = {"Authorization": f"Bearer {told['token']}"}
            assert (await client.get("/settings/capabilities", headers=bearer)).status_code == 200
            assert (await client.get(f"http://{host.replace('app', 'nothing')}/")).status_code == 404
            assert await modify(door, "alice.place.example", Domain="bob.place.example") == 200
            sent = await client.get(f"http://{host}/a?b=c")
            assert (sent.status_code, sent.headers["location"]) == (308, f"http://{later}/a?b=c")
            assert await modify(door, "bob.place.example", Blocked="true") == 200
            assert (await client.get(f"http://{later}/")).status_code == 503
