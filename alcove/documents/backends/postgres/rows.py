"""The rows of one tenant inside one transaction: reads ask the database, writes are kept and sent together."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from alcove.base.postgres import wait
from alcove.documents.backends.postgres.pending import Pending
from alcove.documents.backends.postgres.tables import HEAD
from alcove.documents.model import Document
from alcove.documents.rows import Kind, Row, listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alcove.base.postgres import Connection
    from alcove.documents.model import Change
    from alcove.documents.planner import Listing

FIRST_PAGE, PAGE = 64, 512
"""Rows that are fetched at once: few at first, for who needs no more."""

_KIND = "select n, name, open, living, dead, seq from doctype where inst = $1"
_ROW = "select id, rev, seq, deleted, body, history, branches, n from doc where inst = $1 and type = $2"
_BRIEF = "select id, rev, seq, deleted, body, '', '', n from doc where inst = $1 and type = $2 and not deleted"
_WINNER = (
    "select d.rev, d.body, d.seq, d.deleted from doctype k join doc d on d.inst = k.inst and d.type = k.n "
    "where k.inst = $1 and k.name = $2 and k.open and d.id = $3"
)
_STRETCH = (
    "where inst = $1 and listing = $2 and head >= $3 and (head, tail) >= ($3, $4) "
    "and head <= $5 and (head, tail) < ($5, $6)"
)


class PostgresRows:
    """`Rows` of a tenant. `number` is the last one that was given to a row of it, `last` its last write."""

    __slots__ = ("_connection", "inst", "last", "number", "pending", "told")

    def __init__(self, connection: Connection, inst: int, number: int = 0, last: int | None = None) -> None:
        self._connection = connection
        self.inst = inst
        self.number = number
        self.last = last
        self.pending = Pending()
        self.told: Sequence[Change] = ()

    def _fetch(self, sql: str, *values: Any) -> list[Any]:
        found: list[Any] = wait(self._connection.fetch(sql, self.inst, *values))
        return found

    def _first(self, sql: str, *values: Any) -> Any:
        found = self._fetch(sql, *values)
        return found[0] if found else None

    def _count(self, sql: str, *values: Any) -> int:
        self.flush()
        count: int = self._fetch(sql, *values)[0][0]
        return count

    def _next(self) -> int:
        self.number += 1
        return self.number

    def flush(self) -> None:
        """Sends what was kept, because it must be seen from now on."""
        for sql, values in self.pending.statements():
            wait(self._connection.execute(sql, self.inst, *values))

    def tell(self, changes: Sequence[Change]) -> None:
        """What the other processes are told of when this is durable."""
        self.told = changes
        if changes:
            self.last = changes[-1].seq

    # -- doctypes

    def kind(self, name: str) -> Kind | None:
        """A doctype by name."""
        kept = self.pending.kinds.get(name)
        if kept is not None:
            return copy(kept)
        found = self._first(f"{_KIND} and name = $2", name)
        if found is None:
            return None
        self.pending.names[name] = found[0]
        return Kind(*found)

    def kinds(self) -> list[Kind]:
        """All doctypes, by name."""
        self.flush()
        return [Kind(*found) for found in self._fetch(f"{_KIND} order by name")]

    def add_kind(self, name: str) -> Kind:
        """A new doctype, not open."""
        kind = Kind(self._next(), name)
        self.pending.names[name] = kind.number
        self.pending.kinds[name] = copy(kind)
        return kind

    def save_kind(self, kind: Kind) -> None:
        """Stores its `open`, its counts and its `seq`."""
        self.last = max(self.last or 0, kind.seq)
        self.pending.kinds[kind.name] = copy(kind)

    def empty_kind(self, number: int) -> None:
        """Removes its documents, keys, checkpoints, and the indexes that clients made."""
        self.flush()
        ours = "select n from listing where inst = $1 and type = $2"
        self._fetch(f"delete from key where inst = $1 and listing in ({ours})", number)
        self._fetch("delete from listing where inst = $1 and type = $2 and ddoc <> ''", number)
        self._fetch("delete from local where inst = $1 and type = $2", number)
        self._fetch("delete from doc where inst = $1 and type = $2", number)

    def seq(self) -> int:
        """The number of the last write to any doctype."""
        if self.last is not None:
            return self.last
        found = self._first("select seq from tenant where inst = $1")
        return found[0] if found else 0

    # -- documents

    def winner(self, doctype: str, doc_id: str) -> Document | None:
        """The winning revision, deleted or not: the shortest way to it."""
        kept = self.pending.row_of(doctype, doc_id)
        if kept is not None:
            return kept.document(doctype)
        found = self._first(_WINNER, doctype, doc_id) if "\0" not in doc_id else None
        if found is None:
            return None
        rev, body, seq, deleted = found
        return Document(doctype, doc_id, rev, body.encode(), seq, deleted)

    def row(self, kind: int, doc_id: str) -> Row | None:
        """A document with all that is known of its revisions."""
        kept = self.pending.rows.get((kind, doc_id))
        if kept is not None:
            return copy(kept)
        found = self._first(f"{_ROW} and id = $3", kind, doc_id)
        if found is None:
            return None
        row = _row(found)
        self.pending.known(kind, row)
        return row

    def insert(self, kind: int, row: Row) -> None:
        """Adds a document and gives the row its number."""
        row.number = self._next()
        self.pending.insert(kind, copy(row))

    def update(self, row: Row) -> None:
        """Replaces the document of that number."""
        self.pending.update(copy(row))

    def by_id(self, kind: int, low: str, high: str | None, *, descending: bool = False) -> Iterator[Row]:
        """Living documents with low <= id <= high, in the order of the ids' bytes."""
        self.flush()
        size, order = FIRST_PAGE, "desc" if descending else "asc"
        bounds = _bounds(low, high)
        while True:
            within = "".join(f" and id {sign} ${n}" for n, (sign, _) in enumerate(bounds, 4))
            sql = f"{_BRIEF}{within} order by id {order} limit $3"
            page = self._fetch(sql, kind, size, *(value for _, value in bounds))
            yield from map(_row, page)
            if len(page) < size:
                return
            size, last = PAGE, page[-1][0]
            bounds = [*_bounds(low, None), ("<", last)] if descending else [(">", last), *_bounds("", high)[1:]]

    def count_ids(self, kind: int, low: str, high: str | None, most: int | None = None) -> int:
        """How many living documents have low <= id < high; counting ends at `most`."""
        bounds = _bounds(low, high, below=True)
        within = "".join(f" and id {sign} ${n}" for n, (sign, _) in enumerate(bounds, 4))
        found = f"select 1 from doc where inst = $1 and type = $2 and not deleted{within} limit $3"
        return self._count(f"select count(*) from ({found}) as found", kind, most, *(value for _, value in bounds))

    def by_seq(self, kind: int, since: int, *, descending: bool = False) -> Iterator[Row]:
        """Documents whose last write came after `since`, deleted ones too."""
        self.flush()
        size, low, high = FIRST_PAGE, since, (1 << 63) - 1
        order = "desc" if descending else "asc"
        while True:
            sql = f"{_ROW} and seq > $3 and seq < $4 order by seq {order} limit $5"
            page = self._fetch(sql, kind, low, high, size)
            yield from map(_row, page)
            if len(page) < size:
                return
            size, last = PAGE, page[-1][2]
            low, high = (low, last) if descending else (last, high)

    def count_since(self, kind: int, since: int, most: int) -> int:
        """How many documents `by_seq` gives; counting ends at `most`."""
        found = "select 1 from doc where inst = $1 and type = $2 and seq > $3 limit $4"
        return self._count(f"select count(*) from ({found}) as found", kind, since, most)

    # -- indexes

    def listings(self, kind: int) -> list[Listing]:
        """The indexes of a doctype."""
        found = self._fetch("select n, ddoc, name, definition from listing where inst = $1 and type = $2", kind)
        return [listing(n, ddoc, name, definition.encode()) for n, ddoc, name, definition in found]

    def add_listing(self, kind: int, ddoc: str, name: str, definition: bytes) -> Listing:
        """A new, empty index."""
        number = self._next()
        sql = "insert into listing (inst, n, type, ddoc, name, definition) values ($1, $2, $3, $4, $5, $6)"
        self._fetch(sql, number, kind, ddoc, name, definition.decode())
        return listing(number, ddoc, name, definition)

    def drop_listing(self, number: int) -> None:
        """Removes an index with its keys."""
        self.flush()
        self._fetch("delete from key where inst = $1 and listing = $2", number)
        self._fetch("delete from listing where inst = $1 and n = $2", number)

    def add_key(self, listing: int, key: bytes, document: int) -> None:
        """Puts a document into an index."""
        self.pending.add_key(listing, key, document)

    def drop_key(self, listing: int, key: bytes) -> None:
        """Takes a document out of an index."""
        self.pending.drop_key(listing, key)

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
        self.flush()
        order = "desc" if descending else "asc"
        size, left = FIRST_PAGE, limit
        sql = (
            "select k.head, k.tail, d.id, d.rev, d.body, d.seq from "
            f"(select head, tail, doc from key {_STRETCH} order by head {order}, tail {order} limit $7 offset $8) k "
            f"join doc d on d.inst = $1 and d.n = k.doc order by k.head {order}, k.tail {order}"
        )
        while left is None or left > 0:
            size = size if left is None else min(size, left)
            page = self._fetch(sql, listing, *_cut(low), *_cut(high), size, skip)
            for head, tail, doc_id, rev, body, seq in page:
                yield head + tail, Document(doctype, doc_id, rev, body.encode(), seq)
            if len(page) < size:
                return
            last = page[-1][0] + page[-1][1]
            low, high = (low, last) if descending else (last + b"\0", high)
            left = None if left is None else left - size
            size, skip = PAGE, 0

    def count_keys(self, listing: int, low: bytes, high: bytes, most: int | None = None) -> int:
        """How many documents `by_key` gives; counting ends at `most`."""
        sql = f"select count(*) from (select 1 from key {_STRETCH} limit $7) as found"
        return self._count(sql, listing, *_cut(low), *_cut(high), most)

    # -- checkpoints and cursors

    def local(self, kind: int, name: str) -> tuple[int, bytes] | None:
        """A checkpoint: its revision and its body."""
        self.flush()
        found = self._first("select rev, body from local where inst = $1 and type = $2 and name = $3", kind, name)
        return None if found is None else (found[0], found[1].encode())

    def save_local(self, kind: int, name: str, rev: int, body: bytes) -> None:
        """Stores a checkpoint; an empty body removes it."""
        if body:
            sql = (
                "insert into local (inst, type, name, rev, body) values ($1, $2, $3, $4, $5) "
                "on conflict (inst, type, name) do update set rev = excluded.rev, body = excluded.body"
            )
            self._fetch(sql, kind, name, rev, body.decode())
        else:
            self._fetch("delete from local where inst = $1 and type = $2 and name = $3", kind, name)

    def locals(self, kind: int) -> Iterator[tuple[str, int, bytes]]:
        """All checkpoints of a doctype: name, revision, body."""
        for name, rev, body in self._fetch("select name, rev, body from local where inst = $1 and type = $2", kind):
            yield name, rev, body.encode()

    def cursors(self) -> dict[str, int]:
        """How far every follower has come."""
        return dict(self._fetch("select follower, seq from cursor where inst = $1"))

    def cursor(self, follower: str) -> int:
        """How far a follower has come."""
        found = self._first("select seq from cursor where inst = $1 and follower = $2", follower)
        return found[0] if found else 0

    def save_cursor(self, follower: str, seq: int) -> None:
        """Stores how far a follower has come."""
        sql = (
            "insert into cursor (inst, follower, seq) values ($1, $2, $3) "
            "on conflict (inst, follower) do update set seq = greatest(cursor.seq, excluded.seq)"
        )
        self._fetch(sql, follower, seq)


def _bounds(low: str, high: str | None, *, below: bool = False) -> list[tuple[str, str]]:
    """Ids from `low` to `high`, or `below` it. No stored id holds a NUL, and PostgreSQL takes none: it is cut there."""
    start, after, _ = low.partition("\0")
    bounds = [(">" if after else ">=", start)]
    if high is not None:
        end, beyond, _ = high.partition("\0")
        bounds.append(("<" if below and not beyond else "<=", end))
    return bounds


def _cut(key: bytes) -> tuple[bytes, bytes]:
    return key[:HEAD], key[HEAD:]


def _row(found: Any) -> Row:
    doc_id, rev, seq, deleted, body, history, branches, number = found
    return Row(doc_id, rev, seq, deleted, body.encode(), history, branches, number)
