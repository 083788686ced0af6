"""What is asked of a store of blobs, and the sums that are taken while bytes pass by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from alcove.base.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator
    from datetime import datetime
    from pathlib import Path

HEAD = 64 << 10
"""Bytes at the beginning of a blob that `write` gives back, for who looks for a picture's size."""

CHUNK = 256 << 10
"""Bytes of one read: one hop to a thread each (foundation 1.3)."""


class BlobMissing(Refusal):
    """The bytes of a file are not where its document says: the disk or a backup was damaged."""

    status = 500
    title = "Internal Server Error"

    def __init__(self) -> None:
        super().__init__("The content of this file is missing from the storage of the server")


class BlobDamaged(BlobMissing):
    """The bytes of a file are no longer those that were written: they are given to nobody."""

    def __init__(self) -> None:
        Refusal.__init__(self, "The content of this file is damaged on the storage of the server")


class BlobTooLarge(Exception):
    """More bytes came than `limit`; nothing of them is kept."""


@dataclass(frozen=True, slots=True)
class Written:
    """A blob that is durable: its name, length in bytes, sums, and first `HEAD` bytes."""

    id: str
    size: int
    md5: bytes
    sha256: str
    head: bytes


@dataclass(frozen=True, slots=True)
class Listed:
    """A blob as the sweep sees it: the moment its last byte was written, and its length in bytes."""

    id: str
    at: datetime
    size: int


class Sums:
    """Length, sums and head of what passes by. Hashing frees the interpreter lock: call it in a thread."""

    __slots__ = ("_head", "_md5", "_sha256", "size")

    def __init__(self) -> None:
        self.size = 0
        self._head = bytearray()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()

    def add(self, part: bytes) -> None:
        """Takes the next bytes."""
        self.size += len(part)
        self._md5.update(part)
        self._sha256.update(part)
        if len(self._head) < HEAD:
            self._head += part[: HEAD - len(self._head)]

    def written(self, blob: str) -> Written:
        """The sums of all that came, under the name of the blob."""
        return Written(blob, self.size, self._md5.digest(), self._sha256.hexdigest(), bytes(self._head))


class Blobs(Protocol):
    """Blobs of every instance (`tenant` is its key). A blob never changes: new bytes make a new blob.

    The one exception is a blob that is written under a name given: it stands for what can be made again, or mends what
    was damaged, and takes the place of what had that name, whole.

    A blob that `write` has answered for survives a power cut. Who writes one then commits a document that names it;
    when that fails it removes the blob at once, and what a crash left behind is found by `list`.
    """

    async def write(
        self,
        tenant: str,
        parts: AsyncIterable[bytes],
        limit: int | None = None,
        name: str = "",
        size: int | None = None,
    ) -> Written:
        """Writes a new blob, durably; under that name, if one is given. `size` is what the sender announced, if it did.

        Raises `BlobTooLarge` as soon as more than `limit` bytes came, `StorageFull` when the disk is full, and what
        `parts` raises; no byte is kept then.
        """
        ...

    def read(self, tenant: str, blob: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start`, `length` of them or all that follow. Raises `BlobMissing` at the first step."""
        ...

    async def copy(self, tenant: str, blob: str) -> str:
        """Makes a second blob with the same bytes, durably; its name. Raises `BlobMissing`, `StorageFull`."""
        ...

    async def adopt(self, tenant: str, path: Path, name: str) -> None:
        """Makes a blob of a file of the server, durably, under that name; the file stays, and is changed no more.

        Done again after it was interrupted, it gives the same blob. Raises `StorageFull`, `FileNotFoundError`.
        """
        ...

    async def remove(self, tenant: str, blob: str) -> None:
        """Removes a blob; does nothing when it is not there."""
        ...

    async def set_aside(self, tenant: str, blob: str) -> None:
        """Puts a damaged blob where nobody reads it and no list shows it, durably: `read` says `BlobDamaged` then.

        Its bytes are kept until `remove`. Writing under its name mends it. Does nothing when it is not there.
        """
        ...

    async def list(self, tenant: str, before: datetime | None = None) -> list[Listed]:
        """Every blob; or those written before a moment, and drafts left unfinished before it are removed on the way."""
        ...

    async def drop(self, tenant: str) -> None:
        """Puts every blob of an instance out of reach, before it returns: an instance of the same name may follow."""
        ...

    async def close(self) -> None:
        """Lets go of threads."""
        ...
