"""A person's bills, operations and links in memory, as they were when they were last looked at."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from alcove.money.categories.model import NEVER, Sorting, sorting_from
from alcove.money.linking import Decisions
from alcove.money.links import Link, found_there, link_from
from alcove.money.model import (
    BILLS,
    LINKED,
    LINKS,
    OPERATIONS,
    OTHER,
    PAYMENT,
    RECURRENCES,
    REFUSED,
    TO_CONFIRM,
    Bill,
    Operation,
    bill_from,
    operation_from,
    recurrence_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alcove.documents import Change, Document


class Picture:
    """What linking and sorting need of a place: a few hundred bytes for each operation."""

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}
        self.sortings: dict[str, Sorting] = {}
        self.bills: dict[str, Bill] = {}
        self.links: dict[str, Link] = {}
        self.by_bill: dict[str, set[str]] = {}
        self.by_operation: dict[str, set[str]] = {}
        self.recurrences: dict[str, Mapping[str, Any]] = {}
        """What comes back, as stored, by id."""
        self.series: dict[str, str] = {}
        """Which of these an operation is one time of, by its id."""

    # -- taking in ------------------------------------------------------------------------------------------------

    def read(self, doctype: str, documents: Iterable[Document]) -> None:
        """Takes documents in as they stand; quick to run in a thread for a whole page."""
        for document in documents:
            self.take(doctype, document.id, None if document.deleted else document.fields())

    def take(self, doctype: str, ident: str, fields: Mapping[str, Any] | None) -> Operation | Bill | Link | None:
        """Takes one document in (None: it is gone); answers what was there before."""
        if doctype == OPERATIONS:
            before = self.operations.pop(ident, None)
            operation = operation_from(ident, fields) if fields is not None else None
            self.sortings.pop(ident, None)
            self.series.pop(ident, None)
            if operation is not None and fields is not None:
                self.operations[ident] = operation
                self.sortings[ident] = sorting_from(fields)
                of = recurrence_of(fields)
                if of:
                    self.series[ident] = sys.intern(of)
            return before
        if doctype == BILLS:
            old = self.bills.pop(ident, None)
            bill = bill_from(ident, fields) if fields is not None else None
            if bill is not None:
                self.bills[ident] = bill
            return old
        if doctype == LINKS:
            return self.take_link(ident, link_from(fields) if fields is not None else None)
        if doctype == RECURRENCES:
            self.recurrences.pop(ident, None)
            if fields is not None:
                self.recurrences[ident] = fields
        return None

    def take_link(self, ident: str, link: Link | None) -> Link | None:
        """Takes a link in, or forgets it; answers what was there before."""
        before = self.links.pop(ident, None)
        if before is not None:
            self.by_bill[before.bill].discard(ident)
            self.by_operation[before.operation].discard(ident)
        if link is not None:
            self.links[ident] = link
            self.by_bill.setdefault(link.bill, set()).add(ident)
            self.by_operation.setdefault(link.operation, set()).add(ident)
        return before

    def find(self, doctype: str, ident: str) -> Operation | Bill | Link | None:
        """What is there of this type and id."""
        if doctype == OPERATIONS:
            return self.operations.get(ident)
        return self.bills.get(ident) if doctype == BILLS else self.links.get(ident) if doctype == LINKS else None

    # -- asking ---------------------------------------------------------------------------------------------------

    def links_of(self, bill: str) -> list[Link]:
        """The links of a bill."""
        return [self.links[ident] for ident in sorted(self.by_bill.get(bill, ()))]

    def links_at(self, operation: str) -> list[Link]:
        """The links of an operation."""
        return [self.links[ident] for ident in sorted(self.by_operation.get(operation, ()))]

    def decisions(self) -> Decisions:
        """What the person said: payments linked, pairs refused."""
        said = [link for link in self.links.values() if link.decided]
        return Decisions(
            linked=frozenset((x.bill, x.operation) for x in said if x.status == LINKED and x.role == PAYMENT),
            refused=frozenset((x.bill, x.operation) for x in said if x.status == REFUSED),
        )

    def foreign(self, operation: Operation) -> list[Link]:
        """The links that others wrote on an operation: to bills that are there, and that the person did not refuse."""
        if not operation.bills:
            return []
        own = {
            link.bill
            for link in self.links_at(operation.id)
            if link.role == PAYMENT and link.decided_by != OTHER and link.status in (LINKED, REFUSED)
        }
        return [found_there(self.bills[b], operation) for b in operation.bills if b in self.bills and b not in own]

    def plain(self, operation: Operation) -> Operation:
        """The operation as linking shall see it: what names it there by our own hand counts as not written."""
        if not operation.bills:
            return operation
        return replace(operation, bills=tuple(link.bill for link in self.foreign(operation)))

    def told(self, operation: str) -> set[str]:
        """The bills that this room names on an operation as paid by it."""
        own = (link for link in self.links_at(operation) if link.role == PAYMENT)
        return {link.bill for link in own if link.status == LINKED and link.decided_by != OTHER}

    def counts(self) -> dict[str, int]:
        """Bills linked, to be confirmed and neither; operations that have a category."""
        states: dict[str, str] = {}
        for link in self.links.values():
            if link.role != PAYMENT or link.status == REFUSED or link.bill not in self.bills:
                continue
            if link.status == LINKED or states.get(link.bill) != LINKED:
                states[link.bill] = link.status
        linked = sum(1 for status in states.values() if status == LINKED)
        return {
            "linked": linked,
            "to_confirm": sum(1 for status in states.values() if status == TO_CONFIRM),
            "unlinked": len(self.bills) - len(states),
            "categorised": sum(1 for sorting in self.sortings.values() if sorting.category != "0"),
        }


@dataclass(frozen=True, slots=True)
class News:
    """A document that is not as it was in the picture: what it was and what it is (None: not there)."""

    doctype: str
    ident: str
    before: Operation | Bill | Link | None
    after: Operation | Bill | Link | None
    resorted: bool = False
    """Whether the person or its provider gave an operation another category."""


def read_news(picture: Picture, changes: Sequence[Change]) -> list[News]:
    """Takes changes into the picture; answers those that matter. Echoes of our own writes do not."""
    news = []
    for change in changes:
        document = change.document
        was = picture.sortings.get(document.id, NEVER)
        before = picture.take(document.type, document.id, None if document.deleted else document.fields())
        after = picture.find(document.type, document.id)
        now = picture.sortings.get(document.id, NEVER)
        resorted = document.type == OPERATIONS and (was.manual, was.given) != (now.manual, now.given)
        if _bare(before) != _bare(after) or resorted:
            news.append(News(document.type, document.id, before, after, resorted))
    return news


def _bare(item: Operation | Bill | Link | None) -> Operation | Bill | Link | None:
    """Without the category, which no link depends on."""
    return replace(item, category="0") if isinstance(item, Operation) and item.category != "0" else item
