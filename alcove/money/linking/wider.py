"""Payments that the usual search leaves out: long before or after the bill, or in another currency."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alcove.money.linking.evidence import Known, Reason, stand
from alcove.money.linking.labels import OPAQUE, STRONG, key_of

if TYPE_CHECKING:
    from alcove.money.linking.book import Book
    from alcove.money.model import Bill, Operation

EARLY, LATE = 50, 75
"""Days before and after the bill: a stay booked ahead, a cheque cashed late."""
AROUND = (2, 8)
"""Days before and after the bill for a card payment in another currency."""
RATES = {"USD": (0.7, 1.1), "GBP": (1.0, 1.5), "CHF": (0.8, 1.15)}
"""Between which rates to the euro a currency has been in the last twenty years."""
ANY_RATE = (0.0005, 2.0)

_FOREIGN = re.compile(r"(\d+[.,]\d\d) ?([A-Z]{3})\b")

Free = Callable[["Operation"], bool]


@dataclass(frozen=True, slots=True)
class Wide:
    """An operation outside the usual search, how likely it is the payment, and why."""

    operation: Operation
    probability: float
    reasons: tuple[Reason, ...]


def _face(operation: Operation) -> tuple[object, ...]:
    return operation.day, operation.cents, operation.face, operation.account


def at_another_time(bill: Bill, book: Book, known: Known, free: Free) -> Wide | None:
    """The one operation of exactly this amount that names the vendor, or that is a cheque; None when there are more."""
    cents = bill.sign * bill.due
    near = book.between(cents, cents, bill.day - EARLY, bill.day + LATE)
    named, cheques = [], []
    for operation in near:
        if not free(operation) or operation.currency != bill.currency:
            continue
        name = stand(bill, operation)
        level = known.level(key_of(operation.face))
        if name.kind == STRONG or level >= 2:
            named.append(operation)
        elif name.kind == OPAQUE and operation.day > bill.day and bill.due >= 1500:
            cheques.append(operation)
    chosen, probability = (named, 0.95) if named else (cheques, 0.6)
    if not chosen or len({_face(operation) for operation in chosen}) != 1:
        return None
    operation = min(chosen, key=lambda o: o.id)
    return Wide(operation, probability, _reasons(bill, operation, bool(named)))


def _reasons(bill: Bill, operation: Operation, named: bool) -> tuple[Reason, ...]:
    amount = Reason("amount", 5.0, (str(bill.due), str(abs(operation.cents)), operation.currency))
    date = Reason("date", -2.0, (str(operation.day - bill.day),))
    kind = "name" if named else "name_absent"
    return amount, date, Reason(kind, 4.0 if named else 0.0, (bill.vendor, operation.label, key_of(operation.face)))


def in_another_currency(bill: Bill, book: Book, known: Known, free: Free) -> Wide | None:
    """The one operation whose label tells the bill's own amount, or that names the vendor at a fair rate."""
    low, high = RATES.get(bill.currency, ANY_RATE)
    wide = sorted((round(bill.sign * bill.due * low), round(bill.sign * bill.due * high)))
    told, named = [], []
    for operation in book.between(wide[0], wide[1], bill.day - AROUND[0], bill.day + AROUND[1]):
        if not free(operation) or operation.currency == bill.currency:
            continue
        foreign = _told(operation)
        if foreign == (bill.due, bill.currency):
            told.append(operation)
        elif foreign is None and (stand(bill, operation).kind == STRONG or known.level(key_of(operation.face)) >= 2):
            named.append(operation)
    chosen = told or named
    if len(chosen) != 1:
        return None
    operation = chosen[0]
    sure = 0.98 if told else 0.95
    rate = Reason("currency", 3.0, (bill.currency, operation.currency, str(bill.due), str(abs(operation.cents))))
    date = Reason("date", 1.0, (str(operation.day - bill.day),))
    kind = "name" if stand(bill, operation).kind == STRONG else "name_differs"
    return Wide(operation, sure, (rate, date, Reason(kind, 2.0, (bill.vendor, operation.label, ""))))


def _told(operation: Operation) -> tuple[int, str] | None:
    """The amount in another currency that a label tells: (cents, currency)."""
    found = _FOREIGN.search(operation.label)
    if not found or found[2] == operation.currency:
        return None
    return round(float(found[1].replace(",", ".")) * 100), found[2]
