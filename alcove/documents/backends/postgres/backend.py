"""Units and reads of documents on PostgreSQL.

What is read at one version of a tenant (`outline.py`) is of one moment, and a unit is written only if the tenant is
still at the version that it read (`units.py`): units of one tenant come one after another whatever process they run in,
the numbers of its changes have no gap, and a change is never seen before an earlier one.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from alcove.base.postgres import inline
from alcove.base.postgres.peers import CHANNEL
from alcove.base.sqlite import SERVER
from alcove.documents.backends.postgres.asking import Asking, Changed
from alcove.documents.backends.postgres.outline import Outline, Outlines, read_outline
from alcove.documents.backends.postgres.rows import PostgresRows
from alcove.documents.backends.postgres.tables import EMPTIED
from alcove.documents.backends.postgres.units import Line, Unit, run, send

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alcove.base.postgres import Connection, Postgres
    from alcove.documents.rows import Rows

T = TypeVar("T")

_log = logging.getLogger("alcove.documents")

TRIES = 2
"""How often a read is begun without a snapshot: somebody may write in between each time."""


class PostgresBackend:
    """`Backend` on one PostgreSQL."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self._outlines = Outlines()
        self._lines: dict[str, Line] = {}
        self._running = set[asyncio.Task[None]]()
        self._fill: Callable[[Rows], None] = lambda _rows: None
        self.origin = ""
        """What this process is called among the others."""
        self.before_telling: Callable[[str, int, int], Awaitable[bool]] | None = None
        """Awaited with the tenant and the first and last number of a commit; false when it was told already."""

    def on_new(self, fill: Callable[[Rows], None]) -> None:
        """Says what every new store holds from the start."""
        self._fill = fill

    def forget(self, tenant: str) -> None:
        """The tenant's store was removed by somebody: another of the same name has another number."""
        self._outlines.forget(tenant)

    async def read(self, tenant: str, fn: Callable[[Rows], T]) -> T:
        """Runs a short read without a transaction; again, when somebody wrote meanwhile, at last on one snapshot."""
        for _ in range(TRIES):
            async with self.postgres.connection() as connection:
                outline = await self._outlines.get(connection, tenant)
                asking = Asking(connection, outline.inst, outline.version, held=False)
                try:
                    return await _proved(asking, partial(fn, PostgresRows(asking, outline)))
                except Changed:
                    self._outlines.forget(tenant)
        return await self.scan(tenant, fn)

    async def scan(self, tenant: str, fn: Callable[[Rows], T]) -> T:
        """Runs a longer read on one snapshot."""
        async with (
            self.postgres.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            outline = await read_outline(connection, tenant)
            asking = Asking(connection, outline.inst, outline.version, held=True)
            return await inline(partial(fn, PostgresRows(asking, outline)))

    # -- units

    async def write(self, tenant: str, fn: Callable[[Rows], T], then: Callable[[T], None]) -> T:
        """Runs a unit; returns when it is durable. Who waits may be gone meanwhile: the unit goes on to its end."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        line = self._lines.get(tenant)
        if line is None:
            line = self._lines[tenant] = Line(tenant, self.postgres, self._outlines)
            task = asyncio.ensure_future(self._serve(line))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        line.waiting.append(Unit(fn, then, future))
        return await future

    async def _serve(self, line: Line) -> None:
        """Commits what waits in a line until it is empty."""
        while line.waiting:
            units = line.batch()
            if not await self._commit(line, units):
                for unit in units:
                    await self._commit(line, [unit])
        del self._lines[line.tenant]  # nothing is awaited since the last look

    async def _commit(self, line: Line, units: list[Unit]) -> bool:
        """Commits units together; false when each has to be tried alone."""
        rows = await line.commit(units, self.origin)
        if rows is None and units[0].error is None:
            return False
        telling = rows is not None and await self._is_to_be_told(line.tenant, rows)
        for unit in units:
            settle(unit, telling=telling)
        return True

    async def _is_to_be_told(self, tenant: str, rows: PostgresRows) -> bool:
        told, ask = rows.told, self.before_telling
        if not told or ask is None:
            return True
        try:
            return await ask(tenant, told[0].seq, told[-1].seq)
        except Exception:
            _log.exception("what others wrote to %s before is not known", tenant)
            return True  # it is durable, and nobody else tells of it

    # -- stores

    async def create(self, tenant: str) -> None:
        """Makes an empty store."""
        await self.postgres.transaction(partial(self._make, tenant=tenant))

    async def _make(self, connection: Connection, tenant: str) -> None:
        made = await connection.fetchval(
            "insert into tenant (name) values ($1) on conflict (name) do nothing returning inst", tenant
        )
        if made is not None:
            rows = PostgresRows(Asking(connection, made, 0, held=True), Outline(made, 0))
            unit = Unit(self._fill, lambda _: None, asyncio.get_running_loop().create_future())
            await inline(partial(run, rows, [unit]))
            if unit.error is not None:
                raise unit.error
            await send(connection, rows, None, "")

    async def destroy(self, tenant: str) -> None:
        """Removes a store."""

        async def unit(connection: Connection) -> None:
            inst = await connection.fetchval("delete from tenant where name = $1 returning inst", tenant)
            for table in EMPTIED if inst is not None else ():
                await connection.execute(f"delete from {table} where inst = $1", inst)
            await connection.execute("select pg_notify($1, $2)", CHANNEL, f"{self.origin} gone {tenant}")

        self.forget(tenant)
        await self.postgres.transaction(unit)

    async def tenants(self) -> list[str]:
        """All tenants that have a store, the server itself left out."""
        found = await self.postgres.fetch("select name from tenant where name <> $1 order by name", SERVER)
        return [row[0] for row in found]

    async def close(self) -> None:
        """Lets go of everything, when all that runs has ended."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.postgres.close()


async def _proved(asking: Asking, fn: Callable[[], T]) -> T:
    """What a read answers, or refuses, if it was all of one version. Raises `Changed`."""
    try:
        answer = await inline(fn)
    except Exception:
        await asking.make_sure()
        raise
    await asking.make_sure()
    return answer


def settle(unit: Unit, *, telling: bool) -> None:
    """Tells who waits for a unit, and who watches, what became of it."""
    if unit.error is None and telling:
        try:
            unit.then(unit.result)
        except Exception as error:  # it is durable; still, its listener is broken
            unit.future.get_loop().call_exception_handler({"message": "after a commit", "exception": error})
    if unit.future.done():
        return
    if unit.error is None:
        unit.future.set_result(unit.result)
    elif isinstance(unit.error, StopIteration):
        unit.future.set_exception(RuntimeError("a unit raised StopIteration"))
    else:
        unit.future.set_exception(unit.error)
