"""What other processes write, told to the watchers of this one: each change once, in the order of its store."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from alcove.base.errors import NotFound, Unavailable
from alcove.documents.backends.postgres.echo import read

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alcove.base.postgres.peers import PostgresPeers
    from alcove.documents.backends.postgres.backend import PostgresBackend
    from alcove.documents.model import Change

KEPT = 600
"""Seconds that what was written is kept for the other processes; who comes later sees only the last writes."""
SWEEP = 60.0
"""Seconds between two sweeps of what is older."""
log = logging.getLogger("alcove.documents")


class Hearing:
    """Keeps how far the watchers were told of each store, and tells them the rest."""

    def __init__(
        self,
        backend: PostgresBackend,
        peers: PostgresPeers,
        tell: Callable[[list[Change]], None],
        missed: Callable[[str, int, int], Awaitable[list[Change]]],
        gone: Callable[[str], None],
    ) -> None:
        self._backend = backend
        self._fetch = backend.postgres.fetch
        self._tell = tell
        self._missed = missed
        self._gone = gone
        self._told: dict[str, int] = {}
        self._stores: dict[str, int] = {}
        self._ready = False
        self._tasks = set[asyncio.Task[None]]()
        self._sweeping: asyncio.Task[None] | None = None
        backend.origin = peers.origin
        backend.before_telling = self.own
        peers.hear("changes", self._others)
        peers.hear("gone", self._removed)
        peers.catch_up(self.catch_up)
        peers.duty(self._begin_to_sweep, self._end_sweeping)

    async def own(self, tenant: str, first: int, last: int) -> bool:
        """Before this process tells of its own commit: first what others wrote before. False when it was told."""
        if self._told.get(tenant, 0) < first - 1 and self._ready:
            await self._reach(tenant, first - 1)
        if self._told.get(tenant, 0) >= last:
            return False
        self._told[tenant] = last
        return True

    async def catch_up(self) -> None:
        """Looks for what was not heard. The first time only notes how far every store has come."""
        stores = await self._fetch("select name, inst, seq from tenant")
        if not self._ready:
            self._told = {name: seq for name, _, seq in stores} | self._told
            self._ready = True
        for tenant, inst, seq in stores:
            if self._stores.setdefault(tenant, inst) != inst:
                self._removed(tenant)  # this is another store of the same name
                self._stores[tenant] = inst
            if self._told.get(tenant, 0) < seq:
                await self._reach(tenant, seq)

    def forget(self, tenant: str) -> None:
        """A store is removed: another of the same name begins anew."""
        self._told.pop(tenant, None)
        self._stores.pop(tenant, None)

    def _others(self, text: str) -> None:
        tenant, last = text.split(" ")
        task = asyncio.ensure_future(self._reach(tenant, int(last)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _removed(self, tenant: str) -> None:
        self._backend.forget(tenant)
        self._gone(tenant)

    async def _reach(self, tenant: str, last: int) -> None:
        """Tells everything up to `last`. What was written too long ago comes without its steps in between."""
        if not self._ready:
            return
        try:
            told = self._told.get(tenant, 0)
            sql = (
                "select e.first, e.changes from echo e join tenant t on t.inst = e.inst "
                "where t.name = $1 and e.last > $2 and e.last <= $3 order by e.last"
            )
            found = await self._fetch(sql, tenant, told, last)
            if found and found[0]["first"] <= told + 1:
                for row in found:
                    self._told_now(tenant, read(tenant, row["changes"]))
            if self._told.get(tenant, 0) < last:
                self._told_now(tenant, await self._missed(tenant, self._told.get(tenant, 0), last))
                self._told[tenant] = max(last, self._told.get(tenant, 0))
        except (Unavailable, NotFound) as error:
            log.debug("changes of %s are heard later: %s", tenant, error)

    def _told_now(self, tenant: str, changes: list[Change]) -> None:
        told = self._told.get(tenant, 0)
        new = [change for change in changes if change.seq > told]
        if new:
            self._told[tenant] = new[-1].seq
            self._tell(new)

    async def _begin_to_sweep(self) -> None:
        self._sweeping = asyncio.create_task(self._sweep(), name="sweep of echoes")

    async def _end_sweeping(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)

    async def _sweep(self) -> None:
        while True:
            try:
                await self._fetch(f"delete from echo where at < clock_timestamp() - interval '{KEPT} seconds'")
            except Unavailable:
                log.debug("old echoes are swept later")
            await asyncio.sleep(SWEEP)
