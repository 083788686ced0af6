"""What the queue promises, on a file, in memory and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from alcove.base.postgres import Postgres
from alcove.base.sqlite import Database
from alcove.base.tables import PostgresTables, SqliteTables, Tables
from alcove.jobs.store import LOST_LIMIT, Alarm, Alarms, Entry, Order, Queue


@pytest.fixture(params=["file", "memory", "postgres"])
async def tables(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Tables]:
    if request.param == "postgres":
        postgres = Postgres(await request.getfixturevalue("postgres").database())
        await Queue(PostgresTables(postgres)).prepare()
        yield PostgresTables(postgres)
        await postgres.close()
        return
    database = Database(tmp_path / "alcove.db" if request.param == "file" else None)
    tables = SqliteTables(lambda: database)
    await Queue(tables).prepare()
    yield tables
    await database.close()


@pytest.fixture
def queue(tables: Tables) -> Queue:
    return Queue(tables)


def order(job_id: str, due: int = 0, worker: str = "log", tenant: str = "t1") -> Order:
    return Order(tenant, job_id, worker, due, 3, 1000, b"{}")


async def take(queue: Queue, hands: int = 1, now: int = 0, holder: str = "h") -> list[Entry]:
    return await queue.take({"log": hands}, now, now + 100, holder)


async def test_jobs_are_taken_once_when_due_and_in_order(queue: Queue) -> None:
    assert await queue.add(order("b", 2))
    assert await queue.add(order("a", 1))
    assert await queue.add(order("c", 9))
    assert await queue.add(order("d", 1, "other"))
    assert not await queue.add(order("a", 5)), "the same id is the same job"
    assert await queue.next_due(["log"]) == 1
    assert await queue.next_due([]) is None
    assert [entry.id for entry in await take(queue, 5, 3)] == ["a", "b"]
    assert await take(queue, 5, 3) == []
    assert await queue.next_due(["log"]) == 9
    assert await queue.next_due(["log", "other"]) == 1


async def test_a_job_that_is_done_leaves(queue: Queue) -> None:
    await queue.add(order("a"))
    (entry,) = await take(queue)
    assert await queue.knows("t1", "a")
    assert await queue.finish(entry)
    assert not await queue.knows("t1", "a")
    assert not await queue.finish(entry)


async def test_a_failed_job_waits_for_its_next_try(queue: Queue) -> None:
    await queue.add(order("a"))
    (entry,) = await take(queue)
    assert await queue.retry(entry, 50, "no")
    assert await take(queue, 1, 49) == []
    (again,) = await take(queue, 1, 50)
    assert (again.attempts, again.failures, again.error) == (2, 1, "no")


async def test_a_job_that_is_given_back_has_not_been_tried(queue: Queue) -> None:
    await queue.add(order("a"))
    (entry,) = await take(queue)
    assert await queue.give_back(entry, 5)
    (again,) = await take(queue, 1, 5)
    assert (again.attempts, again.failures) == (1, 0)


async def test_who_lost_the_lease_cannot_touch_the_job(queue: Queue) -> None:
    await queue.add(order("a"))
    (first,) = await take(queue, holder="h1")
    assert await queue.expire(99, 199, "x") == []
    assert await queue.renew([first], 150) == {first.number}
    assert await queue.expire(149, 249, "x") == []
    assert await queue.expire(150, 250, "x") == []
    (second,) = await take(queue, 1, 150, "h2")
    assert second.number == first.number
    assert await queue.renew([first], 500) == set()
    assert not await queue.finish(first)
    assert not await queue.retry(first, 0, "")
    assert not await queue.bury(first, 0, "")
    assert not await queue.give_back(first, 0)
    assert await queue.finish(second)


async def test_a_job_that_loses_its_lease_too_often_is_handed_over_to_be_buried(queue: Queue) -> None:
    await queue.add(order("a"))
    now = 0
    for _ in range(LOST_LIMIT - 1):
        assert len(await take(queue, 1, now)) == 1
        now += 100
        assert await queue.expire(now, now + 100, "x") == []
    assert len(await take(queue, 1, now)) == 1
    now += 100
    (entry,) = await queue.expire(now, now + 100, "undertaker")
    assert await take(queue, 1, now) == []
    assert await queue.bury(entry, now, "gone")
    assert [dead.error for dead in await queue.dead(10)] == ["gone"]


async def test_the_dead_are_listed_revived_and_forgotten_in_time(queue: Queue) -> None:
    for place, job_id in enumerate(["a", "b"]):
        await queue.add(order(job_id))
        (entry,) = await take(queue)
        assert await queue.bury(entry, place, f"error {job_id}")
    assert [(dead.id, dead.error) for dead in await queue.dead(10)] == [("b", "error b"), ("a", "error a")]
    assert not await queue.knows("t1", "a")
    (dead,) = await queue.dead(1, "a")
    assert await queue.revive(dead, 7)
    assert not await queue.revive(dead, 7)
    (again,) = await take(queue, 1, 7)
    assert (again.id, again.attempts, again.failures, again.error) == ("a", 1, 0, "")
    assert await queue.sweep(1) == 0
    assert await queue.sweep(2) == 1
    assert await queue.dead(10) == []


async def test_a_job_can_be_withdrawn_until_it_is_taken(queue: Queue) -> None:
    await queue.add(order("a"))
    await queue.add(order("b"))
    await take(queue)
    await queue.withdraw("t1", "a")
    await queue.withdraw("t1", "b")
    assert await queue.knows("t1", "a")
    assert not await queue.knows("t1", "b")


async def test_an_instance_that_is_gone_leaves_nothing(queue: Queue, tables: Tables) -> None:
    await queue.add(order("a"))
    await queue.add(order("a", tenant="t2"))
    alarms = Alarms(tables)
    await alarms.set(Alarm("t1", "x", "r", 1), replacing=None)
    await queue.forget("t1")
    assert not await queue.knows("t1", "a")
    assert await queue.knows("t2", "a")
    assert await alarms.get("t1", "x") is None


async def test_alarms_ring_in_order_and_change_only_from_what_was_seen(tables: Tables) -> None:
    alarms = Alarms(tables)
    assert await alarms.next_due() is None
    first, second = Alarm("t1", "x", "r", 5), Alarm("t1", "y", "r", 3, b"[1]")
    assert await alarms.set(first, replacing=None)
    assert await alarms.set(second, replacing=None)
    assert not await alarms.set(replace(first, due=9), replacing=None)
    assert await alarms.due(5) == [second, first]
    assert await alarms.due(4) == [second]
    assert await alarms.next_due() == 3
    moved = replace(second, due=8, body=b"[1,2]")
    assert await alarms.set(moved, replacing=second)
    assert not await alarms.set(moved, replacing=second)
    assert not await alarms.drop("t1", "y", seen=second)
    assert await alarms.drop("t1", "y", seen=moved)
    assert await alarms.drop("t1", "x")
    assert not await alarms.drop("t1", "x")
