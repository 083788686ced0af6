"""The documents of one tenant inside one transaction: what writes do to revisions, indexes and the feed of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from alcove.documents import mango
from alcove.documents.designs import DESIGN, definitions
from alcove.documents.errors import DocumentMissing, NoDoctype, RevisionConflict
from alcove.documents.model import Change, Document, Index
from alcove.documents.planner import Listing
from alcove.documents.revisions import LIMIT, Leaf, merge, next_hash, parse
from alcove.documents.rows import Kind, Row, Rows, define

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

AFTER_DESIGNS = "_design0"
_LONG = 33 * (LIMIT - 2)
"""Characters of a history below which it surely has fewer than LIMIT revisions."""


class Store:
    """The verbs of a store, over `rows`. After writing, call `finish`; `changes` then says what was written."""

    __slots__ = ("_kinds", "_listings", "_seq", "changes", "rows", "tenant")

    def __init__(self, rows: Rows, tenant: str) -> None:
        self.rows = rows
        self.tenant = tenant
        self.changes = list[Change]()
        self._kinds = dict[str, Kind]()
        self._listings = dict[int, list[Listing]]()
        self._seq = -1

    # -- reading

    def get(self, doctype: str, doc_id: str) -> Document | None:
        """The winning revision, or None when missing or deleted."""
        found = self.rows.winner(doctype, doc_id)
        return None if found is None or found.deleted else found

    def demand(self, doctype: str, doc_id: str) -> Document:
        """The winning revision; raises `DocumentMissing` or `NoDoctype` in CouchDB's words."""
        found = self.rows.winner(doctype, doc_id)
        if found is None:
            self.open_kind(doctype)
            raise DocumentMissing
        if found.deleted:
            raise DocumentMissing("deleted")
        return found

    def kind(self, doctype: str) -> Kind | None:
        """A doctype, if it is known."""
        kind = self._kinds.get(doctype)
        if kind is None:
            kind = self.rows.kind(doctype)
            if kind is not None:
                self._kinds[doctype] = kind
        return kind

    def open_kind(self, doctype: str) -> Kind:
        """A doctype that something was written to; raises `NoDoctype`."""
        kind = self.kind(doctype)
        if kind is None or not kind.open:
            raise NoDoctype
        return kind

    def listings(self, kind: Kind) -> list[Listing]:
        """The indexes of a doctype."""
        known = self._listings.get(kind.number)
        if known is None:
            known = self._listings[kind.number] = self.rows.listings(kind.number)
        return known

    def leaves(self, kind: Kind, doc_id: str) -> list[Leaf]:
        """All leaves of a document, the winner first; empty when it never was."""
        row = self.rows.row(kind.number, doc_id)
        return [] if row is None else leaves_of(row)

    def living(self, kind: Kind) -> Iterator[Row]:
        """Every living document but design documents, in the order of ids."""
        for row in self.rows.by_id(kind.number, "", None):
            if not row.id.startswith(DESIGN):
                yield row

    # -- writing

    def ensure(self, doctype: str) -> Kind:
        """A doctype, made and opened when it was not there."""
        kind = self.kind(doctype)
        if kind is None:
            kind = self._kinds[doctype] = self.rows.add_kind(doctype)
        if not kind.open:
            kind.open = True
            self.rows.save_kind(kind)
        return kind

    def drop(self, doctype: str) -> None:
        """Removes a doctype with everything in it, its history too; raises `NoDoctype`."""
        kind = self.open_kind(doctype)
        self.rows.empty_kind(kind.number)
        kind.open, kind.living, kind.dead = False, 0, 0
        self.rows.save_kind(kind)
        self._listings.pop(kind.number, None)

    def put(self, doctype: str, doc_id: str, body: bytes, rev: str = "", *, deleted: bool = False) -> Document:
        """A new revision on top of `rev`; without one, of a document that is not there. Raises `RevisionConflict`."""
        kind = self.ensure(doctype)
        row = self.rows.row(kind.number, doc_id)
        if row is None:
            if rev:
                raise RevisionConflict
            made = Row(doc_id, "1-" + next_hash("", deleted, body), 0, deleted, body)
            return self._write(kind, None, made)
        # A tombstone is built upon without a revision: who names one speaks of a document that is gone.
        if rev != ("" if row.deleted else row.rev):
            return self._put_on_branch(kind, row, body, rev, deleted)
        generation, name = row.rev.split("-", 1)
        history = f"{name},{row.history}" if row.history else name
        if len(history) > _LONG:
            history = ",".join(history.split(",")[: LIMIT - 1])
        number = int(generation) + 1
        if row.branches:
            leaf = Leaf(number, next_hash(row.rev, deleted, body), tuple(history.split(",")), deleted, body)
            return self._write(kind, row, row_of(doc_id, merge(leaves_of(row), leaf)))
        made = Row(doc_id, f"{number}-{next_hash(row.rev, deleted, body)}", 0, deleted, body, history)
        return self._write(kind, row, made)

    def add(self, doctype: str, doc_id: str, body: bytes) -> Document:
        """A document under an id that was made just now (`ordered_id`): nobody looks whether there is one already.

        If there were, the database would refuse it, and with it the unit.
        """
        return self._write(self.ensure(doctype), None, Row(doc_id, "1-" + next_hash("", False, body), 0, False, body))

    def delete(self, doctype: str, doc_id: str, rev: str) -> Document:
        """Leaves a tombstone. Raises `DocumentMissing`, `RevisionConflict`."""
        self.demand(doctype, doc_id)
        if not rev:
            raise RevisionConflict
        return self.put(doctype, doc_id, b"{}", rev, deleted=True)

    def graft(self, doctype: str, doc_id: str, leaf: Leaf) -> Document | None:
        """Takes a revision over from another replica with its line of ancestors; None when it was known."""
        kind = self.ensure(doctype)
        row = self.rows.row(kind.number, doc_id)
        if row is None:
            return self._write(kind, None, row_of(doc_id, merge([], leaf)))
        before = leaves_of(row)
        after = merge(before, leaf)
        if [known.rev for known in after] == [known.rev for known in before]:
            return None
        return self._write(kind, row, row_of(doc_id, after))

    def adopt(self, doctype: str, row: Row) -> None:
        """Takes a document over as it lies in another store, with the number of its change. Nobody is told."""
        kind = self.ensure(doctype)
        kind.seq = max(kind.seq, row.seq)
        self.rows.insert(kind.number, row)
        self._count(kind, None, row)
        self.rows.save_kind(kind)

    def finish(self) -> list[Change]:
        """Stores the counters that the writes moved; answers the changes."""
        for doctype in {change.document.type for change in self.changes}:
            self.rows.save_kind(self._kinds[doctype])
        return self.changes

    def _put_on_branch(self, kind: Kind, row: Row, body: bytes, rev: str, deleted: bool) -> Document:
        parse(rev or row.rev)
        parent = next((leaf for leaf in leaves_of(row)[1:] if leaf.rev == rev and not leaf.deleted), None)
        if parent is None:
            raise RevisionConflict
        ancestors = (parent.hash, *parent.ancestors)
        leaf = Leaf(parent.generation + 1, next_hash(rev, deleted, body), ancestors, deleted, body)
        self._write(kind, row, row_of(row.id, merge(leaves_of(row), leaf)))
        return Document(kind.name, row.id, leaf.rev, body, self._seq, deleted)

    def _write(self, kind: Kind, old: Row | None, new: Row) -> Document:
        if self._seq < 0:
            self._seq = self.rows.seq()
        self._seq += 1
        new.seq = kind.seq = self._seq
        if old is None:
            self.rows.insert(kind.number, new)
        else:
            new.number = old.number
            self.rows.update(new)
        self._count(kind, old, new)
        document = new.document(kind.name)
        was = old is not None and not old.deleted
        self.changes.append(Change(self.tenant, new.seq, document, old.document(kind.name) if old and was else None))
        return document

    def _count(self, kind: Kind, old: Row | None, new: Row) -> None:
        """Moves the counts and the indexes from the old state of a document to the new one."""
        was, lives = old is not None and not old.deleted, not new.deleted
        kind.living += lives - was
        kind.dead += (not lives) - (old is not None and not was)
        if new.id.startswith(DESIGN):
            self._redefine(kind, new)
        else:
            listings = self.listings(kind)
            if listings:
                self._index(listings, old if was else None, new)

    # -- indexes

    def declare(self, indexes: Iterable[Index]) -> None:
        """Makes what rooms declare true: builds what is new or defined otherwise."""
        for index in indexes:
            kind = self.kind(index.type) or self.rows.add_kind(index.type)
            self._kinds[index.type] = kind
            wanted = define(index.fields, index.partial_filter, offered=index.offered, sure=index.sure)
            self._define(kind, "", {index.name: wanted}, keep=True)

    def undeclared(self, indexes: Iterable[Index]) -> list[Index]:
        """Those that this store has not, or has otherwise."""
        missing = list[Index]()
        for index in indexes:
            kind = self.kind(index.type)
            node = mango.parse(index.partial_filter) if index.partial_filter else None
            known = self.listings(kind) if kind else []
            wanted = (index.name, index.fields, node, index.offered, frozenset(index.sure))
            if not any(
                not one.ddoc and (one.name, one.fields, one.filter, one.offered, one.sure) == wanted for one in known
            ):
                missing.append(index)
        return missing

    def _redefine(self, kind: Kind, design: Row) -> None:
        wanted = {} if design.deleted else definitions(orjson.loads(design.body))
        self._define(kind, design.id.removeprefix(DESIGN), wanted)

    def _define(self, kind: Kind, ddoc: str, wanted: Mapping[str, bytes], *, keep: bool = False) -> None:
        for listing in self.listings(kind):
            if listing.ddoc == ddoc and (listing.name in wanted or not keep):
                self.rows.drop_listing(listing.number)
        made = [self.rows.add_listing(kind.number, ddoc, name, definition) for name, definition in wanted.items()]
        self._listings.pop(kind.number, None)
        for row in self.living(kind) if made else ():
            self._index(made, None, row)

    def _index(self, listings: list[Listing], old: Row | None, new: Row) -> None:
        before = fields_of(old) if old is not None else None
        after = None if new.deleted else fields_of(new)
        tail = new.id.encode()
        for listing in listings:
            was = listing.key(before) if before is not None else None
            now = listing.key(after) if after is not None else None
            if was == now:
                continue
            if was is not None:
                self.rows.drop_key(listing.number, was + tail)
            if now is not None:
                self.rows.add_key(listing.number, now + tail, new.number)


def fields_of(row: Row | Document) -> dict[str, Any]:
    """A document's fields with `_id` and `_rev`, as selectors see them."""
    fields: dict[str, Any] = orjson.loads(row.body)
    fields["_id"], fields["_rev"] = row.id, row.rev
    return fields


def leaves_of(row: Row) -> list[Leaf]:
    """The leaves of a document, the winner first."""
    generation, name = parse(row.rev)
    history = tuple(row.history.split(",")) if row.history else ()
    leaves = [Leaf(generation, name, history, row.deleted, row.body)]
    for number, name, ancestors, deleted, body in orjson.loads(row.branches) if row.branches else ():
        leaves.append(Leaf(number, name, tuple(ancestors), deleted, body.encode()))
    return leaves


def row_of(doc_id: str, leaves: list[Leaf]) -> Row:
    """The row for these leaves, the winner first."""
    best, others = leaves[0], leaves[1:]
    branches = [[leaf.generation, leaf.hash, leaf.ancestors, leaf.deleted, leaf.body.decode()] for leaf in others]
    stored = orjson.dumps(branches).decode() if branches else ""
    return Row(doc_id, best.rev, 0, best.deleted, best.body, ",".join(best.ancestors), stored)
