"""Intents: an app asks for something, the app that does it is found, shown in the asker's page, and may give rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import bearer_of_page, write_app
from alcove.documents import Documents
from alcove.instances import Instances

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from alcove.server.testing import Front

DOMAIN = "alice.example"
PICKS = [{"action": "PICK", "type": ["io.cozy.files", "image/*"], "href": "/pick#/now"}]
HERE = f"http://{DOMAIN}"


@pytest.fixture
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


async def install(door: Front, sources: Path, slug: str = "picker", **members: Any) -> None:
    folder = write_app(sources, slug, **members)
    async with door.client(DOMAIN, "io.cozy.apps") as client:
        answer = await client.post(f"/apps/{slug}", params={"Source": f"file://{folder}"})
        assert answer.status_code == 202, answer.text


async def ask(browser: httpx.AsyncClient, slug: str = "mini", **attributes: Any) -> httpx.Response:
    bearer = await bearer_of_page(browser, DOMAIN, slug)
    said = {"data": {"type": "io.cozy.intents", "attributes": attributes}}
    return await browser.post(f"{HERE}/intents", json=said, headers=bearer)


async def test_the_app_that_does_it_is_found_and_reads_what_is_asked(
    door: Front, browser: httpx.AsyncClient, sources: Path
) -> None:
    await install(door, sources, intents=PICKS)
    answer = await ask(browser, action="pick", type="image/png", permissions=["GET"])
    assert answer.status_code == 200, answer.text
    made = answer.json()["data"]
    ident, told = made["id"], made["attributes"]
    assert told == {
        "action": "pick",
        "type": "image/png",
        "permissions": ["GET"],
        "client": f"http://mini.{DOMAIN}",
        "services": [{"slug": "picker", "href": f"http://picker.{DOMAIN}/pick?intent={ident}#/now"}],
        "availableApps": None,
    }
    read = await browser.get(f"{HERE}/intents/{ident}", headers=await bearer_of_page(browser, DOMAIN, "picker"))
    assert read.json()["data"] == made
    # Who asked is told by its answer; nobody else reads it, and it is gone after a day.
    asker = await bearer_of_page(browser, DOMAIN)
    assert (await browser.get(f"{HERE}/intents/{ident}", headers=asker)).status_code == 403
    door.clock.pass_time(days=2)
    assert (await ask(browser, action="PICK", type="io.cozy.files")).status_code == 200
    picker = await bearer_of_page(browser, DOMAIN, "picker")
    assert (await browser.get(f"{HERE}/intents/{ident}", headers=picker)).status_code == 404


async def test_the_asker_may_show_the_page_that_does_it(door: Front, browser: httpx.AsyncClient, sources: Path) -> None:
    await install(door, sources, intents=PICKS)
    await install(door, sources, "other")
    ident = (await ask(browser, action="PICK", type="io.cozy.files")).json()["data"]["id"]

    async def framed_by(slug: str, intent: str) -> str:
        policy = (await browser.get(f"http://{slug}.{DOMAIN}/?intent={intent}")).headers["content-security-policy"]
        return policy.partition("frame-ancestors ")[2].partition(";")[0]

    assert await framed_by("picker", ident) == f"'self' http://mini.{DOMAIN}"
    assert await framed_by("picker", "unknown") == "'self'"
    assert await framed_by("other", ident) == "'self'"


async def test_the_app_that_does_it_gives_the_asker_rights_that_it_has(
    door: Front, browser: httpx.AsyncClient, sources: Path
) -> None:
    await install(door, sources, intents=PICKS, permissions={"f": {"type": "io.cozy.files"}})
    made = (await ask(browser, action="PICK", type="io.cozy.files")).json()["data"]
    picker = await bearer_of_page(browser, DOMAIN, "picker")

    async def give(kind: str) -> int:
        rules = {"picked": {"type": kind, "verbs": ["GET"], "values": ["one"]}}
        said = {"data": {"attributes": {"permissions": rules}}}
        return (await browser.patch(f"{HERE}{made['links']['permissions']}", json=said, headers=picker)).status_code

    assert await give("io.cozy.files") == 200
    assert await give("io.cozy.bills") == 403
    asker = await bearer_of_page(browser, DOMAIN)
    own = (await browser.get(f"{HERE}/permissions/self", headers=asker)).json()["data"]
    assert f"/permissions/{own['id']}" == made["links"]["permissions"]
    assert own["attributes"]["permissions"]["picked"]["values"] == ["one"]


async def test_an_address_in_a_flag_stands_for_an_asker_that_is_elsewhere(
    door: Front, browser: httpx.AsyncClient, sources: Path
) -> None:
    await install(door, sources, intents=PICKS)
    await install(door, sources, "mobile", client_url_flag="mobile.url")
    for address, origin in (
        ("https://app.example/path", "https://app.example"),
        ("javascript:alert(1)", f"http://mobile.{DOMAIN}"),
        ("https://app.example; script-src *", f"http://mobile.{DOMAIN}"),
    ):
        flags = {"mobile.url": address}
        assert (await door.operator.patch(f"/instances/{DOMAIN}/feature/flags", json=flags)).status_code == 200
        told = (await ask(browser, "mobile", action="PICK", type="io.cozy.files")).json()["data"]["attributes"]
        assert told["client"] == origin


async def test_a_page_of_another_host_is_never_named(door: Front, browser: httpx.AsyncClient, sources: Path) -> None:
    await install(
        door, sources, intents=[{"action": "PICK", "type": ["io.cozy.files"], "href": "//evil.example/x?a=1"}]
    )
    told = (await ask(browser, action="PICK", type="io.cozy.files")).json()["data"]
    href = f"http://picker.{DOMAIN}/evil.example/x?a=1&intent={told['id']}"
    assert told["attributes"]["services"] == [{"slug": "picker", "href": href}]


async def test_what_nobody_here_does_is_looked_for_in_the_registries(door: Front, browser: httpx.AsyncClient) -> None:
    told = (await ask(browser, action="PICK", type="io.cozy.files")).json()["data"]["attributes"]
    assert (told["services"], told["availableApps"]) == (None, [])


@pytest.mark.parametrize(
    "said",
    [
        {"type": "io.cozy.files"},
        {"action": "PICK"},
        {"action": "", "type": "io.cozy.files"},
        {"action": ["PICK"], "type": "io.cozy.files"},
        {"action": "PICK", "type": "a" * 201},
        {"action": "PICK", "type": "io.cozy.files", "permissions": ["TAKE"]},
        {"action": "PICK", "type": "io.cozy.files", "permissions": "GET"},
    ],
)
async def test_a_wish_that_says_nothing_is_refused(
    door: Front, browser: httpx.AsyncClient, said: dict[str, Any]
) -> None:
    assert (await ask(browser, **said)).status_code == 422
    key = door.house.need(Instances).by_domain(DOMAIN).key
    assert await door.house.need(Documents).all(key, "io.cozy.intents") == []
