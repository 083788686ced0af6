"""A connection that leaves the house, as the journal tells it. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EGRESS = "org.alcove.egress"
"""Lines of the journal: one for each connection; `at, purpose, who, host, port, address, verdict, reason, up, down,
ms`."""
BLOCKED = "org.alcove.egress.blocked"
"""Hosts that the person wants nothing sent to; the id is the host."""
KEPT_DAYS = 366
"""Days after which a line is forgotten."""

Verdict = Literal["open", "done", "failed", "refused"]
"""`open`: under way, or cut off by a crash; `refused`: nothing was sent."""

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.:-]{0,251}[a-z0-9_])?")


@dataclass(slots=True)
class Line:
    """One connection. Whoever holds it counts the bytes as they pass: of headers and bodies, before encryption."""

    purpose: str
    host: str
    port: int
    who: str = ""
    """The connector that connects; empty when the server itself does."""
    address: str = ""
    """The address that was connected to; empty while nothing was."""
    up: int = 0
    down: int = 0
    reason: str = ""
    """Why it fails, in words without any secret, when whoever holds the line knows."""

    def fields(self, at: str, verdict: Verdict, reason: str = "", ms: int = 0) -> dict[str, Any]:
        """The stored line."""
        told: dict[str, Any] = {"at": at, "purpose": self.purpose, "host": self.host, "port": self.port}
        if self.who:
            told["who"] = self.who
        if self.address:
            told["address"] = self.address
        told |= {"verdict": verdict, "up": self.up, "down": self.down, "ms": ms}
        return {**told, "reason": reason} if reason else told


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are asked for: from one moment to another (compared as text), of a host, a purpose or a source."""

    since: str = ""
    until: str = ""
    host: str = ""
    purpose: str = ""
    who: str = ""
    text: str = ""

    def selector(self) -> dict[str, Any]:
        """The same as a Mango selector; `text` is not in it."""
        at: dict[str, Any] = {"$gt": None}
        if self.since:
            at = {"$gte": self.since}
        if self.until:
            at |= {"$lt": self.until}
        chosen: dict[str, Any] = {"at": at}
        if self.host:
            chosen["host"] = self.host
        if self.purpose:
            chosen["purpose"] = self.purpose
        if self.who:
            chosen["who"] = self.who
        return chosen

    def fits(self, fields: Mapping[str, Any]) -> bool:
        """Whether a line holds the text that is looked for."""
        names = ("host", "purpose", "who", "address", "reason")
        return self.text in " ".join(str(fields.get(name, "")) for name in names)


@dataclass(slots=True)
class Sum:
    """What left in a month, to a host, or for a purpose."""

    connections: int = 0
    refused: int = 0
    up: int = 0
    down: int = 0

    def add(self, fields: Mapping[str, Any]) -> None:
        """Counts one line."""
        if fields.get("verdict") == "refused":
            self.refused += 1
        else:
            self.connections += 1
        self.up += _whole(fields.get("up"))
        self.down += _whole(fields.get("down"))

    def told(self, name: str, value: str) -> dict[str, Any]:
        """As clients see it."""
        counted = {"connections": self.connections, "refused": self.refused, "up": self.up, "down": self.down}
        return {name: value, **counted}


@dataclass(slots=True)
class Sums:
    """What left, by month, by whom it went to, by why, and by who asked."""

    months: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    hosts: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    purposes: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    whos: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    """By source; what the place asked for by itself is under the empty name."""
    whole: Sum = field(default_factory=Sum)

    def add(self, fields: Mapping[str, Any]) -> None:
        """Counts one line."""
        self.months[str(fields.get("at", ""))[:7]].add(fields)
        for group, name in ((self.hosts, "host"), (self.purposes, "purpose"), (self.whos, "who")):
            group[str(fields.get(name, ""))].add(fields)
        self.whole.add(fields)

    def told(self) -> dict[str, Any]:
        """As clients see it: months from the newest on, the others from the busiest on."""
        months = [self.months[month].told("month", month) for month in sorted(self.months, reverse=True)]
        return {
            **self.whole.told("kept_days", ""),
            "kept_days": KEPT_DAYS,
            "months": months,
            "hosts": _ranked("host", self.hosts),
            "purposes": _ranked("purpose", self.purposes),
            "whos": _ranked("who", self.whos),
        }


def summed(lines: Iterable[Mapping[str, Any]]) -> Sums:
    """The sums of these lines."""
    sums = Sums()
    for line in lines:
        sums.add(line)
    return sums


def stamp(moment: datetime) -> str:
    """A moment of the journal: RFC 3339 in UTC, with all three digits, so that it sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clean_host(said: str) -> str:
    """A host as it is compared: in ASCII and lower case, without a final dot; empty when it cannot be one."""
    try:
        name = said.strip().rstrip(".").lower().encode("idna").decode() if not said.isascii() else said.strip()
    except UnicodeError:
        return ""
    name = name.rstrip(".").lower()
    return name if _HOST.fullmatch(name) else ""


def _ranked(name: str, group: Mapping[str, Sum]) -> list[dict[str, Any]]:
    busiest = sorted(group.items(), key=lambda pair: (-pair[1].connections, pair[0]))
    return [found.told(name, key) for key, found in busiest]


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
