"""When sources run next, as the server tells it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx


@pytest.fixture
async def house() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance()
        yield entry


async def make(client: httpx.AsyncClient, kind: str, arguments: str = "", **message: Any) -> str:
    said = {"type": kind, "arguments": arguments, "worker": "konnector", "message": message}
    answer = await client.post("/jobs/triggers", json={"data": {"attributes": said}})
    assert answer.status_code == 201, answer.text
    ident: str = answer.json()["data"]["id"]
    return ident


async def test_each_source_that_runs_by_itself_tells_when(house: Front) -> None:
    async with house.client(scope="io.cozy.triggers") as client:
        daily = await make(client, "@cron", "0 12 5 * * *", account="a", konnector="bank")
        weekly = await make(client, "@weekly", account="b", konnector="energy")
        await make(client, "@event", "io.cozy.files:CREATED", account="c", konnector="files")
        await make(client, "@webhook", konnector="called")
        answer = await client.get("/connectors/schedule")
        again = await client.get("/connectors/schedule")
    assert answer.status_code == 200
    said = {entry["id"]: entry["attributes"] for entry in answer.json()["data"]}
    assert said.keys() == {daily, weekly}
    assert (said[daily]["account"], said[daily]["connector"]) == ("a", "bank")
    now = house.house.clock.now()
    day, week = (datetime.fromisoformat(said[ident]["next"]) for ident in (daily, weekly))
    assert (day.hour, day.minute) == (5, 12)
    assert now - timedelta(minutes=1) < day <= now + timedelta(days=1)
    assert now - timedelta(minutes=1) < week <= now + timedelta(days=7)
    assert again.json() == answer.json(), "the time is stable"


async def test_who_may_not_read_triggers_is_told_nothing(house: Front) -> None:
    async with house.client(scope="org.alcove.gatherings") as client:
        assert (await client.get("/connectors/schedule")).status_code == 403
