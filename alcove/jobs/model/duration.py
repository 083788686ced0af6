"""Durations as clients write them: `1h30m`, `1.5h`, `300ms` (Go's), and `2W` for how long jobs are kept."""

from __future__ import annotations

import re
from datetime import timedelta

_GO = {
    "ns": 1e-9,
    "us": 1e-6,
    "\u00b5s": 1e-6,
    "\u03bcs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_LONG = {"D": 86400.0, "W": 7 * 86400.0, "M": 30 * 86400.0, "Y": 365 * 86400.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h|D|W|M|Y)")
LONGEST = timedelta(days=36_500)


class BadDuration(ValueError):
    """The text is no duration."""


def read_duration(text: str, *, long: bool = False) -> timedelta:
    """The duration of a text; with `long` also days (D), weeks (W), months (M) and years (Y). Raises `BadDuration`.

    >>> read_duration("1h30m")
    datetime.timedelta(seconds=5400)
    """
    negative, rest = text.startswith("-"), text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return timedelta(0)
    place, seconds = 0, 0.0
    while place < len(rest):
        found = _PART.match(rest, place)
        if found is None or (found[2] in _LONG and not long):
            raise BadDuration(text)
        seconds += float(found[1]) * (_GO.get(found[2]) or _LONG[found[2]])
        place = found.end()
    if not rest or seconds > LONGEST.total_seconds():
        raise BadDuration(text)
    return timedelta(seconds=-seconds if negative else seconds)
