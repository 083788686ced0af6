"""Flags, the owner's contact and their picture, seen by two servers on one database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alcove.contacts import Avatars
from alcove.instances import Flags, Instances, InstanceSettings
from alcove.server.testing import front

if TYPE_CHECKING:
    from pathlib import Path

    from alcove.base.postgres.testing import TestServer

pytestmark = pytest.mark.slow  # two servers are started
DOMAIN = "alice.example"
POINT = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


async def test_what_one_server_sets_the_other_tells(postgres: TestServer, tmp_path: Path) -> None:
    url = await postgres.database()
    both = [{"home": tmp_path / name, "store": "sqlite", "blobs": "local", "database": url} for name in ("a", "b")]
    async with front(**both[0]) as one:
        await one.instance(DOMAIN, PublicName="Alice")
        async with front(**both[1]) as other:
            alices = [house.house.need(Instances).by_domain(DOMAIN) for house in (one, other)]
            flags = [house.house.need(Flags) for house in (one, other)]
            named = [(f, f"from.{number}.{n}") for number, f in enumerate(flags) for n in range(5)]
            await asyncio.gather(*(f.change_defaults({name: True}) for f, name in named))
            assert len(await flags[1].of(alices[1])) == 10
            await asyncio.gather(*(flags[n].change_own(alices[n], {f"own.{n}": n}) for n in range(2)))
            alice = await other.house.need(Instances).fresh(alices[1])
            assert flags[1].own(alice) == {"own.0": 0, "own.1": 1}

            settings = [house.house.need(InstanceSettings) for house in (one, other)]
            contact = await settings[0].myself(alices[0])
            async with one.client(DOMAIN, "io.cozy.contacts") as client:
                await client.delete(f"/data/io.cozy.contacts/{contact.id}", params={"rev": contact.rev})
            made = await asyncio.gather(*(s.myself(alices[0]) for s in settings for _ in range(3)))
            assert len({document.id for document in made}) == 1

            await one.house.need(Avatars).change(alices[0], POINT)
            shown = [await house.house.need(Avatars).get(alices[0]) for house in (one, other)]
            assert shown[0] == shown[1]
            assert shown[0] is not None
