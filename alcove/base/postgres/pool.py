"""Connections to one PostgreSQL: made when needed, replaced when lost; what goes wrong is told in words."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from alcove.base.errors import BadRequest, Refusal, StorageFull, TooLarge, Unavailable
from alcove.base.postgres.connections import AWAY, PATIENCE, Connection, Connections
from alcove.base.postgres.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


T = TypeVar("T")

LARGEST = 10
"""Connections of one process."""
LONGEST = 120.0
"""Seconds that one statement may take."""
TRIES = 8
"""How often a unit is run when others stand in its way."""

IN_THE_WAY = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)

_log = logging.getLogger("alcove.postgres")


class Postgres:
    """One database at `url`. Nothing is connected before the first question."""

    def __init__(self, url: str, *, largest: int = LARGEST) -> None:
        self._url = url
        self._connections = Connections(self._connect, largest)
        self._ready = False
        self._opening = asyncio.Lock()
        self._away = False
        self._schemas = list[Schema]()

    def lay(self, schema: Schema) -> None:
        """Says what tables a room needs; they are there before the first question is answered."""
        self._schemas.append(schema)

    def connection(self) -> Lease:
        """A connection for a moment. Raises `Unavailable`, and other refusals for what the database refuses."""
        return Lease(self)

    async def take(self) -> Connection:
        """A connection, to be given back. Raises `Unavailable`."""
        try:
            if not self._ready:
                await self._open()
            return await self._connections.take()
        except BaseException as error:
            self._end(error)
            raise

    def give_back(self, connection: Connection, error: BaseException | None) -> None:
        """Lets others have it; raises a refusal when that is what ended its use."""
        self._connections.give_back(connection, error)
        self._end(error)

    async def connect(self) -> Connection:
        """A connection of its own, for who listens or holds a lock for long. Raises `Unavailable`."""
        try:
            if not self._ready:
                await self._open()
            return await asyncpg.connect(self._url, timeout=PATIENCE, server_settings=_SETTINGS)
        except BaseException as error:
            self._end(error)
            raise

    async def _connect(self) -> Connection:
        return await asyncpg.connect(self._url, timeout=PATIENCE, command_timeout=LONGEST, server_settings=_SETTINGS)

    async def transaction(self, unit: Callable[[Connection], Awaitable[T]]) -> T:
        """Runs a unit in one transaction; again, when others stood in its way. Durable when it returns."""
        for left in reversed(range(TRIES)):
            try:
                async with self.connection() as connection, connection.transaction():
                    return await unit(connection)
            except IN_THE_WAY:
                if not left:
                    raise Unavailable("Others write here all the time: try again") from None
        raise AssertionError

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        """The rows of one statement."""
        async with self.connection() as connection:
            rows: list[Any] = await connection.fetch(sql, *values)
            return rows

    async def clear(self) -> None:
        """Takes away what only older releases needed, when none of them runs any more. Raises `NewerSchema`."""
        async with self.connection() as connection:
            for schema in self._schemas:
                await schema.clear(connection)

    async def close(self) -> None:
        """Lets go of all connections."""
        self._ready = False
        await self._connections.close()

    def _end(self, error: BaseException | None) -> None:
        """Raises the refusal that an error is; says once that the database is away, and once that it is back."""
        refusal = None if error is None else refused(error)
        if isinstance(refusal, Unavailable) and not self._away:
            self._away = True
            _log.warning("the database does not answer: %s", error)
        elif self._away and error is None:
            self._away = False
            _log.info("the database answers again")
        if refusal is not None:
            raise refusal from error

    async def _open(self) -> None:
        async with self._opening:
            if not self._ready:
                connection = await self._connections.take()
                try:
                    for schema in self._schemas:
                        await schema.lay(connection)
                except BaseException as error:
                    self._connections.give_back(connection, error)
                    raise
                self._connections.give_back(connection)
                self._ready = True


_SETTINGS = {
    "application_name": "alcove",
    "jit": "off",
    # Every statement walks an index and is planned once: tables that nobody has counted yet, and values that look
    # rare, must not lead the planner to read a whole tenant or to sort it.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_sort": "off",
}


class Lease:
    """A connection while an `async with` lasts. Plain methods: it is taken for every question."""

    __slots__ = ("_connection", "_postgres")

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._connection: Connection = None

    async def __aenter__(self) -> Connection:
        self._connection = await self._postgres.take()
        return self._connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._postgres.give_back(self._connection, error)


def refused(error: BaseException) -> Refusal | None:
    """The refusal that something which the database says is, if it is one."""
    match error:
        case asyncpg.DiskFullError():
            return StorageFull("The disk of the database is full: nothing was changed")
        case asyncpg.InsufficientResourcesError():
            return Unavailable(f"The database has no room for this now: {error}", headers={"Retry-After": "2"})
        case asyncpg.CharacterNotInRepertoireError() | asyncpg.UntranslatableCharacterError():
            return BadRequest("A text holds a character that cannot be stored")
        case asyncpg.DataError():
            return BadRequest("A value is too large for the database, or not of its kind")
        case asyncpg.ProgramLimitExceededError():
            return TooLarge("An id or a value is too long for the database")
    if isinstance(error, AWAY):
        said = "The database does not answer at the moment: try again"
        return Unavailable(said, headers={"Retry-After": "2"})
    return None
