"""The documents of jobs, kept in step with the queue.

The queue is written first: it alone decides what is run, and holds all that is needed to write the document again. A
document that has ended is never changed by a run, so a job that was run twice still ends once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.jobs.model.job import DOCTYPE, ENDED, ZERO, Job, job_of, stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.clock import Clock
    from alcove.documents import Document, Documents, Tx


class Ledger:
    """Writes how far jobs are."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock

    async def enter(self, tenant: str, job_id: str, fields: Mapping[str, Any]) -> Job:
        """Writes a new job; one that is there already is left and answered."""

        async def unit(tx: Tx) -> Document:
            known = await tx.get(DOCTYPE, job_id)
            return known or await tx.put(DOCTYPE, job_id, fields)

        return job_of(await self._documents.work(tenant, unit))

    async def begin(self, tenant: str, job_id: str, fields: Mapping[str, Any]) -> Job:
        """The job runs now. `fields` make a missing document again; one that has ended is only answered."""
        now = stamp(self._clock.now())

        async def unit(tx: Tx) -> Document:
            known = await tx.get(DOCTYPE, job_id)
            said = known.fields() if known else dict(fields)
            if known and said.get("state") in (*ENDED, "running"):
                return known
            return await tx.put(
                DOCTYPE, job_id, {**said, "state": "running", "started_at": now}, known.rev if known else ""
            )

        return job_of(await self._documents.work(tenant, unit))

    async def end(self, tenant: str, job_id: str, fields: Mapping[str, Any], error: str | None) -> Job:
        """The job is done (no error) or has failed; answers how it ended: when it had already, the first end stays."""
        now = stamp(self._clock.now())

        async def unit(tx: Tx) -> Document:
            known = await tx.get(DOCTYPE, job_id)
            said = known.fields() if known else dict(fields)
            if known and said.get("state") in ENDED:
                return known
            said |= {"state": "done" if error is None else "errored", "finished_at": now, "event": None}
            said.pop("payload", None)
            if error is not None:
                said["error"] = error
            return await tx.put(DOCTYPE, job_id, said, known.rev if known else "")

        return job_of(await self._documents.work(tenant, unit))

    async def reopen(self, tenant: str, job_id: str, fields: Mapping[str, Any]) -> None:
        """A job that failed is to be tried again: it is queued as it was at first."""

        async def unit(tx: Tx) -> None:
            known = await tx.get(DOCTYPE, job_id)
            fresh = {**fields, "state": "queued", "started_at": ZERO, "finished_at": ZERO}
            await tx.put(DOCTYPE, job_id, fresh, known.rev if known else "")

        await self._documents.work(tenant, unit)
