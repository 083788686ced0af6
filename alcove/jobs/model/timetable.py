"""When a trigger of time fires: `@at`, `@in`, `@every`, `@cron`, `@hourly`, `@daily`, `@weekly`, `@monthly`.

All times are UTC (contract-b section 7.2). The four loose ones have a slot that is random and stable: everybody's daily
job does not run at the same minute, and one person's runs at the same time every day.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

from alcove.jobs.model.duration import BadDuration, read_duration

ONCE = frozenset({"@at", "@in"})
"""Types of trigger that are removed when they have fired."""
SHORTEST = timedelta(seconds=1)

Next = Callable[[datetime], datetime | None]
"""The first time after a moment; None when there is none any more."""

_HOURS = re.compile(
    r"(?:(?P<how>before|after)\s+(?P<one>\d{1,2}\s*[ap]m)"
    r"|between\s+(?P<low>\d{1,2}\s*[ap]m)\s+and\s+(?P<high>\d{1,2}\s*[ap]m))$",
    re.IGNORECASE,
)
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FULL = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


class BadTime(ValueError):
    """The arguments are not of the form that this type of trigger has."""


def timetable(kind: str, arguments: str, *, made: datetime, seed: str) -> Next:
    """When a trigger of this type, made at `made`, fires; raises `BadTime`. `seed` picks the slot of the loose ones."""
    readers: dict[str, Callable[[], Next]] = {
        "@at": lambda: _once(_moment(arguments)),
        "@in": lambda: _once(made + _positive(arguments, timedelta(0))),
        "@every": lambda: _every(_positive(arguments, SHORTEST), made),
        "@cron": lambda: _cron(arguments),
        "@hourly": lambda: _hourly(arguments, seed),
        "@daily": lambda: _daily(arguments, seed),
        "@weekly": lambda: _weekly(arguments, seed),
        "@monthly": lambda: _monthly(arguments, seed),
    }
    return readers[kind]()


TIMED = frozenset({"@at", "@in", "@every", "@cron", "@hourly", "@daily", "@weekly", "@monthly"})
"""Types of trigger that time fires."""


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadTime(text) from None
    raise BadTime(f"{text}: a time needs its zone, such as Z")


def _positive(text: str, least: timedelta) -> timedelta:
    try:
        duration = read_duration(text)
    except BadDuration:
        raise BadTime(text) from None
    if duration < least:
        raise BadTime(f"{text}: too short")
    return duration


def _once(moment: datetime) -> Next:
    # A moment that is past already counts: the trigger has not fired yet, or it would have been removed.
    return lambda _after: moment


def _every(period: timedelta, made: datetime) -> Next:
    def following(after: datetime) -> datetime:
        passed = max(0, (after - made) // period)
        return made + (passed + 1) * period

    return following


def _cron(expression: str) -> Next:
    if len(expression.split()) != 6:
        raise BadTime(f"{expression}: a cron has six fields, seconds first")
    expression = expression.replace("?", "*")
    try:
        CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise BadTime(f"{expression}: {error}") from None
    return lambda after: next(CronSim(expression, after), None)


def _hourly(arguments: str, seed: str) -> Next:
    if arguments.strip():
        raise BadTime(arguments)
    return _cron(f"{_slot(seed, 'second', range(60))} {_slot(seed, 'minute', range(60))} * * * *")


def _daily(arguments: str, seed: str) -> Next:
    return _cron(f"{_time_of_day(arguments, seed)} * * *")


def _weekly(arguments: str, seed: str) -> Next:
    days, hours = _split(arguments, re.compile(r"on\s+([a-z,-]+)\s*", re.IGNORECASE))
    day = _slot(seed, "day", _weekdays(days) if days else range(7))
    return _cron(f"{_time_of_day(hours, seed)} * * {day}")


def _monthly(arguments: str, seed: str) -> Next:
    days, hours = _split(arguments, re.compile(r"on\s+the\s+([0-9,-]+)\s*", re.IGNORECASE))
    day = _slot(seed, "day", _month_days(days) if days else range(1, 29))
    return _cron(f"{_time_of_day(hours, seed)} {day} * *")


def _split(arguments: str, opening: re.Pattern[str]) -> tuple[str, str]:
    arguments = arguments.strip()
    found = opening.match(arguments)
    return (found[1], arguments[found.end() :]) if found else ("", arguments)


def _slot(seed: str, name: str, choices: Sequence[int]) -> int:
    number = int.from_bytes(hashlib.sha256(f"{name}\0{seed}".encode()).digest()[:8])
    return choices[number % len(choices)]


def _time_of_day(hours: str, seed: str) -> str:
    """The first three fields of a cron."""
    hour = _slot(seed, "hour", _hours(hours.strip()))
    return f"{_slot(seed, 'second', range(60))} {_slot(seed, 'minute', range(60))} {hour}"


def _hours(text: str) -> Sequence[int]:
    if not text:
        return range(24)
    found = _HOURS.match(text)
    if found is None:
        raise BadTime(text)
    if found["how"]:
        hour = _hour(found["one"])
        choices = range(hour) if found["how"].lower() == "before" else range(hour, 24)
    else:
        low, high = _hour(found["low"]), _hour(found["high"])
        choices = range(low, high if high > low else high + 24)
    if not choices:
        raise BadTime(text)
    return [hour % 24 for hour in choices]


def _hour(text: str) -> int:
    number = int(re.sub(r"\D", "", text))
    if not 1 <= number <= 12:
        raise BadTime(text)
    return number % 12 + (12 if text.lower().endswith("pm") else 0)


def _weekdays(text: str) -> Sequence[int]:
    days: set[int] = set()
    for part in text.lower().split(","):
        if part == "weekday":
            days.update(range(1, 6))
        elif part == "weekend":
            days.update((0, 6))
        else:
            low, _, high = part.partition("-")
            first, last = _weekday(low), _weekday(high or low)
            days.update(day % 7 for day in range(first, last + 1 if last >= first else last + 8))
    return sorted(days)


def _weekday(text: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if text in _FULL:
        return _FULL.index(text)
    raise BadTime(text)


def _month_days(text: str) -> Sequence[int]:
    days: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        if not low.isdigit() or not (high or low).isdigit():
            raise BadTime(text)
        first, last = int(low), int(high or low)
        if not 1 <= first <= last <= 31:
            raise BadTime(text)
        days.update(range(first, last + 1))
    return sorted(days)
