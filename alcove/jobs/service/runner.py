"""Runs the jobs of this process: takes them, keeps their leases, tries again, gives up in plain sight."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import orjson

from alcove.base.errors import NotFound, Refusal
from alcove.base.ids import new_id
from alcove.base.outgoing import ACTING
from alcove.jobs.errors import BadTrigger, DeadJobMissing, LeaseLost, NoRetry
from alcove.jobs.model.job import Job, Running
from alcove.jobs.service.jobs import millis

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alcove.base.clock import Clock
    from alcove.base.house import Registry
    from alcove.jobs.model.job import Worker
    from alcove.jobs.service.bell import Bell
    from alcove.jobs.service.jobs import Jobs
    from alcove.jobs.service.ledger import Ledger
    from alcove.jobs.store import Entry, Queue

LEASE = timedelta(seconds=60)
"""How long a silent server is waited for before another takes its jobs."""
SURE = LEASE / 2
"""How long after a renewal nobody asks the queue again whether a job is still ours."""
BEAT = timedelta(seconds=20)
"""How often leases are renewed."""
LONGEST_BACKOFF = 3600.0
AGAIN = timedelta(seconds=30)
"""When a job is tried again whose documents could not be written."""
DEAD_KEPT = timedelta(days=30)
"""How long dead jobs are kept for the operator."""
ERROR_LIMIT = 4000
"""Characters of an error that are kept."""

log = logging.getLogger("alcove.jobs")


@dataclass(slots=True)
class Hand:
    """A job that runs here; until `sure` nobody else can have taken it."""

    entry: Entry
    task: asyncio.Task[None]
    sure: datetime


class Runner:
    """The hands of this process. `jitter` answers a random number from 0 to 1."""

    def __init__(
        self,
        queue: Queue,
        ledger: Ledger,
        jobs: Jobs,
        workers: Registry[Worker],
        clock: Clock,
        bell: Bell,
        *,
        trigger_gone: Callable[[str, str], Awaitable[None]],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._queue = queue
        self._ledger = ledger
        self._jobs = jobs
        self._workers = workers
        self._clock = clock
        self._bell = bell
        self._trigger_gone = trigger_gone
        self._jitter = jitter
        self._hands: dict[int, Hand] = {}
        self._lost: set[int] = set()
        self._beaten = clock.now()
        self._stopping = False

    async def tick(self) -> float:
        """One round: renews leases, takes over what others lost, starts what is due. Answers the seconds to rest."""
        now = self._clock.now()
        if now - self._beaten >= BEAT:
            self._beaten = now
            await self._beat()
        until = millis(now + LEASE)
        for entry in await self._queue.expire(millis(now), until, new_id()):
            error = f"The server stopped {entry.attempts} times during this job"
            self._start(entry, partial(self._give_up, entry, error))
        if self._stopping:
            return BEAT.total_seconds()
        free = self._free()
        for entry in await self._queue.take(free, millis(now), until, new_id()):
            self._start(entry, partial(self._run, entry))
        free = self._free()
        due = await self._queue.next_due([worker for worker, hands in free.items() if hands > 0])
        rest = BEAT.total_seconds()
        return rest if due is None else min(rest, max(0.0, (due - millis(self._clock.now())) / 1000))

    def _free(self) -> dict[str, int]:
        free = {name: worker.concurrency for name, worker in self._workers.items()}
        for hand in self._hands.values():
            if hand.entry.worker in free:
                free[hand.entry.worker] -= 1
        return free

    def _start(self, entry: Entry, work: Callable[[], Awaitable[None]]) -> None:
        def ended(_task: asyncio.Task[None]) -> None:
            self._hands.pop(entry.number, None)
            self._lost.discard(entry.number)
            self._bell.ring()

        task = asyncio.create_task(self._guarded(entry, work))
        self._hands[entry.number] = Hand(entry, task, self._clock.now() + SURE)
        task.add_done_callback(ended)

    async def _guarded(self, entry: Entry, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except asyncio.CancelledError:
            if entry.number not in self._lost:
                await self._queue.give_back(entry, millis(self._clock.now()))
        except LeaseLost:
            log.warning("a job was taken over", extra={"job": entry.id, "worker": entry.worker})
        except NotFound:
            # The instance is gone, and its jobs with it.
            await self._queue.finish(entry)
        except Exception:
            log.exception("a job's documents could not be written", extra={"job": entry.id, "worker": entry.worker})
            await self._queue.give_back(entry, millis(self._clock.now() + AGAIN))

    async def _run(self, entry: Entry) -> None:
        await self._jobs.entered(entry.tenant, entry.id)
        job = await self._ledger.begin(entry.tenant, entry.id, orjson.loads(entry.body))
        if job.ended:  # a server crashed between the document's end and the queue's
            await self._file(entry, job)
            return
        failure = await self._handle(entry, job)
        if self._clock.now() >= self._hands[entry.number].sure:
            await self._renew(entry)  # who lost the lease meanwhile has no say in how the job ends
        if failure is None:
            await self._file(entry, await self._ledger.end(entry.tenant, entry.id, job.fields, None))
            return
        error = _told(failure)[:ERROR_LIMIT]
        if not isinstance(failure, NoRetry) and entry.failures + 1 < entry.max_attempts:
            due = self._clock.now() + self._backoff(entry)
            await self._queue.retry(entry, millis(due), error)
            return
        await self._give_up(entry, error)
        if isinstance(failure, BadTrigger) and job.fields.get("trigger_id"):
            await self._trigger_gone(entry.tenant, str(job.fields["trigger_id"]))

    async def _handle(self, entry: Entry, job: Job) -> Exception | None:
        """Lets the worker do the job; answers how it failed. What is no failure of the job goes through."""
        worker = self._workers.get(entry.worker)
        assert worker is not None, "only jobs of known workers are taken"
        seconds = entry.timeout / 1000
        ACTING.set(entry.tenant)
        running = Running(
            entry.tenant,
            job,
            attempt=entry.attempts,
            deadline=self._clock.now() + timedelta(seconds=seconds),
            renew=lambda: self._renew(entry),
        )
        try:
            async with asyncio.timeout(seconds) as time:
                await worker.handler(running)
        except LeaseLost:
            raise
        except Exception as error:
            if time.expired():
                return TimeoutError(f"The job took longer than {seconds:g} seconds")
            if not isinstance(error, NoRetry | Refusal):
                log.warning("a job failed", extra={"job": entry.id, "worker": entry.worker}, exc_info=error)
            return error
        return None

    def _backoff(self, entry: Entry) -> timedelta:
        worker = self._workers.get(entry.worker)
        first = worker.backoff_s if worker else 1.0
        seconds = min(LONGEST_BACKOFF, first * 2.0 ** min(entry.failures, 30))
        return timedelta(seconds=seconds * (0.9 + 0.2 * self._jitter()))

    async def _give_up(self, entry: Entry, error: str) -> None:
        fields = orjson.loads(entry.body)
        await self._file(entry, await self._ledger.end(entry.tenant, entry.id, fields, error))

    async def _file(self, entry: Entry, job: Job) -> None:
        """The queue follows the document."""
        if job.state == "errored":
            await self._queue.bury(entry, millis(self._clock.now()), job.error)
        else:
            await self._queue.finish(entry)

    async def _renew(self, entry: Entry) -> None:
        until = millis(self._clock.now() + LEASE)
        if entry.number not in await self._queue.renew([entry], until):
            raise LeaseLost
        self._hands[entry.number].sure = self._clock.now() + SURE

    async def _beat(self) -> None:
        await self._queue.sweep(millis(self._clock.now() - DEAD_KEPT))
        held = list(self._hands.values())
        sure = self._clock.now() + SURE
        kept = await self._queue.renew([hand.entry for hand in held], millis(self._clock.now() + LEASE))
        for hand in held:
            if hand.entry.number in kept:
                hand.sure = sure
            elif not hand.task.done():
                self._lost.add(hand.entry.number)
                hand.task.cancel()

    async def idle(self) -> None:
        """Waits until nothing runs here."""
        while self._hands:
            await asyncio.wait([hand.task for hand in self._hands.values()])

    async def stop(self, grace: float) -> None:
        """Takes nothing more; lets what runs go on for `grace` seconds, then gives it back to the queue."""
        self._stopping = True
        running = list(self._hands.values())
        if not running:
            return
        await asyncio.wait([hand.task for hand in running], timeout=grace)
        late = [hand for hand in running if not hand.task.done()]
        for hand in late:
            hand.task.cancel()
        await asyncio.gather(*(hand.task for hand in late), return_exceptions=True)
        for hand in late:  # one that was cancelled before its first step could not do it itself
            await self._queue.give_back(hand.entry, millis(self._clock.now()))

    async def dead(self, limit: int = 1000) -> list[Entry]:
        """Jobs that failed for good, of all instances, the latest first."""
        return await self._queue.dead(limit)

    async def retry_dead(self, job_id: str) -> None:
        """Queues a dead job as if it were new; raises `DeadJobMissing`."""
        for entry in await self._queue.dead(1, job_id):
            await self._ledger.reopen(entry.tenant, entry.id, orjson.loads(entry.body))
            await self._queue.revive(entry, millis(self._clock.now()))
            self._bell.ring()
            return
        raise DeadJobMissing


def _told(failure: Exception) -> str:
    """The error that the job shows."""
    if isinstance(failure, Refusal):
        return failure.detail or failure.heading
    return str(failure) or type(failure).__name__
