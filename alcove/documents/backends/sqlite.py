"""Documents in SQLite: one file per tenant, the same tables in each (foundation section 3)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, cast

from alcove.documents.model import Document
from alcove.documents.rows import Kind, Row, listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from alcove.base.sqlite import Connection, Databases
    from alcove.documents.model import Change
    from alcove.documents.planner import Listing
    from alcove.documents.rows import Rows

T = TypeVar("T")

MIGRATIONS = (
    """
    create table doctype (
        n integer primary key, name text not null unique, open integer not null,
        living integer not null, dead integer not null, seq integer not null
    ) strict;
    create table doc (
        n integer primary key, type integer not null, id text not null, rev text not null, seq integer not null,
        deleted integer not null, body text not null, history text not null, branches text not null
    ) strict;
    create unique index doc_by_id on doc (type, id, deleted);
    create unique index doc_by_seq on doc (type, seq);
    create table listing (
        n integer primary key, type integer not null, ddoc text not null, name text not null, definition text not null,
        unique (type, ddoc, name)
    ) strict;
    create table key (
        listing integer not null, key blob not null, doc integer not null, primary key (listing, key)
    ) strict, without rowid;
    create table local (
        type integer not null, name text not null, rev integer not null, body text not null, primary key (type, name)
    ) strict, without rowid;
    create table cursor (follower text primary key, seq integer not null) strict, without rowid;
    """,
)

_ROW = "id, rev, seq, deleted, cast(body as blob), '', '', n"
_WINNER = (
    "select rev, cast(body as blob), seq, deleted from doc "
    "where type = (select n from doctype where name = ? and open) and id = ?"
)


class SqliteRows:
    """`Rows` over one connection."""

    __slots__ = ("connection", "run")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.run = connection.execute

    def kind(self, name: str) -> Kind | None:
        """A doctype by name."""
        found = self.run("select n, name, open, living, dead, seq from doctype where name = ?", (name,)).fetchone()
        return None if found is None else _kind(found)

    def kinds(self) -> list[Kind]:
        """All doctypes, by name."""
        return [
            _kind(found) for found in self.run("select n, name, open, living, dead, seq from doctype order by name")
        ]

    def add_kind(self, name: str) -> Kind:
        """A new doctype, not open."""
        self.run("insert into doctype (name, open, living, dead, seq) values (?, 0, 0, 0, 0)", (name,))
        return Kind(self.connection.last_insert_rowid(), name)

    def save_kind(self, kind: Kind) -> None:
        """Stores its `open`, its counts and its `seq`."""
        values = (kind.open, kind.living, kind.dead, kind.seq, kind.number)
        self.run("update doctype set open = ?, living = ?, dead = ?, seq = ? where n = ?", values)

    def empty_kind(self, number: int) -> None:
        """Removes its documents, keys, checkpoints, and the indexes that clients made."""
        self.run("delete from key where listing in (select n from listing where type = ?)", (number,))
        self.run("delete from listing where type = ? and ddoc <> ''", (number,))
        self.run("delete from local where type = ?", (number,))
        self.run("delete from doc where type = ?", (number,))

    def seq(self) -> int:
        """The number of the last write to any doctype."""
        # Kept with the counts and not in a table of its own: a page less to write in every commit.
        return cast("int | None", self.run("select max(seq) from doctype").get) or 0

    def winner(self, doctype: str, doc_id: str) -> Document | None:
        """The winning revision, deleted or not: the shortest way to it."""
        found = self.run(_WINNER, (doctype, doc_id)).fetchone()
        if found is None:
            return None
        rev, body, seq, deleted = cast("tuple[str, bytes, int, int]", found)
        return Document(doctype, doc_id, rev, body, seq, bool(deleted))

    def row(self, kind: int, doc_id: str) -> Row | None:
        """A document with all that is known of its revisions."""
        found = self.run(
            "select id, rev, seq, deleted, cast(body as blob), history, branches, n from doc where type = ? and id = ?",
            (kind, doc_id),
        ).fetchone()
        return None if found is None else _row(found)

    def expect(self, kind: int, ids: Iterable[str]) -> None:
        """Nothing is nearer than it is already."""

    def insert(self, kind: int, row: Row) -> None:
        """Adds a document and gives the row its number."""
        self.run(
            "insert into doc (type, id, rev, seq, deleted, body, history, branches) values (?, ?, ?, ?, ?, ?, ?, ?)",
            (kind, row.id, row.rev, row.seq, row.deleted, row.body.decode(), row.history, row.branches),
        )
        row.number = self.connection.last_insert_rowid()

    def update(self, row: Row) -> None:
        """Replaces the document of that number."""
        self.run(
            "update doc set rev = ?, seq = ?, deleted = ?, body = ?, history = ?, branches = ? where n = ?",
            (row.rev, row.seq, row.deleted, row.body.decode(), row.history, row.branches, row.number),
        )

    def by_id(
        self,
        kind: int,
        low: str,
        high: str | None,
        *,
        descending: bool = False,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """Living documents with low <= id <= high, in the order of the ids' bytes."""
        until, values = ("", (kind, low)) if high is None else (" and id <= ?", (kind, low, high))
        order = "desc" if descending else "asc"
        sql = f"select {_ROW} from doc where type = ? and id >= ?{until} and deleted = 0 order by id {order}"
        return map(_row, self.run(sql, values))

    def count_ids(self, kind: int, low: str, high: str | None, most: int | None = None) -> int:
        """How many living documents have low <= id < high; counting ends at `most`."""
        until, values = ("", (kind, low)) if high is None else (" and id < ?", (kind, low, high))
        found = f"select 1 from doc where type = ? and id >= ?{until} and deleted = 0 limit ?"
        return cast("int", self.run(f"select count(*) from ({found})", (*values, -1 if most is None else most)).get)

    def by_seq(
        self,
        kind: int,
        since: int,
        *,
        descending: bool = False,
        limit: int | None = None,
        brief: bool = False,
    ) -> Iterator[Row]:
        """Documents whose last write came after `since`, deleted ones too."""
        order = "desc" if descending else "asc"
        body = "x''" if brief else "cast(body as blob)"
        columns = f"id, rev, seq, deleted, {body}, history, branches, n"
        return map(
            _row, self.run(f"select {columns} from doc where type = ? and seq > ? order by seq {order}", (kind, since))
        )

    def count_since(self, kind: int, since: int, most: int) -> int:
        """How many documents `by_seq` gives; counting ends at `most`."""
        sql = "select count(*) from (select 1 from doc where type = ? and seq > ? limit ?)"
        return cast("int", self.run(sql, (kind, since, most)).get)

    def listings(self, kind: int) -> list[Listing]:
        """The indexes of a doctype."""
        found = self.run("select n, ddoc, name, cast(definition as blob) from listing where type = ?", (kind,))
        return [listing(*cast("tuple[int, str, str, bytes]", one)) for one in found]

    def add_listing(self, kind: int, ddoc: str, name: str, definition: bytes) -> Listing:
        """A new, empty index."""
        values = (kind, ddoc, name, definition.decode())
        self.run("insert into listing (type, ddoc, name, definition) values (?, ?, ?, ?)", values)
        return listing(self.connection.last_insert_rowid(), ddoc, name, definition)

    def drop_listing(self, number: int) -> None:
        """Removes an index with its keys."""
        self.run("delete from key where listing = ?", (number,))
        self.run("delete from listing where n = ?", (number,))

    def add_key(self, listing: int, key: bytes, document: int) -> None:
        """Puts a document into an index."""
        self.run("insert or replace into key (listing, key, doc) values (?, ?, ?)", (listing, key, document))

    def drop_key(self, listing: int, key: bytes) -> None:
        """Takes a document out of an index."""
        self.run("delete from key where listing = ? and key = ?", (listing, key))

    def by_key(
        self,
        doctype: str,
        listing: int,
        low: bytes,
        high: bytes,
        *,
        descending: bool = False,
        skip: int = 0,
        limit: int | None = None,
    ) -> Iterator[tuple[bytes, Document]]:
        """Documents with low <= key < high, in the order of the keys."""
        order = "desc" if descending else "asc"
        source = "key"
        values: tuple[bytes | int, ...] = (listing, low, high)
        stretch = f"where k.listing = ? and k.key >= ? and k.key < ? order by k.key {order}"
        if skip:
            # Skipped within the index, before any document is looked up.
            source = f"(select k.key, k.doc from key k {stretch} limit ? offset ?)"
            stretch, values = f"order by k.key {order}", (*values, -1 if limit is None else limit, skip)
        elif limit is not None:
            stretch, values = f"{stretch} limit ?", (*values, limit)
        sql = f"select k.key, d.id, d.rev, cast(d.body as blob), d.seq from {source} k cross join doc d on d.n = k.doc "
        for key, doc_id, rev, body, seq in cast("Any", self.run(sql + stretch, values)):
            yield key, Document(doctype, doc_id, rev, body, seq)

    def count_keys(self, listing: int, low: bytes, high: bytes, most: int | None = None) -> int:
        """How many documents `by_key` gives; counting ends at `most`."""
        sql = "select count(*) from (select 1 from key where listing = ? and key >= ? and key < ? limit ?)"
        return cast("int", self.run(sql, (listing, low, high, -1 if most is None else most)).get)

    def local(self, kind: int, name: str) -> tuple[int, bytes] | None:
        """A checkpoint: its revision and its body."""
        sql = "select rev, cast(body as blob) from local where type = ? and name = ?"
        return cast("tuple[int, bytes] | None", self.run(sql, (kind, name)).fetchone())

    def save_local(self, kind: int, name: str, rev: int, body: bytes) -> None:
        """Stores a checkpoint; an empty body removes it."""
        if body:
            values = (kind, name, rev, body.decode())
            self.run("insert or replace into local (type, name, rev, body) values (?, ?, ?, ?)", values)
        else:
            self.run("delete from local where type = ? and name = ?", (kind, name))

    def locals(self, kind: int) -> Iterator[tuple[str, int, bytes]]:
        """All checkpoints of a doctype: name, revision, body."""
        sql = "select name, rev, cast(body as blob) from local where type = ?"
        return cast("Iterator[tuple[str, int, bytes]]", self.run(sql, (kind,)))

    def cursors(self) -> dict[str, int]:
        """How far every follower has come."""
        return dict(cast("Iterator[tuple[str, int]]", self.run("select follower, seq from cursor")))

    def cursor(self, follower: str) -> int:
        """How far a follower has come."""
        found = self.run("select seq from cursor where follower = ?", (follower,)).fetchone()
        return cast("int", found[0]) if found else 0

    def save_cursor(self, follower: str, seq: int) -> None:
        """Stores how far a follower has come."""
        self.run("insert or replace into cursor values (?, ?)", (follower, seq))

    def tell(self, changes: Sequence[Change]) -> None:
        """No other process works on it."""


def _kind(found: Any) -> Kind:
    number, name, opened, living, dead, seq = found
    return Kind(number, name, bool(opened), living, dead, seq)


def _row(found: Any) -> Row:
    doc_id, rev, seq, deleted, body, history, branches, number = found
    return Row(doc_id, rev, seq, bool(deleted), body, history, branches, number)


class SqliteBackend:
    """`Backend` on SQLite files."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def on_new(self, fill: Callable[[Rows], None]) -> None:
        """Says what every new store holds from the start."""
        self._databases.seed = lambda connection: fill(SqliteRows(connection))

    async def read(self, tenant: str, fn: Callable[[Rows], T]) -> T:
        """Runs a short read at once, on the event loop."""
        return fn(SqliteRows(self._databases.open(tenant).reader))

    async def scan(self, tenant: str, fn: Callable[[Rows], T]) -> T:
        """Runs a longer read in the pool, on one snapshot."""
        return await self._databases.open(tenant).scan(lambda connection: fn(SqliteRows(connection)))

    async def write(self, tenant: str, fn: Callable[[Rows], T], then: Callable[[T], None]) -> T:
        """Runs a unit in the writer thread; returns when it is durable."""
        return await self._databases.open(tenant).write(lambda connection: fn(SqliteRows(connection)), then)

    async def create(self, tenant: str) -> None:
        """Makes an empty store."""
        await self._databases.create(tenant)

    async def destroy(self, tenant: str) -> None:
        """Removes a store."""
        await self._databases.destroy(tenant)

    async def tenants(self) -> list[str]:
        """All tenants that have a store, the server itself left out."""
        return await asyncio.to_thread(self._databases.tenants)

    async def close(self) -> None:
        """Closes all files, when all that was queued is durable."""
        await self._databases.close()
