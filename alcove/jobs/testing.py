"""A bench for tests: the whole room in memory, with a clock that is set by hand and loops that turn when told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.clock import SetClock
from alcove.base.house import Registry
from alcove.base.sqlite import Database
from alcove.base.tables import SqliteTables
from alcove.documents import POLICIES, Index, Policies
from alcove.documents.testing import memory_documents
from alcove.instances import Allowances
from alcove.jobs import HANDLERS
from alcove.jobs.model import job, trigger
from alcove.jobs.service.bell import Bell
from alcove.jobs.service.clockwork import Clockwork
from alcove.jobs.service.happenings import Happenings
from alcove.jobs.service.jobs import BY_STATE, BY_TRIGGER, Jobs
from alcove.jobs.service.ledger import Ledger
from alcove.jobs.service.runner import Runner
from alcove.jobs.service.triggers import Triggers
from alcove.jobs.store import Alarms, Queue
from alcove.jobs.tasks import WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from alcove.documents import Change, Documents
    from alcove.jobs.model.job import Worker

JOB_INDEXES = (
    Index(job.DOCTYPE, BY_STATE, ("worker", "state", "queued_at")),
    Index(job.DOCTYPE, BY_TRIGGER, ("trigger_id", "queued_at")),
)
"""The lists of jobs that the room keeps."""

ME = "cozy1"
"""The instance of the bench."""


class Bench:
    """The room's parts, put together. `runner(...)` makes another process: its own hands on the same queue."""

    def __init__(self, database: Database | None = None, documents: Documents | None = None) -> None:
        self.clock = SetClock()
        self.documents = documents or memory_documents(JOB_INDEXES)
        self.database = database or Database(None)
        self.workers: Registry[Worker] = Registry(HANDLERS)
        tables = SqliteTables(lambda: self.database)
        self.queue = Queue(tables)
        self.alarms = Alarms(tables)
        self.ledger = Ledger(self.documents, self.clock)
        self.bell = Bell()
        self.allowances = Allowances(tables, self.clock)
        self.jobs = Jobs(
            self.documents,
            self.queue,
            self.ledger,
            self.workers,
            self.clock,
            self.bell,
            self.allowances,
            lambda _: "me.localhost",
        )
        self.triggers = Triggers(
            self.documents, self.alarms, self.jobs, self.clock, self.bell, lambda _: "me.localhost"
        )
        self.clockwork = Clockwork(self.alarms, self.triggers, self.clock, self.bell)
        self.policies = Policies(Registry(POLICIES))
        self.happenings = Happenings(self.documents, self.triggers, self.policies.readable)
        self.runners = [self.runner()]
        self._followed = 0
        for name, worker in WORKERS.items():
            self.workers.add(name, worker)
        self.documents.watch(self.jobs.hear)
        self.documents.watch(self.happenings.hear)

    def runner(self, jitter: Callable[[], float] = lambda: 0.5) -> Runner:
        """The hands of one process; the jitter stands in the middle, so that back-offs are exact."""
        return Runner(
            self.queue,
            self.ledger,
            self.jobs,
            self.workers,
            self.clock,
            self.bell,
            trigger_gone=self.triggers.discard,
            jitter=jitter,
        )

    async def open(self) -> Bench:
        """Makes the tables and the instance."""
        await self.queue.prepare()
        await self.allowances.load()
        await self.documents.create(ME)
        return self

    async def close(self) -> None:
        """Lets go of the queue."""
        await self.database.close()

    async def turn(self) -> None:
        """Follows what was written, rings what is due, and does every job that is due, until nothing is left."""
        while True:
            changes = await self.follow()
            await self.clockwork.tick()
            rests = [await runner.tick() for runner in self.runners]
            for runner in self.runners:
                await runner.idle()
            if not changes and all(rest > 0 for rest in rests):
                return

    async def follow(self) -> list[Change]:
        """What the two followers of the room do."""
        changes = await self.documents.changes(ME, self._followed, 1000)
        if changes:
            await self.clockwork.follow(ME, [c for c in changes if c.document.type == trigger.DOCTYPE])
            await self.happenings.follow(ME, changes)
            self._followed = changes[-1].seq
        return changes
