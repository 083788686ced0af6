"""The sample person of one instance as its document tells it, and the rules of its address and its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMPLES = "org.alcove.samples"
SAMPLE_ID = "sample"
"""The id of the document: an instance has one sample person at the most."""
OWNER = "sample_of"
"""Member of a sample's record: the key of the instance whose sample person it is."""

GOING = frozenset({"queued", "drawing", "reading"})
"""States from which it goes on by itself; the others are `ready` and `errored`."""
STUCK = timedelta(minutes=1)
"""A making that no job works on after so long was cut off."""
KEPT = timedelta(days=30)
"""A sample person that nobody opens for so long is removed."""
HOURLY = 5
"""Sample persons that one instance may have made in an hour."""
QUOTA = 256 << 20
"""Bytes that a sample person may hold: it is for looking, and no way round the quota of who had it made."""
NAMES = {"fr": "Foyer d’exemple", "en": "Sample household"}


def domain_for(owner: str, *, flat: bool) -> str:
    """Where the sample person of an instance lives: a sibling, so that neither is ever sent the other's cookies.

    Where apps are told by a hyphen (`me-money.tld`), the name has none of its own.

    >>> domain_for("me.localhost:8080", flat=False)
    'sample-me.localhost:8080'
    """
    return f"{'sample' if flat else 'sample-'}{owner}"


def over(fields: Mapping[str, Any], now: datetime) -> bool:
    """Whether nobody has opened it for so long that it can go."""
    return now - datetime.fromisoformat(fields["seen_at"]) > KEPT
