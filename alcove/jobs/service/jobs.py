"""Pushing jobs, and asking what became of them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.ids import new_id
from alcove.documents import Query
from alcove.instances import Allowance
from alcove.jobs.errors import JobMissing, NotClientJob, WorkerMissing, WrongJobState
from alcove.jobs.model.job import CLIENT, DOCTYPE, ENDED, ZERO, Job, job_of, stamp
from alcove.jobs.store import Order, Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alcove.base.clock import Clock
    from alcove.base.house import Registry
    from alcove.documents import Change, Document, Documents, Tx
    from alcove.instances import Allowances
    from alcove.jobs.model.job import Worker
    from alcove.jobs.service.bell import Bell
    from alcove.jobs.service.ledger import Ledger

BY_STATE = "jobs-by-worker-state"
BY_TRIGGER = "jobs-by-trigger"
STALE = timedelta(hours=1)
"""How long a job may be queued or running, unknown to the queue, before `clean` calls it done."""
KEPT = 50
"""Ended jobs of each worker and state that a purge leaves, however old."""
LISTED = 1_000
"""Jobs of a queue that are listed at the most."""


def millis(moment: datetime) -> int:
    """Milliseconds since 1970: how the queue writes times."""
    return int(moment.timestamp() * 1000)


class Jobs:
    """The jobs of every instance. `tenant` is an instance's key."""

    def __init__(
        self,
        documents: Documents,
        queue: Queue,
        ledger: Ledger,
        workers: Registry[Worker],
        clock: Clock,
        bell: Bell,
        allowances: Allowances,
        domain_of: Callable[[str], str],
    ) -> None:
        self._documents = documents
        self._queue = queue
        self._ledger = ledger
        self._workers = workers
        self._clock = clock
        self._bell = bell
        self._allowances = allowances
        self._domain_of = domain_of
        self._entering: dict[tuple[str, str], asyncio.Event] = {}
        self._awaited: dict[tuple[str, str], list[asyncio.Future[Job]]] = {}

    def worker(self, name: str) -> Worker:
        """The worker of that name; raises `WorkerMissing`."""
        worker = self._workers.get(name)
        if worker is None:
            raise WorkerMissing
        return worker

    async def push(
        self,
        tenant: str,
        worker: str,
        message: Any,
        *,
        manual: bool = False,
        trigger_id: str | None = None,
        max_attempts: int | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the time of the job, not of this call
        due: datetime | None = None,
        event: Any = None,
        payload: Any = None,
        debounced: bool = False,
        job_id: str = "",
    ) -> Job:
        """Gives a worker something to do; when this returns, it will be done, even after a crash.

        `max_attempts` and `timeout` (seconds) can only lower the worker's own. A `job_id` that is known already makes
        no second job. An answer with an empty id: the worker refused, nothing is stored. Raises `WorkerMissing`.
        """
        known = self.worker(worker)
        extras = {
            "trigger_id": trigger_id,
            "payload": payload,
            "manual_execution": manual,
            "debounced": debounced,
            "options": {
                name: value
                for name, value in (("max_exec_count", max_attempts), ("timeout", timeout))
                if value is not None
            },
        }
        fields = {
            "domain": self._domain_of(tenant),
            "prefix": tenant,
            "worker": worker,
            "message": message,
            "event": event,
            **{name: value for name, value in extras.items() if value},
            "state": "queued",
            "queued_at": stamp(self._clock.now()),
            "started_at": ZERO,
            "finished_at": ZERO,
        }
        if known.admit is not None and not await known.admit(tenant, message, manual, trigger_id or ""):
            return Job("", "", fields)
        if worker == CLIENT:
            fields |= {"state": "running", "started_at": fields["queued_at"]}
            return await self._ledger.enter(tenant, job_id or new_id(), fields)
        order = Order(
            tenant,
            job_id or new_id(),
            worker,
            millis(due or self._clock.now()),
            min(known.max_attempts, max_attempts or known.max_attempts),
            int(1000 * min(known.timeout_s, timeout or known.timeout_s)),
            orjson.dumps(fields),
        )
        return await self._enqueue(order, fields)

    async def _enqueue(self, order: Order, fields: dict[str, Any]) -> Job:
        """Row first, document second: a crash in between leaves a job that is run, never one that hangs."""
        key = (order.tenant, order.id)
        entered = self._entering.setdefault(key, asyncio.Event())
        try:
            added = await self._queue.add(order)
            try:
                return await self._ledger.enter(order.tenant, order.id, fields)
            except BaseException:
                if added:
                    await self._queue.withdraw(order.tenant, order.id)
                raise
        finally:
            entered.set()
            self._entering.pop(key, None)
            self._bell.ring()

    async def entered(self, tenant: str, job_id: str) -> None:
        """Waits until a push that is under way has written its document, so that clients see `queued` first."""
        entering = self._entering.get((tenant, job_id))
        if entering is not None:
            await entering.wait()

    async def check_rate(self, tenant: str, worker: str) -> None:
        """Counts a push from outside; raises `TooOften` when the hour's are used up (contract-b section 6)."""
        hourly = self.worker(worker).hourly
        if hourly is not None:
            await self._allowances.take(tenant, Allowance(f"jobs of {worker}", hourly))

    async def get(self, tenant: str, job_id: str) -> Job:
        """A job; raises `JobMissing`."""
        document = await self._documents.get(tenant, DOCTYPE, job_id)
        if document is None:
            raise JobMissing
        return job_of(document)

    async def queued(self, tenant: str, worker: str) -> list[Job]:
        """The jobs of a worker that wait, the oldest first; raises `WorkerMissing`."""
        self.worker(worker)
        return await self._in_state(tenant, worker, "queued", LISTED)

    async def _in_state(self, tenant: str, worker: str, state: str, limit: int | None) -> list[Job]:
        selector = {"worker": worker, "state": state}
        sort = (("worker", False), ("state", False), ("queued_at", False))
        found = await self._documents.find(tenant, DOCTYPE, Query(selector, sort, limit=limit, use_index=BY_STATE))
        return [job_of(document) for document in found.documents]

    async def of_trigger(self, tenant: str, trigger_id: str, limit: int = KEPT) -> list[Job]:
        """The jobs that a trigger started, the newest first."""
        sort = (("trigger_id", True), ("queued_at", True))
        query = Query({"trigger_id": trigger_id}, sort, limit=limit, use_index=BY_TRIGGER)
        return [job_of(document) for document in (await self._documents.find(tenant, DOCTYPE, query)).documents]

    async def settle_client_job(self, tenant: str, job_id: str, state: Any, error: Any) -> Job:
        """What a client says of a job that it runs; raises `JobMissing`, `NotClientJob`, `WrongJobState`."""
        job = await self.get(tenant, job_id)
        if job.worker != CLIENT:
            raise NotClientJob
        if state not in ENDED or job.ended:
            raise WrongJobState
        return await self._ledger.end(tenant, job_id, job.fields, str(error or "") if state == "errored" else None)

    async def wait(self, tenant: str, job_id: str) -> Job:
        """The job when it has ended. For tests and short jobs: nobody else tells when it never ends."""
        future: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        self._awaited.setdefault((tenant, job_id), []).append(future)
        job = await self.get(tenant, job_id)
        return job if job.ended else await future

    def hear(self, changes: Sequence[Change]) -> None:
        """Wakes who waits for a job: the watcher of the documents."""
        for change in changes:
            document = change.document
            if document.type != DOCTYPE or (change.tenant, document.id) not in self._awaited:
                continue
            job = job_of(document)
            if job.ended or document.deleted:
                for future in self._awaited.pop((change.tenant, document.id)):
                    if not future.done():
                        future.set_result(job)

    async def clean(self, tenant: str) -> int:
        """Calls jobs done that the queue does not know and that seem to go on for over an hour; answers how many."""
        before = stamp(self._clock.now() - STALE)
        count = 0
        for document in await self._documents.all(tenant, DOCTYPE):
            job = job_of(document)
            if job.ended or str(job.fields.get("queued_at")) > before or await self._queue.knows(tenant, job.id):
                continue
            await self._ledger.end(tenant, job.id, job.fields, None)
            count += 1
        return count

    async def purge(self, tenant: str, older: timedelta, workers: Sequence[str] = ()) -> int:
        """Removes ended jobs older than a duration, but of each worker and state the newest 50; answers how many.

        Only these workers, when given. The 50 are what the state of a trigger is computed from.
        """
        before = stamp(self._clock.now() - older)
        groups: dict[tuple[str, str], list[Document]] = {}
        for document in await self._documents.all(tenant, DOCTYPE):
            job = job_of(document)
            if job.ended and (not workers or job.worker in workers):
                groups.setdefault((job.worker, job.state), []).append(document)
        doomed = []
        for group in groups.values():
            group.sort(key=lambda document: str(document.fields().get("queued_at")), reverse=True)
            doomed += [document for document in group[KEPT:] if str(document.fields().get("queued_at")) < before]
        for start in range(0, len(doomed), 100):
            await self._documents.work(tenant, _removal(doomed[start : start + 100]))
        return len(doomed)


def _removal(documents: Sequence[Document]) -> Callable[[Tx], Any]:
    async def unit(tx: Tx) -> None:
        for document in documents:
            current = await tx.get(document.type, document.id)
            if current is not None and current.rev == document.rev:
                await tx.delete(document.type, document.id, document.rev)

    return unit
