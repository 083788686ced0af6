"""The tables of a room in two rows of steps: before a release starts, and after the last older one has ended.

`before` only adds, so that the release that still runs goes on; `after` takes away what nobody needs any more. Two
numbers are stored for each room. A release refuses to work where steps `after` were done that it does not know: these
took away what it needs. Steps `before` that it does not know only added something, and do not disturb it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from alcove.base.config import WrongSetting

if TYPE_CHECKING:
    from alcove.base.postgres.connections import Connection

LOCKED = "2s"
"""The longest that a step waits for a lock, and holds up who comes after it."""
TRIES, PAUSE = 30, 1.0
"""How often a step is tried, and the seconds between."""
_TABLE = """
create table if not exists schema_version (
    room text primary key, before integer not null default 0, after integer not null default 0
)
"""
_TURN = 0x616C636F76650001
"""The lock under which schemas are changed: one process at a time."""


class NewerSchema(WrongSetting):
    """The tables were changed by a newer release, in a way that this one cannot work with."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The steps of a room. Each is done once, in a transaction of its own: who is interrupted goes on from there."""

    room: str
    before: tuple[str, ...]
    after: tuple[str, ...] = ()

    async def lay(self, connection: Connection) -> None:
        """Does the steps `before` that are left. Raises `NewerSchema`."""
        await self._check(connection)
        await self._go_on(connection, "before", self.before)

    async def clear(self, connection: Connection) -> None:
        """Does the steps `after` that are left: when no older release runs any more. Raises `NewerSchema`."""
        await self.lay(connection)
        await self._go_on(connection, "after", self.after)

    async def _check(self, connection: Connection) -> None:
        if await connection.fetchval("select to_regclass('schema_version')") is None:
            return
        done = await connection.fetchval("select after from schema_version where room = $1", self.room)
        if done is not None and done > len(self.after):
            raise NewerSchema(
                f"the tables of {self.room} are those of a newer release (step {done}, and this program knows"
                f" {len(self.after)}): start the newer release again, or restore a backup made before it"
            )

    async def _go_on(self, connection: Connection, row: str, steps: tuple[str, ...]) -> None:
        while await self._step(connection, row, steps):
            pass

    async def _step(self, connection: Connection, row: str, steps: tuple[str, ...]) -> bool:
        for left in reversed(range(TRIES)):
            try:
                async with connection.transaction():
                    await connection.execute("select pg_advisory_xact_lock($1)", _TURN)
                    await connection.execute(f"set local lock_timeout = '{LOCKED}'")
                    return await self._do(connection, row, steps)
            except asyncpg.LockNotAvailableError:
                if not left:
                    raise
                await asyncio.sleep(PAUSE)
        raise AssertionError

    async def _do(self, connection: Connection, row: str, steps: tuple[str, ...]) -> bool:
        await connection.execute(_TABLE)
        await connection.execute(
            "insert into schema_version (room) values ($1) on conflict (room) do nothing", self.room
        )
        done = await connection.fetchval(f"select {row} from schema_version where room = $1", self.room)
        if done >= len(steps):
            return False
        await connection.execute(steps[done])
        await connection.execute(f"update schema_version set {row} = $1 where room = $2", done + 1, self.room)
        return True
