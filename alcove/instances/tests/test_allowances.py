"""How often an instance may do something: counted, refused with the time to wait, and not forgotten by a restart."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.base.clock import SetClock
from alcove.base.sqlite import Database
from alcove.base.tables import SqliteTables
from alcove.instances import Allowance, Allowances, TooOften

MAILS = Allowance("mails", 2)
EXPORTS = Allowance("exports", 1, timedelta(hours=24))


async def refused(allowances: Allowances, tenant: str, allowance: Allowance) -> str:
    """Takes once; answers the seconds to wait, empty for none."""
    try:
        await allowances.take(tenant, allowance)
    except TooOften as refusal:
        return refusal.headers["Retry-After"]
    return ""


async def opened(database: Database, clock: SetClock) -> Allowances:
    allowances = Allowances(SqliteTables(lambda: database), clock)
    await allowances.load()
    return allowances


async def test_a_window_is_used_up_and_ends() -> None:
    database, clock = Database(None), SetClock()
    allowances = await opened(database, clock)
    assert [await refused(allowances, "a", MAILS) for _ in range(3)] == ["", "", "3600"]
    assert await refused(allowances, "b", MAILS) == ""
    assert [await refused(allowances, "a", EXPORTS) for _ in range(2)] == ["", "86400"]
    clock.pass_time(minutes=59, seconds=59, microseconds=500_000)
    assert await refused(allowances, "a", MAILS) == "1"
    clock.pass_time(microseconds=500_000)
    assert [await refused(allowances, "a", MAILS) for _ in range(3)] == ["", "", "3600"]
    await database.close()


async def test_a_restart_opens_no_window_anew() -> None:
    database, clock = Database(None), SetClock()
    allowances = await opened(database, clock)
    await asyncio.gather(*(refused(allowances, "a", MAILS) for _ in range(5)))
    clock.pass_time(minutes=30)
    assert await refused(await opened(database, clock), "a", MAILS) == "1800"
    clock.pass_time(minutes=30)
    assert await refused(await opened(database, clock), "a", MAILS) == ""
    await database.close()


async def test_an_instance_that_is_gone_leaves_no_count() -> None:
    database, clock = Database(None), SetClock()
    allowances = await opened(database, clock)
    for tenant in ("a", "b"):
        assert await refused(allowances, tenant, EXPORTS) == ""
    await allowances.forget("a")
    for again in (allowances, await opened(database, clock)):
        assert await refused(again, "b", EXPORTS) != ""
    assert await refused(allowances, "a", EXPORTS) == ""
    await database.close()


@given(st.lists(st.integers(0, 40), max_size=30))
def test_never_more_than_allowed_in_one_window(pauses: list[int]) -> None:
    async def run() -> None:
        database, clock = Database(None), SetClock()
        allowances, windows = await opened(database, clock), dict[int, int]()
        start = clock.now()
        window = 0
        for pause in pauses:
            clock.pass_time(minutes=pause)
            passed = int((clock.now() - start).total_seconds()) // 60
            if not windows or passed >= window + 60:
                window = passed
            allowed = await refused(allowances, "a", MAILS) == ""
            assert allowed == (windows.get(window, 0) < MAILS.count)
            windows[window] = windows.get(window, 0) + allowed
        await database.close()

    asyncio.run(run())


async def test_a_broken_store_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    database, clock = Database(None), SetClock()
    allowances = await opened(database, clock)

    async def full(*_: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(allowances._tally, "take", full)
    with pytest.raises(OSError, match="full"):
        await allowances.take("a", MAILS)
    await database.close()
