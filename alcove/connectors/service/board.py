"""The state of one gathering as its document shows it, written often enough to be followed, not more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from alcove.base.clock import Clock, rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.connectors.model import FileOutcome
    from alcove.connectors.store import Shelf

PAUSE = 1.0
"""Seconds between two writes while nothing but the number of done files changes."""


class Board:
    """What became of each file so far, in the order in which they came."""

    def __init__(self, shelf: Shelf, clock: Clock, tenant: str, gathering_id: str, fields: Mapping[str, Any]) -> None:
        self._shelf = shelf
        self._clock = clock
        self._tenant = tenant
        self._id = gathering_id
        self._fields = dict(fields)
        self._files: dict[str, FileOutcome | None] = {}
        self._written = 0.0

    def expect(self, input_id: str) -> None:
        """Adds a file that something will be said of."""
        self._files.setdefault(input_id, None)

    def withdraw(self, input_id: str, *, entries: bool = False) -> None:
        """Expects a file no longer, as it is an archive (or with `entries`: what came out of it, no longer either)."""
        for known in [input_id, *(other for other in self._files if entries and other.startswith(f"{input_id}."))]:
            if self._files.get(known) is None:
                self._files.pop(known, None)

    def settled(self, input_id: str) -> bool:
        """Whether something was said of the file."""
        return self._files.get(input_id) is not None

    def taken(self, input_id: str) -> bool:
        """Whether the file, and all that came out of it, was taken."""
        said = [one for known, one in self._files.items() if known.partition(".")[0] == input_id]
        return bool(said) and all(one is not None and one.outcome in ("new", "known") for one in said)

    async def settle(self, input_id: str, outcome: FileOutcome) -> None:
        """Says what became of a file."""
        self._files[input_id] = outcome
        if time.monotonic() - self._written >= PAUSE:
            await self._write()

    async def state(self, state: str, error: str = "") -> None:
        """Enters a state and writes everything down."""
        self._fields["state"] = state
        if error:
            self._fields["error"] = error
        await self._write()

    async def _write(self) -> None:
        said = [outcome.json() for outcome in self._files.values() if outcome is not None]
        self._fields |= {"total": len(self._files), "done": len(said), "files": said}
        self._fields["updated_at"] = rfc3339(self._clock.now())
        await self._shelf.put_gathering(self._tenant, self._id, self._fields)
        self._written = time.monotonic()
