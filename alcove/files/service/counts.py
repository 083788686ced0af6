"""How many nodes each directory holds: counted once for a large one, then kept true from the changes of its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.files.model import FILES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from alcove.documents import Change, Document, Documents

WORTH = 500
"""Nodes of a directory from which on counting takes longer than remembering."""
KEPT = 1000
"""Directories whose number is kept at the most, in each instance."""


class Counts:
    """Numbers of the large directories of every instance, each with the change up to which it is true."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._kept: dict[str, dict[str, tuple[int, int]]] = {}
        documents.watch(self._hear, frozenset((FILES,)))

    async def of(self, tenant: str, dir_id: str, count: Callable[[], Awaitable[int]]) -> int:
        """The number that is kept, else what `count` finds."""
        known = self._kept.get(tenant, {}).get(dir_id)
        if known is not None:
            return known[0]
        since = await self._documents.last_seq(tenant)
        counted = await count()
        if counted >= WORTH and since == await self._documents.last_seq(tenant):
            kept = self._kept.setdefault(tenant, {})
            while len(kept) >= KEPT:
                del kept[next(iter(kept))]
            kept[dir_id] = counted, since
        return counted

    def drop(self, tenant: str) -> None:
        """Forgets an instance."""
        self._kept.pop(tenant, None)

    def _hear(self, changes: Sequence[Change]) -> None:
        for change in changes:
            kept = self._kept.get(change.tenant)
            if not kept or change.document.type != FILES:
                continue
            before, after = _directory(change.old), _directory(change.document)
            if before != after:
                _add(kept, before, -1, change.seq)
                _add(kept, after, 1, change.seq)


def _add(kept: dict[str, tuple[int, int]], dir_id: str, step: int, seq: int) -> None:
    # A change may have been counted already and be heard only now.
    count, since = kept.get(dir_id, (0, seq))
    if seq > since:
        kept[dir_id] = count + step, seq


def _directory(document: Document | None) -> str:
    """The directory that a node is in; empty when it is in none."""
    return "" if document is None or document.deleted else str(document.fields().get("dir_id", ""))
