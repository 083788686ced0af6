"""What the operator does to an instance at one server holds at every other on the same database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alcove.base.postgres.testing import TestServer

pytestmark = pytest.mark.slow  # two servers are started
DOMAIN = "alice.example"


async def modify(door: Front, domain: str = DOMAIN, **params: str) -> int:
    return (await door.operator.patch(f"/instances/{domain}", params=params)).status_code


async def until(door: Front, host: str, holds: Callable[[int, str], bool]) -> None:
    """Waits until the server answers so at that host; fails when it never does."""
    async with asyncio.timeout(60), door.client(host, Accept="application/json") as client:
        while True:
            answer = await client.get("/public/prelogin")
            if holds(answer.status_code, answer.headers.get("location", "")):
                return
            await asyncio.sleep(0.01)


async def test_names_and_blocks_hold_at_every_server(postgres: TestServer, tmp_path: Path) -> None:
    url = await postgres.database()
    both = [{"home": tmp_path / name, "store": "sqlite", "blobs": "local", "database": url} for name in ("a", "b")]
    async with front(**both[0]) as one, front(**both[1]) as other:
        await one.instance(DOMAIN, Passphrase="x")
        await until(other, DOMAIN, lambda status, _: status == 200)
        assert await modify(one, Blocked="true") == 200
        await until(other, DOMAIN, lambda status, _: status == 503)
        assert await modify(other, Blocked="false", DomainAliases="al.example") == 200
        await until(one, "al.example", lambda status, _: status == 200)
        assert await modify(one, Domain="alice.other") == 200
        await until(other, DOMAIN, lambda status, where: (status, where[:18]) == (308, "http://alice.other"))
        made = await asyncio.gather(
            *(door.operator.post("/instances", params={"Domain": "new.example"}) for door in (one, other) * 2)
        )
        assert sorted(answer.status_code for answer in made) == [201, 409, 409, 409]
        assert await modify(other, "new.example", DomainAliases="al.example") == 409
        assert (await one.operator.delete("/instances/alice.other")).status_code == 204
        await until(other, "alice.other", lambda status, _: status == 404)
        assert await modify(other, "new.example", DomainAliases="al.example") == 200
