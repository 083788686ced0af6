"""What a unit has written and not sent yet: a database over a socket is asked few times, not often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.documents.backends.postgres.tables import HEAD
from alcove.documents.rows import Kind, Row

if TYPE_CHECKING:
    from collections.abc import Iterator


_KINDS = """
insert into doctype (inst, n, name, open, living, dead, seq)
select $1::bigint, * from unnest($2::bigint[], $3::text[], $4::boolean[], $5::bigint[], $6::bigint[], $7::bigint[])
on conflict (inst, n) do update
set open = excluded.open, living = excluded.living, dead = excluded.dead, seq = excluded.seq
"""
_ROWS = """
insert into doc (inst, type, id, n, rev, seq, deleted, body, history, branches)
select $1::bigint, * from unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::boolean[],
                                 $8::text[], $9::text[], $10::text[])
on conflict (inst, type, id) do update
set rev = excluded.rev, seq = excluded.seq, deleted = excluded.deleted, body = excluded.body,
    history = excluded.history, branches = excluded.branches
"""
_DROPPED = """
delete from key using unnest($2::bigint[], $3::bytea[], $4::bytea[]) as gone (listing, head, tail)
where key.inst = $1 and key.listing = gone.listing and key.head = gone.head and key.tail = gone.tail
"""
_ADDED = """
insert into key (inst, listing, head, tail, doc)
select $1::bigint, * from unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::bigint[])
on conflict (inst, listing, head, doc) do update set tail = excluded.tail
"""

Statement = tuple[str, list[list[Any]]]


class Pending:
    """Doctypes, documents and keys to be sent. What is read back is looked for here first."""

    __slots__ = ("_added", "_dropped", "_places", "_unsent", "kinds", "names", "rows")

    def __init__(self) -> None:
        self.kinds = dict[str, Kind]()
        self.names = dict[str, int]()
        self.rows = dict[tuple[int, str], Row]()
        self._places = dict[int, tuple[int, str]]()
        self._unsent = set[tuple[int, str]]()
        self._added = dict[tuple[int, bytes], int]()
        self._dropped = set[tuple[int, bytes]]()

    def known(self, kind: int, row: Row) -> None:
        """Remembers of which doctype a row is that was read."""
        self._places[row.number] = (kind, row.id)

    def insert(self, kind: int, row: Row) -> None:
        """A new document."""
        self.known(kind, row)
        self._keep(row)

    def update(self, row: Row) -> None:
        """A new state of a document that was read, or inserted, in this unit."""
        self._keep(row)

    def _keep(self, row: Row) -> None:
        place = self._places[row.number]
        self.rows[place] = row
        self._unsent.add(place)

    def row_of(self, doctype: str, doc_id: str) -> Row | None:
        """A document that was written in this unit and not sent yet."""
        kind = self.names.get(doctype)
        return None if kind is None else self.rows.get((kind, doc_id))

    def add_key(self, listing: int, key: bytes, document: int) -> None:
        """Puts a document into an index."""
        self._added[listing, key] = document

    def drop_key(self, listing: int, key: bytes) -> None:
        """Takes a document out of an index."""
        self._added.pop((listing, key), None)
        self._dropped.add((listing, key))

    def statements(self) -> Iterator[Statement]:
        """What has to be sent now; nothing is kept afterwards."""
        if self.kinds:
            kinds = [(k.number, k.name, k.open, k.living, k.dead, k.seq) for k in self.kinds.values()]
            yield _KINDS, _columns(kinds)
        if self._unsent:
            yield _ROWS, _columns([_values(place[0], self.rows[place]) for place in sorted(self._unsent)])
        if self._dropped:
            yield _DROPPED, _columns([(listing, key[:HEAD], key[HEAD:]) for listing, key in sorted(self._dropped)])
        if self._added:
            added = [(listing, key[:HEAD], key[HEAD:], doc) for (listing, key), doc in sorted(self._added.items())]
            yield _ADDED, _columns(added)
        for kept in (self.kinds, self.rows, self._unsent, self._dropped, self._added):
            kept.clear()


def _values(kind: int, row: Row) -> tuple[Any, ...]:
    body = row.body.decode()
    return kind, row.id, row.number, row.rev, row.seq, row.deleted, body, row.history, row.branches


def _columns(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
