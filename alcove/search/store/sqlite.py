"""The indexes in SQLite: one file for each instance, beside its documents."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from alcove.base.sqlite import DAMAGE, MISFIT
from alcove.search.asking import Question, Way
from alcove.search.store.model import Lost, Match, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alcove.base.sqlite import Connection, Databases
    from alcove.search.store.model import Line, Look

FILE = "search.db"
MIGRATIONS = (
    "create table state (made_for text not null, reached integer not null) strict",
    """
    drop table if exists words;
    drop table if exists entry;
    delete from state;
    create table entry (n integer primary key, kind integer not null, id text not null, digest blob not null) strict;
    create unique index entry_by_id on entry (kind, id);
    create table stem (stem text not null, word text not null, primary key (stem, word)) strict, without rowid;
    create virtual table words using fts5 (
        title, text, near, content, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '1 2 3'
    );
    """,
    # Beginnings of one and two letters made up half of the index: where contents are, they are not looked for.
    """
    drop table words;
    delete from entry;
    delete from stem;
    delete from state;
    create virtual table names using fts5 (
        title, text, near, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '1 2 3'
    );
    create virtual table words using fts5 (
        title, text, near, content, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '3'
    );
    """,
    # With beginnings of four letters those of three are told too: by the few that there are of four. The other way
    # round, all endings of one of four letters were gathered before the first hit was known.
    """
    drop table names;
    drop table words;
    delete from entry;
    delete from stem;
    delete from state;
    create table beginning (letters text not null primary key) strict, without rowid;
    create virtual table names using fts5 (
        title, text, near, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '1 2 3'
    );
    create virtual table words using fts5 (
        title, text, near, content, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '4'
    );
    """,
)
LETTERS = 4
"""Letters of the beginnings that the index of contents holds."""
LONGER = 200
"""Beginnings that stand for one with a letter less at the most: no alphabet has more."""
RELATED = 64
"""Words of one stem at the most."""


class SqliteIndexes:
    """`Indexes` in files."""

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

    async def digest(self, tenant: str, kind: int, ident: str) -> bytes | None:
        """The mark of what a document said when it was last put in; None when it is not there."""
        sql = "select digest from entry where kind = ? and id = ?"
        try:
            row = self._databases.open(tenant).reader.execute(sql, (kind, ident)).fetchone()
        except DAMAGE as error:
            raise Lost(str(error)) from error
        return cast("bytes", row[0]) if row else None

    async def write(self, tenant: str, lines: Sequence[Line], reached: int | None) -> None:
        """Makes lines true, and that all is in it up to `reached` (None: as before); durable when it returns."""

        much = any(line.content for line in lines)
        beginnings = await asyncio.to_thread(_beginnings, lines) if much else _beginnings(lines)

        def unit(connection: Connection) -> None:
            stems = set[tuple[str, str]]()
            for line in lines:
                if _put(connection, line):
                    stems |= line.stems
            connection.executemany("insert or ignore into stem values (?, ?)", stems)
            connection.executemany("insert or ignore into beginning values (?)", beginnings)
            if reached is not None:
                connection.execute("update state set reached = max(reached, ?)", (reached,))

        try:
            await self._databases.open(tenant).write(unit)
        except DAMAGE as error:
            raise Lost(str(error)) from error

    async def matches(self, tenant: str, kind: int, look: Look, limit: int, before: int | None = None) -> list[Match]:
        """The newest entries of a kind that fit, older than the number `before`."""
        low, high = look.span(kind, before)
        table = "words" if look.where is Where.ALL else "names"

        def find(connection: Connection) -> list[Match]:
            asked = look.asked and (_lengthened(connection, look.asked) if table == "words" else look.asked)
            expression = _expression(replace(look, asked=asked))
            sql = (
                f"select rowid from {table} where {table} match ? and rowid between ? and ? order by rowid desc limit ?"
            )
            values: tuple[str | int, ...] = (expression, low, high, limit)
            if not expression:
                sql, values = "select n from entry where n between ? and ? order by n desc limit ?", values[1:]
            numbers = [cast("int", row[0]) for row in connection.execute(sql, values)]
            found = (connection.execute("select id, digest from entry where n = ?", (n,)).fetchone() for n in numbers)
            return [Match(n, *cast("tuple[str, bytes]", row)) for n, row in zip(numbers, found, strict=True) if row]

        try:
            return await self._databases.open(tenant).scan(find)
        except DAMAGE as error:
            raise Lost(str(error)) from error

    async def related(self, tenant: str, stems: Sequence[str]) -> dict[str, list[str]]:
        """The words that are there with these stems."""
        sql = "select word from stem where stem = ? limit ?"
        try:
            reader = self._databases.open(tenant).reader
            return {stem: [cast("str", row[0]) for row in reader.execute(sql, (stem, RELATED))] for stem in stems}
        except (*DAMAGE, MISFIT) as error:
            raise Lost(str(error)) from error

    async def drop(self, tenant: str) -> None:
        """Removes an index with all its files; does nothing when there is none."""
        if self._databases.exists(tenant):
            await self._databases.destroy(tenant)

    async def tenants(self) -> list[str]:
        """Whose indexes are there."""
        return await asyncio.to_thread(self._databases.tenants)

    async def close(self) -> None:
        """Lets go of all files."""
        await self._databases.close()


def _expression(look: Look) -> str:
    """A look in FTS5's language; empty where all is looked for."""
    said = list[str]()
    if look.asked is not None:
        words = f"({look.asked.expression()})"
        said.append(
            f"(title : {words})" if look.where is Where.TITLES else words if look.near else f"(- near : {words})"
        )
    said += [f"({' OR '.join(chr(34) + token + chr(34) for token in row)})" for row in look.filters.tokens]
    return " AND ".join(said)


def _lengthened(connection: Connection, asked: Question) -> Question:
    """A question about contents, with a beginning that is one letter too short for their index said by longer ones."""
    *others, last = asked.parts
    return Question(
        (*others, replace(last, ways=tuple(way for short in last.ways for way in _longer(connection, short))))
    )


def _longer(connection: Connection, way: Way) -> list[Way]:
    *before, last = way.words
    if not way.open or len(last) != LETTERS - 1:
        return [way]
    sql = "select letters from beginning where letters between ? and ? limit ?"
    found = connection.execute(sql, (last, f"{last}\U0010ffff", LONGER + 1)).fetchall()
    if len(found) > LONGER:
        return [way]
    return [Way(way.words), *(Way((*before, cast("str", letters)), open=True) for (letters,) in found)]


def _beginnings(lines: Sequence[Line]) -> list[tuple[str]]:
    """The beginnings of all words of documents that may have a content."""
    texts = (text for line in lines if line.whole for text in (line.title, line.text, line.near, line.content))
    words = {word[:LETTERS] for text in texts for word in text.split()}
    return [(word,) for word in words if len(word) == LETTERS]


def _state(connection: Connection) -> tuple[str, int] | None:
    return cast("tuple[str, int] | None", connection.execute("select made_for, reached from state").fetchone())


def _put(connection: Connection, line: Line) -> bool:
    """Makes a line true but for its stems; whether there are any to put in."""
    old = connection.execute("select n, digest from entry where kind = ? and id = ?", (line.kind, line.id)).fetchone()
    if old is not None and old[1] == line.digest:
        return False
    if old is not None:
        connection.execute("delete from names where rowid = ?", (old[0],))
        connection.execute("delete from words where rowid = ?", (old[0],))
        connection.execute("delete from entry where n = ?", (old[0],))
    if not line.digest:
        return False
    number = _free(connection, line.number)
    connection.execute("insert into entry values (?, ?, ?, ?)", (number, line.kind, line.id, line.digest))
    names = (number, line.title, line.text, line.near)
    connection.execute("insert into names (rowid, title, text, near) values (?, ?, ?, ?)", names)
    if line.whole:
        words = "insert into words (rowid, title, text, near, content) values (?, ?, ?, ?, ?)"
        connection.execute(words, (*names, line.content))
    return True


def _free(connection: Connection, number: int) -> int:
    """A number that nothing has yet: a document that is put in again for another's sake brings its old change."""
    while connection.execute("select 1 from entry where n = ?", (number,)).fetchone():
        number += 1
    return number
