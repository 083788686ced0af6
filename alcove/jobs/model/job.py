"""A job as clients see it (doctype io.cozy.jobs, contract-b section 6), and what a worker is."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.jsonapi import resource

if TYPE_CHECKING:
    from alcove.documents import Document

DOCTYPE = "io.cozy.jobs"
ZERO = "0001-01-01T00:00:00Z"
"""How the contract writes a time that has not come."""
ENDED = frozenset({"done", "errored"})
CLIENT = "client"
"""The worker whose jobs a client runs: the server only keeps their state."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its document's id, revision and fields. An empty id: it was refused and never stored."""

    id: str
    rev: str
    fields: Mapping[str, Any]

    @property
    def worker(self) -> str:
        """The name of its worker."""
        return str(self.fields.get("worker", ""))

    @property
    def state(self) -> str:
        """queued, running, done or errored."""
        return str(self.fields.get("state", ""))

    @property
    def error(self) -> str:
        """Why it failed; empty when it did not."""
        return str(self.fields.get("error", ""))

    @property
    def ended(self) -> bool:
        """Whether it is done or errored: nothing happens to it any more."""
        return self.state in ENDED


class Running:
    """A job in the hands of its handler. Handlers run at least once: one whose server crashes is run again."""

    def __init__(
        self,
        tenant: str,
        job: Job,
        *,
        attempt: int,
        deadline: datetime,
        renew: Callable[[], Awaitable[None]],
    ) -> None:
        self.tenant = tenant
        """The key of the instance it is for."""
        self.job = job
        self.attempt = attempt
        """1 for the first try."""
        self.deadline = deadline
        """When its time is over, in UTC."""
        self._renew = renew

    @property
    def id(self) -> str:
        """The job's id."""
        return self.job.id

    @property
    def message(self) -> Any:
        """What the one who pushed it said: any JSON."""
        return self.job.fields.get("message")

    @property
    def event(self) -> Any:
        """For a job of an @event trigger: `{domain, prefix, verb, doc, old?}`."""
        return self.job.fields.get("event")

    @property
    def payload(self) -> Any:
        """For a job of a @webhook trigger: what was posted."""
        return self.job.fields.get("payload")

    @property
    def trigger_id(self) -> str:
        """The trigger that started it; empty for none."""
        return str(self.job.fields.get("trigger_id", ""))

    @property
    def manual(self) -> bool:
        """Whether a person started it."""
        return bool(self.job.fields.get("manual_execution"))

    async def heartbeat(self) -> None:
        """Makes sure that the job is still ours: before a step that cannot be undone. Raises `LeaseLost`.

        The lease of a running job is renewed anyway; a handler needs this only after it blocked for long.
        """
        await self._renew()


Handle = Callable[[Running], Awaitable[None]]
"""Does a job; raises to fail. What is raised becomes the job's error: write it for a person."""

Admit = Callable[[str, Any, bool, str], Awaitable[bool]]
"""Gets (tenant, message, manual, trigger_id): False when such a job makes no sense now (contract-b section 7.4)."""


@dataclass(frozen=True, slots=True)
class Worker:
    """How the jobs of one name are done. The limits are the most that a push can ask for.

    `reserved`: only the server itself pushes such jobs. `hourly`: jobs that one instance may push in an hour.
    """

    handler: Handle
    max_attempts: int = 1
    timeout_s: float = 10.0
    concurrency: int = 2
    reserved: bool = False
    hourly: int | None = None
    backoff_s: float = 0.06
    """How long the first retry waits; each further one twice as long, give or take a tenth."""
    admit: Admit | None = None


def stamp(moment: datetime) -> str:
    """A moment with all six digits of its fraction, so that texts sort as times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def job_of(document: Document) -> Job:
    """The job of a stored document."""
    return Job(document.id, document.rev, document.fields())


def job_resource(job: Job) -> dict[str, Any]:
    """The job in JSON:API: attributes repeat `_id` and `_rev`, the link names the worker, as the contract has it."""
    attributes = {"_id": job.id, "_rev": job.rev, **job.fields} if job.id else dict(job.fields)
    link = f"/jobs/{job.worker}/{job.id}"
    return resource(DOCTYPE, job.id, attributes, rev=job.rev, links={"self": link})


def stable_id(*parts: str) -> str:
    """The id of the job that these parts cause: the same cause never makes two jobs."""
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:32]
