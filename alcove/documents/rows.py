"""What a database must be able to do for the documents: plain rows, read and written inside one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import orjson

from alcove.documents import mango
from alcove.documents.model import Document
from alcove.documents.planner import Listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alcove.documents.model import Change


@dataclass(slots=True)
class Row:
    """A document as it lies in the table: its winning revision, and what is known of the others.

    `history` holds the hashes of the ancestors, the parent first, parted by commas; `branches` the losing leaves, as
    JSON.
    """

    id: str
    rev: str
    seq: int
    deleted: bool
    body: bytes
    history: str = ""
    branches: str = ""
    number: int = 0

    def document(self, doctype: str) -> Document:
        """The winning revision as rooms see it."""
        return Document(doctype, self.id, self.rev, self.body, self.seq, self.deleted)


@dataclass(slots=True)
class Kind:
    """A doctype of a tenant. It is `open` once something was written; before, it only has indexes.

    `seq` numbers its last write; it stays when the doctype is dropped, so that no number is given twice.
    """

    number: int
    name: str
    open: bool = False
    living: int = 0
    dead: int = 0
    seq: int = 0


class Rows(Protocol):
    """The tables of one tenant. Reading verbs may be called outside of a writing transaction too."""

    def kind(self, name: str) -> Kind | None:
        """A doctype by name."""
        ...

    def kinds(self) -> list[Kind]:
        """All doctypes, by name."""
        ...

    def add_kind(self, name: str) -> Kind:
        """A new doctype, not open."""
        ...

    def save_kind(self, kind: Kind) -> None:
        """Stores its `open`, its counts and its `seq`."""
        ...

    def empty_kind(self, number: int) -> None:
        """Removes its documents, keys, checkpoints, and the indexes that clients made."""
        ...

    def seq(self) -> int:
        """The number of the last write to any doctype."""
        ...

    def winner(self, doctype: str, doc_id: str) -> Document | None:
        """The winning revision, deleted or not: the shortest way to it."""
        ...

    def row(self, kind: int, doc_id: str) -> Row | None:
        """A document with all that is known of its revisions."""
        ...

    def expect(self, kind: int, ids: Iterable[str]) -> None:
        """Says which documents `row` will be asked for, for who can read them at once."""
        ...

    def insert(self, kind: int, row: Row) -> None:
        """Adds a document and gives the row its number."""
        ...

    def update(self, row: Row) -> None:
        """Replaces the document of that number."""
        ...

    def by_id(
        self, kind: int, low: str, high: str | None, *, descending: bool = False, limit: int | None = None
    ) -> Iterator[Row]:
        """Living documents with low <= id <= high (None: no end), in the order of the ids' bytes. Without history.

        With a `limit` no more are wanted, and there may be more.
        """
        ...

    def count_ids(self, kind: int, low: str, high: str | None, most: int | None = None) -> int:
        """How many living documents have low <= id < high; counting ends at `most`."""
        ...

    def by_seq(
        self, kind: int, since: int, *, descending: bool = False, limit: int | None = None, brief: bool = False
    ) -> Iterator[Row]:
        """Documents whose last write came after `since`, deleted ones too, in the order of the writes.

        With a `limit` no more are wanted, and there may be more; `brief` leaves their bodies out.
        """
        ...

    def count_since(self, kind: int, since: int, most: int) -> int:
        """How many documents `by_seq` gives; counting ends at `most`."""
        ...

    def listings(self, kind: int) -> list[Listing]:
        """The indexes of a doctype."""
        ...

    def add_listing(self, kind: int, ddoc: str, name: str, definition: bytes) -> Listing:
        """A new, empty index."""
        ...

    def drop_listing(self, number: int) -> None:
        """Removes an index with its keys."""
        ...

    def add_key(self, listing: int, key: bytes, document: int) -> None:
        """Puts a document into an index."""
        ...

    def drop_key(self, listing: int, key: bytes) -> None:
        """Takes a document out of an index."""
        ...

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
        """Documents with low <= key < high, in the order of the keys; `doctype` is what they are called.

        Those that are skipped are counted in the index: none of them is read.
        """
        ...

    def count_keys(self, listing: int, low: bytes, high: bytes, most: int | None = None) -> int:
        """How many documents `by_key` gives; counting ends at `most`."""
        ...

    def local(self, kind: int, name: str) -> tuple[int, bytes] | None:
        """A checkpoint: its revision and its body."""
        ...

    def save_local(self, kind: int, name: str, rev: int, body: bytes) -> None:
        """Stores a checkpoint; an empty body removes it."""
        ...

    def locals(self, kind: int) -> Iterator[tuple[str, int, bytes]]:
        """All checkpoints of a doctype: name, revision, body."""
        ...

    def cursors(self) -> dict[str, int]:
        """How far every follower has come."""
        ...

    def cursor(self, follower: str) -> int:
        """How far a follower has come."""
        ...

    def save_cursor(self, follower: str, seq: int) -> None:
        """Stores how far a follower has come."""
        ...

    def tell(self, changes: Sequence[Change]) -> None:
        """Says what the unit has written, for other processes that work on the same store; called at its end."""
        ...


def define(
    fields: tuple[str, ...], partial_filter: object, *, offered: bool = False, sure: tuple[str, ...] = ()
) -> bytes:
    """The definition of an index, as it is stored."""
    more = {"offered": offered, "sure": sure} if offered or sure else {}
    return orjson.dumps({"fields": fields, "filter": partial_filter, **more}, option=orjson.OPT_SORT_KEYS)


@lru_cache(maxsize=2048)
def listing(number: int, ddoc: str, name: str, definition: bytes) -> Listing:
    """An index from its stored definition."""
    stored = orjson.loads(definition)
    node = mango.parse(stored["filter"]) if stored["filter"] else None
    belongs = mango.matcher(node, lasting=True) if node is not None else None
    fields = tuple(stored["fields"])
    paths = tuple(mango.split(field) for field in fields)
    offered, sure = bool(ddoc) or stored.get("offered", False), frozenset(stored.get("sure", ()))
    return Listing(number, ddoc, name, fields, node, paths, belongs, offered, sure)
