"""Whether bytes are still those that were written: looked at while they are read, and from time to time (`scrub`).

Every file names the SHA-256 of its bytes. A blob that is found to have others is set aside at once, so that nobody is
given them again, and mended where a copy of it is whole.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import OrderedDict
from contextlib import aclosing
from typing import TYPE_CHECKING

from alcove.files.blobs import CHUNK, BlobDamaged, BlobMissing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from alcove.files.blobs import Blobs

log = logging.getLogger("alcove.files")

GOOD, MISSING, DAMAGED, UNREADABLE = "good", "missing", "damaged", "unreadable"
"""What a look at a blob finds. Unreadable: the disk or the bucket says so."""

ALWAYS = 1 << 20
"""Bytes of a file that is looked at each time it is read whole: this takes half a millisecond at the most."""
TRUSTED = 24 * 3600.0
"""Seconds that a longer one is not looked at again, once it was found good: hashing it costs as much as sending it."""
REMEMBERED = 4096
"""Longer files that are remembered to be good."""


async def _at_once(_: int) -> None:
    """Takes no breath."""


class Integrity:
    """Reads blobs, and looks whether they are what they should be. `copies` are other places that have them."""

    def __init__(self, blobs: Blobs, copies: Sequence[Blobs] = ()) -> None:
        self._blobs = blobs
        self._copies = copies
        self._good: OrderedDict[tuple[str, str], float] = OrderedDict()

    def read(
        self, tenant: str, blob: str, sha256: str, size: int, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Bytes of a blob that should have `size` of them, with that hash. Raises `BlobMissing` at the first step.

        Who reads all of them gets the last ones only when all are good; `BlobDamaged` is raised instead of them. Of a
        range nobody can tell: it is given as it lies there.
        """
        whole = start == 0 and (length is None or length >= size)
        if not (whole and size and sha256) or self._trusts(tenant, blob, size):
            return self._blobs.read(tenant, blob, start, length)
        return self._looked_at(tenant, blob, sha256, size)

    def _trusts(self, tenant: str, blob: str, size: int) -> bool:
        found = self._good.get((tenant, blob)) if size > ALWAYS else None
        return found is not None and time.monotonic() - found < TRUSTED

    async def _looked_at(self, tenant: str, blob: str, sha256: str, size: int) -> AsyncIterator[bytes]:
        found, seen = hashlib.sha256(), 0
        async with aclosing(self._blobs.read(tenant, blob, 0, size)) as parts:  # type: ignore[type-var]
            async for part in parts:
                # On the loop: a part takes a sixth of a millisecond, and two hops to a thread half as much.
                found.update(part)
                seen += len(part)
                if seen < size:
                    yield part
                elif found.hexdigest() == sha256:
                    if size > ALWAYS:
                        self._remember(tenant, blob)
                    yield part
                    return
        if not await self.settle(tenant, blob, sha256) or size > CHUNK:
            raise BlobDamaged
        async for part in self._blobs.read(tenant, blob, 0, size):  # mended, and nothing of it is sent yet
            yield part

    def _remember(self, tenant: str, blob: str) -> None:
        self._good[tenant, blob] = time.monotonic()
        self._good.move_to_end((tenant, blob))
        if len(self._good) > REMEMBERED:
            self._good.popitem(last=False)

    async def settle(self, tenant: str, blob: str, sha256: str) -> bool:
        """Looks again at a blob that seems damaged; sets it aside and mends it when it is. Whether it is good then.

        Memory and cables err too: what is good the second time stays.
        """
        found = await self.look(tenant, blob, sha256)
        if found == GOOD:
            return True
        if found != MISSING:
            log.error("a blob is damaged", extra={"tenant": tenant, "blob": blob, "found": found})
            self._good.pop((tenant, blob), None)
            await self._blobs.set_aside(tenant, blob)
        return await self.mend(tenant, blob, sha256)

    async def look(
        self, tenant: str, blob: str, sha256: str, breathe: Callable[[int], Awaitable[None]] = _at_once
    ) -> str:
        """GOOD, MISSING, DAMAGED or UNREADABLE: every byte is read. `breathe` is told of bytes, and may take time."""
        return await looked_at(self._blobs, tenant, blob, sha256, breathe)

    async def mend(self, tenant: str, blob: str, sha256: str, more: Sequence[Blobs] = ()) -> bool:
        """Writes a blob again from the first copy that is good; whether there was one."""
        for copy in (*more, *self._copies):
            if await looked_at(copy, tenant, blob, sha256) != GOOD:
                continue
            written = await self._blobs.write(tenant, copy.read(tenant, blob), name=blob)
            if written.sha256 == sha256:
                log.warning("a blob is mended from its copy", extra={"tenant": tenant, "blob": blob})
                return True
            await self._blobs.set_aside(tenant, blob)  # the copy changed while it was read
        return False


async def looked_at(
    blobs: Blobs, tenant: str, blob: str, sha256: str, breathe: Callable[[int], Awaitable[None]] = _at_once
) -> str:
    """What a blob is in some place: GOOD, MISSING, DAMAGED or UNREADABLE. Raises `Refusal` when the place is away."""
    found = hashlib.sha256()
    try:
        async for part in blobs.read(tenant, blob):
            found.update(part)
            await breathe(len(part))
    except BlobDamaged:
        return DAMAGED
    except BlobMissing:
        return MISSING
    except OSError as error:
        log.warning("a blob cannot be read", extra={"tenant": tenant, "blob": blob, "reason": str(error)})
        return UNREADABLE
    return GOOD if not sha256 or found.hexdigest() == sha256 else DAMAGED
