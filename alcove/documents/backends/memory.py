"""Documents in memory: for tests and for trying things out. Everything is gone when the process ends."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from alcove.base.sqlite import SERVER, StoreMissing
from alcove.documents.rows import Kind, Row, listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alcove.documents.model import Change, Document
    from alcove.documents.planner import Listing
    from alcove.documents.rows import Rows

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class Index:
    """One index: its listing, and its keys in order with the documents they stand for."""

    listing: Listing
    kind: int
    keys: list[bytes] = field(default_factory=list)
    documents: dict[bytes, int] = field(default_factory=dict)


class MemoryRows:
    """`Rows` of one tenant in dicts. Every change notes how it is undone, until `settled`."""

    def __init__(self) -> None:
        self._kinds = dict[str, Kind]()
        self._ids = dict[int, dict[str, Row]]()
        self._numbers = dict[int, Row]()
        self._indexes = dict[int, Index]()
        self._locals = dict[tuple[int, str], tuple[int, bytes]]()
        self._cursors = dict[str, int]()
        self._count = 0
        self._undo = list[Callable[[], object]]()

    def settled(self) -> None:
        """What was written stays."""
        self._undo.clear()

    def roll_back(self) -> None:
        """What was written since `settled` is undone."""
        while self._undo:
            self._undo.pop()()

    def _set(self, table: dict[K, V], key: K, value: V) -> None:
        if key in table:
            before = table[key]
            self._undo.append(lambda: table.__setitem__(key, before))
        else:
            self._undo.append(lambda: table.pop(key))
        table[key] = value

    def _drop(self, table: dict[K, V], key: K) -> None:
        if key in table:
            before = table.pop(key)
            self._undo.append(lambda: table.__setitem__(key, before))

    def _next(self) -> int:
        self._count += 1
        return self._count

    def kind(self, name: str) -> Kind | None:
        """A doctype by name."""
        found = self._kinds.get(name)
        return copy(found) if found else None

    def kinds(self) -> list[Kind]:
        """All doctypes, by name."""
        return [copy(self._kinds[name]) for name in sorted(self._kinds)]

    def add_kind(self, name: str) -> Kind:
        """A new doctype, not open."""
        kind = Kind(self._next(), name)
        self._set(self._kinds, name, copy(kind))
        self._set(self._ids, kind.number, {})
        return kind

    def save_kind(self, kind: Kind) -> None:
        """Stores its `open`, its counts and its `seq`."""
        self._set(self._kinds, kind.name, copy(kind))

    def empty_kind(self, number: int) -> None:
        """Removes its documents, keys, checkpoints, and the indexes that clients made."""
        for row in list(self._ids[number].values()):
            self._drop(self._ids[number], row.id)
            self._drop(self._numbers, row.number)
        for index in [one for one in self._indexes.values() if one.kind == number]:
            self.drop_listing(index.listing.number)
            if not index.listing.ddoc:
                self._set(self._indexes, index.listing.number, Index(index.listing, number))
        for key in [one for one in self._locals if one[0] == number]:
            self._drop(self._locals, key)

    def seq(self) -> int:
        """The number of the last write to any doctype."""
        return max((kind.seq for kind in self._kinds.values()), default=0)

    def winner(self, doctype: str, doc_id: str) -> Document | None:
        """The winning revision, deleted or not."""
        kind = self._kinds.get(doctype)
        row = self._ids[kind.number].get(doc_id) if kind else None
        return row.document(doctype) if row else None

    def row(self, kind: int, doc_id: str) -> Row | None:
        """A document with all that is known of its revisions."""
        found = self._ids[kind].get(doc_id)
        return copy(found) if found else None

    def expect(self, kind: int, ids: Iterable[str]) -> None:
        """Nothing is nearer than it is already."""

    def insert(self, kind: int, row: Row) -> None:
        """Adds a document and gives the row its number."""
        row.number = self._next()
        self._store(self._ids[kind], copy(row))

    def update(self, row: Row) -> None:
        """Replaces the document of that number."""
        table = next(table for table in self._ids.values() if (held := table.get(row.id)) and held.number == row.number)
        self._store(table, copy(row))

    def _store(self, table: dict[str, Row], row: Row) -> None:
        self._set(table, row.id, row)
        self._set(self._numbers, row.number, row)

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
        rows = [
            row
            for row in self._ids[kind].values()
            if not row.deleted and low <= row.id and (high is None or row.id <= high)
        ]
        return iter(sorted(rows, key=lambda row: row.id.encode(), reverse=descending))

    def count_ids(self, kind: int, low: str, high: str | None, most: int | None = None) -> int:
        """How many living documents have low <= id < high; counting ends at `most`."""
        rows = self._ids[kind].values()
        count = sum(not row.deleted and low <= row.id and (high is None or row.id < high) for row in rows)
        return count if most is None else min(count, most)

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
        rows = [row for row in self._ids[kind].values() if row.seq > since]
        return iter(sorted(rows, key=lambda row: row.seq, reverse=descending))

    def count_since(self, kind: int, since: int, most: int) -> int:
        """How many documents `by_seq` gives; counting ends at `most`."""
        return min(most, sum(row.seq > since for row in self._ids[kind].values()))

    def listings(self, kind: int) -> list[Listing]:
        """The indexes of a doctype."""
        return [index.listing for index in self._indexes.values() if index.kind == kind]

    def add_listing(self, kind: int, ddoc: str, name: str, definition: bytes) -> Listing:
        """A new, empty index."""
        made = listing(self._next(), ddoc, name, definition)
        self._set(self._indexes, made.number, Index(made, kind))
        return made

    def drop_listing(self, number: int) -> None:
        """Removes an index with its keys."""
        self._drop(self._indexes, number)

    def add_key(self, listing: int, key: bytes, document: int) -> None:
        """Puts a document into an index."""
        index = self._indexes[listing]
        insort(index.keys, key)
        index.documents[key] = document
        self._undo.append(lambda: self._forget(index, key))

    def drop_key(self, listing: int, key: bytes) -> None:
        """Takes a document out of an index."""
        index = self._indexes[listing]
        document = index.documents[key]
        self._forget(index, key)

        def restore() -> None:
            insort(index.keys, key)
            index.documents[key] = document

        self._undo.append(restore)

    @staticmethod
    def _forget(index: Index, key: bytes) -> None:
        del index.keys[bisect_left(index.keys, key)]
        del index.documents[key]

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
        index = self._indexes[listing]
        keys = index.keys[bisect_left(index.keys, low) : bisect_left(index.keys, high)]
        ordered = keys[::-1] if descending else keys
        for key in ordered[skip:] if limit is None else ordered[skip : skip + limit]:
            yield key, self._numbers[index.documents[key]].document(doctype)

    def count_keys(self, listing: int, low: bytes, high: bytes, most: int | None = None) -> int:
        """How many documents `by_key` gives; counting ends at `most`."""
        keys = self._indexes[listing].keys
        count = max(0, bisect_left(keys, high) - bisect_left(keys, low))
        return count if most is None else min(count, most)

    def local(self, kind: int, name: str) -> tuple[int, bytes] | None:
        """A checkpoint: its revision and its body."""
        return self._locals.get((kind, name))

    def save_local(self, kind: int, name: str, rev: int, body: bytes) -> None:
        """Stores a checkpoint; an empty body removes it."""
        if body:
            self._set(self._locals, (kind, name), (rev, body))
        else:
            self._drop(self._locals, (kind, name))

    def locals(self, kind: int) -> Iterator[tuple[str, int, bytes]]:
        """All checkpoints of a doctype: name, revision, body."""
        for (number, name), (rev, body) in self._locals.items():
            if number == kind:
                yield name, rev, body

    def cursors(self) -> dict[str, int]:
        """How far every follower has come."""
        return dict(self._cursors)

    def cursor(self, follower: str) -> int:
        """How far a follower has come."""
        return self._cursors.get(follower, 0)

    def save_cursor(self, follower: str, seq: int) -> None:
        """Stores how far a follower has come."""
        self._set(self._cursors, follower, seq)

    def tell(self, changes: Sequence[Change]) -> None:
        """No other process works on it."""


class MemoryBackend:
    """`Backend` in memory: every unit runs at once, on the event loop."""

    def __init__(self) -> None:
        self._tenants = {SERVER: MemoryRows()}
        self._fill: Callable[[Rows], None] = lambda _rows: None

    def on_new(self, fill: Callable[[Rows], None]) -> None:
        """Says what every new store holds from the start."""
        self._fill = fill

    async def read(self, tenant: str, fn: Callable[[Rows], T]) -> T:
        """Runs a read."""
        return fn(self._rows(tenant))

    async def scan(self, tenant: str, fn: Callable[[Rows], T]) -> T:
        """Runs a longer read."""
        return fn(self._rows(tenant))

    async def write(self, tenant: str, fn: Callable[[Rows], T], then: Callable[[T], None]) -> T:
        """Runs a unit; undoes all of it when it raises."""
        rows = self._rows(tenant)
        try:
            result = fn(rows)
        except BaseException:
            rows.roll_back()
            raise
        rows.settled()
        then(result)
        return result

    async def create(self, tenant: str) -> None:
        """Makes an empty store."""
        if tenant not in self._tenants:
            self._tenants[tenant] = MemoryRows()
            self._fill(self._tenants[tenant])
            self._tenants[tenant].settled()

    async def destroy(self, tenant: str) -> None:
        """Removes a store."""
        self._tenants.pop(tenant, None)

    async def tenants(self) -> list[str]:
        """All tenants that have a store, the server itself left out."""
        return sorted(set(self._tenants) - {SERVER})

    async def close(self) -> None:
        """Nothing to close."""

    def _rows(self, tenant: str) -> MemoryRows:
        rows = self._tenants.get(tenant)
        if rows is None:
            raise StoreMissing(tenant)
        return rows
