"""A blocked instance, and one whose terms of service wait: what browsers and clients are told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import write_app
from alcove.server.barring import accepted
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DOMAIN = "alice.example"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
CONTEXTS = {"default": {"support_address": "help@host.example", "manager_url": "https://manager.example/"}}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Front]:
    write_app(tmp_path, "app")
    async with front(apps=str(tmp_path), contexts=CONTEXTS) as entry:
        await entry.instance(DOMAIN, Passphrase="x", Locale="fr", UUID="u/1", TOSSigned="1.0.0-20200101")
        yield entry


async def modify(door: Front, **params: str) -> None:
    assert (await door.operator.patch(f"/instances/{DOMAIN}", params=params)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/auth/login", "http://app.alice.example/", "/public/prelogin"])
async def test_a_browser_sees_a_page_in_the_persons_language(door: Front, path: str) -> None:
    await modify(door, Blocked="true", BlockingReason="<b>Fermé</b> jusqu’à lundi")
    async with door.client(DOMAIN, **BROWSER) as client:
        page = await client.get(path)
    assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "Ce lieu est fermé" in page.text
    assert "&lt;b&gt;Fermé&lt;/b&gt; jusqu’à lundi" in page.text
    assert "mailto:help@host.example" in page.text
    assert "set-cookie" not in page.headers


async def test_a_client_gets_a_bare_list_of_errors(door: Front) -> None:
    await modify(door, Blocked="true")
    async with door.client(DOMAIN, Accept="application/json") as client:
        assert (await client.get("/files/nothing/is/here")).status_code == 503
    for accept in ("application/json", "application/vnd.api+json", "*/*"):
        async with door.client(DOMAIN, Accept=accept) as client:
            told = await client.get("/data/io.cozy.contacts/_all_docs")
        assert (told.status_code, told.headers["content-type"]) == (503, "application/json")
        wanted = {"status": "503", "title": "Blocked", "code": "UNKNOWN", "source": {}}
        assert told.json() == [{**wanted, "detail": "Ce lieu est fermé pour le moment"}]


async def test_a_payment_that_is_missing_is_402(door: Front) -> None:
    await modify(door, Blocked="true", BlockingReason="PAYMENT_FAILED")
    async with door.client(DOMAIN) as client:
        told = await client.get("/files/io.cozy.files.root-dir", headers={"Accept": "application/json"})
        page = await client.get("/", headers=BROWSER)
    assert (told.status_code, told.json()[0]["detail"]) == (402, "Il attend un paiement.")
    assert (page.status_code, "Il attend un paiement." in page.text) == (402, True)


async def test_a_move_keeps_its_own_pages_open(door: Front) -> None:
    await modify(door, Blocked="true", BlockingReason="IMPORTING")
    async with door.client(DOMAIN) as client:
        told = await client.get("/data/io.cozy.contacts/_all_docs", headers={"Accept": "application/json"})
        moving = await client.get("/move/importing")
    assert (told.status_code, told.json()) == (503, {"error": "Son contenu est en train d’arriver ici."})
    assert moving.status_code != 503


async def test_the_command_line_and_settings_pass(door: Front) -> None:
    await modify(door, Blocked="true")
    async with door.client(DOMAIN, "io.cozy.contacts") as client:
        assert (await client.get("/data/io.cozy.contacts/_all_docs")).status_code == 200
    said = {"Authorization": f"Bearer {door.token(DOMAIN, 'io.cozy.settings', 'konn', 'none')}"}
    async with door.client(DOMAIN, **said) as client:
        assert (await client.get("/data/io.cozy.contacts/_all_docs")).status_code == 503
        assert (await client.get("/settings/instance")).status_code == 400
        for path in ("/version", "/robots.txt", "/connection_check", "/assets/page.css"):
            assert (await client.get(path)).status_code < 300


async def test_it_opens_again_as_it_was(door: Front) -> None:
    await modify(door, Blocked="true", BlockingReason="LOGIN_FAILED")
    await modify(door, Blocked="false")
    record = (await door.operator.get(f"/instances/{DOMAIN}")).json()["data"]["attributes"]
    assert (record["blocked"], "blocking_reason" in record) == (False, False)
    async with door.client(DOMAIN) as client:
        assert (await client.get("/auth/login")).status_code == 200


async def test_who_listens_hears_no_more(door: Front) -> None:
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    told: asyncio.Queue[Any] = asyncio.Queue()
    asked.put_nowait({"type": "websocket.connect"})
    headers = [(b"host", DOMAIN.encode())]
    scope = {
        "type": "websocket",
        "path": "/realtime/",
        "raw_path": b"/realtime/",
        "query_string": b"",
        "subprotocols": [],
    }
    talking = asyncio.create_task(door.public({**scope, "headers": headers}, asked.get, told.put))
    assert (await told.get())["type"] == "websocket.accept"
    await modify(door, Locale="en")
    assert told.empty()
    await modify(door, Blocked="true")
    closed = await told.get()
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)
    await talking


async def test_terms_are_warned_of_for_a_month_and_then_asked_for(door: Front) -> None:
    day = door.clock.now() + timedelta(days=40)
    await modify(door, TOSLatest=f"2.0.0-{day:%Y%m%d}")
    where = "https://manager.example/cozy/instances/u%2F1/tos"
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        assert (await client.get("/settings/warnings")).status_code == 404
        door.clock.pass_time(days=20)
        client.headers["Authorization"] = f"Bearer {door.token(DOMAIN, 'io.cozy.settings')}"
        warned = await client.get("/settings/warnings")
        assert (warned.status_code, warned.json()["errors"][0]["links"]["self"]) == (402, where)
        assert warned.json()["errors"][0]["code"] == "tos-updated"
    async with door.client(DOMAIN) as client:
        assert (await client.get("/auth/login")).status_code == 200
        door.clock.pass_time(days=30)
        page = await client.get("/auth/login", headers=BROWSER)
        assert (page.status_code, page.headers["location"]) == (302, where)
        told = await client.get("/files/io.cozy.files.root-dir", headers={"Accept": "application/json"})
        assert (told.status_code, told.json()[0]["code"]) == (402, "tos-updated")
    await modify(door, TOSSigned=f"2.0.0-{day:%Y%m%d}")
    async with door.client(DOMAIN) as client:
        assert (await client.get("/auth/login", headers=BROWSER)).status_code == 200


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", "text/html"),
        ("*/*", "application/vnd.api+json"),
        ("application/json, text/plain, */*", "application/json"),
        ("application/json;q=0.1, text/html", "text/html"),
        ("text/*", "text/html"),
        ("image/png", "text/html"),
        ("text/html;q=0, application/json;q=x", "text/html"),
    ],
)
def test_the_kind_that_a_client_would_rather_have(accept: str, wanted: str) -> None:
    assert accepted(accept, "text/html") == wanted
