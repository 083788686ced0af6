"""Units and reads of documents on PostgreSQL.

Whoever writes holds the row of the tenant from the first moment, so that units of one tenant come one after another
whatever process they run in: the numbers of its changes have no gap, and a change is never seen before an earlier one.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

from alcove.base.postgres import Connection, Postgres, inline
from alcove.base.postgres.peers import CHANNEL
from alcove.base.sqlite import SERVER, StoreMissing
from alcove.documents.backends.postgres.echo import written
from alcove.documents.backends.postgres.rows import PostgresRows
from alcove.documents.backends.postgres.tables import EMPTIED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alcove.documents.model import Change
    from alcove.documents.rows import Rows

T = TypeVar("T")

_LOCK = "select inst, number, seq from tenant where name = $1 for update"
_END = """
with counted as (update tenant set number = $2, seq = $3 where inst = $1),
     told as (insert into echo (inst, first, last, changes) values ($1, $4, $3, $5))
select pg_notify($6, $7)
"""
_COUNTED = "update tenant set number = $2, seq = $3 where inst = $1"


class _MoreThanOne(BaseException):
    """A read asks a second time: both answers have to be of the same moment. No `except Exception` may catch it."""


class _Once:
    """A connection that answers one question."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asked = False

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        if self._asked:
            raise _MoreThanOne
        self._asked = True
        rows: list[Any] = await self._connection.fetch(sql, *values)
        return rows


class PostgresBackend:
    """`Backend` on one PostgreSQL."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self._numbers = dict[str, int]()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._running = set[asyncio.Task[Any]]()
        self._fill: Callable[[Rows], None] = lambda _rows: None
        self.origin = ""
        """What this process is called among the others."""
        self.before_telling: Callable[[str, int, int], Awaitable[bool]] | None = None
        """Awaited with the tenant and the first and last number of a commit; false when it was told already."""

    def on_new(self, fill: Callable[[Rows], None]) -> None:
        """Says what every new store holds from the start."""
        self._fill = fill

    async def number(self, tenant: str) -> int:
        """The number that stands for a tenant in the tables; raises `StoreMissing`."""
        known = self._numbers.get(tenant)
        if known is None:
            found = await self.postgres.fetch("select inst from tenant where name = $1", tenant)
            if not found:
                raise StoreMissing(tenant)
            known = self._numbers[tenant] = found[0][0]
        return known

    def forget(self, tenant: str) -> None:
        """The tenant's store was removed by somebody: another of the same name has another number."""
        self._numbers.pop(tenant, None)

    async def read(self, tenant: str, fn: Callable[[Rows], T]) -> T:
        """Runs a short read: without a transaction when it asks once, else again on one snapshot."""
        inst = await self.number(tenant)
        async with self.postgres.connection() as connection:
            try:
                return await inline(lambda: fn(PostgresRows(_Once(connection), inst)))
            except _MoreThanOne:
                return await _on_snapshot(connection, inst, fn)

    async def scan(self, tenant: str, fn: Callable[[Rows], T]) -> T:
        """Runs a longer read on one snapshot."""
        inst = await self.number(tenant)
        async with self.postgres.connection() as connection:
            return await _on_snapshot(connection, inst, fn)

    async def write(self, tenant: str, fn: Callable[[Rows], T], then: Callable[[T], None]) -> T:
        """Runs a unit; returns when it is durable. Who waits may be gone meanwhile: the unit goes on to its end."""
        task = asyncio.ensure_future(self._in_turn(tenant, fn, then))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # who waited may be gone, and nobody else has to hear of it

    async def _in_turn(self, tenant: str, fn: Callable[[Rows], T], then: Callable[[T], None]) -> T:
        turn = self._turns.get(tenant)
        if turn is None:
            turn = self._turns[tenant] = asyncio.Lock()
        async with turn:
            result, told = await self.postgres.transaction(partial(self._unit, tenant=tenant, fn=fn))
            ask = self.before_telling
            if not told or ask is None or await ask(tenant, told[0].seq, told[-1].seq):
                then(result)
            return result

    async def _unit(self, connection: Connection, tenant: str, fn: Callable[[Rows], T]) -> tuple[T, list[Change]]:
        found = await connection.fetchrow(_LOCK, tenant)
        if found is None:
            self.forget(tenant)
            raise StoreMissing(tenant)
        rows = PostgresRows(connection, *found)
        result = await inline(partial(_whole, fn, rows))
        await self._end(connection, tenant, rows, (found["number"], found["seq"]))
        return result, list(rows.told)

    async def _end(self, connection: Connection, tenant: str, rows: PostgresRows, before: tuple[int, int]) -> None:
        if rows.told:
            first, last, changes = rows.told[0].seq, rows.told[-1].seq, written(rows.told)
            said = f"{self.origin} changes {tenant} {last}"
            await connection.fetch(_END, rows.inst, rows.number, last, first, changes, CHANNEL, said)
        elif (rows.number, rows.last) != before:
            await connection.execute(_COUNTED, rows.inst, rows.number, rows.last)

    async def create(self, tenant: str) -> None:
        """Makes an empty store."""
        await self.postgres.transaction(partial(self._make, tenant=tenant))

    async def _make(self, connection: Connection, tenant: str) -> None:
        made = await connection.fetchval(
            "insert into tenant (name) values ($1) on conflict (name) do nothing returning inst", tenant
        )
        if made is None:
            return
        rows = PostgresRows(connection, made, last=0)
        await inline(partial(_whole, self._fill, rows))
        await self._end(connection, tenant, rows, (0, 0))

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


async def _on_snapshot(connection: Connection, inst: int, fn: Callable[[Rows], T]) -> T:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await inline(lambda: fn(PostgresRows(connection, inst)))


def _whole(fn: Callable[[Rows], T], rows: PostgresRows) -> T:
    result = fn(rows)
    rows.flush()
    return result
