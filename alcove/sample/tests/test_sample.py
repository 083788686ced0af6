"""The sample person, as who lives in an instance meets it: asked for, opened by a link, removed from either side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from alcove.base.config import Settings
from alcove.base.confined import Confinement, Level
from alcove.connectors import Runs
from alcove.documents import Documents, Tx
from alcove.identity import Sessions, Tokens
from alcove.instances import Instances
from alcove.jobs import Jobs
from alcove.sample import SAMPLES, Samples
from alcove.sample.model import SAMPLE_ID, domain_for
from alcove.server.run import Server
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from alcove.base.house import House
    from alcove.instances import Instance

OWNER = "alice.example"
SAMPLE = "sample-alice.example"
SMALL = ("--seed", "1", "--years", "1", "--operations", "80", "--bills", "3")


@pytest.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Front]:
    """A house in which nothing needs to be confined: no connector runs but where a test says so."""
    monkeypatch.setattr(Runs, "refusal", lambda _: "")
    async with front() as entry:
        await entry.instance(OWNER, Passphrase="correct horse battery", Locale="fr")
        yield entry


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Stands in for drawing and reading, which take a minute: notes how often it was asked."""
    asked: list[int] = []

    async def draw(folder: Any) -> None:
        asked.append(1)

    async def hand_over(*_: Any) -> list[str]:
        return ["0" * 32]

    async def follow(self: Samples, owner: Instance, job: str, *_: Any) -> None:
        await self._shelf.change(owner.key, job, {"state": "reading", "done": 1, "total": 1})

    monkeypatch.setattr("alcove.sample.service._draw", draw)
    monkeypatch.setattr(Samples, "_hand_over", hand_over)
    monkeypatch.setattr(Samples, "_follow", follow)
    return asked


def person(door: Front, domain: str = OWNER, scope: str = SAMPLES) -> httpx.AsyncClient:
    return door.client(domain, scope)


async def told(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/sample")
    assert answer.status_code == 200, answer.text
    attributes: dict[str, Any] = answer.json()["data"]["attributes"]
    return attributes


async def made(door: Front, client: httpx.AsyncClient) -> dict[str, Any]:
    """Asks for the sample person, and waits for the job that makes it."""
    answer = await client.post("/sample")
    assert answer.status_code == 202, answer.text
    await ended(door.house)
    return await told(client)


async def ended(house: House) -> None:
    owner = house.need(Instances).by_domain(OWNER)
    document = await house.need(Documents).get(owner.key, SAMPLES, SAMPLE_ID)
    assert document is not None
    await house.need(Jobs).wait(owner.key, document.fields()["job"])


async def test_it_lives_in_an_instance_of_its_own_and_opens_by_a_link_once(door: Front, read: list[int]) -> None:
    async with person(door) as alice, door.client(SAMPLE) as browser, door.client(SAMPLE) as other:
        assert (await told(alice)) == {"state": "none", "possible": True, "why": "", "reason": ""}
        assert (await alice.post("/sample/open")).status_code == 404
        said = await made(door, alice)
        assert (said["state"], said["domain"]) == ("ready", SAMPLE)
        sample = door.house.need(Instances).by_domain(SAMPLE)
        assert sample.fields["sample"] is True
        assert sample.fields["feature_flags"] == {"alcove.sample": OWNER}
        assert sample.locale == "fr"

        url = (await alice.post("/sample/open")).json()["data"]["attributes"]["url"]
        assert url.startswith(f"http://{SAMPLE}/sample/enter?code=")
        entered = await browser.get(url)
        assert entered.status_code == 303
        assert entered.headers["cache-control"] == "no-store"
        assert "cozysessid=" in entered.headers["set-cookie"]
        assert f"Domain=.{SAMPLE}" in entered.headers["set-cookie"]
        again = await other.get(url, headers={"Accept": "text/html"})
        assert again.status_code == 403
        assert "déjà servi" in again.text
        assert "set-cookie" not in again.headers


async def test_a_link_is_for_its_own_place_and_for_two_minutes(door: Front, read: list[int]) -> None:
    await door.instance("bob.example")
    async with person(door) as alice, door.client("bob.example") as bob, door.client(SAMPLE) as browser:
        await made(door, alice)
        url = (await alice.post("/sample/open")).json()["data"]["attributes"]["url"]
        code = url.rpartition("=")[2]
        assert (await bob.get("/sample/enter", params={"code": code})).status_code == 403
        assert (await browser.get("/sample/enter")).status_code == 403
        door.clock.pass_time(minutes=3)
        assert (await browser.get("/sample/enter", params={"code": code})).status_code == 403


async def test_asked_again_it_is_not_made_again(door: Front, read: list[int]) -> None:
    async with person(door) as alice:
        await made(door, alice)
        await made(door, alice)
        assert len(read) == 1
        assert [i.domain for i in door.house.need(Instances).all()] == [OWNER, SAMPLE]


async def test_who_makes_and_removes_it_all_day_is_slowed_down(door: Front, read: list[int]) -> None:
    async with person(door) as alice:
        for _ in range(5):
            await made(door, alice)
            assert (await alice.delete("/sample")).status_code == 204
        assert (await alice.post("/sample")).status_code == 429
        assert (await told(alice))["state"] == "none"
    door.clock.pass_time(hours=1)
    async with person(door) as alice:
        assert (await made(door, alice))["state"] == "ready"


async def test_its_owner_removes_it(door: Front, read: list[int]) -> None:
    async with person(door) as alice:
        await made(door, alice)
        assert (await alice.delete("/sample")).status_code == 204
        assert [i.domain for i in door.house.need(Instances).all()] == [OWNER]
        assert (await told(alice))["state"] == "none"
        assert (await alice.delete("/sample")).status_code == 404


async def test_while_it_is_made_it_can_be_removed(
    door: Front, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def draw(folder: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr("alcove.sample.service._draw", draw)
        async with person(door) as alice:
            await alice.post("/sample")
            await begun.wait()
            assert (await told(alice))["state"] == "drawing"
            assert (await alice.delete("/sample")).status_code == 204
            assert (await told(alice))["state"] == "none"
            assert [i.domain for i in door.house.need(Instances).all()] == [OWNER]
    async with person(door) as alice:
        assert (await made(door, alice))["state"] == "ready"


async def test_it_can_be_removed_from_within_by_its_own_pages_alone(door: Front, read: list[int]) -> None:
    async with person(door) as alice, person(door, OWNER, "io.cozy.files") as files:
        await made(door, alice)
        assert (await files.delete("/sample")).status_code == 403
        sample = door.house.need(Instances).by_domain(SAMPLE)
        session, cookie = await door.house.need(Sessions).open(sample, long_run=False)
        async with door.client(SAMPLE, "*") as outside:
            assert (await outside.delete("/sample")).status_code == 403
            assert (await outside.post("/sample")).status_code == 403
            assert (await told(outside))["why"] == "sample"
        await _install(door, sample)
        token = _app_token(door, sample, session.id)
        headers = {"Authorization": f"Bearer {token}", "Cookie": f"cozysessid={cookie}"}
        async with door.client(SAMPLE, **headers) as inside:
            assert (await inside.delete("/sample")).status_code == 204
        assert (await told(alice))["state"] == "none"
        assert [i.domain for i in door.house.need(Instances).all()] == [OWNER]


async def _install(door: Front, sample: Instance) -> None:
    async def unit(tx: Tx) -> None:
        await tx.put("io.cozy.apps", "io.cozy.apps/mini", {"slug": "mini", "permissions": {}})

    await door.house.need(Documents).work(sample.key, unit)


def _app_token(door: Front, sample: Instance, session: str) -> str:
    return door.house.need(Tokens).make(sample, "app", "mini", session=session)


async def test_pages_need_the_permission(door: Front) -> None:
    async with person(door, OWNER, "io.cozy.files") as other, person(door, OWNER, f"{SAMPLES}:GET") as looking:
        for method, path in (("GET", "/sample"), ("POST", "/sample"), ("DELETE", "/sample"), ("POST", "/sample/open")):
            assert (await other.request(method, path)).status_code == 403
        assert (await looking.get("/sample")).status_code == 200
        assert (await looking.post("/sample")).status_code == 403
    async with door.client(OWNER) as stranger:
        assert (await stranger.post("/sample")).status_code == 401


async def test_it_says_what_keeps_it_from_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Runs, "refusal", lambda _: "Bubblewrap is not installed")
    async with front() as entry:
        await entry.instance(OWNER)
        async with person(entry) as alice:
            assert (await told(alice))["why"] == "confinement"
            refused = await alice.post("/sample")
            assert refused.status_code == 503
            assert "Bubblewrap" in refused.text
    async with front(samples="off") as entry:
        await entry.instance(OWNER)
        async with person(entry) as alice:
            assert (await told(alice))["why"] == "off"
            assert (await alice.post("/sample")).status_code == 403


async def test_what_fails_leaves_nothing_half_made_and_can_be_tried_again(
    door: Front, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(folder: Any) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patch:
        patch.setattr("alcove.sample.service._draw", broken)
        async with person(door) as alice:
            said = await made(door, alice)
            assert (said["state"], said["why"], said["error"]) == ("errored", "failed", "The server failed (OSError)")
            assert [i.domain for i in door.house.need(Instances).all()] == [OWNER]
            assert (await alice.post("/sample/open")).status_code == 409
    async with person(door) as alice:
        assert (await made(door, alice))["state"] == "ready"


async def test_a_taken_address_is_said(door: Front, read: list[int]) -> None:
    await door.instance(SAMPLE)
    async with person(door) as alice:
        assert (await made(door, alice))["why"] == "taken"
        assert SAMPLE in [i.domain for i in door.house.need(Instances).all()]


async def test_it_goes_with_its_owner_and_when_nobody_opens_it(door: Front, read: list[int]) -> None:
    instances, samples = door.house.need(Instances), door.house.need(Samples)

    async def there_after(**time: float) -> bool:
        door.clock.pass_time(**time)
        await samples.sweep()
        return len(instances.all()) == 2

    async with person(door) as alice:
        await made(door, alice)
    assert await there_after(days=29)
    async with person(door) as alice:
        assert (await alice.post("/sample/open")).status_code == 201
    assert await there_after(days=29)
    assert not await there_after(days=2)
    async with person(door) as alice:
        assert (await told(alice))["state"] == "none"
        await made(door, alice)
    await instances.destroy(instances.by_domain(OWNER))
    await samples.sweep()
    assert instances.all() == []


async def test_without_a_session_its_login_says_where_it_is_opened_from(door: Front, read: list[int]) -> None:
    async with person(door) as alice, door.client(SAMPLE) as browser:
        await made(door, alice)
        page = await browser.get("/auth/login")
        assert "Personne d’exemple" in page.text
        assert "depuis votre lieu à vous" in page.text
        assert "<form" not in page.text


async def test_it_moves_along_with_its_owner(door: Front, read: list[int]) -> None:
    instances = door.house.need(Instances)
    async with person(door) as alice:
        await made(door, alice)
    await instances.rename(instances.by_domain(OWNER), "alice.other")
    async with person(door, "alice.other") as alice:
        url = (await alice.post("/sample/open")).json()["data"]["attributes"]["url"]
    assert url.startswith("http://sample-alice.other/")
    assert instances.by_domain("sample-alice.other").fields["feature_flags"] == {"alcove.sample": "alice.other"}


def test_where_apps_are_told_by_a_hyphen_its_name_has_none() -> None:
    assert domain_for("me.tld", flat=True) == "sampleme.tld"
    assert domain_for("me.tld:80", flat=False) == "sample-me.tld:80"


@pytest.mark.slow(reason="draws a small household, and runs connectors over it")
async def test_its_papers_are_read_by_the_same_connectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await Confinement.find()
    if found.level is not Level.NAMESPACES:
        pytest.skip(f"connectors cannot be confined here: {found.how}")
    monkeypatch.setattr("alcove.sample.service.HOUSEHOLD", SMALL)
    ports: dict[str, Any] = {"port": 0, "admin_port": 0, "admin_passphrase": "x"}
    server = Server(Settings(home=tmp_path / "home", store="memory", blobs="memory", **ports))
    house = await server.start()
    try:
        owner = await house.need(Instances).create(OWNER, {}, {})
        base = f"http://127.0.0.1:{server.settings.port}"
        async with httpx.AsyncClient(base_url=base, headers=_headers(house, owner, SAMPLES)) as client:
            assert (await client.post("/sample")).status_code == 202
            await ended(house)
            said = await told(client)
            assert (said["state"], said["done"]) == ("ready", said["total"]), said
            sample = house.need(Instances).by_domain(said["domain"])
            headers = _headers(house, sample, "io.cozy.bank.operations io.cozy.bills org.alcove.money.links")
            summary = (await client.get("/money/summary", headers=headers)).json()["data"]["attributes"]
            assert summary["operations"] > 20
            assert summary["bills"] >= 1
    finally:
        await server.stop()


def _headers(house: House, instance: Instance, scope: str) -> dict[str, str]:
    token = house.need(Tokens).make(instance, "cli", "CLI", scope)
    return {"Host": instance.domain, "Authorization": f"Bearer {token}"}
