"""The rows of one tenant: reads ask the database, writes are kept and sent together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.documents.backends.postgres import questions
from alcove.documents.backends.postgres.pending import Pending
from alcove.documents.backends.postgres.statements import alone
from alcove.documents.backends.postgres.tables import HEAD
from alcove.documents.model import Change, Document
from alcove.documents.rows import Kind, Row, listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alcove.documents.backends.postgres.asking import Asking
    from alcove.documents.backends.postgres.outline import Outline
    from alcove.documents.planner import Listing

FIRST_PAGE, PAGE = 64, 512
"""Rows that are fetched at once where nobody says how many are wanted: few at first, for who needs no more."""


class Unheld(BaseException):
    """A unit needs what only a transaction that holds the tenant can give. No `except Exception` may catch it."""


class PostgresRows:
    """`Rows` of a tenant, from its outline and what is asked of the database.

    Units write one after another, between `begin` and `keep` or `drop`; `pending` has what those kept have written,
    `number` is the last one that was given to a row, `last` the tenant's last change, `told` what the units changed.
    """

    def __init__(self, asking: Asking, outline: Outline) -> None:
        self.asking = asking
        self.outline = outline
        self.number = outline.number
        self.last = outline.seq
        self.pending = Pending()
        self.told = list[Change]()
        self._unit = self.pending
        self._before = (self.number, self.last, 0)
        self._pointed = False
        self.altered = False
        """Whether something was sent already."""

    # -- units

    def begin(self) -> None:
        """From now on another unit writes."""
        self._unit = Pending()
        self._before = (self.number, self.last, len(self.told))

    def keep(self) -> None:
        """The unit has come to a good end."""
        if self._pointed:
            self.asking.tell("release savepoint unit")
            self._pointed = False
        self.pending.take(self._unit)
        self._unit = self.pending

    def drop(self) -> None:
        """The unit has failed: nothing of it is kept."""
        if self._pointed:
            self.asking.tell("rollback to savepoint unit")
            self.asking.tell("release savepoint unit")
            self._pointed = False
        self._unit = self.pending
        self.number, self.last, told = self._before
        del self.told[told:]

    def end(self) -> None:
        """No unit comes any more. Raises `Unheld` when what they wrote cannot be sent in one statement."""
        if self.pending.entangled:
            self.flush()

    def flush(self) -> None:
        """Sends what was written, because it must be seen from now on. Raises `Unheld`."""
        if not self.asking.held:
            raise Unheld
        if not self._pointed:
            self.altered = True
            self._send(self.pending)
            if self._unit is not self.pending:
                self.asking.tell("savepoint unit")
                self._pointed = True
        self._send(self._unit)

    def _send(self, pending: Pending) -> None:
        for name, columns in pending.parts():
            self.asking.tell(alone(name), self.outline.inst, *columns)
        pending.sent()

    def _see(self) -> None:
        """What was written must be seen by the question that follows."""
        if self.pending or self._unit:
            self.flush()

    def tell(self, changes: Sequence[Change]) -> None:
        """What the other processes are told of when this is durable."""
        self.told += changes
        if changes:
            self.last = changes[-1].seq

    def _next(self) -> int:
        self.number += 1
        return self.number

    # -- doctypes

    def _kind(self, name: str) -> Kind | None:
        return self._unit.kinds.get(name) or self.pending.kinds.get(name) or self.outline.kinds.get(name)

    def kind(self, name: str) -> Kind | None:
        """A doctype by name."""
        found = self._kind(name)
        return None if found is None else _copy(found)

    def kinds(self) -> list[Kind]:
        """All doctypes, by name."""
        found = self.outline.kinds | self.pending.kinds | self._unit.kinds
        return [_copy(found[name]) for name in sorted(found)]

    def add_kind(self, name: str) -> Kind:
        """A new doctype, not open."""
        kind = Kind(self._next(), name)
        self._unit.save_kind(_copy(kind))
        return kind

    def save_kind(self, kind: Kind) -> None:
        """Stores its `open`, its counts and its `seq`."""
        self.last = max(self.last, kind.seq)
        self._unit.save_kind(_copy(kind))

    def empty_kind(self, number: int) -> None:
        """Removes its documents, keys, checkpoints, and the indexes that clients made."""
        self.flush()
        inst, tell = self.outline.inst, self.asking.tell
        ours = "select n from listing where inst = $1 and type = $2"
        tell(f"delete from key where inst = $1 and listing in ({ours})", inst, number)
        tell("delete from listing where inst = $1 and type = $2 and ddoc <> ''", inst, number)
        tell("delete from local where inst = $1 and type = $2", inst, number)
        tell("delete from doc where inst = $1 and type = $2", inst, number)
        self._unit.listings[number] = [one for one in self.listings(number) if not one.ddoc]
        for layer in (self.pending, self._unit):
            layer.overlook(number)

    def seq(self) -> int:
        """The number of the last write to any doctype."""
        return self.last

    # -- documents

    def winner(self, doctype: str, doc_id: str) -> Document | None:
        """The winning revision, deleted or not: the shortest way to it."""
        kind = self._kind(doctype)
        if kind is None or not kind.open or "\0" in doc_id:
            return None
        if self._unit is not self.pending:  # a unit: it often writes what it reads
            row = self.row(kind.number, doc_id)
            return None if row is None else row.document(doctype)
        found = self.asking.rows(questions.WINNER, kind.number, doc_id)
        if not found:
            return None
        _, rev, body, seq, deleted = found[0]
        return Document(doctype, doc_id, rev, body.encode(), seq, deleted)

    def row(self, kind: int, doc_id: str) -> Row | None:
        """A document with all that is known of its revisions."""
        place = (kind, doc_id)
        for layer in (self._unit, self.pending):
            row = layer.rows.get(place)
            if row is not None:
                return row
        for layer in (self._unit, self.pending):
            if place in layer.seen:
                return layer.seen[place]
        found = self.asking.rows(questions.ROW, kind, doc_id) if "\0" not in doc_id else []
        return self._saw(place, _row(found[0]) if found else None)

    def expect(self, kind: int, ids: Iterable[str]) -> None:
        """Reads documents at once that `row` will be asked for."""
        wanted = [one for one in dict.fromkeys(ids) if "\0" not in one and not self._knows((kind, one))]
        if len(wanted) > 1:
            for one in wanted:
                self._unit.seen[kind, one] = None
            for found in self.asking.rows(questions.ROWS, kind, wanted):
                self._saw((kind, found[1]), _row(found))

    def _knows(self, place: tuple[int, str]) -> bool:
        layers = (self._unit, self.pending)
        return any(place in layer.rows or place in layer.seen for layer in layers)

    def _saw(self, place: tuple[int, str], row: Row | None) -> Row | None:
        self._unit.seen[place] = row
        if row is not None:
            self._unit.places[row.number] = place
        return row

    def insert(self, kind: int, row: Row) -> None:
        """Adds a document and gives the row its number."""
        row.number = self._next()
        self._unit.insert((kind, row.id), row)

    def update(self, row: Row) -> None:
        """Replaces the document of that number, which was read or inserted before."""
        place = self._unit.places.get(row.number) or self.pending.places[row.number]
        self._unit.rows[place] = row

    def by_id(
        self, kind: int, low: str, high: str | None, *, descending: bool = False, limit: int | None = None
    ) -> Iterator[Row]:
        """Living documents with low <= id <= high, in the order of the ids' bytes."""
        self._see()
        order, bounds, size = "desc" if descending else "asc", _bounds(low, high), _first(limit)
        while True:
            signs, values = zip(*bounds, strict=True)
            page = self.asking.rows(questions.by_id(signs, order), kind, size, *values)
            yield from map(_row, page)
            if len(page) < size:
                return
            size, last = PAGE, page[-1][1]
            bounds = [*_bounds(low, None), ("<", last)] if descending else [(">", last), *_bounds("", high)[1:]]

    def count_ids(self, kind: int, low: str, high: str | None, most: int | None = None) -> int:
        """How many living documents have low <= id < high; counting ends at `most`."""
        self._see()
        bounds = _bounds(low, high, below=True)
        signs, values = zip(*bounds, strict=True)
        count: int = self.asking.rows(questions.count_ids(signs), kind, most, *values)[0][1]
        return count

    def by_seq(
        self, kind: int, since: int, *, descending: bool = False, limit: int | None = None, brief: bool = False
    ) -> Iterator[Row]:
        """Documents whose last write came after `since`, deleted ones too."""
        self._see()
        size, low, high = _first(limit), since, (1 << 63) - 1
        while True:
            page = self.asking.rows(questions.FEED[brief, descending], kind, low, high, size)
            yield from map(_row, page)
            if len(page) < size:
                return
            size, last = PAGE, page[-1][3]
            low, high = (low, last) if descending else (last, high)

    def count_since(self, kind: int, since: int, most: int) -> int:
        """How many documents `by_seq` gives; counting ends at `most`."""
        self._see()
        count: int = self.asking.rows(questions.SINCE, kind, since, most)[0][1]
        return count

    # -- indexes

    def listings(self, kind: int) -> list[Listing]:
        """The indexes of a doctype."""
        for layer in (self._unit.listings, self.pending.listings, self.outline.listings):
            if kind in layer:
                return layer[kind]
        return []

    def add_listing(self, kind: int, ddoc: str, name: str, definition: bytes) -> Listing:
        """A new, empty index."""
        self.flush()
        made = listing(self._next(), ddoc, name, definition)
        sql = "insert into listing (inst, n, type, ddoc, name, definition) values ($1, $2, $3, $4, $5, $6)"
        self.asking.tell(sql, self.outline.inst, made.number, kind, ddoc, name, definition.decode())
        self._unit.listings[kind] = [*self.listings(kind), made]
        return made

    def drop_listing(self, number: int) -> None:
        """Removes an index with its keys."""
        self.flush()
        self.asking.tell("delete from key where inst = $1 and listing = $2", self.outline.inst, number)
        self.asking.tell("delete from listing where inst = $1 and n = $2", self.outline.inst, number)
        for kind, known in (self.outline.listings | self.pending.listings | self._unit.listings).items():
            if any(one.number == number for one in known):
                self._unit.listings[kind] = [one for one in known if one.number != number]

    def add_key(self, listing: int, key: bytes, document: int) -> None:
        """Puts a document into an index."""
        self._unit.add_key(listing, key, document)

    def drop_key(self, listing: int, key: bytes) -> None:
        """Takes a document out of an index."""
        self._unit.drop_key(listing, key)

    def _see_keys(self, listing: int, low: bytes, high: bytes) -> None:
        """What was written to a stretch of an index must be seen. What was not, is as it was."""
        if self.pending.touches(listing, low, high) or self._unit.touches(listing, low, high):
            self.flush()

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
        self._see_keys(listing, low, high)
        size, left, kind = _first(limit), limit, self._kind(doctype)
        written = self._written(0 if kind is None else kind.number)
        while left is None or left > 0:
            size = size if left is None else min(size, left)
            page = self.asking.rows(questions.ALONG[descending], listing, *_cut(low), *_cut(high), size, skip)
            for _, head, tail, doc_id, rev, body, seq in page:
                row = written.get(doc_id)
                document = row.document(doctype) if row else Document(doctype, doc_id, rev, body.encode(), seq)
                yield head + tail, document
            if len(page) < size:
                return
            last = page[-1][1] + page[-1][2]
            low, high = (low, last) if descending else (last + b"\0", high)
            left = None if left is None else left - size
            size, skip = PAGE, 0

    def _written(self, kind: int) -> dict[str, Row]:
        """The documents of a doctype that are to be sent; their keys may be the ones that they had."""
        layers = (self.pending, self._unit)
        return {place[1]: row for layer in layers for place, row in layer.rows.items() if place[0] == kind}

    def count_keys(self, listing: int, low: bytes, high: bytes, most: int | None = None) -> int:
        """How many documents `by_key` gives; counting ends at `most`."""
        self._see_keys(listing, low, high)
        count: int = self.asking.rows(questions.KEYS, listing, *_cut(low), *_cut(high), most)[0][1]
        return count

    # -- checkpoints and cursors

    def local(self, kind: int, name: str) -> tuple[int, bytes] | None:
        """A checkpoint: its revision and its body."""
        self._see()
        found = self.asking.rows(questions.LOCAL, kind, name)
        return (found[0][1], found[0][2].encode()) if found else None

    def save_local(self, kind: int, name: str, rev: int, body: bytes) -> None:
        """Stores a checkpoint; an empty body removes it."""
        self._unit.locals[kind, name] = (rev, body)

    def locals(self, kind: int) -> Iterator[tuple[str, int, bytes]]:
        """All checkpoints of a doctype: name, revision, body."""
        self._see()
        for _, name, rev, body in self.asking.rows(questions.LOCALS, kind):
            yield name, rev, body.encode()

    def cursors(self) -> dict[str, int]:
        """How far every follower has come."""
        self._see()
        return {follower: seq for _, follower, seq in self.asking.rows(questions.CURSORS)}

    def cursor(self, follower: str) -> int:
        """How far a follower has come."""
        self._see()
        found = self.asking.rows(questions.CURSOR, follower)
        return found[0][1] if found else 0

    def save_cursor(self, follower: str, seq: int) -> None:
        """Stores how far a follower has come."""
        self._unit.cursors[follower] = seq


def _copy(kind: Kind) -> Kind:
    return Kind(kind.number, kind.name, kind.open, kind.living, kind.dead, kind.seq)


def _first(limit: int | None) -> int:
    return FIRST_PAGE if limit is None else max(1, min(limit, PAGE))


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
    _, doc_id, rev, seq, deleted, body, history, branches, number = found
    return Row(doc_id, rev, seq, deleted, body.encode() if body else b"", history, branches, number)
