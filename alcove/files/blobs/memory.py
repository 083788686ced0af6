"""Blobs in memory: for tests, and for a server that forgets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alcove.base.clock import Clock, SystemClock
from alcove.base.ids import new_id
from alcove.files.blobs.model import CHUNK, BlobDamaged, BlobMissing, BlobTooLarge, Listed, Sums, Written

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator
    from datetime import datetime
    from pathlib import Path


class MemoryBlobs:
    """`Blobs` in a dictionary."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._kept: dict[str, dict[str, tuple[bytes, datetime]]] = {}
        self._damaged: dict[str, set[str]] = {}

    async def write(
        self,
        tenant: str,
        parts: AsyncIterable[bytes],
        limit: int | None = None,
        name: str = "",
        size: int | None = None,
    ) -> Written:
        """Writes a new blob. Raises `BlobTooLarge`."""
        sums, content = Sums(), bytearray()
        async for part in parts:
            sums.add(part)
            if limit is not None and sums.size > limit:
                raise BlobTooLarge
            content += part
        return sums.written(self._keep(tenant, bytes(content), name))

    def _keep(self, tenant: str, content: bytes, name: str = "") -> str:
        blob = name or new_id()
        self._kept.setdefault(tenant, {})[blob] = (content, self._clock.now())
        self._damaged.get(tenant, set()).discard(blob)
        return blob

    def _content(self, tenant: str, blob: str) -> bytes:
        found = self._kept.get(tenant, {}).get(blob)
        if found is None:
            raise BlobDamaged if blob in self._damaged.get(tenant, ()) else BlobMissing
        return found[0]

    async def read(self, tenant: str, blob: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start`. Raises `BlobMissing`."""
        content = self._content(tenant, blob)
        end = len(content) if length is None else min(len(content), start + length)
        for place in range(start, end, CHUNK):
            yield content[place : min(place + CHUNK, end)]

    async def copy(self, tenant: str, blob: str) -> str:
        """Makes a second blob with the same bytes. Raises `BlobMissing`."""
        return self._keep(tenant, self._content(tenant, blob))

    async def adopt(self, tenant: str, path: Path, name: str) -> None:
        """Makes a blob of a file of the server, under that name."""
        self._keep(tenant, await asyncio.to_thread(path.read_bytes), name)

    async def remove(self, tenant: str, blob: str) -> None:
        """Removes a blob; does nothing when it is not there."""
        self._kept.get(tenant, {}).pop(blob, None)
        self._damaged.get(tenant, set()).discard(blob)

    async def set_aside(self, tenant: str, blob: str) -> None:
        """Forgets a damaged blob but for its name."""
        if self._kept.get(tenant, {}).pop(blob, None) is not None:
            self._damaged.setdefault(tenant, set()).add(blob)

    async def list(self, tenant: str, before: datetime | None = None) -> list[Listed]:
        """Every blob, or those written before a moment."""
        kept = self._kept.get(tenant, {})
        return [Listed(blob, at, len(it)) for blob, (it, at) in kept.items() if before is None or at < before]

    async def drop(self, tenant: str) -> None:
        """Removes every blob of an instance."""
        self._kept.pop(tenant, None)
        self._damaged.pop(tenant, None)

    async def close(self) -> None:
        """Nothing to let go of."""
