"""Which operations of a statement the account already holds: nothing twice, nothing lost.

The rule: two exports that cover the same day show the same operations of that day. So of equal amounts on one day the
account holds as many as the export that shows most of them; labels and bank references only say which is which.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from .errors import Contradiction
from .labels import comparable, likeness

if TYPE_CHECKING:
    from .model import Operation

SHIFT = timedelta(days=5)
"""How far two formats of one bank may date the same operation apart (day of purchase, of booking, of value)."""

SAME_FORM = 55.0
"""Likeness of labels below which two operations of one format, day and amount are two."""

SHIFTED = 80.0
"""Likeness of labels needed to take operations on different days for one."""

LONG = 8
"""Characters from which two formats do not use one reference for two operations by accident."""

_MOST = 64
"""Held operations of one day and amount that are weighed against one of a statement."""

_CENT = Decimal("0.0001")


@dataclass(frozen=True)
class Held:
    """An operation as it is compared: one that the account holds (``id``), or one of a statement (``id`` empty)."""

    day: date
    amount: Decimal
    label: str
    reference: str = ""
    form: str = ""
    days: frozenset[date] = frozenset()
    real: date | None = None
    id: str = ""
    vendor_id: str = ""


@dataclass
class Plan:
    """What a statement does to an account: operations to add with their stable names, and known ones by held id."""

    new: list[tuple[Operation, str]] = field(default_factory=list)
    known: list[tuple[Operation, Held]] = field(default_factory=list)


def candidate(operation: Operation, form: str) -> Held:
    """An operation of a statement in the form it is compared in."""
    days = frozenset(day for day in (operation.day, operation.value_day, operation.real_day) if day)
    amount = operation.amount.quantize(_CENT)
    return Held(
        operation.day,
        amount,
        comparable(operation.label),
        operation.reference,
        form,
        days,
        operation.real_day or operation.day,
    )


def reconcile(account: str, operations: Sequence[Operation], form: str, held: Iterable[Held]) -> Plan:
    """Match a statement's operations with those held; raises ``Contradiction`` when they cannot both be true.

    ``account`` is the account's stable name, part of the names given to new operations.
    """
    there = list(held)
    matching = _Matching([candidate(operation, form) for operation in operations], there, form)
    matching.by_reference()
    matching.by_day()
    matching.by_shifted_day()
    plan = Plan()
    names = {entry.vendor_id for entry in there}
    for number, operation in enumerate(operations):
        found = matching.found.get(number)
        if found is not None:
            plan.known.append((operation, there[found]))
        else:
            plan.new.append((operation, _fresh_name(account, matching.mine[number], names)))
    return plan


def _fresh_name(account: str, entry: Held, names: set[str]) -> str:
    """The operation's stable name: account and bank reference, else day, amount, label and an ordinal among equals."""
    ordinal = 0
    while True:
        if entry.reference and not ordinal:
            parts = [account, "reference", entry.reference]
        else:
            parts = [account, str(entry.day), str(entry.amount), entry.label, entry.reference, str(ordinal)]
        name = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
        if name not in names:
            names.add(name)
            return name
        ordinal += 1


_Keys = Callable[[Held], list[tuple[date, Decimal]]]
_Score = Callable[[Held, Held], float]


class _Matching:
    """Pairs operations of a statement (``mine``) with held ones, each at most once, the surest pairs first."""

    def __init__(self, mine: list[Held], there: list[Held], form: str) -> None:
        self.mine = mine
        self.there = there
        self.found: dict[int, int] = {}
        self._form = form
        self._taken: set[int] = set()

    def _pair(self, number: int, at: int) -> None:
        self.found[number] = at
        self._taken.add(at)

    def by_reference(self) -> None:
        """The bank's own name decides; the same name and day with another amount is a contradiction.

        A name that comes back on another day with another amount is one of those that banks use again.
        """
        named: dict[str, list[int]] = defaultdict(list)
        for at, entry in enumerate(self.there):
            if entry.reference:
                named[entry.reference].append(at)
        for number, entry in enumerate(self.mine):
            options = [at for at in named.get(entry.reference, ()) if at not in self._taken] if entry.reference else []
            equal = [at for at in options if self.there[at].amount == entry.amount and self._near(at, entry)]
            if equal:
                self._pair(number, equal[0])
                continue
            for at in options:
                other = self.there[at]
                comparable_names = other.form == entry.form or len(entry.reference) >= LONG
                if other.day == entry.day and comparable_names and other.amount != entry.amount:
                    raise Contradiction(
                        f"This file says {entry.amount.normalize():f} for operation {entry.reference} of {entry.day}, "
                        f"which is known as {other.amount.normalize():f}: nothing of the file is taken."
                    )

    def _near(self, at: int, entry: Held) -> bool:
        other = self.there[at]
        return abs(other.day - entry.day) <= SHIFT or bool(other.days & entry.days)

    def by_day(self) -> None:
        """Equal amounts of one day, most alike labels first."""
        self._by_label()
        self._settle(lambda entry: [(entry.day, entry.amount)], self._same_day)

    def _by_label(self) -> None:
        """The plain case first: same day, amount and label, in the order of both."""
        waiting: dict[tuple[date, Decimal, str], list[int]] = defaultdict(list)
        for at in reversed(range(len(self.there))):
            entry = self.there[at]
            if at not in self._taken:
                waiting[entry.day, entry.amount, entry.label].append(at)
        for number, entry in enumerate(self.mine):
            options = waiting.get((entry.day, entry.amount, entry.label))
            if number not in self.found and options and self._same_day(entry, self.there[options[-1]]) >= 0:
                self._pair(number, options.pop())

    def by_shifted_day(self) -> None:
        """Equal amounts on days that two formats write differently: both cover both, or tell the same real day."""
        spans = self._spans()
        mine = _span(self.mine)
        if mine is None:
            return

        def shifted(entry: Held, other: Held) -> float:
            span = spans.get(other.form)
            if other.form == self._form or span is None or abs(other.day - entry.day) > SHIFT:
                return -1.0
            covered = mine[0] <= other.day <= mine[1] and span[0] <= entry.day <= span[1]
            if not covered and (entry.real is None or entry.real != other.real):
                return -1.0
            alike = likeness(entry.label, other.label)
            return alike - abs((other.day - entry.day).days) if alike >= SHIFTED or entry.days & other.days else -1.0

        steps = range(-SHIFT.days, SHIFT.days + 1)
        self._settle(lambda entry: [(entry.day + timedelta(days=step), entry.amount) for step in steps], shifted)

    def _same_day(self, entry: Held, other: Held) -> float:
        if other.form == self._form and entry.reference and other.reference:
            return -1.0  # the bank names them both, and differently
        alike = likeness(entry.label, other.label)
        return alike if other.form != self._form or alike >= SAME_FORM else -1.0

    def _spans(self) -> dict[str, tuple[date, date]]:
        by_form: dict[str, list[Held]] = defaultdict(list)
        for entry in self.there:
            by_form[entry.form].append(entry)
        return {form: span for form, entries in by_form.items() if (span := _span(entries))}

    def _settle(self, keys: _Keys, score: _Score) -> None:
        """Pair what is left, of equal keys the highest scores first, ties by the order of the file."""
        free: dict[tuple[date, Decimal], list[int]] = defaultdict(list)
        for at, entry in enumerate(self.there):
            if at not in self._taken:
                free[entry.day, entry.amount].append(at)
        pairs: list[tuple[float, int, int]] = []
        for number, entry in enumerate(self.mine):
            if number in self.found:
                continue
            for key in keys(entry):
                for at in free.get(key, [])[:_MOST]:
                    points = score(entry, self.there[at])
                    if points >= 0:
                        pairs.append((-points, number, at))
        for _, number, at in sorted(pairs):
            if number not in self.found and at not in self._taken:
                self._pair(number, at)


def _span(entries: list[Held]) -> tuple[date, date] | None:
    days = [entry.day for entry in entries]
    return (min(days), max(days)) if days else None
