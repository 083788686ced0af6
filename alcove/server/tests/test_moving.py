"""A whole server is moved to PostgreSQL and back, and people find what they had."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from alcove.base.config import Settings, WrongSetting
from alcove.base.postgres import Postgres
from alcove.instances import Flags
from alcove.server.moving import finish_upgrade, move_store
from alcove.server.testing import front

if TYPE_CHECKING:
    from pathlib import Path

    from alcove.base.postgres.testing import TestServer

pytestmark = pytest.mark.slow  # three servers are started one after the other


async def test_what_people_have_is_there_after_the_move_and_back(postgres: TestServer, tmp_path: Path) -> None:
    url = await postgres.database()
    files = {"home": tmp_path, "store": "sqlite"}
    async with front(**files) as house:
        for domain in ("alice.example", "bob.example"):
            await house.instance(domain)
        await house.house.need(Flags).change_defaults({"switched": "on"})
        client = house.client("alice.example", "io.cozy.bills")
        made = (await client.post("/data/io.cozy.bills/", json={"n": 1})).json()
    said: list[str] = []
    source = Settings(home=tmp_path)
    there = replace(source, database=url)
    await move_store(source, there, ["alice.example"], said.append)
    assert len(said) == 1
    assert "alice.example" in said[0]
    with pytest.raises(WrongSetting, match="already"):
        await move_store(source, there, ["alice.example"], said.append)
    with pytest.raises(WrongSetting, match=r"bob\.example"):
        await move_store(source, there, ["carol.example"], said.append)
    await move_store(source, there, ["bob.example"], said.append)
    async with front(**files, database=url) as house:
        client = house.client("alice.example", "io.cozy.bills")
        found = (await client.get(f"/data/io.cozy.bills/{made['id']}")).json()
        assert (found["_rev"], found["n"]) == (made["rev"], 1)
        assert await house.house.need(Flags).defaults() == {"switched": "on"}
        assert (await client.put(f"/data/io.cozy.bills/{made['id']}", json={**found, "n": 2})).status_code == 200
        assert (await house.operator.post("/instances", params={"Domain": "bob.example"})).status_code == 409
    with pytest.raises(WrongSetting, match="there already"):
        await move_store(there, there, [], said.append)


async def test_an_upgrade_is_finished_once_and_again(postgres: TestServer, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database=await postgres.database())
    for _ in range(2):
        await finish_upgrade(settings)
    with pytest.raises(WrongSetting, match="ALCOVE_DATABASE"):
        await finish_upgrade(replace(settings, database=""))
    database = Postgres(settings.database)
    await database.fetch("update schema_version set after = 9 where room = 'documents'")
    await database.close()
    with pytest.raises(WrongSetting, match="newer release"):
        await finish_upgrade(settings)
