"""A client that is let in at one server has its tokens from every other on the same database, and loses them at all."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from alcove.apps.testing import log_in
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from alcove.base.postgres.testing import TestServer

pytestmark = pytest.mark.slow  # two servers are started
DOMAIN, PASSPHRASE = "alice.example", "correct horse battery"
SAID = {"redirect_uris": ["https://client.example/"], "client_name": "Desk", "software_id": "desk"}


async def code_of(browser: httpx.AsyncClient, made: dict[str, Any]) -> str:
    asked = {"client_id": made["client_id"], "redirect_uri": made["redirect_uris"][0], "state": "st"}
    asked |= {"response_type": "code", "scope": "io.cozy.contacts"}
    page = await browser.get("/auth/authorize", params=asked, headers={"Accept": "text/html"})
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
    answer = await browser.post("/auth/authorize", data=form)
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]


async def until(door: Front, token: str, status: int) -> None:
    """Waits until the server answers a token so; fails when it never does."""
    headers = {"Authorization": f"Bearer {token}"}
    async with asyncio.timeout(60), door.client() as client:
        while True:
            if (await client.get("/settings/instance", headers=headers)).status_code == status:
                return
            await asyncio.sleep(0.01)


async def test_clients_and_secrets_hold_at_every_server(postgres: TestServer, tmp_path: Path) -> None:
    url = await postgres.database()
    both = [{"home": tmp_path / name, "store": "sqlite", "blobs": "local", "database": url} for name in ("a", "b")]
    async with front(**both[0]) as one, front(**both[1]) as other:
        await one.instance(DOMAIN, Passphrase=PASSPHRASE)
        async with one.client() as browser, other.client() as program:
            made = (await browser.post("/auth/register", json=SAID)).json()
            await log_in(browser, DOMAIN, PASSPHRASE)
            asked = {name: made[name] for name in ("client_id", "client_secret")} | {"grant_type": "authorization_code"}
            asked["code"] = await code_of(browser, made)
            twice = await asyncio.gather(
                browser.post("/auth/access_token", data=asked), program.post("/auth/access_token", data=asked)
            )
            assert sorted(answer.status_code for answer in twice) == [200, 400]
            token = next(answer.json()["access_token"] for answer in twice if answer.status_code == 200)
            await until(other, token, 200)
            assert (await one.operator.post(f"/instances/{DOMAIN}/secrets")).status_code == 204
            for door in (one, other):
                await until(door, token, 200)
            async with other.client(scope="io.cozy.oauth.clients") as settings:
                assert (await settings.delete(f"/settings/clients/{made['client_id']}")).status_code == 204
            for door in (one, other):
                await until(door, token, 400)
