"""The indexes in PostgreSQL: a row for each document, its words in two `tsvector` with a GIN index each.

Words begin with the number of their instance, so that nobody's words are among another's; none is cut or stemmed here,
only compared. GIN gives no order: what nearly every document says is looked for in the newest ones first.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from alcove.base.postgres import Schema
from alcove.search.store.model import CHANGE, Lost, Match, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alcove.base.postgres import Connection, Postgres
    from alcove.search.asking import Way
    from alcove.search.store.model import Line, Look

SCHEMA = Schema(
    "search",
    (
        """
        create table search_index (
            tenant text primary key, inst bigint not null generated always as identity unique,
            made_for text not null, reached bigint not null
        );
        create table search_entry (
            inst bigint not null, n bigint not null, kind int not null, id text collate "C" not null,
            digest bytea not null, far boolean not null, names tsvector not null, words tsvector not null,
            primary key (inst, n), unique (inst, kind, id)
        );
        create index search_names on search_entry using gin (names) with (fastupdate = off);
        create index search_words on search_entry using gin (words) with (fastupdate = off);
        create table search_stem (
            inst bigint not null, stem text collate "C" not null, word text collate "C" not null,
            primary key (inst, stem, word)
        );
        """,
    ),
)
RELATED = 64
"""Words of one stem at the most."""
NEWEST = 300
"""Entries that are looked at one by one before the index of words is asked."""
FURTHEST = 16_000
"""The last place of a word that PostgreSQL tells from later ones, and a little less."""
OFTEN = 255
"""Places of one word that it keeps."""
LARGEST = 1_000_000
"""Bytes of the words of one document, which it takes 1 MiB of."""
_CHANGES = (1 << CHANGE) - 1
GAP = 8
"""Places between two columns: no phrase goes from one to another."""


class PostgresIndexes:
    """`Indexes` in a database."""

    def __init__(self, postgres: Postgres, made_for: Callable[[], str]) -> None:
        self._postgres = postgres
        self._made_for = made_for
        postgres.lay(SCHEMA)

    async def prepare(self, tenant: str) -> int:
        """Makes the index where there is none; the number of the last change in it. Raises `Lost`."""
        sql = "insert into search_index (tenant, made_for, reached) values ($1, $2, 0) on conflict do nothing"
        await self._postgres.fetch(sql, tenant, self._made_for())
        rows = await self._postgres.fetch("select made_for, reached from search_index where tenant = $1", tenant)
        if not rows:
            raise Lost("the index was removed at this moment")
        made_for, reached = rows[0]
        if made_for != self._made_for():
            raise Lost("the index was made by another release")
        return int(reached)

    async def digest(self, tenant: str, kind: int, ident: str) -> bytes | None:
        """The mark of what a document said when it was last put in; None when it is not there."""
        sql = """
            select digest from search_entry join search_index using (inst)
            where tenant = $1 and kind = $2 and id = $3
        """
        rows = await self._postgres.fetch(sql, tenant, kind, ident)
        return bytes(rows[0][0]) if rows else None

    async def write(self, tenant: str, lines: Sequence[Line], reached: int | None) -> None:
        """Makes lines true, and that all is in it up to `reached` (None: as before); durable when it returns."""
        inst = await self._inst(tenant)
        rows = await asyncio.to_thread(lambda: [_Row(inst, line) for line in lines])

        async def unit(connection: Connection) -> None:
            sql = "select inst from search_index where tenant = $1 for update"
            if await connection.fetchval(sql, tenant) != inst:
                raise Lost("the index was made anew by somebody else")
            for row in rows:
                await _put(connection, row)
            stems = sorted({pair for row in rows if row.line.digest for pair in row.line.stems})
            if stems:
                sql = "insert into search_stem select $1, * from unnest($2::text[], $3::text[]) on conflict do nothing"
                await connection.execute(sql, inst, [stem for stem, _ in stems], [word for _, word in stems])
            if reached is not None:
                sql = "update search_index set reached = greatest(reached, $2) where inst = $1"
                await connection.execute(sql, inst, reached)

        await self._postgres.transaction(unit)

    async def matches(self, tenant: str, kind: int, look: Look, limit: int, before: int | None = None) -> list[Match]:
        """The newest entries of a kind that fit, older than the number `before`."""
        inst = await self._inst(tenant)
        low, high = look.span(kind, before)
        expression, loose = _expression(inst, look), _expression(inst, look, loose=True)
        column = "words" if look.where is Where.ALL else "names"
        sql = _NEWEST if expression else _EVERY
        fits = f"({column} @@ $4::tsquery" + (f" or (far and {column} @@ $5::tsquery))" if loose != expression else ")")
        values: list[int | str] = [inst, low, high]
        if expression:
            values += [expression, loose] if loose != expression else [expression]

        async def unit(connection: Connection) -> list[Match]:
            rows = await connection.fetch(sql.format(fits=fits, newest=NEWEST, limit=limit), *values)
            if len(rows) < limit and expression:
                # Only the index of words: walking through all that lies between two numbers reads every text.
                await connection.execute("set local enable_seqscan = off; set local enable_indexscan = off")
                rows = await connection.fetch(_ALL.format(fits=fits, limit=limit), *values)
            return [
                Match(n, ident, bytes(digest), sure=loose == expression or not far) for n, ident, digest, far in rows
            ]

        return await self._postgres.transaction(unit)

    async def related(self, tenant: str, stems: Sequence[str]) -> dict[str, list[str]]:
        """The words that are there with these stems."""
        sql = """
            select stem, word from unnest($2::text[]) as asked (stem), lateral (
                select word from search_stem join search_index using (inst)
                where tenant = $1 and search_stem.stem = asked.stem order by word limit $3
            ) as found
        """
        found = defaultdict[str, list[str]](list)
        for stem, word in await self._postgres.fetch(sql, tenant, list(stems), RELATED) if stems else ():
            found[stem].append(word)
        return dict(found)

    async def drop(self, tenant: str) -> None:
        """Removes an index; does nothing when there is none."""

        async def unit(connection: Connection) -> None:
            inst = await connection.fetchval("delete from search_index where tenant = $1 returning inst", tenant)
            if inst is not None:
                for table in ("search_entry", "search_stem"):
                    await connection.execute(f"delete from {table} where inst = $1", inst)

        await self._postgres.transaction(unit)

    async def tenants(self) -> list[str]:
        """Whose indexes are there."""
        return [row[0] for row in await self._postgres.fetch("select tenant from search_index")]

    async def close(self) -> None:
        """The connections are those of the documents."""

    async def _inst(self, tenant: str) -> int:
        rows = await self._postgres.fetch("select inst from search_index where tenant = $1", tenant)
        if not rows:
            raise Lost("there is no index")
        return int(rows[0][0])


_EVERY = """
    select n, id, digest, false from search_entry where inst = $1 and n between $2 and $3 order by n desc limit {limit}
"""
_NEWEST = """
    select n, id, digest, far from (
        select * from search_entry where inst = $1 and n between $2 and $3 order by n desc limit {newest}
    ) as newest where {fits} order by n desc limit {limit}
"""
_ALL = """
    with found as materialized (
        select n, id, digest, far from search_entry where {fits} and inst + 0 = $1 and n + 0 between $2 and $3
    ) select * from found order by n desc limit {limit}
"""


class _Row:
    """A line as it is written."""

    def __init__(self, inst: int, line: Line) -> None:
        self.inst, self.line = inst, line
        columns = [(line.title, "A"), (line.text, "B"), (line.near, "D")]
        self.names, names_far = vector(inst, columns)
        words_far = False
        self.words = ""
        if line.whole:
            self.words, words_far = vector(inst, [*columns, (line.content, "B")])
        self.far = names_far or words_far


def vector(inst: int, columns: Sequence[tuple[str, str]]) -> tuple[str, bool]:
    """Words with their places and weights as PostgreSQL reads them, and whether some places are not told apart.

    Places are in bounds and few enough of each word. What does not fit any more is left out: some words of a text with
    more than fifty thousand different ones, which is none that people write.

    >>> vector(7, [("b a", "A"), ("b", "D")])
    ("'7.b':1A,11D '7.a':2A", False)
    """
    places, far, place, room = defaultdict[str, list[str]](list), False, 0, 0
    start = len(f"{inst}.") + 5  # what a word and its first place take beside it
    for words, weight in columns:
        for word in words.split():
            place += 1
            kept = places[word]
            room += 2 if kept else len(word.encode()) + start
            if place > FURTHEST or len(kept) >= OFTEN or (room > LARGEST and kept):
                far = True
                place = min(place, FURTHEST)
            else:
                kept.append(f"{place}{weight}")
            if room > LARGEST:
                break
        place += GAP
    said = [f"'{inst}.{word}'" + (":" + ",".join(at) if at else "") for word, at in places.items()]
    return " ".join(said), far


def _expression(inst: int, look: Look, *, loose: bool = False) -> str:
    """A look in the language of `tsquery`; empty where all is looked for. `loose`, phrases are only words."""
    weights = "A" if look.where is Where.TITLES else "" if look.near else "ABC"
    said = list[str]()
    for part in look.asked.parts if look.asked is not None else ():
        said.append("(" + " | ".join(_way(inst, way, weights, loose=loose) for way in part.ways) + ")")
    said += ["(" + " | ".join(f"'{inst}.{token}'" for token in row) + ")" for row in look.filters.tokens]
    return " & ".join(said)


def _way(inst: int, way: Way, weights: str, *, loose: bool) -> str:
    last = len(way.words) - 1
    marks = [("*" if way.open and place == last else "") + weights for place in range(len(way.words))]
    words = [f"'{inst}.{word}'" + (f":{mark}" if mark else "") for word, mark in zip(way.words, marks, strict=True)]
    return "(" + (" & " if loose else " <-> ").join(words) + ")"


async def _put(connection: Connection, row: _Row) -> None:
    line = row.line
    sql = "select n, digest from search_entry where inst = $1 and kind = $2 and id = $3"
    old = await connection.fetchrow(sql, row.inst, line.kind, line.id)
    if old is not None and (bytes(old[1]) == line.digest or old[0] & _CHANGES > line.seq & _CHANGES):
        return  # another process has put it in, as it was then or later
    if old is not None:
        await connection.execute("delete from search_entry where inst = $1 and n = $2", row.inst, old[0])
    if not line.digest:
        return
    # A number that nothing has yet: a document that is put in again for another's sake brings its old change.
    number = line.number
    while await connection.fetchval("select 1 from search_entry where inst = $1 and n = $2", row.inst, number):
        number += 1
    await connection.execute(
        "insert into search_entry (inst, n, kind, id, digest, far, names, words)"
        " values ($1, $2, $3, $4, $5, $6, $7::text::tsvector, $8::text::tsvector)",
        row.inst, number, line.kind, line.id, line.digest, row.far, row.names, row.words,
    )  # fmt: skip
