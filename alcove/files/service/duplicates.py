"""Files that are the same: the same bytes under two names, of which all but one take space for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alcove.files.model import sha256_of
from alcove.files.store import by_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from alcove.documents import Documents

GROUPS = 500
"""Groups that are told of: those that waste most."""
COPIES = 200
"""Files of one group that are told of."""


@dataclass(frozen=True, slots=True)
class Group:
    """Files of the same bytes: the ids of the first of them, in the order of their creation; `count` of them in all."""

    size: int
    count: int
    ids: Sequence[str]

    @property
    def wasted(self) -> int:
        """Bytes that all but one take."""
        return self.size * (self.count - 1)


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The groups that waste most, how many there are in all, and what all of them waste."""

    groups: Sequence[Group]
    count: int
    wasted: int


async def duplicates(documents: Documents, tenant: str) -> Duplicates:
    """Every two living files with the same bytes. Empty files are no copies of one another."""
    found: list[Group] = []
    last: list[Mapping[str, Any]] = []
    async for fields in by_digest(documents, tenant):
        if last and _bytes(last[0]) != _bytes(fields):
            found += _group(last)
            last = []
        last.append(fields)
    found += _group(last)
    found.sort(key=lambda group: group.wasted, reverse=True)
    return Duplicates(found[:GROUPS], len(found), sum(group.wasted for group in found))


def _bytes(fields: Mapping[str, Any]) -> str:
    return str(fields.get("md5sum"))


def _group(same: Sequence[Mapping[str, Any]]) -> list[Group]:
    """The groups among files of one MD5: SHA-256 and length decide, for whom somebody wants to deceive."""
    kinds: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for fields in same:
        size = int(fields.get("size", 0))
        if size and not fields.get("trashed"):
            kinds.setdefault((sha256_of(fields), size), []).append(fields)
    groups = []
    for (_, size), files in kinds.items():
        if len(files) > 1:
            files.sort(key=lambda fields: (str(fields.get("created_at")), str(fields["_id"])))
            groups.append(Group(size, len(files), [str(fields["_id"]) for fields in files[:COPIES]]))
    return groups
