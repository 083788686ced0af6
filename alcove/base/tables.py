"""Plain tables that belong to the server and not to an instance: the queue of jobs, alarms, counts.

The same statements run on SQLite and on PostgreSQL. Values are `$1`, `$2`... and first named in that order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from alcove.base.sqlite import SERVER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alcove.base.postgres import Connection, Postgres
    from alcove.base.sqlite import Connection as SqliteConnection
    from alcove.base.sqlite import Database, Databases

Rows = list[tuple[Any, ...]]
Statement = tuple[Any, ...]
"""The text, then its values."""


class Tables(Protocol):
    """The server's own tables, wherever they lie."""

    @property
    def skip_locked(self) -> str:
        """What a `select` ends with that takes rows which nobody else is taking."""
        ...

    async def prepare(self, room: str, sqlite: Sequence[str], postgres: Sequence[str]) -> None:
        """Makes the tables of a room, or brings them up to date."""
        ...

    async def rows(self, sql: str, *values: Any) -> Rows:
        """What a statement finds."""
        ...

    async def change(self, *statements: Statement) -> list[Rows]:
        """Runs statements, all or none; what each returned. Durable when it returns."""
        ...


async def changed(tables: Tables, sql: str, *values: Any) -> Rows:
    """What one changing statement returned."""
    return (await tables.change((sql, *values)))[0]


class SqliteTables:
    """`Tables` in a file of their own."""

    skip_locked = ""

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database

    @classmethod
    def of(cls, databases: Databases) -> SqliteTables:
        """Those in the server's file."""
        return cls(lambda: databases.open(SERVER))

    async def prepare(self, room: str, sqlite: Sequence[str], postgres: Sequence[str]) -> None:
        """Makes the tables of a room, or brings them up to date."""
        await self._database().migrate(room, sqlite)

    async def rows(self, sql: str, *values: Any) -> Rows:
        """What a statement finds, at once."""
        return self._database().read(lambda connection: connection.execute(sql, values).fetchall())

    async def change(self, *statements: Statement) -> list[Rows]:
        """Runs statements as one unit."""

        def run(connection: SqliteConnection) -> list[Rows]:
            return [connection.execute(sql, values).fetchall() for sql, *values in statements]

        return await self._database().write(run)


class PostgresTables:
    """`Tables` in PostgreSQL."""

    skip_locked = "for update skip locked"

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def prepare(self, room: str, sqlite: Sequence[str], postgres: Sequence[str]) -> None:
        """Makes the tables of a room, or brings them up to date."""
        from alcove.base.postgres import Schema

        async with self._postgres.connection() as connection:
            await Schema(room, tuple(postgres)).lay(connection)

    async def rows(self, sql: str, *values: Any) -> Rows:
        """What a statement finds."""
        return [tuple(row) for row in await self._postgres.fetch(sql, *values)]

    async def change(self, *statements: Statement) -> list[Rows]:
        """Runs statements in one transaction."""

        async def unit(connection: Connection) -> list[Rows]:
            return [[tuple(row) for row in await connection.fetch(sql, *values)] for sql, *values in statements]

        return await self._postgres.transaction(unit)
