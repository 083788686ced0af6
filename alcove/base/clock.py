"""What time it is, asked through one door so that tests can set it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, always aware and in UTC."""

    def now(self) -> datetime:
        """The present moment."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)


class SetClock:
    """A clock that stands still until it is moved: for tests."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment it was set to."""
        return self._now

    def pass_time(self, **parts: float) -> None:
        """Moves on by a `timedelta(**parts)`."""
        self._now += timedelta(**parts)


def rfc3339(moment: datetime) -> str:
    """A moment as the API writes it: UTC, `Z`, fractions of a second without trailing zeros (Go's RFC3339Nano).

    >>> rfc3339(datetime(2026, 1, 2, 3, 4, 5, 120000, tzinfo=UTC))
    '2026-01-02T03:04:05.12Z'
    """
    text = (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if moment.microsecond else text) + "Z"  # strftime takes ten times as long
