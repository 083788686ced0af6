"""Dates as WebDAV and its clients write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from alcove.base.clock import rfc3339

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STORED = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:[Zz]|\+00:00)$", re.ASCII)
_SECONDS = re.compile(r"-?\d{1,12}(?:\.\d{1,9})?$", re.ASCII)


@lru_cache(4096)
def _day(text: str) -> str:
    day = datetime.fromisoformat(text)
    return f"{_DAYS[day.weekday()]}, {day.day:02} {_MONTHS[day.month - 1]} {day.year:04}"


@lru_cache(4096)
def http_date(stored: str) -> str:
    """A stored date (RFC 3339) as HTTP writes it (RFC 9110 section 5.6.7); empty when it is none.

    >>> http_date("2026-01-02T03:04:05.12Z")
    'Fri, 02 Jan 2026 03:04:05 GMT'
    """
    said = _STORED.match(stored)
    try:
        if said is None:
            moment = datetime.fromisoformat(stored).astimezone(UTC)
            return f"{_day(moment.date().isoformat())} {moment:%H:%M:%S} GMT"
        return f"{_day(said[1])} {said[2]} GMT"
    except ValueError:
        return ""


def whole_seconds(stored: str) -> str:
    """A stored date without its fractions: what `creationdate` may be."""
    head, dot, _ = stored.partition(".")
    return f"{head}Z" if dot and stored.endswith("Z") else stored


def from_seconds(text: str) -> str:
    """Seconds since 1970 as dates are stored; empty when it is no such number.

    >>> from_seconds("1700000000.5"), from_seconds("yesterday")
    ('2023-11-14T22:13:20.5Z', '')
    """
    text = text.strip()
    if not _SECONDS.match(text):
        return ""
    try:
        return rfc3339(datetime.fromtimestamp(float(text), UTC))
    except (ValueError, OverflowError, OSError):
        return ""


def from_http(text: str) -> str:
    """A date of HTTP as dates are stored; empty when it is none."""
    try:
        moment = parsedate_to_datetime(text)
        return rfc3339(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, TypeError, OverflowError):
        return ""
