"""Connections to one PostgreSQL: made when needed, replaced when lost; what goes wrong is told in words."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from alcove.base.errors import BadRequest, StorageFull, TooLarge, Unavailable
from alcove.base.postgres.schema import Schema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator


T = TypeVar("T")

Connection = Any
"""asyncpg's connection, whichever way it was got: the library has no types."""

LARGEST = 10
"""Connections of one process."""
PATIENCE = 5.0
"""Seconds that a connection may take to be had."""
LONGEST = 120.0
"""Seconds that one statement may take."""
TRIES = 8
"""How often a unit is run when others stand in its way."""

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
)
"""The database does not answer, or is being shut down."""
IN_THE_WAY = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)

_log = logging.getLogger("alcove.postgres")


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """One that is given back as it is: nobody here changes its settings, and cleaning it would be a question more."""

    def get_reset_query(self) -> str:
        """What is asked when it is given back."""
        return ""


class Postgres:
    """One database at `url`. Nothing is connected before the first question."""

    def __init__(self, url: str, *, largest: int = LARGEST) -> None:
        self._url = url
        self._largest = largest
        self._pool: Any = None
        self._opening = asyncio.Lock()
        self._away = False
        self._schemas = list[Schema]()

    def lay(self, schema: Schema) -> None:
        """Says what tables a room needs; they are there before the first question is answered."""
        self._schemas.append(schema)

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for a moment. Raises `Unavailable`, and other refusals for what the database refuses."""
        with self._worded():
            pool = self._pool or await self._open()
            async with pool.acquire(timeout=PATIENCE) as connection:
                yield connection

    async def connect(self) -> Connection:
        """A connection of its own, for who listens or holds a lock for long. Raises `Unavailable`."""
        with self._worded():
            if self._pool is None:
                await self._open()
            return await asyncpg.connect(self._url, timeout=PATIENCE, server_settings=_SETTINGS)

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
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                await asyncio.wait_for(pool.close(), PATIENCE)
            except (TimeoutError, *AWAY):
                pool.terminate()

    @contextlib.contextmanager
    def _worded(self) -> Iterator[None]:
        """Says once that the database is away, and once that it is back."""
        try:
            with worded():
                yield
        except Unavailable as refusal:
            if not self._away:
                self._away = True
                _log.warning("the database does not answer: %s", refusal.__cause__)
            raise
        if self._away:
            self._away = False
            _log.info("the database answers again")

    async def _open(self) -> Any:
        async with self._opening:
            if self._pool is None:
                pool = asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=self._largest,
                    timeout=PATIENCE,
                    command_timeout=LONGEST,
                    server_settings=_SETTINGS,
                    connection_class=_Connection,
                    max_inactive_connection_lifetime=300,
                )
                await pool
                try:
                    async with pool.acquire() as connection:
                        for schema in self._schemas:
                            await schema.lay(connection)
                except BaseException:
                    pool.terminate()
                    raise
                self._pool = pool
        return self._pool


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


@contextlib.contextmanager
def worded() -> Iterator[None]:
    """Turns what the database says into a refusal, where it is one."""
    try:
        yield
    except AWAY as error:
        raise Unavailable(
            "The database does not answer at the moment: try again", headers={"Retry-After": "2"}
        ) from error
    except asyncpg.DiskFullError as error:
        raise StorageFull("The disk of the database is full: nothing was changed") from error
    except asyncpg.InsufficientResourcesError as error:
        raise Unavailable(f"The database has no room for this now: {error}", headers={"Retry-After": "2"}) from error
    except (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError) as error:
        raise BadRequest("A text holds a character that cannot be stored") from error
    except asyncpg.DataError as error:
        raise BadRequest("A value is too large for the database, or not of its kind") from error
    except asyncpg.ProgramLimitExceededError as error:
        raise TooLarge("An id or a value is too long for the database") from error
