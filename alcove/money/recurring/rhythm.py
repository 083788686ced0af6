"""How often something comes back, and the day on which it comes next. Days are ordinals, as `date.toordinal` counts."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WEEK, MONTH, YEAR = "week", "month", "year"
_OF_MONTH = 30.4369
"""Days of a month, on average."""
_MISSED = 3
"""A gap of so many rounds still belongs to the rhythm: some were not gathered, or were left out."""
_ON, _OFF = 0.5, 0.1
"""The least part of the gaps that are one round, and the most that fit no number of rounds."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Once every `count` weeks, months or years.

    `days` is one round; `slack` how many days a bank holiday or a late bill may move it; `least` the times that it must
    have been seen.
    """

    unit: str
    count: int
    days: float
    slack: int
    least: int = 3


RHYTHMS = (
    Rhythm(WEEK, 1, 7, 1, 4),
    Rhythm(WEEK, 2, 14, 3, 4),
    Rhythm(MONTH, 1, _OF_MONTH, 7),
    Rhythm(MONTH, 2, 2 * _OF_MONTH, 8),
    Rhythm(MONTH, 3, 3 * _OF_MONTH, 10),
    Rhythm(MONTH, 6, 6 * _OF_MONTH, 14),
    Rhythm(YEAR, 1, 365.25, 20, 2),
)


def rhythm_of(days: Sequence[int]) -> Rhythm | None:
    """The rhythm of these days, which are in order; None when there is none."""
    if len(days) < 2:
        return None
    gaps = [after - before for before, after in pairwise(days)]
    middle = median(gaps)
    rhythm = min(RHYTHMS, key=lambda one: abs(one.days - middle) / one.days)
    if len(days) < rhythm.least:
        return None
    on = sum(1 for gap in gaps if abs(gap - rhythm.days) <= rhythm.slack)
    off = sum(1 for gap in gaps if not _rounds(gap, rhythm))
    return rhythm if on >= _ON * len(gaps) and off <= _OFF * len(gaps) else None


def _rounds(gap: int, rhythm: Rhythm) -> int:
    """How many rounds a gap is; 0 when it is no whole number of them, or too many."""
    count = round(gap / rhythm.days)
    return count if 1 <= count <= _MISSED and abs(gap - count * rhythm.days) <= rhythm.slack else 0


def usual_day(days: Sequence[int], rhythm: Rhythm) -> int:
    """The day of the month (1 to 31) on which it mostly comes; of the week (1 to 7, Monday first) for weeks."""
    recent = [date.fromordinal(day) for day in days[-12:]]
    last = recent[-1]
    if rhythm.unit == WEEK:
        return last.isoweekday() if len(recent) < 3 else _most([one.isoweekday() for one in recent])
    # Around the last one: the 31st and the 1st are neighbours.
    moves = [(one.day - last.day + 15) % 30 - 15 for one in recent]
    usual = last.day + round(median(moves))
    return usual if 1 <= usual <= 31 else usual - 31 if usual > 31 else usual + 31


def next_day(days: Sequence[int], rhythm: Rhythm) -> int:
    """The day on which it should come next: one round after the last, on its usual day."""
    usual = usual_day(days, rhythm)
    about = days[-1] + rhythm.days
    if rhythm.unit == WEEK:
        near = round(about)
        return near + (usual - date.fromordinal(near).isoweekday() + 3) % 7 - 3
    months = [_month_of(round(about + shift)) for shift in (-20, 0, 20)]
    return min((_day_in(year, month, usual) for year, month in months), key=lambda day: abs(day - about))


def _most(values: Sequence[int]) -> int:
    """The most frequent one; of several, the one that was last."""
    return max(reversed(values), key=values.count)


def _month_of(day: int) -> tuple[int, int]:
    found = date.fromordinal(day)
    return found.year, found.month


def _day_in(year: int, month: int, day: int) -> int:
    """That day of a month, or its last one."""
    return date(year, month, min(day, monthrange(year, month)[1])).toordinal()
