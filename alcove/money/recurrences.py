"""What comes back, as `io.cozy.bank.recurrence` holds it: the fields of Cozy's bank app, and ours under `alcove`."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from itertools import pairwise
from statistics import fmean, median, pstdev
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.money.recurring import Series

ONGOING, FINISHED = "ongoing", "finished"
OWN = "alcove"
"""The field that holds what Cozy's shape has no place for; whoever has it was written by this room."""
AMOUNTS = 24
"""Amounts that are told, the last ones first."""


def recurrence_id(group: Sequence[str], first: str) -> str:
    """The id of a new one, from its group and its first operation: found twice, it is written once."""
    return hashlib.sha256("\0".join((*group, first)).encode()).hexdigest()[:32]


def fields_of(series: Series, categories: Mapping[str, str], today: int) -> dict[str, Any]:
    """The body of its document. `categories` by operation; `today` is the last day that its account tells of."""
    operations, latest = series.operations, series.latest
    gaps = [after.day - before.day for before, after in pairwise(operations)]
    middle = median(gaps)
    status = FINISHED if series.over(today) else ONGOING
    cents, about = series.next_cents
    return {
        "automaticLabel": Counter(one.label for one in reversed(operations)).most_common(1)[0][0],
        "amounts": list(dict.fromkeys(one.cents / 100 for one in reversed(operations)))[:AMOUNTS],
        "categoryIds": sorted({categories[one.id] for one in operations}),
        "accounts": [latest.account] if latest.account else [],
        "status": status,
        "stats": {
            "deltas": {
                "median": middle,
                "mean": round(fmean(gaps), 2),
                "sigma": round(pstdev(gaps), 2),
                "mad": median(abs(gap - middle) for gap in gaps),
            }
        },
        "latestDate": _noon(latest.day),
        "latestAmount": latest.cents / 100,
        OWN: {
            "unit": series.rhythm.unit,
            "count": series.rhythm.count,
            "on": series.usual,
            "times": len(operations),
            "currency": latest.currency,
            "nextDate": _noon(series.next_day),
            "nextAmount": cents / 100,
            "about": about,
            "status": status,
        },
    }


def merged(stored: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored with what was found now. A name, and a status that is not the one we gave, are the person's."""
    kept = dict(stored) | dict(found)
    own = stored.get(OWN)
    if isinstance(own, dict) and "status" in stored and stored["status"] != own.get("status"):
        kept["status"] = stored["status"]
    return kept


def is_ours(fields: Mapping[str, Any]) -> bool:
    """Whether this room found it."""
    return isinstance(fields.get(OWN), dict)


def _noon(day: int) -> str:
    """At noon, so that it is the same day in every time zone that people live in."""
    return f"{date.fromordinal(day).isoformat()}T12:00:00.000Z"
