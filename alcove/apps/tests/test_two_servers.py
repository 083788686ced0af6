"""Two servers on one database and one data folder: what one installs, the other serves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alcove.apps.testing import write_app
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from alcove.base.postgres.testing import TestServer

pytestmark = pytest.mark.slow  # two servers are started
DOMAIN = "alice.example"


async def ask(door: Front, method: str, folder: Path) -> httpx.Response:
    async with door.client(DOMAIN, "io.cozy.apps") as client:
        return await client.request(method, "/apps/other", params={"Source": folder.as_uri()})


async def style(door: Front) -> bytes:
    async with door.client(f"other.{DOMAIN}") as browser:
        return (await browser.get("/public/style.css")).content


async def test_what_one_installs_the_other_serves(postgres: TestServer, tmp_path: Path) -> None:
    folder = write_app(tmp_path / "sources", "other")
    shared = {"home": tmp_path / "home", "store": "sqlite", "blobs": "local", "database": await postgres.database()}
    async with front(**shared) as one, front(**shared) as other:
        await one.instance(DOMAIN, Passphrase="x")
        async with asyncio.timeout(60):
            while True:
                if any(known.domain == DOMAIN for known in other.house.need(Instances).all()):
                    break
                await asyncio.sleep(0.01)
        at_once = await asyncio.gather(*(ask(door, "POST", folder) for door in (one, other) * 2))
        assert sorted(answer.status_code for answer in at_once) == [202, 409, 409, 409]
        assert [await style(door) for door in (one, other)] == [b"body {}"] * 2
        (folder / "public" / "style.css").write_bytes(b"p {}")
        assert (await ask(other, "PUT", folder)).status_code == 202
        assert [await style(door) for door in (one, other)] == [b"p {}"] * 2
        key = one.house.need(Instances).by_domain(DOMAIN).key
        assert len(list((tmp_path / "home" / "instances" / key / "apps" / "other").iterdir())) == 1
        assert (await ask(one, "DELETE", folder)).status_code == 200
        assert b"body" not in await style(other)
