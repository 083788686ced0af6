"""What units have written and not sent yet: a database over a socket is asked few times, not often.

Each unit writes into a layer of its own over what the units before it in the same commit wrote: one that fails takes
its layer with it. All of it is sent in one statement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.documents.backends.postgres.tables import HEAD
from alcove.documents.planner import Listing
from alcove.documents.rows import Kind, Row

if TYPE_CHECKING:
    from collections.abc import Iterator


Place = tuple[int, str]
"""A doctype's number and an id, or the name of a checkpoint."""
Part = tuple[str, list[Any]]
"""The name of a part of the statement in `statements.py`, and its values: mostly columns."""


class Pending:
    """Doctypes, documents, keys, checkpoints and cursors to be sent. What is read back is looked for here first."""

    __slots__ = (
        "added",
        "cursors",
        "dropped",
        "fresh",
        "kinds",
        "listings",
        "locals",
        "places",
        "rows",
        "seen",
        "unsent",
    )

    def __init__(self) -> None:
        self.kinds = dict[str, Kind]()
        self.unsent = set[str]()
        """Those of `kinds` that are to be sent."""
        self.listings = dict[int, list[Listing]]()
        self.rows = dict[Place, Row]()
        self.fresh = set[Place]()
        """Those of `rows` that the database does not have."""
        self.seen = dict[Place, "Row | None"]()
        """What was read, for who asks again."""
        self.places = dict[int, Place]()
        self.added = dict[tuple[int, bytes], int]()
        self.dropped = set[tuple[int, bytes]]()
        self.locals = dict[Place, tuple[int, bytes]]()
        self.cursors = dict[str, int]()

    def __bool__(self) -> bool:
        """Whether anything is to be sent."""
        return bool(self.unsent or self.rows or self.added or self.dropped or self.locals or self.cursors)

    def save_kind(self, kind: Kind) -> None:
        """A doctype as it is now."""
        self.kinds[kind.name] = kind
        self.unsent.add(kind.name)

    def overlook(self, kind: int) -> None:
        """Documents of this doctype are not there any more."""
        for place in [place for place in self.seen if place[0] == kind]:
            del self.seen[place]

    def insert(self, place: Place, row: Row) -> None:
        """A new document."""
        self.places[row.number] = place
        self.rows[place] = row
        self.fresh.add(place)

    def add_key(self, listing: int, key: bytes, document: int) -> None:
        """Puts a document into an index."""
        self.dropped.discard((listing, key))
        self.added[listing, key] = document

    def drop_key(self, listing: int, key: bytes) -> None:
        """Takes a document out of an index."""
        self.added.pop((listing, key), None)
        self.dropped.add((listing, key))

    def touches(self, listing: int, low: bytes, high: bytes) -> bool:
        """Whether keys of this stretch of an index are to be sent."""
        for keys in (self.added, self.dropped):
            if any(number == listing and low <= key < high for number, key in keys):
                return True
        return False

    @property
    def entangled(self) -> bool:
        """Whether keys are dropped and added whose heads are the same: they are told apart in two statements only."""
        if not self.dropped or not self.added:
            return False
        heads = {(listing, key[:HEAD]) for listing, key in self.dropped if len(key) >= HEAD}
        return any((listing, key[:HEAD]) in heads for listing, key in self.added)

    def take(self, over: Pending) -> None:
        """Takes what a unit wrote, when it came to a good end."""
        self.kinds |= over.kinds
        self.unsent |= over.unsent
        self.listings |= over.listings
        self.rows |= over.rows
        self.fresh |= over.fresh
        self.seen |= over.seen
        self.places |= over.places
        for listing, key in over.dropped:
            self.drop_key(listing, key)
        for (listing, key), document in over.added.items():
            self.add_key(listing, key, document)
        self.locals |= over.locals
        self.cursors |= over.cursors

    def sent(self) -> None:
        """It was sent: what is known is kept."""
        self.seen |= self.rows
        for kept in (self.unsent, self.rows, self.fresh, self.added, self.dropped, self.locals, self.cursors):
            kept.clear()

    def parts(self) -> Iterator[Part]:
        """What has to be sent, in the order in which it could be sent part by part."""
        if self.unsent:
            kinds = [self.kinds[name] for name in sorted(self.unsent)]
            yield "kinds", _columns([(k.number, k.name, k.open, k.living, k.dead, k.seq) for k in kinds])
        fresh = [_values(place[0], self.rows[place]) for place in sorted(self.fresh)]
        if fresh:
            yield "inserted", _columns(fresh)
        if len(self.rows) > len(fresh):
            changed = sorted(self.rows.keys() - self.fresh)
            yield "updated", _columns([_values(place[0], self.rows[place]) for place in changed])
        if self.dropped:
            yield "dropped", _columns([(listing, key[:HEAD], key[HEAD:]) for listing, key in sorted(self.dropped)])
        if self.added:
            added = [(listing, key[:HEAD], key[HEAD:], doc) for (listing, key), doc in sorted(self.added.items())]
            yield "added", _columns(added)
        kept = [(*place, rev, body.decode()) for place, (rev, body) in self.locals.items() if body]
        if kept:
            yield "kept", _columns(kept)
        if len(self.locals) > len(kept):
            yield "removed", _columns([place for place, (_, body) in self.locals.items() if not body])
        if self.cursors:
            yield "reached", _columns(list(self.cursors.items()))


def _values(kind: int, row: Row) -> tuple[Any, ...]:
    return kind, row.number, row.id, row.rev, row.seq, row.deleted, row.body.decode(), row.history, row.branches


def _columns(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
