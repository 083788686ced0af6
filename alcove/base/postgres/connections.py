"""Connections that are used again: whoever asks gets the one that was used last.

asyncpg's own pool starts a task and two timers for each question, which is three times what the question costs.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Connection = Any
"""asyncpg's connection, whichever way it was got: the library has no types."""

PATIENCE = 5.0
"""Seconds that a connection may take to be had."""
REST = 300.0
"""Seconds after which a connection that nobody uses is closed."""

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
)
"""The database does not answer, or is being shut down."""


class Connections:
    """At most `largest` connections, made by `connect` when they are needed."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], largest: int) -> None:
        self._connect = connect
        self._places = asyncio.Semaphore(largest)
        self._idle: list[tuple[Connection, float]] = []
        """With the moment since when each is idle; the one that was used last is the last."""
        self._closed = False

    async def take(self) -> Connection:
        """A connection, to be given back. Raises what `AWAY` has."""
        if self._places.locked():
            async with asyncio.timeout(PATIENCE):
                await self._places.acquire()
        else:
            await self._places.acquire()
        try:
            return self._rested() or await self._connect()
        except BaseException:
            self._places.release()
            raise

    def give_back(self, connection: Connection, error: BaseException | None = None) -> None:
        """Lets others have it; `error` is what ended its use.

        One that was left in the middle of something (a question given up, or never answered) is not used again.
        """
        now = asyncio.get_running_loop().time()
        left = error is not None and (not isinstance(error, Exception) or isinstance(error, AWAY))
        if left or self._closed or connection.is_in_transaction():
            connection.terminate()
        elif not connection.is_closed():
            self._idle.append((connection, now))
        if self._idle and now - self._idle[0][1] > REST:
            self._idle.pop(0)[0].terminate()
        self._places.release()

    def _rested(self) -> Connection:
        while self._idle:
            connection, _ = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    async def close(self) -> None:
        """Closes those that nobody uses; the others are ended when they are given back."""
        self._closed = True
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            try:
                await connection.close(timeout=PATIENCE)
            except AWAY:
                connection.terminate()
