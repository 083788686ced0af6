"""How jobs are run, tried again, given up, and survive a crash."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from alcove.base.errors import BadRequest
from alcove.instances import TooOften
from alcove.jobs import BadTrigger, LeaseLost, NoRetry, Running, Worker, WorkerMissing
from alcove.jobs.errors import DeadJobMissing
from alcove.jobs.model.job import DOCTYPE, ZERO
from alcove.jobs.testing import ME, Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = await Bench().open()
    yield bench
    await bench.close()


def failing(times: int, error: Exception) -> Callable[[Running], Awaitable[None]]:
    """A handler that fails so often."""

    async def handle(running: Running) -> None:
        if running.attempt <= times:
            raise error

    return handle


async def test_a_job_goes_from_queued_over_running_to_done(bench: Bench) -> None:
    states: list[str] = []
    bench.documents.watch(lambda changes: states.extend(c.document.fields()["state"] for c in changes))
    seen = []

    async def handle(running: Running) -> None:
        seen.append((running.tenant, running.id, running.message, running.attempt, running.trigger_id, running.manual))
        assert running.deadline == bench.clock.now() + timedelta(seconds=5)

    bench.workers.add("w", Worker(handle, timeout_s=5))
    job = await bench.jobs.push(ME, "w", {"a": 1}, trigger_id="t", manual=True, timeout=60, payload=[1])
    assert job.state == "queued"
    assert job.fields["started_at"] == ZERO
    waiting = asyncio.create_task(bench.jobs.wait(ME, job.id))
    await bench.turn()
    ended = await waiting
    assert (ended.id, ended.state, ended.rev[:2]) == (job.id, "done", "3-")
    assert states == ["queued", "running", "done"]
    assert seen == [(ME, job.id, {"a": 1}, 1, "t", True)]
    assert ended.fields["event"] is None
    assert "payload" not in ended.fields
    assert await bench.jobs.wait(ME, job.id) == ended
    assert not await bench.queue.knows(ME, job.id)


async def test_a_failing_job_is_tried_again_ever_later_and_then_given_up(bench: Bench) -> None:
    bench.workers.add("w", Worker(failing(9, ValueError("no luck")), max_attempts=3, backoff_s=10))
    job = await bench.jobs.push(ME, "w", None)
    await bench.turn()
    assert await bench.queue.next_due(["w"]) == int(bench.clock.now().timestamp() * 1000) + 10_000
    assert (await bench.jobs.get(ME, job.id)).state == "running"
    bench.clock.pass_time(seconds=10)
    await bench.turn()
    assert await bench.queue.next_due(["w"]) == int(bench.clock.now().timestamp() * 1000) + 20_000
    bench.clock.pass_time(seconds=20)
    await bench.turn()
    ended = await bench.jobs.get(ME, job.id)
    assert (ended.state, ended.error) == ("errored", "no luck")
    assert [(dead.id, dead.attempts) for dead in await bench.queue.dead(9)] == [(job.id, 3)]


async def test_a_job_that_works_the_second_time_is_done(bench: Bench) -> None:
    bench.workers.add("w", Worker(failing(1, BadRequest("not yet")), max_attempts=2))
    job = await bench.jobs.push(ME, "w", None)
    await bench.turn()
    bench.clock.pass_time(seconds=1)
    await bench.turn()
    ended = await bench.jobs.get(ME, job.id)
    assert (ended.state, ended.error) == ("done", "")


@pytest.mark.parametrize(("jitter", "least"), [(0.0, 900), (1.0, 1100)])
async def test_the_back_off_is_spread_by_a_tenth(bench: Bench, jitter: float, least: int) -> None:
    bench.runners = [bench.runner(lambda: jitter)]
    bench.workers.add("w", Worker(failing(9, ValueError("no")), max_attempts=2, backoff_s=1))
    await bench.jobs.push(ME, "w", None)
    await bench.turn()
    assert await bench.queue.next_due(["w"]) == int(bench.clock.now().timestamp() * 1000) + least


async def test_some_failures_are_final_and_a_bad_trigger_goes(bench: Bench) -> None:
    said = {"type": "@webhook", "worker": "log"}
    trigger = await bench.triggers.create(ME, said, by="test")
    bench.workers.add("login", Worker(failing(9, NoRetry("LOGIN_FAILED")), max_attempts=5))
    bench.workers.add("trigger", Worker(failing(9, BadTrigger("no such account")), max_attempts=5))
    first = await bench.jobs.push(ME, "login", None, trigger_id=trigger.id)
    await bench.turn()
    assert (await bench.jobs.get(ME, first.id)).error == "LOGIN_FAILED"
    assert await bench.triggers.get(ME, trigger.id)
    await bench.jobs.push(ME, "trigger", None, trigger_id=trigger.id)
    await bench.turn()
    assert await bench.triggers.list(ME, frozenset(), frozenset()) == []


async def test_a_push_can_only_lower_the_limits(bench: Bench) -> None:
    bench.workers.add("w", Worker(failing(9, ValueError("no")), max_attempts=2, timeout_s=10))
    for asked in (1, 5):
        await bench.jobs.push(ME, "w", None, max_attempts=asked, timeout=asked * 4)
    (first, second) = await bench.queue.take({"w": 2}, 1 << 60, 1 << 61, "h")
    assert (first.max_attempts, first.timeout) == (1, 4000)
    assert (second.max_attempts, second.timeout) == (2, 10_000)


async def test_a_job_that_takes_too_long_is_stopped(bench: Bench) -> None:
    async def handle(_running: Running) -> None:
        await asyncio.Event().wait()

    bench.workers.add("w", Worker(handle, timeout_s=0))
    job = await bench.jobs.push(ME, "w", None)
    await bench.turn()
    assert (await bench.jobs.get(ME, job.id)).error == "The job took longer than 0 seconds"


async def test_a_worker_has_so_many_hands(bench: Bench) -> None:
    gate, full, busy = asyncio.Event(), asyncio.Event(), []

    async def handle(running: Running) -> None:
        busy.append(running.id)
        if len(busy) == 2:
            full.set()
        await gate.wait()

    bench.workers.add("w", Worker(handle, concurrency=2, timeout_s=1000))
    for _ in range(3):
        await bench.jobs.push(ME, "w", None)
    runner = bench.runners[0]
    await runner.tick()
    await full.wait()
    assert await runner.tick() > 0
    assert len(busy) == 2
    gate.set()
    await bench.turn()
    assert len(busy) == 3


async def test_a_job_of_a_crashed_server_is_taken_over_and_ends_once(bench: Bench) -> None:
    stuck, begun, runs = asyncio.Event(), asyncio.Event(), []

    async def handle(running: Running) -> None:
        runs.append(running.attempt)
        if len(runs) == 1:
            begun.set()
            await stuck.wait()
            with pytest.raises(LeaseLost):
                await running.heartbeat()
            raise LeaseLost

    bench.workers.add("w", Worker(handle, timeout_s=1000))
    crashed, alive = bench.runner(), bench.runner()
    job = await bench.jobs.push(ME, "w", None)
    await crashed.tick()
    await begun.wait()
    bench.clock.pass_time(seconds=59)
    await alive.tick()
    assert runs == [1]
    bench.clock.pass_time(seconds=1)
    await alive.tick()
    await alive.idle()
    assert runs == [1, 2]
    assert (await bench.jobs.get(ME, job.id)).state == "done"
    stuck.set()
    await crashed.idle()
    assert (await bench.jobs.get(ME, job.id)).rev.startswith("3-")


async def test_a_failure_that_comes_too_late_does_not_count(bench: Bench) -> None:
    late, other, begun = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handle(running: Running) -> None:
        begun.set()
        await (late if running.attempt == 1 else other).wait()
        if running.attempt == 1:
            raise NoRetry("too late")

    bench.workers.add("w", Worker(handle, timeout_s=1000))
    first, second = bench.runner(), bench.runner()
    job = await bench.jobs.push(ME, "w", None)
    await first.tick()
    await begun.wait()
    bench.clock.pass_time(seconds=61)
    await second.tick()
    late.set()
    await first.idle()
    other.set()
    await second.idle()
    assert (await bench.jobs.get(ME, job.id)).state == "done"
    assert await bench.queue.dead(9) == []


async def test_a_running_job_keeps_its_lease_and_stops_when_it_is_lost(bench: Bench) -> None:
    stopped = []

    async def handle(_running: Running) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.append(True)
            raise

    bench.workers.add("w", Worker(handle, timeout_s=10_000))
    first, second = bench.runner(), bench.runner()
    job = await bench.jobs.push(ME, "w", None)
    await first.tick()
    for _ in range(4):
        bench.clock.pass_time(seconds=30)
        await first.tick()
        await second.tick()
    assert (await bench.jobs.get(ME, job.id)).state == "running"
    bench.clock.pass_time(seconds=61)
    await second.tick()
    await first.tick()
    await first.idle()
    assert stopped == [True]
    await second.stop(0)
    assert await bench.queue.knows(ME, job.id)


async def test_a_job_that_brings_the_server_down_is_given_up(bench: Bench) -> None:
    bench.workers.add("w", Worker(failing(0, ValueError())))
    job = await bench.jobs.push(ME, "w", None)
    for _ in range(3):
        assert len(await bench.queue.take({"w": 1}, 1 << 60, 0, "crashes")) == 1
        await bench.queue.expire(1, 1 << 61, "x") if _ < 2 else None
    await bench.turn()
    ended = await bench.jobs.get(ME, job.id)
    assert (ended.state, ended.error) == ("errored", "The server stopped 3 times during this job")


async def test_stopping_waits_a_little_and_gives_back_what_is_left(bench: Bench) -> None:
    gate, begun = asyncio.Event(), []

    async def handle(running: Running) -> None:
        begun.append(running.message)
        if running.message == "slow":
            await gate.wait()

    bench.workers.add("w", Worker(handle, timeout_s=1000))
    slow = await bench.jobs.push(ME, "w", "slow")
    quick = await bench.jobs.push(ME, "w", "quick")
    runner = bench.runners.pop()
    await runner.tick()
    await bench.jobs.wait(ME, quick.id)
    await runner.stop(0)
    await runner.tick()
    assert await bench.queue.knows(ME, slow.id)
    assert not await bench.queue.knows(ME, quick.id)
    gate.set()
    bench.runners = [bench.runner()]
    await bench.turn()
    assert (await bench.jobs.get(ME, slow.id)).state == "done"
    assert begun == ["slow", "quick", "slow"]


async def test_a_crash_between_the_document_and_the_queue_repeats_nothing(bench: Bench) -> None:
    runs = []

    async def handle(running: Running) -> None:
        runs.append(running.id)

    bench.workers.add("w", Worker(handle))
    for error in (None, "it failed"):
        job = await bench.jobs.push(ME, "w", None)
        await bench.ledger.end(ME, job.id, job.fields, error)
        await bench.turn()
        assert not await bench.queue.knows(ME, job.id)
    assert runs == []
    assert [dead.error for dead in await bench.queue.dead(9)] == ["it failed"]


async def test_a_crash_before_the_document_was_written_loses_nothing(bench: Bench) -> None:
    bench.workers.add("w", Worker(failing(0, ValueError())))
    job = await bench.jobs.push(ME, "w", "m")
    document = await bench.documents.get(ME, DOCTYPE, job.id)
    assert document is not None
    await bench.documents.work(ME, lambda tx: tx.delete(DOCTYPE, job.id, document.rev))
    await bench.turn()
    ended = await bench.jobs.get(ME, job.id)
    assert (ended.state, ended.fields["message"]) == ("done", "m")


async def test_the_same_cause_makes_one_job(bench: Bench) -> None:
    runs = []

    async def handle(running: Running) -> None:
        runs.append(running.id)

    bench.workers.add("w", Worker(handle))
    for _ in range(2):
        await bench.jobs.push(ME, "w", None, job_id="same")
    await bench.turn()
    again = await bench.jobs.push(ME, "w", None, job_id="same")
    await bench.turn()
    assert runs == ["same"]
    assert again.state == "done"


async def test_an_instance_that_is_gone_has_no_jobs(bench: Bench) -> None:
    bench.workers.add("w", Worker(failing(0, ValueError())))
    job = await bench.jobs.push(ME, "w", None)
    await bench.documents.destroy(ME)
    await bench.runners[0].tick()
    await bench.runners[0].idle()
    assert not await bench.queue.knows(ME, job.id)


async def test_a_worker_may_refuse_a_job_before_it_is_one(bench: Bench) -> None:
    async def admit(tenant: str, message: object, manual: bool, trigger_id: str) -> bool:
        return manual

    bench.workers.add("w", Worker(failing(0, ValueError()), admit=admit))
    assert (await bench.jobs.push(ME, "w", None)).id == ""
    assert (await bench.jobs.push(ME, "w", None, manual=True)).id
    assert await bench.documents.count(ME, DOCTYPE) == 1
    with pytest.raises(WorkerMissing):
        await bench.jobs.push(ME, "nobody", None)


async def test_so_many_an_hour_from_outside(bench: Bench) -> None:
    bench.workers.add("w", Worker(failing(0, ValueError()), hourly=2))
    for tenant in (ME, ME, "cozy2"):
        await bench.jobs.check_rate(tenant, "w")
    bench.clock.pass_time(minutes=45)
    with pytest.raises(TooOften) as refusal:
        await bench.jobs.check_rate(ME, "w")
    assert refusal.value.headers == {"Retry-After": "900"}
    await bench.jobs.check_rate(ME, "log")
    bench.clock.pass_time(minutes=15)
    await bench.jobs.check_rate(ME, "w")


async def test_a_dead_job_can_be_tried_again(bench: Bench) -> None:
    bench.workers.add("w", Worker(failing(9, ValueError("no"))))
    job = await bench.jobs.push(ME, "w", "m", payload=1)
    await bench.turn()
    await bench.runners[0].retry_dead(job.id)
    again = await bench.jobs.get(ME, job.id)
    assert (again.state, again.error, again.fields["payload"]) == ("queued", "", 1)
    await bench.turn()
    assert [dead.id for dead in await bench.runners[0].dead()] == [job.id]
    bench.clock.pass_time(days=31)
    await bench.turn()
    assert await bench.runners[0].dead() == []
    with pytest.raises(DeadJobMissing):
        await bench.runners[0].retry_dead(job.id)


async def test_purge_keeps_what_is_new_what_goes_on_and_the_newest_fifty(bench: Bench) -> None:
    for _ in range(53):
        await bench.jobs.push(ME, "log", None)
        bench.clock.pass_time(seconds=1)
    await bench.turn()
    await bench.jobs.push(ME, "log", "waits")
    assert await bench.jobs.purge(ME, timedelta(days=1)) == 0
    bench.clock.pass_time(days=2)
    assert await bench.jobs.purge(ME, timedelta(days=1), ["other"]) == 0
    assert await bench.jobs.purge(ME, timedelta(days=1)) == 3
    assert await bench.documents.count(ME, DOCTYPE) == 51


async def test_clean_ends_what_nobody_does_any_more(bench: Bench) -> None:
    waits = await bench.jobs.push(ME, "log", None)
    lost = await bench.jobs.push(ME, "client", None)
    assert lost.state == "running"
    assert await bench.jobs.clean(ME) == 0
    bench.clock.pass_time(hours=2)
    assert await bench.jobs.clean(ME) == 1
    assert (await bench.jobs.get(ME, lost.id)).state == "done"
    assert (await bench.jobs.get(ME, waits.id)).state == "queued"
