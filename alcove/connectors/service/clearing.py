"""After an account was deleted: its connector is run once more, to clear up at the vendor (contract-b section 8)."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.connectors.store import Shelf
    from alcove.documents import Change
    from alcove.jobs import Jobs

CLEARING = "connectors.clearing"
PATIENCE = 1200.0
"""Seconds that the removal of a connector waits until it has cleared up: for its jobs, tried twice."""


class Clearing:
    """The follower of accounts that starts these runs; what is kept of an account says that there is one to start."""

    def __init__(self, shelf: Shelf, jobs: Jobs) -> None:
        self._shelf = shelf
        self._jobs = jobs

    async def heard(self, tenant: str, changes: Sequence[Change]) -> None:
        """Starts a run for each account that is gone; one that was started already is not started twice."""
        for ident in {change.document.id for change in changes if change.document.deleted}:
            await self.start(tenant, ident)

    async def start(self, tenant: str, ident: str) -> str:
        """Starts the run for an account that is gone, if it is kept for one; the id of the job, empty for none."""
        found = await self._shelf.deleted_account(tenant, ident)
        if found is None:
            return ""
        fields = found.fields()
        rev, slug = str(fields.get("soft_deleted_rev")), str(fields.get("account_type"))
        message = {"account": ident, "account_rev": rev, "konnector": slug, "account_deleted": True}
        job = hashlib.sha256(f"{CLEARING}\0{ident}\0{rev}".encode()).hexdigest()[:32]
        await self._jobs.push(tenant, "konnector", message, manual=True, job_id=job)
        return job

    async def wait(self, tenant: str, jobs: Sequence[str]) -> None:
        """Waits until these runs have ended, and not for ever: a connector that hangs is given up with its job."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*(self._jobs.wait(tenant, job) for job in jobs))
