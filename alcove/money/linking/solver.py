"""Links bills to operations, all together: one answer for the whole, whatever the order of what is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp

from alcove.money.linking.assignment import assign
from alcove.money.linking.belief import believe
from alcove.money.linking.book import Book
from alcove.money.linking.combinations import TOGETHER, Together, instalments, paid_together
from alcove.money.linking.evidence import AFTER, BEFORE, Evidence, Known, Reason, crowd, weigh, worth
from alcove.money.linking.labels import key_of, vendor_key
from alcove.money.linking.learning import LAST, Profile, glimpses, learn
from alcove.money.linking.match import (
    COMBINED,
    INSTALMENTS,
    LIKELY,
    NOTHING_SAID,
    ONE,
    REIMBURSEMENT,
    SURE,
    Decisions,
    Match,
)
from alcove.money.linking.wider import at_another_time, in_another_currency
from alcove.money.model import EXPENSE, Bill, Operation

FLOOR = -3.0
"""Log-odds below which a pair is not worth a thought."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """Bills that stand for one payment: a bill alone, or refunds that say they are paid together."""

    bills: tuple[Bill, ...]
    row: Mapping[int, Evidence]


def profiles_of(
    bills: Iterable[Bill],
    operations: Iterable[Operation],
    decisions: Decisions = NOTHING_SAID,
    book: Book | None = None,
) -> dict[str, Profile]:
    """What these bills teach about their vendors.

    With a `book` the operations near the bills are looked up there; of `operations` then only those are needed that
    the person decided about.
    """
    listed = list(operations)
    if not _any(listed, book):
        return {}
    return _profiles(_sorted_bills(bills), book or Book(listed), listed, decisions)


def solve(
    bills: Iterable[Bill],
    operations: Iterable[Operation],
    decisions: Decisions = NOTHING_SAID,
    profiles: Mapping[str, Profile] | None = None,
    book: Book | None = None,
) -> list[Match]:
    """The links of these bills, by bill and operation; those that the person made are not among them.

    Without `profiles` what is known about the vendors is learnt from the same bills and operations. What the person
    linked, or another program wrote on an operation, is taken and not given again; what was refused never comes back.
    `book` holds the operations, and may hold more than can be the one payment of one of these bills.
    """
    listed = list(operations)
    ordered = _sorted_bills(bills) if _any(listed, book) else []
    if not ordered:
        return []
    book = book or Book(listed)
    known = _profiles(ordered, book, listed, decisions) if profiles is None else profiles
    work = _Work(ordered, listed, book, known, decisions)
    matches = [*work.singles(), *work.combined(), *work.in_parts(), *work.wider()]
    matches += work.expenses(matches)
    return sorted(matches, key=lambda m: (m.bill, m.operation, m.role))


def _any(operations: Sequence[Operation], book: Book | None) -> bool:
    """Whether there is an operation at all: before a bank is connected a place may have thousands of bills."""
    return bool(operations or (book is not None and book.last_day))


def _sorted_bills(bills: Iterable[Bill]) -> list[Bill]:
    return sorted(bills, key=lambda b: (b.day, b.vendor, b.cents, b.id))


def _profiles(
    bills: Sequence[Bill], book: Book, operations: Sequence[Operation], decisions: Decisions
) -> dict[str, Profile]:
    by_vendor: dict[str, list[Bill]] = {}
    for bill in bills:
        by_vendor.setdefault(vendor_key(bill.vendor), []).append(bill)
    said = _said(bills, operations, decisions)
    found = {}
    for key, own in by_vendor.items():
        seen = [glimpse for bill in own[-LAST:] for glimpse in glimpses(bill, book.near(bill))]
        found[key] = learn(key, seen, *said.get(key, ({}, {})))
    return found


def _said(
    bills: Sequence[Bill], operations: Sequence[Operation], decisions: Decisions
) -> dict[str, tuple[dict[str, int], dict[str, int]]]:
    """Labels that the person linked to a vendor's bills, and labels that were refused, each with how often."""
    if not decisions.linked and not decisions.refused:
        return {}
    vendors = {bill.id: vendor_key(bill.vendor) for bill in bills}
    keys = {operation.id: key_of(operation.face) for operation in operations}
    said: dict[str, tuple[dict[str, int], dict[str, int]]] = {}
    for place, pairs in enumerate((decisions.linked, decisions.refused)):
        for bill, operation in pairs:
            vendor, key = vendors.get(bill), keys.get(operation)
            if vendor is not None and key:
                counted = said.setdefault(vendor, ({}, {}))[place]
                counted[key] = counted.get(key, 0) + 1
    return said


class _Work:
    """One solution under way: what is taken, and what is left for the next step."""

    def __init__(
        self,
        bills: Sequence[Bill],
        operations: Sequence[Operation],
        book: Book,
        profiles: Mapping[str, Profile],
        decisions: Decisions,
    ) -> None:
        self._book = book
        self._profiles = profiles
        self._refused = decisions.refused
        self._operations = sorted(operations, key=lambda o: (o.day, o.cents, o.id))
        self._number = {operation.id: place for place, operation in enumerate(self._operations)}
        self._taken = {operation for _, operation in decisions.linked} | {o.id for o in operations if o.bills}
        settled = {bill for bill, _ in decisions.linked} | {bill for o in operations for bill in o.bills}
        self._bills = [bill for bill in bills if bill.id not in settled and not bill.third_party]
        self._loose: dict[str, Bill] = {bill.id: bill for bill in self._bills}
        self._proposed: dict[str, list[Match]] = {}
        self._remembered: dict[tuple[str, str], Known] = {}

    def _known(self, bill: Bill) -> Known:
        """What is known of the bill's vendor from its other bills; most bills teach nothing any more and share it."""
        key = vendor_key(bill.vendor)
        profile = self._profiles.get(key)
        if profile is None:
            return Known()
        place = (key, bill.id if bill.id in profile.bills else "")
        known = self._remembered.get(place)
        if known is None:
            known = self._remembered[place] = profile.known(place[1])
        return known

    def _free(self, bill: Bill, operation: Operation) -> bool:
        return operation.id not in self._taken and (bill.id, operation.id) not in self._refused

    # -- one payment for one unit ---------------------------------------------------------------------------------

    def singles(self) -> list[Match]:
        """The sure links of units with one operation; weaker ones are kept for `wider` to give."""
        units = [unit for bills in _grouped(self._bills) if (unit := self._unit(bills))]
        sure = []
        for component in _components(units):
            for match in self._settle([units[place] for place in component]):
                self._proposed.setdefault(match.bill, []).append(match)
        for bill, found in list(self._proposed.items()):
            if found[0].probability >= SURE:
                sure += found
                self._taken.add(found[0].operation)
                del self._loose[bill], self._proposed[bill]
        return sure

    def _unit(self, bills: tuple[Bill, ...]) -> _Unit | None:
        first = bills[0]
        near = self._book.near(first)
        expected = crowd(first, sum(1 for o in near if abs(o.cents) != first.due))
        known = self._known(first)
        row = {}
        for operation in near:
            if worth(first, operation, known) and all(self._free(bill, operation) for bill in bills):
                evidence = weigh(first, operation, expected, known)
                if evidence is not None and evidence.value > FLOOR:
                    row[self._number[operation.id]] = evidence
        return _Unit(bills, row) if row else None

    def _settle(self, units: Sequence[_Unit]) -> list[Match]:
        """The best choice for units that want the same operations, each link with how sure it is."""
        rows = [{column: evidence.value for column, evidence in unit.row.items()} for unit in units]
        chosen = assign([tuple(sorted(row.items())) for row in rows], FLOOR)
        columns = {column for row in rows for column in row}
        twins: dict[tuple[object, ...], int] = {}
        faces = {column: twins.setdefault(_face(self._operations[column]), len(twins)) for column in columns}
        kin: dict[tuple[object, ...], int] = {}
        alike = [kin.setdefault(_look(unit.bills), len(kin)) for unit in units]
        belief = believe(rows, alike, _Numbers(faces))
        found = []
        for place, unit in enumerate(units):
            column = chosen[place]
            if column >= 0 and belief[place][column] >= LIKELY:
                found += self._matches(unit, column, belief[place][column])
        return found

    def _matches(self, unit: _Unit, column: int, probability: float) -> list[Match]:
        operation, evidence = self._operations[column], unit.row[column]
        shape = COMBINED if len(unit.bills) > 1 else REIMBURSEMENT if unit.bills[0].health else ONE
        return [
            Match(bill.id, operation.id, min(bill.cents, abs(operation.cents)), probability, evidence.reasons, shape)
            for bill in unit.bills
        ]

    # -- combinations ---------------------------------------------------------------------------------------------

    def combined(self) -> list[Match]:
        """Links of bills that one operation pays together."""
        by_vendor: dict[tuple[str, int, str], list[Bill]] = {}
        for bill in self._loose.values():
            by_vendor.setdefault((vendor_key(bill.vendor), bill.sign, bill.currency), []).append(bill)
        found: list[Together] = []
        for own in by_vendor.values():
            if len(own) > 1:
                known = self._known(own[0])
                found += paid_together(own, self._book, known, partial(self._free, own[0]))
        return self._take(found, COMBINED)

    def in_parts(self) -> list[Match]:
        """Links of bills paid in instalments."""
        found = []
        for bill in list(self._loose.values()):
            chain = instalments(bill, self._book, self._known(bill), partial(self._free, bill))
            if chain:
                found.append(chain)
        return self._take(found, INSTALMENTS)

    def wider(self) -> list[Match]:
        """Links outside the usual days or in another currency, and the weaker single ones, left to be confirmed."""
        found: list[tuple[float, Bill, Match]] = []
        for bill in self._loose.values():
            known, free = self._known(bill), partial(self._free, bill)
            wide = at_another_time(bill, self._book, known, free) or in_another_currency(bill, self._book, known, free)
            if wide:
                cents = min(bill.cents, abs(wide.operation.cents))
                match = Match(bill.id, wide.operation.id, cents, wide.probability, wide.reasons)
                found.append((wide.probability, bill, match))
            found += [(m.probability, bill, m) for m in self._proposed.get(bill.id, ())]
        matches = []
        for _, bill, match in sorted(found, key=lambda f: (-f[0], f[1].day, f[1].id, f[2].operation)):
            if bill.id in self._loose and match.operation not in self._taken:
                matches.append(match)
                del self._loose[bill.id]
                self._taken.add(match.operation)
        return matches

    def _take(self, found: Sequence[Together], shape: str) -> list[Match]:
        """Takes the strongest first; what needs a bill or an operation that is gone is left."""
        matches: list[Match] = []
        for one in sorted(found, key=lambda t: (-t.value, t.bills[0].day, t.bills[0].id, t.operations[0].id)):
            if any(b.id not in self._loose for b in one.bills) or not all(
                self._free(bill, operation) for bill in one.bills for operation in one.operations
            ):
                continue
            probability = _probability(one.value)
            if probability < LIKELY or self._rather(one, probability):
                continue
            for bill in one.bills:
                del self._loose[bill.id]
                self._proposed.pop(bill.id, None)
                for operation in one.operations:
                    cents = min(bill.cents, abs(operation.cents))
                    matches.append(Match(bill.id, operation.id, cents, probability, one.reasons, shape))
            self._taken |= {operation.id for operation in one.operations}
        return matches

    def _rather(self, one: Together, probability: float) -> bool:
        """Whether a bill of this combination is better off with the single payment proposed for it."""
        return any(m.probability >= probability for bill in one.bills for m in self._proposed.get(bill.id, ()))

    # -- what a refund pays back ----------------------------------------------------------------------------------

    def expenses(self, matches: Sequence[Match]) -> list[Match]:
        """The expense that each refund of health costs pays back, where it is the only one of that amount and day."""
        paid = {match.bill for match in matches}
        found = []
        for bill in self._bills:
            if not bill.original or not bill.original_day or bill.id not in paid:
                continue
            days = bill.original_day - BEFORE, bill.original_day + AFTER
            near = [o for o in self._book.between(-bill.original, -bill.original, *days) if o.currency == bill.currency]
            same_day = [o for o in near if abs(o.day - bill.original_day) <= 1] or near
            same_day = [o for o in same_day if (bill.id, o.id) not in self._refused]
            if len({_face(o) for o in same_day}) == 1:
                reason = Reason("expense", 3.0, (str(bill.original), str(same_day[0].day - bill.original_day)))
                at = min(same_day, key=lambda o: o.id)
                sure = 0.95 if abs(at.day - bill.original_day) <= 1 else 0.8
                found.append(Match(bill.id, at.id, bill.cents, sure, (reason,), REIMBURSEMENT, EXPENSE))
        return found


class _Numbers(Sequence[int]):
    """A mapping of column numbers read like a list, without a place for each of a hundred thousand operations."""

    def __init__(self, numbers: Mapping[int, int]) -> None:
        self._numbers = numbers

    def __getitem__(self, place: int) -> int:  # type: ignore[override]
        return self._numbers[place]

    def __len__(self) -> int:
        return len(self._numbers)


def _probability(value: float) -> float:
    return 1.0 / (1.0 + exp(-max(min(value, 30.0), -30.0)))


def _face(operation: Operation) -> tuple[object, ...]:
    return operation.day, operation.cents, operation.face, operation.account


def _look(bills: Sequence[Bill]) -> tuple[object, ...]:
    return tuple((b.vendor, b.day, b.cents, b.sign, b.currency) for b in bills)


def _grouped(bills: Sequence[Bill]) -> list[tuple[Bill, ...]]:
    """Bills by payment: refunds that name the same transfer (`groupAmount`) together, all others alone."""
    alone: list[tuple[Bill, ...]] = []
    groups: dict[tuple[str, int, str, int], list[list[Bill]]] = {}
    for bill in bills:
        if not bill.group:
            alone.append((bill,))
            continue
        open_groups = groups.setdefault((vendor_key(bill.vendor), bill.group, bill.currency, bill.sign), [])
        last = open_groups[-1] if open_groups else None
        fits = last and bill.day - last[0].day <= TOGETHER and sum(b.cents for b in last) + bill.cents <= bill.group
        if last is not None and fits:
            last.append(bill)
        else:
            open_groups.append([bill])
    alone += [tuple(group) for found in groups.values() for group in found]
    return alone


def _components(units: Sequence[_Unit]) -> list[list[int]]:
    """Units that want, directly or through others, the same operations."""
    root: dict[int, int] = {}
    owner: dict[int, int] = {}

    def top(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for place, unit in enumerate(units):
        root[place] = place
        for column in unit.row:
            first = owner.setdefault(column, place)
            root[top(place)] = top(first)
    found: dict[int, list[int]] = {}
    for place in range(len(units)):
        found.setdefault(top(place), []).append(place)
    return list(found.values())
