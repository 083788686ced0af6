"""Units that wait together are committed together: one after another over the same rows, in one statement.

Nobody is locked out meanwhile. The units read at the version of the tenant's outline, and the statement that writes
does so only if the tenant is still at it: then no other process wrote in between, and the numbers of changes have no
gap. Else they run again, and once more in a transaction that holds the row of the tenant. That is also where a unit
runs that must see what it wrote by a question, or that changes indexes.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

import asyncpg

from alcove.base.errors import Unavailable
from alcove.base.postgres import AWAY, inline
from alcove.base.postgres.peers import CHANNEL
from alcove.base.sqlite import StoreMissing
from alcove.documents.backends.postgres.asking import Asking, Changed
from alcove.documents.backends.postgres.echo import written
from alcove.documents.backends.postgres.outline import Outline, read_outline
from alcove.documents.backends.postgres.rows import PostgresRows, Unheld
from alcove.documents.backends.postgres.statements import commit

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from alcove.base.postgres import Connection, Postgres
    from alcove.documents.backends.postgres.outline import Outlines
    from alcove.documents.rows import Rows

BATCH = 256
"""Units that share one commit at the most."""
TRIES = 2
"""How often units run without holding the tenant, before they hold it."""
_HOLD = "select from tenant where name = $1 for update"
_FAULTS = (asyncpg.PostgresError, *AWAY)
"""What only the database raises: it says nothing of one unit."""


class Unit:
    """One function waiting for its commit, and what became of it."""

    __slots__ = ("error", "future", "result", "run", "then")

    def __init__(self, run: Callable[[Rows], Any], then: Callable[[Any], None], future: asyncio.Future[Any]) -> None:
        self.run = run
        self.then = then
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None


class Line:
    """The units of one tenant that wait, and those that are being committed."""

    def __init__(self, tenant: str, postgres: Postgres, outlines: Outlines) -> None:
        self.tenant = tenant
        self.waiting: deque[Unit] = deque()
        self._postgres = postgres
        self._outlines = outlines

    def batch(self) -> list[Unit]:
        """Those that come next."""
        return [self.waiting.popleft() for _ in range(min(BATCH, len(self.waiting)))]

    async def commit(self, units: Sequence[Unit], origin: str) -> PostgresRows | None:
        """Commits units that come together; answers what they did. Each that failed has its `error`.

        None when the database refused something: then each was not done, and is to be tried alone to hear of it.
        """
        try:
            return await self._committed(units, origin)
        except BaseException as error:  # whoever waits must hear, whatever it is
            if len(units) > 1 and not isinstance(error, Unavailable | StoreMissing):
                return None
            for unit in units:
                unit.error = error
            return None

    async def _committed(self, units: Sequence[Unit], origin: str) -> PostgresRows:
        for _ in range(TRIES):
            async with self._postgres.connection() as connection:
                outline = await self._outlines.get(connection, self.tenant)
                rows = PostgresRows(Asking(connection, outline.inst, outline.version, held=False), outline)
                try:
                    await inline(partial(run, rows, units))
                    self._outlines.keep(self.tenant, await send(connection, rows, outline.version, self._said(origin)))
                except Changed:
                    self._outlines.forget(self.tenant)
                except Unheld:
                    break
                else:
                    return rows
        rows, outline = await self._postgres.transaction(partial(self._held, units=units, origin=origin))
        self._outlines.keep(self.tenant, outline)
        return rows

    async def _held(self, connection: Connection, units: Sequence[Unit], origin: str) -> tuple[PostgresRows, Outline]:
        await connection.execute(_HOLD, self.tenant)
        outline = await read_outline(connection, self.tenant)
        rows = PostgresRows(Asking(connection, outline.inst, outline.version, held=True), outline)
        await inline(partial(run, rows, units))
        return rows, await send(connection, rows, None, self._said(origin))

    def _said(self, origin: str) -> str:
        return f"{origin} changes {self.tenant}"


def run(rows: PostgresRows, units: Sequence[Unit]) -> None:
    """Runs units one after another; inside of `inline`."""
    for unit in units:
        rows.begin()
        try:
            unit.result, unit.error = unit.run(rows), None
        except (Changed, Unheld, *_FAULTS):
            raise
        except BaseException as error:  # the caller hears; the others must not
            unit.error = error
            rows.drop()
        else:
            rows.keep()
    rows.end()


async def send(connection: Connection, rows: PostgresRows, version: int | None, said: str) -> Outline:
    """Writes what the units wrote; answers the outline after it. Raises `Changed` when it is not at that version."""
    before = rows.outline
    moves = (rows.number, rows.last) != (before.number, before.seq) or bool(rows.pending.unsent) or rows.altered
    parts = list(rows.pending.parts())
    if not parts and not moves:
        await rows.asking.make_sure()
        return before
    if rows.told:
        parts.append(("told", [rows.told[0].seq, rows.told[-1].seq, written(rows.told)]))
    values: list[Any] = [before.inst, version, *((rows.number, rows.last) if moves else ())]
    for _, columns in parts:
        values += columns
    if rows.told:
        values += (CHANNEL, f"{said} {rows.last}")
    sql = commit(tuple(name for name, _ in parts), moves=moves, tells=bool(rows.told))
    answer = await connection.fetch(sql, *values)
    if not answer:
        raise Changed
    kinds, listings = before.kinds | rows.pending.kinds, before.listings | rows.pending.listings
    return Outline(before.inst, answer[0][0], rows.last, rows.number, kinds, listings)
