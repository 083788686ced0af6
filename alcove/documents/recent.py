"""The last changes of each store, kept while followers come for them: what was just written need not be read again."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from alcove.documents.model import Change

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 8 << 20
"""Bytes that are kept, of all stores together."""
EACH = 400
"""Bytes that a change takes beside the body of its document, about."""


class Recent:
    """Changes that were told, as long as there is room; those of the store that was written to longest ago go first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._size = 0
        self._stretches: OrderedDict[str, _Stretch] = OrderedDict()

    def add(self, changes: Sequence[Change]) -> None:
        """Takes a commit in, after it was told."""
        tenant = changes[0].tenant
        stretch = self._stretches.get(tenant)
        if stretch is None or stretch.last + 1 != changes[0].seq:
            self.forget(tenant)
            stretch = self._stretches[tenant] = _Stretch(changes[0].seq)
        self._stretches.move_to_end(tenant)
        self._size += stretch.add(changes)
        while self._size > self._most:
            oldest = next(iter(self._stretches))
            if oldest != tenant:
                self.forget(oldest)
            else:
                self._size -= stretch.shorten()

    def forget(self, tenant: str) -> None:
        """Lets go of what is kept of a store."""
        stretch = self._stretches.pop(tenant, None)
        if stretch is not None:
            self._size -= stretch.size

    def reaches(self, tenant: str, since: int) -> bool:
        """Whether the change after `since` is here, or would be."""
        stretch = self._stretches.get(tenant)
        return stretch is not None and stretch.first <= since + 1

    def since(self, tenant: str, since: int, last: int, limit: int, doctypes: frozenset[str]) -> list[Change] | None:
        """The first changes after `since`, only the last one of each document; of these doctypes, if any are named.

        None when some are missing: `last` is the number of the last change that is committed.
        """
        stretch = self._stretches.get(tenant)
        if stretch is None or stretch.first > since + 1 or stretch.last < last:
            return None
        return stretch.since(since, limit, doctypes)


class _Stretch:
    """Changes of one store without a gap between them."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.size = 0
        self._changes: list[Change] = []
        self._latest: dict[tuple[str, str], int] = {}

    @property
    def last(self) -> int:
        """The number of the last change."""
        return self.first + len(self._changes) - 1

    def add(self, changes: Sequence[Change]) -> int:
        """Appends changes; how many bytes they take."""
        size = 0
        for change in changes:
            document = change.document
            size += len(document.body) + EACH
            self._latest[document.type, document.id] = change.seq
            # Without what it replaced: that may have been written after a follower's last look too.
            self._changes.append(change if change.old is None else Change(change.tenant, change.seq, document))
        self.size += size
        return size

    def shorten(self) -> int:
        """Drops the older half; how many bytes are free then."""
        half = len(self._changes) // 2 + 1
        free = sum(len(change.document.body) + EACH for change in self._changes[:half])
        del self._changes[:half]
        self.first += half
        self.size -= free
        self._latest = {key: seq for key, seq in self._latest.items() if seq >= self.first}
        return free

    def since(self, since: int, limit: int, doctypes: frozenset[str]) -> list[Change]:
        """See `Recent.since`."""
        found = list[Change]()
        for place in range(max(0, since + 1 - self.first), len(self._changes)):
            change = self._changes[place]
            document = change.document
            wanted = not doctypes or document.type in doctypes
            if wanted and self._latest[document.type, document.id] == change.seq:
                found.append(change)
                if len(found) == limit:
                    break
        return found
