"""When a connector runs by itself, as its manifest says (contract-b section 8): a time of its own for each trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

NIGHT = (0, 5)
"""The hours, in UTC, between which connectors run unless their manifest says otherwise."""


def timetable(manifest: Mapping[str, Any], chance: random.Random | random.SystemRandom) -> str:
    """The arguments of a `@cron`: hourly, daily, weekly (unless said otherwise) or monthly, within `time_interval`.

    >>> from random import Random
    >>> timetable({"frequency": "hourly"}, Random(1)).split()[2:]
    ['*', '*', '*', '*']
    """
    first, last = _hours(manifest.get("time_interval"))
    second, minute, hour = chance.randrange(60), chance.randrange(60), chance.randrange(first, last)
    match manifest.get("frequency"):
        case "hourly":
            return f"{second} {minute} * * * *"
        case "daily":
            return f"{second} {minute} {hour} * * *"
        case "monthly":
            return f"{second} {minute} {hour} {chance.randrange(1, 29)} * *"
        case _:
            return f"{second} {minute} {hour} * * {chance.randrange(7)}"


def _hours(said: Any) -> tuple[int, int]:
    if isinstance(said, list) and len(said) == 2 and all(type(hour) is int for hour in said):
        first, last = said
        if 0 <= first < last <= 24:
            return first, last
    return NIGHT
