"""The French banking calendar: business days, months, and when a deferred card is settled."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from functools import lru_cache

_FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25), (12, 26))
CARD_CLOSES = 25  # purchases after that day of the month wait for the next settlement


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous computus)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    leap, after = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    quarter, odd = divmod(rest, 4)
    sunday = (32 + 2 * after + 2 * quarter - moon - odd) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=256)
def holidays(year: int) -> frozenset[date]:
    """Return the days of a year on which French banks move no money, week-ends aside."""
    sunday = easter(year)
    moving = (sunday + timedelta(days=gap) for gap in (-2, 1, 39, 50))
    return frozenset([*(date(year, month, day) for month, day in _FIXED), *moving])


def is_business(day: date) -> bool:
    """Tell whether banks work that day."""
    return day.weekday() < 5 and day not in holidays(day.year)


def business(day: date, step: int = 1) -> date:
    """Return the day itself, or the nearest business day after it (before it, with `step=-1`)."""
    while not is_business(day):
        day += timedelta(days=step)
    return day


def later(day: date, days: int) -> date:
    """Return the day so many days later (earlier when negative)."""
    return day + timedelta(days=days)


def month_after(day: date, months: int, wanted: int | None = None) -> date:
    """Return the day so many months later, on day `wanted` of the month or the month's last."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(wanted or day.day, last))


def settlement(day: date) -> date:
    """Return when the purchases of a day on a deferred card are taken from the account behind it."""
    month = month_after(day, 1 if day.day > CARD_CLOSES else 0, 1)
    return business(month_after(month, 0, 31), -1)
