"""Links only what a change touches: the bills and operations near it, and those that compete with them.

The rest stays as it is, and its operations are not taken away. What this cannot see (a bill of months ago that a new
operation pays, a label learnt from another bill) the next solution of the whole sees.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alcove.money.linking.book import Book, Due
from alcove.money.linking.combinations import TOGETHER
from alcove.money.linking.evidence import Known, worth
from alcove.money.linking.labels import vendor_key
from alcove.money.linking.match import Decisions, Match
from alcove.money.linking.solver import solve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from alcove.money.linking.learning import Profile
    from alcove.money.model import Bill, Operation

MOST = 200
"""Competing bills up to which they are gathered: a bound on the work, far above what real months hold."""


class Ground:
    """All operations and bills of a place, kept in order while they come and go."""

    __slots__ = ("book", "due")

    def __init__(self, bills: Iterable[Bill], operations: Iterable[Operation]) -> None:
        self.book = Book(operations)
        self.due = Due(bills)


@dataclass(frozen=True, slots=True)
class Near:
    """What was found around a change: the bills that were looked at, and their links."""

    bills: frozenset[str]
    matches: list[Match]


def solve_near(
    ground: Ground,
    bills: Iterable[Bill],
    operations: Collection[Operation],
    decisions: Decisions,
    profiles: Mapping[str, Profile],
    standing: Iterable[tuple[str, str]],
) -> Near:
    """Links the changed bills and operations, and what competes with them.

    `standing` are the pairs (bill, operation) linked or proposed now: those of bills that are not looked at stay.
    """
    if not (ground.book.last_day or operations):
        return Near(frozenset(bill.id for bill in bills), [])
    looked = _competing(ground, bills, operations, profiles)
    near = {o.id: o for bill in looked.values() for o in ground.book.near(bill)} | {o.id: o for o in operations}
    held = frozenset(pair for pair in standing if pair[0] not in looked)
    said = Decisions(decisions.linked | held, decisions.refused)
    return Near(frozenset(looked), solve(looked.values(), near.values(), said, profiles, ground.book))


def _competing(
    ground: Ground, bills: Iterable[Bill], operations: Iterable[Operation], profiles: Mapping[str, Profile]
) -> dict[str, Bill]:
    """The changed bills, the bills near the changed operations, and all that want the same operations, onwards."""
    found: dict[str, Bill] = {}
    seen: set[str] = set()
    waiting = deque(other for bill in bills for other in (bill, *ground.due.beside(bill, TOGETHER)))
    waiting += [bill for operation in operations for bill in ground.due.near(operation)]
    while waiting and len(found) < MOST:
        bill = waiting.popleft()
        if bill.id in found:
            continue
        found[bill.id] = bill
        for operation in ground.book.near(bill):
            if operation.id not in seen and worth(bill, operation, _known(bill, profiles)):
                seen.add(operation.id)
                rivals = ground.due.near(operation)
                waiting += [b for b in rivals if b.id not in found and worth(b, operation, _known(b, profiles))]
    return found


def _known(bill: Bill, profiles: Mapping[str, Profile]) -> Known:
    profile = profiles.get(vendor_key(bill.vendor))
    return profile.overall if profile else Known()
