"""Several bills paid together, and one bill paid in instalments: bounded searches that take only a single answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log
from typing import TYPE_CHECKING

from alcove.money.linking.evidence import AFTER, BEFORE, PAID, Known, Reason, lag_weight, name_weight, stand
from alcove.money.linking.labels import RIVAL, STRONG, WEAK, key_of

if TYPE_CHECKING:
    from alcove.money.linking.book import Book
    from alcove.money.model import Bill, Operation

TOGETHER = 3
"""Days between the first and the last of bills that one operation pays."""
MOST_BILLS = 5
OFTEN = 3
"""Combinations of one vendor under one label from which on the label is taken as the vendor's."""
MOST_BESIDE = 24
"""Bills of one vendor in those days that are tried; more are left alone."""
PARTS = (2, 3, 4, 5, 6, 8, 10, 11, 12)
"""Into how many instalments a bill may be cut."""
FIRST_PART = 35
"""Days after the bill until the first instalment."""
STEP = (20, 42)
"""Days from one instalment to the next."""

Free = Callable[["Operation"], bool]


@dataclass(frozen=True, slots=True)
class Together:
    """Bills, operations and how much speaks for their belonging together (log-odds)."""

    bills: tuple[Bill, ...]
    operations: tuple[Operation, ...]
    value: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Sum:
    """Bills that add up to an operation in one way only, and how many stood beside them to choose from."""

    bills: tuple[Bill, ...]
    operation: Operation
    tried: int


def _name(bill: Bill, operation: Operation, known: Known, recurring: int = 0) -> Reason | None:
    """The reason that the label gives; None when it does not name the vendor well enough for a combination.

    `recurring`: how many combinations of this vendor are found under the same label.
    """
    name = stand(bill, operation)
    key = key_of(operation.face)
    level = known.level(key)
    if name.kind == STRONG:
        return Reason("name", name_weight(STRONG, level, known), (bill.vendor, operation.label, name.words))
    if name.kind == RIVAL:
        return None
    if level >= 2 or recurring >= OFTEN:
        weight = max(name_weight(name.kind, max(level, 3 if recurring >= OFTEN else 0), known), 2.0)
        return Reason("name_learnt", weight, (bill.vendor, operation.label, key))
    if name.kind == WEAK and known.naming != "named":
        return Reason("name_like", name_weight(WEAK, level, known), (bill.vendor, operation.label, name.words))
    return None


def paid_together(bills: Sequence[Bill], book: Book, known: Known, free: Free) -> Iterator[Together]:
    """Sets of two to five of these bills (one vendor, one direction, one currency) that one free operation pays.

    A set counts only when no other set of the same days adds up to the operation, and when the operation's label
    names the vendor, or is the one under which such sums come up again and again.
    """
    sums = _sums(bills, book, free)
    often = Counter(key_of(s.operation.face) for s in sums)
    for one in sums:
        key = key_of(one.operation.face)
        recurring = often[key] if key and often[key] * 3 >= len(sums) else 0
        reason = _name(one.bills[0], one.operation, known, recurring)
        if reason:
            yield _together(one, reason, known)


def _sums(bills: Sequence[Bill], book: Book, free: Free) -> list[_Sum]:
    ordered = sorted(bills, key=lambda b: (b.day, b.cents, b.id))
    found: dict[str, _Sum | None] = {}
    for start, first in enumerate(ordered):
        beside = [b for b in ordered[start:] if b.day - first.day <= TOGETHER]
        if not 2 <= len(beside) <= MOST_BESIDE:
            continue
        operations = _payable(first, beside[1:], book, free)
        sets = _sets(first, beside[1:]) if operations else {}
        for operation in operations:
            chosen = sets.get(abs(operation.cents))
            if chosen is None:
                continue
            single = chosen and operation.id not in found
            found[operation.id] = _Sum(chosen, operation, len(beside)) if single else None
    return [one for _, one in sorted(found.items()) if one]


def _payable(first: Bill, others: Sequence[Bill], book: Book, free: Free) -> list[Operation]:
    """The free operations that some of the others, together with the first, may add up to."""
    cents = sorted(b.cents for b in others)
    least, most = first.cents + cents[0], first.cents + sum(cents[-(MOST_BILLS - 1) :])
    low, high = sorted((first.sign * least, first.sign * most))
    near = book.between(low, high, first.day - BEFORE, first.day + AFTER)
    return [o for o in near if o.currency == first.currency and free(o)]


def _sets(first: Bill, others: Sequence[Bill]) -> dict[int, tuple[Bill, ...]]:
    """The sets of two to five bills with `first` among them, by their sum; an empty set where there are several.

    Sets of the same amounts (twins) count as one: whichever is taken, the other stays for the next operation.
    """
    sets: dict[int, tuple[Bill, ...]] = {}
    largest = MOST_BILLS if len(others) < 14 else 3
    for size in range(1, largest):
        for chosen in combinations(others, size):
            total = first.cents + sum([b.cents for b in chosen])
            known = sets.get(total)
            if known is None:
                sets[total] = (first, *chosen)
            elif known and sorted(b.cents for b in known) != sorted([first.cents, *(b.cents for b in chosen)]):
                sets[total] = ()
    return sets


def _together(one: _Sum, name: Reason, known: Known) -> Together:
    operation = one.operation
    lag = operation.day - max(b.day for b in one.bills)
    chance = min(0.5, (2 ** min(one.tried, 10)) / max(abs(operation.cents), 100))
    amount = Reason("combined", log(0.9 / chance), (str(len(one.bills)), str(abs(operation.cents))))
    date = Reason("date", lag_weight(max(lag, -BEFORE), known), (str(lag),))
    value = PAID - 2.0 + amount.weight + date.weight + name.weight
    return Together(one.bills, (operation,), value, (amount, date, name))


def instalments(bill: Bill, book: Book, known: Known, free: Free) -> Together | None:
    """The operations that pay a bill in equal parts, month after month; None without a single answer.

    All parts are under one label. The last ones may still be to come when the operations end before them.
    """
    if bill.cents < 2000 or bill.sign > 0 or bill.third_party:
        return None
    found = [chain for count in PARTS if (chain := _chain(bill, count, book, known, free))]
    if not found:
        return None
    whole = [chain for chain in found if _complete(bill, chain.operations)]
    if whole:
        return max(whole, key=lambda c: (c.value, -len(c.operations)))
    return found[0] if len(found) == 1 else None


def _complete(bill: Bill, chain: Sequence[Operation]) -> bool:
    return sum(-o.cents for o in chain) == bill.cents


def _chain(bill: Bill, count: int, book: Book, known: Known, free: Free) -> Together | None:
    part = bill.cents / count
    slack = max(count + 1, 3)
    low, high = -round(part) - slack, -round(part) + slack
    nearby = book.between(low, high, bill.day - BEFORE, bill.day + FIRST_PART)
    for first in sorted(nearby, key=lambda o: (o.day, o.cents, o.id)):
        name = _name(bill, first, known) if free(first) and first.currency == bill.currency else None
        if name is None:
            continue
        chain = [first, *_following(bill, first, count, (low, high), book, free)]
        cut_short = book.last_day - chain[-1].day < STEP[1]
        if len(chain) == count and not _complete(bill, chain):
            continue
        if len(chain) < count and not (cut_short and len(chain) > 1):
            continue
        equal = len(chain) == count
        amount = Reason("instalments", 4.0 + log(count) if equal else 1.5, (str(len(chain)), str(count)))
        date = Reason("date", 0.0, (str(first.day - bill.day),))
        value = PAID - 2.0 + amount.weight + name.weight
        return Together((bill,), tuple(chain), value, (amount, date, name))
    return None


def _following(
    bill: Bill, first: Operation, count: int, cents: tuple[int, int], book: Book, free: Free
) -> Iterator[Operation]:
    """The parts after the first: the next month under the same label or the same name, as long as there is one."""
    key, last = key_of(first.face), first
    for _ in range(count - 1):
        nearby = book.between(*cents, last.day + STEP[0], last.day + STEP[1])
        own = [o for o in nearby if free(o) and o.account == first.account]
        same = [o for o in own if key_of(o.face) == key or stand(bill, o).kind == STRONG]
        if not same:
            return
        last = min(same, key=lambda o: (abs(o.day - last.day - 30), abs(o.cents - first.cents), o.id))
        yield last
