"""Why a bill and an operation belong together, or do not: the links with their reasons, and what came near."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from alcove.money.linking import Known, Reason, vendor_key
from alcove.money.linking.evidence import band, crowd, weigh, window
from alcove.money.model import BILLS, LINKED, LINKS, OPERATIONS, PAYMENT, REFUSED, TO_CONFIRM
from alcove.money.service.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alcove.money.linking import Profile
    from alcove.money.links import Link
    from alcove.money.model import Bill, Operation
    from alcove.money.store import Shelf

NEAREST = 5
"""Candidates that are told beside the links."""
WIDE = 60
"""Days around a bill in which somebody may wonder why an operation was not taken."""


LATE = 31
"""Days between a purchase and the day on which a card's statement takes it."""
MANY = 2000
"""Documents looked at on each side of a day, at the most: the nearest ones."""


async def surroundings(shelf: Shelf, tenant: str, doctype: str, ident: str) -> Picture:
    """A bill or an operation with its links and all that could be linked with it, as stored now.

    Read from the store, so that nobody waits for a pass over all that a person has.
    """
    picture = Picture()
    found = await shelf.get(tenant, doctype, ident)
    picture.read(doctype, [found] if found else [])
    item = picture.operations.get(ident) or picture.bills.get(ident)
    side, other = ("operation", BILLS) if doctype == OPERATIONS else ("bill", OPERATIONS)
    own = await shelf.links_of(tenant, side, ident)
    picture.read(LINKS, own)
    if item is not None:
        day = date.fromordinal(item.day)
        near = await shelf.around(tenant, other, day, WIDE + LATE, MANY)
        await asyncio.to_thread(picture.read, other, near)
        for status in (LINKED, TO_CONFIRM):
            picture.read(LINKS, await shelf.links_around(tenant, status, day, WIDE + LATE, MANY))
    for link in [picture.links[one.id] for one in own if one.id in picture.links]:
        far = link.bill if other == BILLS else link.operation
        if picture.find(other, far) is None and (stored := await shelf.get(tenant, other, far)):
            picture.read(other, [stored])
    return picture


@dataclass(frozen=True, slots=True)
class Near:
    """A pair that is no link: the evidence for and against, and what stood in the way."""

    bill: str
    operation: str
    value: float
    reasons: tuple[Reason, ...]
    against: Reason


def nearest(picture: Picture, profiles: Mapping[str, Profile], ident: str) -> list[Near]:
    """The pairs nearest to being a link of this bill or operation, the likeliest first."""
    if ident in picture.bills:
        bill = picture.bills[ident]
        operations = list(picture.operations.values())
        pairs = [(bill, operation) for operation in operations if _may(bill, operation)]
        crowds = {bill.id: _crowd(bill, operations)}
    elif ident in picture.operations:
        operation = picture.operations[ident]
        pairs = [(bill, operation) for bill in picture.bills.values() if _may(bill, operation)]
        crowds = {}
    else:
        return []
    linked = {(x.bill, x.operation) for x in (*picture.links_of(ident), *picture.links_at(ident))}
    found = [
        _near(picture, profiles, bill, operation, crowds.get(bill.id, 0.05))
        for bill, operation in pairs
        if (bill.id, operation.id) not in linked
    ]
    found.sort(key=lambda near: (-near.value, near.bill, near.operation))
    return found[:NEAREST]


def _may(bill: Bill, operation: Operation) -> bool:
    apart = abs(abs(operation.cents) - bill.due)
    return abs(operation.day - bill.day) <= WIDE and apart <= max(bill.due * 0.1, 200)


def _crowd(bill: Bill, operations: Iterable[Operation]) -> float:
    (low, high), (first, last) = band(bill), window(bill)
    beside = [o for o in operations if low <= o.cents <= high and first <= o.day <= last and abs(o.cents) != bill.due]
    return crowd(bill, len(beside))


def _near(picture: Picture, profiles: Mapping[str, Profile], bill: Bill, operation: Operation, expected: float) -> Near:
    profile = profiles.get(vendor_key(bill.vendor))
    known = profile.known(bill.id) if profile else Known()
    evidence = weigh(bill, operation, expected, known)
    taken = _holder(picture.links_at(operation.id), bill.id)
    if evidence is not None:
        against = Reason("taken", 0.0, (taken.vendor,)) if taken else Reason("weaker", 0.0)
        return Near(bill.id, operation.id, round(evidence.value, 2), evidence.reasons, against)
    return Near(bill.id, operation.id, -20.0 - abs(operation.day - bill.day) / 10, (), _barred(bill, operation))


def _holder(links: Iterable[Link], bill: str) -> Link | None:
    own = (link for link in links if link.role == PAYMENT and link.bill != bill and link.status != REFUSED)
    return next((link for link in own if link.status == LINKED), None)


def _barred(bill: Bill, operation: Operation) -> Reason:
    """Which rule forbids the pair."""
    if bill.sign * operation.cents < 0:
        return Reason("direction", 0.0)
    first, last = window(bill)
    if not first <= operation.day <= last:
        return Reason("date_far", 0.0, (str(operation.day - bill.day),))
    return Reason("amount_far", 0.0, (str(bill.due), str(abs(operation.cents)), operation.currency))
