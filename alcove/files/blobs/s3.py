"""Blobs in a bucket that speaks S3: `<prefix>instances/<key>/blobs/ab/<32 hexadecimal digits>`.

Keys are the paths of the data folder: any tool that copies between folders and buckets moves blobs either way. An
object appears whole or not at all, and is durable once it is answered for: nothing is written aside and renamed. Loaded
only where S3 is set: `obstore` takes 15 MiB of disk and 4 MiB of memory (foundation section 5).
"""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from alcove.base.errors import StorageFull, Unavailable
from alcove.base.ids import new_id
from alcove.files.blobs.model import CHUNK, BlobDamaged, BlobMissing, BlobTooLarge, Listed, Sums, Written

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator
    from datetime import datetime
    from pathlib import Path

    from obstore import GetOptions
    from obstore.store import S3Config

log = logging.getLogger("alcove.files")

PART = 6 << 20
"""Bytes of one part of a long upload, and of the longest that is sent in one piece. S3 wants 5 MiB at least."""
PARTS = 9_000
"""Parts of one upload at the most (S3 takes 10,000): what is announced to be longer is sent in larger ones."""
BATCH = 1 << 20
"""Bytes that are gathered before they are hashed in a thread."""
FLIGHT = 2
"""Parts of one upload that are under way at once: memory for more would be the server's, not the bucket's."""
COPIED = 5 << 30
"""Bytes that S3 copies by itself at the most."""
TIMEOUT = "60s"
PAUSE = 10
"""Seconds after which who was refused because the bucket is away may come again."""

_NAME = re.compile(r"[0-9a-f]{32}")
_FULL = ("StorageFull", "QuotaExceeded", "InsufficientStorage", " 507 ")
"""How buckets say that they are full; AWS never is."""


class BucketAway(Unavailable):
    """The bucket does not answer, or refuses: nothing was changed."""

    def __init__(self) -> None:
        super().__init__("The storage of files does not answer: try again later", headers={"Retry-After": str(PAUSE)})


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a bucket is, and who asks. Without an endpoint it is one of AWS."""

    name: str
    region: str
    key_id: str
    secret: str
    endpoint: str = ""
    prefix: str = ""
    by_path: bool = True
    """Whether the bucket is named in the path (most servers) or in the host (AWS)."""

    def open(self) -> S3Store:
        """The client of it. Nothing is asked yet."""
        where: S3Config = {"endpoint": self.endpoint} if self.endpoint else {}
        return S3Store(
            self.name,
            config=where,
            region=self.region,
            access_key_id=self.key_id,
            secret_access_key=self.secret,
            virtual_hosted_style_request=not self.by_path,
            client_options={"allow_http": self.endpoint.startswith("http://"), "timeout": TIMEOUT},
            retry_config={"max_retries": 3},
        )


class S3Blobs:
    """`Blobs` in a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._store = bucket.open()
        self._prefix = f"{bucket.prefix.strip('/')}/" if bucket.prefix.strip("/") else ""
        self._ranges = True
        self._ending: set[asyncio.Future[Any]] = set()

    async def write(
        self,
        tenant: str,
        parts: AsyncIterable[bytes],
        limit: int | None = None,
        name: str = "",
        size: int | None = None,
    ) -> Written:
        """Writes a new blob. Raises `BlobTooLarge`, `StorageFull`, `BucketAway`, and what `parts` raises."""
        blob, sums = name or new_id(), Sums()
        head = bytearray()
        coming = _summed(parts, sums, limit)
        async for part in coming:
            head += part
            if len(head) > PART:
                await self._long(self._key(tenant, blob), bytes(head), coming, size or 0)
                break
        else:
            with _told():
                await obstore.put_async(self._store, self._key(tenant, blob), bytes(head), use_multipart=False)
        return sums.written(blob)

    async def _long(self, key: str, head: bytes, rest: AsyncIterator[bytes], size: int) -> None:
        """Sends what is longer than a part. When it fails, the parts that were sent are thrown away.

        The client gives up an upload for good only when its bytes fail, not when it is cancelled: so it runs as a task
        of its own, that is fed and told.
        """
        feed = _Feed(head)
        sending = asyncio.ensure_future(
            obstore.put_async(
                self._store,
                key,
                feed.all(),
                use_multipart=True,
                chunk_size=max(PART, size // PARTS),
                max_concurrency=FLIGHT,
            )
        )
        try:
            async for part in rest:
                with _told():
                    await feed.add(part, sending)
            with _told():
                await feed.add(None, sending)
                await asyncio.shield(sending)
        except BaseException:
            feed.fail()
            self._ending.add(sending)
            sending.add_done_callback(self._ended)
            raise

    def _ended(self, sending: asyncio.Future[Any]) -> None:
        self._ending.discard(sending)
        if not sending.cancelled():
            sending.exception()  # its failure is ours, and told already

    async def read(self, tenant: str, blob: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start`, by parts of 256 KiB. Raises `BlobMissing`, `BucketAway` at the first step."""
        key, left = self._key(tenant, blob), length
        if left == 0:
            await self._size(tenant, blob, key)
            return
        with _told():
            try:
                stream, skip = await self._opened(key, start, length)
            except FileNotFoundError:
                await self._missing(tenant, blob)
            if stream is None:  # the range begins where the bytes end
                return
            async for piece in stream:
                content, skip = bytes(piece)[skip:], max(0, skip - len(piece))
                content = content if left is None else content[:left]
                for place in range(0, len(content), CHUNK):
                    yield content[place : place + CHUNK]
                left = None if left is None else left - len(content)
                if left == 0:
                    return

    async def _opened(self, key: str, start: int, length: int | None) -> tuple[obstore.BytesStream | None, int]:
        """The bytes from `start` as they come, and how many to pass over first; None when there are none.

        Some servers answer a range with everything. They are read from the beginning then, once they are known.
        """
        if not (start or length) or not self._ranges:
            return (await obstore.get_async(self._store, key)).stream(CHUNK), start
        wanted: GetOptions = {"range": {"offset": start} if length is None else (start, start + length)}
        try:
            found = await obstore.get_async(self._store, key, options=wanted)
        except BaseError as error:
            said = str(error)
            if "InvalidRange" in said or " 416 " in said:
                return None, 0
            if "non-partial" not in said:
                raise
            self._ranges = False
            return (await obstore.get_async(self._store, key)).stream(CHUNK), start
        return found.stream(CHUNK), 0

    async def copy(self, tenant: str, blob: str) -> str:
        """Makes a second blob with the same bytes, durably. Raises `BlobMissing`, `StorageFull`, `BucketAway`."""
        key, name = self._key(tenant, blob), new_id()
        size = await self._size(tenant, blob, key)
        if size > COPIED:
            return (await self.write(tenant, self.read(tenant, blob), size=size)).id
        with _told():
            await obstore.copy_async(self._store, key, self._key(tenant, name))
        return name

    async def adopt(self, tenant: str, path: Path, name: str) -> None:
        """Makes a blob of a file of the server, under that name. Raises `StorageFull`, `FileNotFoundError`."""
        size = (await asyncio.to_thread(path.stat)).st_size
        with _told():
            await obstore.put_async(
                self._store,
                self._key(tenant, name),
                path,
                use_multipart=size > PART,
                chunk_size=max(PART, size // PARTS),
                max_concurrency=FLIGHT,
            )

    async def remove(self, tenant: str, blob: str) -> None:
        """Removes a blob, set aside or not; does nothing when it is not there. Raises `BucketAway`."""
        with _told():
            await obstore.delete_async(self._store, [self._key(tenant, blob), self._aside(tenant, blob)])

    async def set_aside(self, tenant: str, blob: str) -> None:
        """Puts a damaged blob where nobody reads it. Does nothing when it is not there. Raises `BucketAway`."""
        key = self._key(tenant, blob)
        with _told(), suppress(FileNotFoundError):
            await obstore.copy_async(self._store, key, self._aside(tenant, blob))
            await obstore.delete_async(self._store, [key])

    async def list(self, tenant: str, before: datetime | None = None) -> list[Listed]:
        """Every blob, or those written before a moment of the bucket's clock, in seconds. Raises `BucketAway`."""
        found, folder = [], self._folder(tenant)
        with _told():
            async for batch in obstore.list(self._store, folder):
                for entry in batch:
                    corner, _, name = entry["path"].removeprefix(f"{folder}/").partition("/")
                    at = entry["last_modified"]
                    if _NAME.fullmatch(name) and corner == name[:2] and (before is None or at < before):
                        found.append(Listed(name, at, entry["size"]))
        return found

    async def drop(self, tenant: str) -> None:
        """Removes every blob of an instance, a thousand with one question. Raises `BucketAway`."""
        with _told():
            async for batch in obstore.list(self._store, self._folder(tenant), chunk_size=1000):
                await obstore.delete_async(self._store, [entry["path"] for entry in batch])

    async def close(self) -> None:
        """Waits until what was given up is thrown away."""
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _folder(self, tenant: str) -> str:
        return f"{self._prefix}instances/{tenant}/blobs"

    def _key(self, tenant: str, blob: str) -> str:
        if not _NAME.fullmatch(blob):
            raise BlobMissing
        return f"{self._folder(tenant)}/{blob[:2]}/{blob}"

    def _aside(self, tenant: str, blob: str) -> str:
        return f"{self._folder(tenant)}/damaged/{blob}"

    async def _size(self, tenant: str, blob: str, key: str) -> int:
        with _told():
            try:
                return (await obstore.head_async(self._store, key))["size"]
            except FileNotFoundError:
                await self._missing(tenant, blob)

    async def _missing(self, tenant: str, blob: str) -> NoReturn:
        """Raises `BlobDamaged` for a blob that was set aside, and else `BlobMissing`."""
        try:
            await obstore.head_async(self._store, self._aside(tenant, blob))
        except FileNotFoundError:
            raise BlobMissing from None
        raise BlobDamaged


class _Feed:
    """The bytes of a long upload, handed to the client as it asks for them."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._queue: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(1)

    async def all(self) -> AsyncGenerator[bytes, None]:
        """What the client reads; an error at its end makes it throw away what it has sent."""
        yield self._head
        self._head = b""
        while True:
            part = await self._queue.get()
            if part is None:
                return
            if isinstance(part, Exception):
                raise part
            yield part

    async def add(self, part: bytes | None, sending: asyncio.Future[Any]) -> None:
        """Hands over the next bytes (None: that was all). Raises the error that the client has ended with."""
        putting = asyncio.ensure_future(self._queue.put(part))
        await asyncio.wait({putting, sending}, return_when=asyncio.FIRST_COMPLETED)
        if not putting.done():
            putting.cancel()
            await sending

    def fail(self) -> None:
        """Ends it with an error, whatever is still on its way."""
        with suppress(asyncio.QueueEmpty):
            self._queue.get_nowait()
        self._queue.put_nowait(ConnectionAbortedError("the upload was given up"))


async def _summed(parts: AsyncIterable[bytes], sums: Sums, limit: int | None) -> AsyncIterator[bytes]:
    """The parts in batches, hashed on the way. Raises `BlobTooLarge`."""
    batch, gathered, seen = list[bytes](), 0, 0
    async for part in parts:
        seen += len(part)
        if limit is not None and seen > limit:
            raise BlobTooLarge
        batch.append(part)
        gathered += len(part)
        if gathered >= BATCH:
            joined = b"".join(batch)
            await asyncio.to_thread(sums.add, joined)
            yield joined
            batch, gathered = [], 0
    joined = b"".join(batch)
    sums.add(joined)
    yield joined


@contextmanager
def _told() -> Iterator[None]:
    """Says what the bucket's errors mean here. The log has the bucket's own words: no credentials stand in them."""
    try:
        yield
    except (BaseError, OSError) as error:
        # The client says by Python's own errors what has one: a connection that breaks, a file that is not there.
        said = str(error).partition("\n\nDebug source")[0]
        if any(word in said for word in _FULL):
            raise StorageFull("The storage of files is full: nothing was changed") from None
        log.warning("the bucket of files refuses or does not answer", extra={"reason": said[:500]})
        raise BucketAway from error
