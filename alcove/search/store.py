"""The index of each instance: one SQLite file beside its documents, made from them and made again when it is lost.

An entry's number is made of its kind, its day and the change that wrote it, so that the database gives the newest of a
kind first without looking at the others: the answer to a word that a hundred thousand documents hold takes no longer
than that to a rare one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from alcove.base.sqlite import DAMAGE, MISFIT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alcove.base.sqlite import Connection, Databases
    from alcove.search.model import Said

FILE = "search.db"
MIGRATIONS = (
    """
    create table state (made_for text not null, reached integer not null) strict;
    create table entry (n integer primary key, kind integer not null, id text not null, digest blob not null) strict;
    create unique index entry_by_id on entry (kind, id);
    create virtual table words using fts5 (
        title, text, content = '', contentless_delete = 1, detail = column, tokenize = 'ascii', prefix = '1 2 3'
    );
    """,
)
_CHANGE = 32
_DAY = 54
"""The lowest bits of an entry's number are the change's, then come the day's, then the kind's."""


class Lost(Exception):
    """The index is broken, of another make or of another store: it has to be made anew."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one document says now, cut into words. `digest` changes with them; without one it is not to be found."""

    kind: int
    id: str
    seq: int
    title: str = ""
    text: str = ""
    day: int = 0
    digest: bytes = b""

    @classmethod
    def of(cls, kind: int, ident: str, seq: int, said: Said | None) -> Line:
        """The line of a document; `said` None takes it out."""
        if said is None:
            return cls(kind, ident, seq)
        title, text, day = said.title_words, said.other_words, said.day
        digest = hashlib.blake2b(f"{title}\0{text}\0{day}".encode(), digest_size=12).digest()
        return cls(kind, ident, seq, title, text, day, digest)


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that fits: its number, to go on from, and the document's id."""

    number: int
    id: str


class Indexes:
    """The indexes of all instances. What is not readable raises `Lost`."""

    def __init__(self, databases: Databases, made_for: Callable[[], str]) -> None:
        self._databases = databases
        self._made_for = made_for

    async def prepare(self, tenant: str) -> int:
        """Makes the index where there is none; the number of the last change in it. Raises `Lost`."""
        await self._databases.create(tenant)
        try:
            state = self._databases.open(tenant).read(_state)
            if state is None:
                made = (self._made_for(), 0)
                await self._databases.open(tenant).write(
                    lambda connection: connection.execute("insert into state values (?, ?)", made)
                )
                return 0
        except (*DAMAGE, MISFIT) as error:
            raise Lost(str(error)) from error
        made_for, reached = state
        if made_for != self._made_for():
            raise Lost("the index was made by another release")
        return reached

    def digest(self, tenant: str, kind: int, ident: str) -> bytes | None:
        """The mark of what a document said when it was last put in; None when it is not there."""
        sql = "select digest from entry where kind = ? and id = ?"
        try:
            row = self._databases.open(tenant).reader.execute(sql, (kind, ident)).fetchone()
        except DAMAGE as error:
            raise Lost(str(error)) from error
        return cast("bytes", row[0]) if row else None

    async def write(self, tenant: str, lines: Sequence[Line], reached: int | None) -> None:
        """Makes lines true, and that all is in it up to `reached` (None: as before); durable when it returns."""

        def unit(connection: Connection) -> None:
            for line in lines:
                _put(connection, line)
            if reached is not None:
                connection.execute("update state set reached = max(reached, ?)", (reached,))

        try:
            await self._databases.open(tenant).write(unit)
        except DAMAGE as error:
            raise Lost(str(error)) from error

    async def matches(
        self, tenant: str, kind: int, expression: str, limit: int, before: int | None = None
    ) -> list[Match]:
        """The newest entries of a kind that fit, older than the number `before`."""
        low, most = kind << _DAY, ((kind + 1) << _DAY) - 1
        high = most if before is None else min(before - 1, most)
        sql = "select rowid from words where words match ? and rowid between ? and ? order by rowid desc limit ?"

        def look(connection: Connection) -> list[Match]:
            numbers = [cast("int", row[0]) for row in connection.execute(sql, (expression, low, high, limit))]
            found = (connection.execute("select id from entry where n = ?", (n,)).fetchone() for n in numbers)
            return [Match(n, cast("str", row[0])) for n, row in zip(numbers, found, strict=True) if row]

        try:
            return await self._databases.open(tenant).scan(look)
        except DAMAGE as error:
            raise Lost(str(error)) from error

    async def drop(self, tenant: str) -> None:
        """Removes an index with all its files; does nothing when there is none."""
        if self._databases.exists(tenant):
            await self._databases.destroy(tenant)

    def tenants(self) -> list[str]:
        """Whose indexes are there."""
        return self._databases.tenants()

    async def close(self) -> None:
        """Lets go of all files."""
        await self._databases.close()


def title_only(expression: str) -> str:
    """The same question, put to titles alone."""
    return f"title : ({expression})"


def _state(connection: Connection) -> tuple[str, int] | None:
    return cast("tuple[str, int] | None", connection.execute("select made_for, reached from state").fetchone())


def _put(connection: Connection, line: Line) -> None:
    old = connection.execute("select n, digest from entry where kind = ? and id = ?", (line.kind, line.id)).fetchone()
    if old is not None and old[1] == line.digest:
        return
    if old is not None:
        connection.execute("delete from words where rowid = ?", (old[0],))
        connection.execute("delete from entry where n = ?", (old[0],))
    if not line.digest:
        return
    number = _number(connection, line.kind, line.day, line.seq)
    values = (number, line.kind, line.id, line.digest)
    connection.execute("insert into entry values (?, ?, ?, ?)", values)
    words = (number, line.title, line.text)
    connection.execute("insert into words (rowid, title, text) values (?, ?, ?)", words)


def _number(connection: Connection, kind: int, day: int, seq: int) -> int:
    """A number that nothing has yet: a document that is put in again for another's sake brings its old change."""
    number = (kind << _DAY) | (day << _CHANGE) | (seq & (1 << _CHANGE) - 1)
    while connection.execute("select 1 from entry where n = ?", (number,)).fetchone():
        number += 1
    return number
