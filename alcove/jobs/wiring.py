"""Puts jobs into the house."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING

from alcove.base.peers import Peers
from alcove.base.tables import Tables
from alcove.documents import FOLLOWERS, INDEXES, POLICIES, Change, Documents, Follower, Index, Policies
from alcove.instances import Allowances, Instance, Instances
from alcove.jobs import HANDLERS
from alcove.jobs.http.queue import DeadHTTP, QueueHTTP
from alcove.jobs.http.triggers import TriggersHTTP
from alcove.jobs.model import job, trigger
from alcove.jobs.service.bell import Bell, keep
from alcove.jobs.service.clockwork import Clockwork
from alcove.jobs.service.happenings import Happenings
from alcove.jobs.service.jobs import BY_STATE, BY_TRIGGER, Jobs
from alcove.jobs.service.ledger import Ledger
from alcove.jobs.service.runner import Runner
from alcove.jobs.service.triggers import Triggers
from alcove.jobs.store import Alarms, Queue
from alcove.jobs.tasks import WORKERS

if TYPE_CHECKING:
    from alcove.base.house import House

Handle = Callable[[str, Sequence[Change]], Awaitable[None]]

GRACE = 5.0
"""Seconds that running jobs get when the server stops."""
SHARED_REST = 1.0
"""Seconds between two looks at a queue that other processes write to."""


def register(house: House) -> None:
    """Provides `Jobs` and `Triggers`; follows the documents; runs jobs while the server runs."""
    documents = house.need(Documents)
    instances = house.need(Instances)
    tables = house.need(Tables)
    handlers = house.registry(HANDLERS)

    def domain_of(tenant: str) -> str:
        instance = instances.by_key(tenant)
        return instance.domain if instance else ""

    queue, alarms, hands, clock = Queue(tables), Alarms(tables), Bell(), Bell()
    ledger = Ledger(documents, house.clock)
    allowances = house.need(Allowances)
    jobs = house.provide(Jobs, Jobs(documents, queue, ledger, handlers, house.clock, hands, allowances, domain_of))
    triggers = house.provide(Triggers, Triggers(documents, alarms, jobs, house.clock, clock, domain_of))
    runner = Runner(queue, ledger, jobs, handlers, house.clock, hands, trigger_gone=triggers.discard)
    clockwork = Clockwork(alarms, triggers, house.clock, clock)
    policies = Policies(house.registry(POLICIES))
    happenings = Happenings(documents, triggers, policies.readable)

    for name, worker in WORKERS.items():
        handlers.add(name, worker)
    for index in (
        Index(job.DOCTYPE, BY_STATE, ("worker", "state", "queued_at")),
        Index(job.DOCTYPE, BY_TRIGGER, ("trigger_id", "queued_at")),
    ):
        house.registry(INDEXES).add(index.name, index)
    of_jobs = frozenset((job.DOCTYPE,))
    documents.watch(jobs.hear, of_jobs)
    documents.watch(lambda changes: _ring(hands, changes), of_jobs)
    if house.settings.role != "web":  # nobody follows there, and what is kept for the follower would stay
        documents.watch(happenings.hear)
    ready = asyncio.Event()
    for follower in (
        Follower("jobs.alarms", frozenset({trigger.DOCTYPE}), _when(ready, clockwork.follow)),
        Follower("jobs.events", frozenset(), _when(ready, happenings.follow), wants=happenings.wants),
    ):
        house.registry(FOLLOWERS).add(follower.name, follower)
    house.add_routes(
        *QueueHTTP(jobs).routes(), *TriggersHTTP(triggers, jobs, allowances, policies, house.settings.scheme).routes()
    )
    house.add_routes(*DeadHTTP(runner, instances).routes())
    _live(house, queue, runner, clockwork, hands, clock, ready)
    _forget(instances, queue, happenings)


def _ring(hands: Bell, changes: Sequence[Change]) -> None:
    """A job that another process put in is heard of by its document."""
    if any(change.document.type == job.DOCTYPE and change.old is None for change in changes):
        hands.ring()


def _when(ready: asyncio.Event, handle: Handle) -> Handle:
    """Followers begin with the lowest floor; ours wait until the queue has its tables and the instances are known."""

    async def wait(tenant: str, changes: Sequence[Change]) -> None:
        await ready.wait()
        await handle(tenant, changes)

    return wait


def _live(
    house: House, queue: Queue, runner: Runner, clockwork: Clockwork, hands: Bell, clock: Bell, ready: asyncio.Event
) -> None:
    """Runs jobs, but in a process that only answers; rings alarms in one process of all."""
    # Another process may put a job in, or set an alarm: nobody rings here.
    longest = SHARED_REST if house.settings.database else math.inf
    running = Loop("jobs runner", partial(keep, runner.tick, hands, longest))
    ringing = Loop("jobs clockwork", partial(keep, clockwork.tick, clock, longest))

    async def start() -> None:
        await queue.prepare()
        ready.set()
        if house.settings.role != "web":
            await running.begin()

    async def stop() -> None:
        await running.end()
        await ringing.end()
        await runner.stop(GRACE)

    house.on_start("jobs", start)
    house.need(Peers).duty(ringing.begin, ringing.end)
    house.on_leave("jobs", stop)  # connectors reach the server by its port


class Loop:
    """A task that can be begun and ended, and begun again."""

    def __init__(self, name: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        self._name = name
        self._work = work
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Begins, if it does not run."""
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name=self._name)

    async def end(self) -> None:
        """Ends, if it runs."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _forget(instances: Instances, queue: Queue, happenings: Happenings) -> None:
    """When an instance is gone its jobs are: one that is made anew under the same name must not get them."""
    forgetting: set[asyncio.Task[None]] = set()

    def gone(instance: Instance) -> None:
        happenings.forget(instance.key)
        task = asyncio.get_running_loop().create_task(queue.forget(instance.key))
        forgetting.add(task)
        task.add_done_callback(forgetting.discard)

    instances.on_destroyed(gone)
