"""Which operations of one counterparty are the same thing that comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from alcove.money.recurring.rhythm import WEEK, next_day, rhythm_of, usual_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alcove.money.model import Operation
    from alcove.money.recurring.rhythm import Rhythm

_SMALL = 100
"""Cents below which nothing is said to come back: interest and roundings."""
_EQUAL, _EQUAL_CENTS = 0.03, 30
"""Amounts that are as good as equal: their difference as a part, or in cents."""
_RISE = 0.25
"""A new price of the same thing: how far it may be from the one before."""
_WIDE, _MOSTLY = 0.6, 0.8
"""Amounts that move, such as energy: how far from the middle most of them may be, and how many are most."""
_WIDE_LEAST = 4
"""Times that something whose amounts move, or that stands among other purchases, must have been seen."""
_YEAR, _ABOUT = 365, 5
"""Days between two times of what was seen only twice, and how many more or less."""
_FREE_LEAST = 8
"""Times after which amounts may be any, such as tolls: only the calendar tells that they belong together."""
_LATEST = 6
"""The last amounts, from which the next one is guessed."""


@dataclass(frozen=True, slots=True)
class Series:
    """Operations, the oldest first, that are one thing coming back in a rhythm."""

    operations: tuple[Operation, ...]
    rhythm: Rhythm
    usual: int = field(init=False)
    """The day of the month, or of the week, on which it mostly comes."""
    next_day: int = field(init=False)
    """The ordinal of the day on which it should come next."""

    def __post_init__(self) -> None:
        days = [operation.day for operation in self.operations]
        object.__setattr__(self, "usual", usual_day(days, self.rhythm))
        object.__setattr__(self, "next_day", next_day(days, self.rhythm))

    @property
    def latest(self) -> Operation:
        """The last one."""
        return self.operations[-1]

    @property
    def next_cents(self) -> tuple[int, bool]:
        """The signed cents that should come next, and whether they are only about right."""
        last = self.latest.cents
        before = [operation.cents for operation in self.operations[-_LATEST:]]
        if all(_equal(last, cents) for cents in before[-2:]):
            return last, False
        return round(median(before)), True

    def over(self, day: int) -> bool:
        """Whether it has stayed away for too long on that day: half a round more than the next one and its slack."""
        return day > self.next_day + self.rhythm.slack + self.rhythm.days / 2


def series_of(operations: Iterable[Operation]) -> list[Series]:
    """What comes back among the operations of one counterparty on one account, all in one direction.

    All of it together when that has a rhythm; else what has the same amount, at one price after another.
    """
    ordered = sorted((o for o in operations if abs(o.cents) >= _SMALL), key=lambda o: (o.day, o.id))
    together = _one(ordered)
    if together is not None:
        return [together]
    found = [series for part in _by_amount(ordered) if (series := _one(part)) is not None]
    return _successive(sorted(found, key=lambda one: (one.operations[0].day, one.operations[0].id)))


def _one(ordered: Sequence[Operation]) -> Series | None:
    beats = _beats(ordered)
    rhythm = rhythm_of([operation.day for operation in beats])
    if len(beats) == 2 and not _again(*beats):
        return None
    if rhythm is None or not _coherent([abs(operation.cents) for operation in beats], rhythm):
        return None
    return Series(tuple(beats), rhythm)


def _beats(ordered: Sequence[Operation]) -> Sequence[Operation]:
    """Without what a bank refused and took again some days later: the first one keeps the rhythm."""
    if len(ordered) < _WIDE_LEAST:
        return ordered
    half = median(after.day - before.day for before, after in pairwise(ordered)) / 2
    apart = [one for before, one in pairwise(ordered) if one.cents != before.cents or one.day - before.day >= half]
    return [ordered[0], *apart]


def _again(one: Operation, other: Operation) -> bool:
    """Whether something seen twice comes back: to the cent, and about the same day of another year."""
    return one.cents == other.cents and abs(other.day - one.day - _YEAR) <= _ABOUT


def _coherent(cents: Sequence[int], rhythm: Rhythm) -> bool:
    """Whether these can be amounts of one thing."""
    if all(_equal(before, after) for before, after in pairwise(cents)):
        return True
    if rhythm.unit == WEEK or len(cents) < 3:
        return False  # what one buys every week, or bought about this time last year
    middle = median(cents)
    if (
        all(_equal(a, b) or abs(a - b) <= _RISE * a for a, b in pairwise(cents))
        and len(set(cents)) * 2 <= len(cents) + 1
    ):
        return True
    wide = _WIDE if len(cents) < _FREE_LEAST else 2 * _WIDE
    near = sum(1 for one in cents if abs(one - middle) <= wide * middle)
    return len(cents) >= _WIDE_LEAST and near >= _MOSTLY * len(cents)


def _equal(one: int, other: int) -> bool:
    apart = abs(one - other)
    return apart <= _EQUAL_CENTS or apart <= _EQUAL * abs(other)


def _by_amount(ordered: Sequence[Operation]) -> list[list[Operation]]:
    """Parts of as good as equal amounts, each in the order of days; what is seen a few times is left out."""
    parts: list[list[Operation]] = []
    for operation in sorted(ordered, key=lambda o: abs(o.cents)):
        if parts and _equal(parts[-1][-1].cents, operation.cents) and _equal(parts[-1][0].cents, operation.cents):
            parts[-1].append(operation)
        else:
            parts.append([operation])
    return [sorted(part, key=lambda o: (o.day, o.id)) for part in parts if len(part) >= _WIDE_LEAST]


def _successive(found: Sequence[Series]) -> list[Series]:
    """One series where the next begins, at another price, when the one before would have come."""
    joined: list[Series] = []
    for series in found:
        first = series.operations[0]
        before = next((one for one in joined if _goes_on(one, series, first)), None)
        if before is None:
            joined.append(series)
        else:
            joined[joined.index(before)] = Series((*before.operations, *series.operations), series.rhythm)
    return joined


def _goes_on(before: Series, after: Series, first: Operation) -> bool:
    near = abs(first.day - before.next_day) <= before.rhythm.slack
    return before.rhythm == after.rhythm and near and abs(first.cents - before.latest.cents) <= _RISE * abs(first.cents)
