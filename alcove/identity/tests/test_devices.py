"""How many devices a place may have, and what happens when there are more (contract-a sections 3 and 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alcove.apps.testing import log_in, write_app
from alcove.identity import Clients
from alcove.instances import Flags, Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from alcove.instances import Instance

DOMAIN = "alice.example"
PASSPHRASE = "correct horse battery"
HTML = {"Accept": "text/html"}
EXCEEDED = "/settings/clients/limit-exceeded"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Front]:
    for slug in ("mini", "account"):
        write_app(tmp_path, slug)
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE)
        yield entry


@pytest.fixture
async def browser(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client() as client:
        await log_in(client, DOMAIN, PASSPHRASE)
        yield client


def here(door: Front) -> Instance:
    return door.house.need(Instances).by_domain(DOMAIN)


async def allow(door: Front, limit: object) -> None:
    await door.house.need(Flags).change_own(here(door), {"cozy.oauthclients.max": limit})


async def connect(door: Front, kind: str = "mobile", *, let_in: bool = True) -> str:
    clients = door.house.need(Clients)
    said = {"redirect_uris": ["cozy://"], "client_name": "Phone", "software_id": "phone", "client_kind": kind}
    client, _ = await clients.register(here(door), said)
    if let_in:
        await clients.let_in(here(door), client.id)
    return client.id


async def usage(door: Front) -> dict[str, object]:
    async with door.client(scope="io.cozy.settings:GET") as app:
        said: dict[str, object] = (await app.get("/settings/clients-usage")).json()["data"]["attributes"]
        return said


async def test_devices_are_counted_against_their_limit(door: Front) -> None:
    assert await usage(door) == {"count": 0, "limitReached": False, "limitExceeded": False}
    await allow(door, 1)
    assert await usage(door) == {"limit": 1, "count": 0, "limitReached": False, "limitExceeded": False}
    await connect(door)
    assert await usage(door) == {"limit": 1, "count": 1, "limitReached": True, "limitExceeded": False}
    # Neither a stranger who registers nor a program that is no device takes the person's place.
    await connect(door, let_in=False)
    await connect(door, "")
    assert (await usage(door))["count"] == 1
    await connect(door)
    assert await usage(door) == {"limit": 1, "count": 2, "limitReached": True, "limitExceeded": True}
    for nonsense in (-1, True, "many"):
        await allow(door, nonsense)
        assert "limit" not in await usage(door)


async def test_apps_wait_until_there_are_few_enough(door: Front, browser: httpx.AsyncClient) -> None:
    await allow(door, 0)
    ident = await connect(door)
    app = await browser.get(f"http://mini.{DOMAIN}/?a=b", headers=HTML)
    assert app.status_code == 303
    assert app.headers["location"].startswith(f"http://{DOMAIN}{EXCEEDED}?redirect=")
    assert (await browser.get(f"http://mini.{DOMAIN}/public", headers=HTML)).status_code == 200
    assert (await browser.get(f"http://account.{DOMAIN}/", headers=HTML)).status_code == 200
    page = await browser.get(app.headers["location"], headers=HTML)
    assert page.status_code == 200
    assert "Devices connected: 1. This place may have 0." in page.text
    await door.house.need(Clients).revoke(here(door), ident)
    on = await browser.get(app.headers["location"], headers=HTML)
    assert (on.status_code, on.headers["location"]) == (302, f"http://mini.{DOMAIN}/?a=b")
    assert (await browser.get(f"http://mini.{DOMAIN}/", headers=HTML)).status_code == 200
    elsewhere = await browser.get(EXCEEDED, params={"redirect": "https://evil.example/"}, headers=HTML)
    assert elsewhere.status_code == 400
