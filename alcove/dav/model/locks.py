"""Locks (RFC 4918 section 6): what they cover, which stand in each other's way, how long they last."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcove.dav.model.paths import Names, below

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DAY = 24 * 3600
USUAL = 1800
"""Seconds that a lock lasts when the client says nothing."""

_SECONDS = re.compile(r"second-(\d{1,12})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lock:
    """A write lock. `owner` is the XML that the client gave, `until` seconds since 1970, `tree` what serves the names.

    It stays on the names it was taken on, whatever is there later.
    """

    token: str
    tree: str
    names: Names
    deep: bool
    exclusive: bool
    owner: str
    seconds: int
    until: float
    base: str
    """The address of the tree as the client wrote it, to name the lock's root to others."""

    def covers(self, names: Names) -> bool:
        """Whether it lies on what the names lead to."""
        return self.names == names or (self.deep and below(names, self.names))

    def fields(self) -> dict[str, Any]:
        """The lock as JSON."""
        return {name: getattr(self, name) for name in self.__slots__} | {"names": list(self.names)}


def lock_from(fields: Mapping[str, Any]) -> Lock:
    """The lock that JSON tells of."""
    return Lock(**{**fields, "names": tuple(fields["names"])})


def new_token() -> str:
    """A token that nobody can guess and that is never used again."""
    return f"urn:uuid:{uuid.uuid4()}"


def covering(locks: Iterable[Lock], names: Names) -> list[Lock]:
    """The locks that lie on a resource, itself or by a folder above it."""
    return [lock for lock in locks if lock.covers(names)]


def inside(locks: Iterable[Lock], top: Names) -> list[Lock]:
    """The locks that were taken on something in a folder, at any depth."""
    return [lock for lock in locks if below(lock.names, top) and lock.names != top]


def standing_against(locks: Iterable[Lock], names: Names, *, deep: bool, exclusive: bool) -> list[Lock]:
    """The locks because of which another one cannot be taken."""
    touched = [lock for lock in locks if lock.covers(names) or (deep and below(lock.names, names))]
    return touched if exclusive else [lock for lock in touched if lock.exclusive]


def seconds_of(header: str) -> int:
    """How long a lock is to last (`Timeout`): the first that is understood, a day at the most.

    >>> seconds_of("Infinite, Second-4100000000"), seconds_of("Second-60")
    (86400, 60)
    """
    for said in header.split(","):
        if said.strip().lower() == "infinite":
            return DAY
        found = _SECONDS.match(said.strip())
        if found:
            return max(1, min(int(found[1]), DAY))
    return USUAL
