"""The contract of blobs as a suite for any implementation, and files in memory for the tests of other rooms."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from alcove.base.clock import Clock, SetClock
from alcove.documents.testing import memory_documents
from alcove.files import ROOT, Files, Upload
from alcove.files.blobs import BlobDamaged, BlobMissing, Blobs, BlobTooLarge, MemoryBlobs
from alcove.files.store import INDEXES
from alcove.instances import Instance

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from alcove.documents import Documents, Index
    from alcove.files import Node

LATER = datetime(9000, 1, 1, tzinfo=UTC)

HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAa1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "AA5waXRtAAAAAAACAAAAEGlkYXQAAAAAAEAAMAAAADhpbG9jAQAAAERAAAIAAQAAAAAAAAHRAAEAAAAAAAAANAACAAEAAAAAAAAA"
    "AQAAAAAAAAAIAAAAOGlpbmYAAAAAAAIAAAAVaW5mZQIAAAEAAQAAaHZjMQAAAAAVaW5mZQIAAAAAAgAAZ3JpZAAAAADYaXBycAAA"
    "ALZpcGNvAAAAdmh2Y0MBA3AAAAAAAAAAAAAe8AD8/fj4AAAPAyAAAQAYQAEMAf//A3AAAAMAkAAAAwAAAwAeugJAIQABACpCAQED"
    "cAAAAwCQAAADAAADAB6gIIEFlurkprm4EBAwIAAAAwAgAAADACEiAAEABkQBwXPAiQAAABRpc3BlAAAAAAAAAEAAAABAAAAAFGlz"
    "cGUAAAAAAAAAQAAAADAAAAAQcGl4aQAAAAADCAgIAAAAGmlwbWEAAAAAAAAAAgABAoECAAICA4QAAAAaaXJlZgAAAAAAAAAOZGlt"
    "ZwACAAEAAQAAADxtZGF0AAAAMCgBr1j5Et3/zev/XpIZ7rLxzDULTZAlHn6D+tqZTsfWrdJLYxC1/vPFoRMk+y3E+g=="
)
"""64 by 48 points, green, its upper left quarter red: drawn here, encoded by libheif."""


async def parts_of(*parts: bytes) -> AsyncIterator[bytes]:
    """A stream of these parts."""
    for part in parts:
        yield part


async def _broken(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    raise ConnectionResetError("the sender is gone")


async def whole(blobs: Blobs, blob: str, start: int = 0, length: int | None = None) -> bytes:
    """What a reader gets."""
    return b"".join([part async for part in blobs.read("cozy1", blob, start, length)])


class BlobsContract:
    """What holds of every store of blobs. A subclass has a fixture `blobs`."""

    async def test_what_is_written_is_read(self, blobs: Blobs) -> None:
        """Bytes, length and sums are those of the parts in their order."""
        content = bytes(range(256)) * 8000
        written = await blobs.write("cozy1", parts_of(content[:1000], b"", content[1000:]))
        assert await whole(blobs, written.id) == content
        assert written.size == len(content)
        assert written.md5 == hashlib.md5(content, usedforsecurity=False).digest()
        assert written.sha256 == hashlib.sha256(content).hexdigest()
        assert written.head == content[: len(written.head)]
        assert len(written.head) == 64 << 10

    async def test_an_empty_blob(self, blobs: Blobs) -> None:
        """Nothing is something, too."""
        written = await blobs.write("cozy1", parts_of())
        assert written.size == 0
        assert await whole(blobs, written.id) == b""

    @pytest.mark.parametrize(
        ("start", "length"), [(0, 10), (5, None), (999_995, 100), (1_000_000, 5), (0, 0), (2_000_000, None)]
    )
    async def test_ranges(self, blobs: Blobs, start: int, length: int | None) -> None:
        """A range is the slice of the bytes, and ends where they end."""
        content = b"0123456789" * 100_000
        written = await blobs.write("cozy1", parts_of(content))
        end = None if length is None else start + length
        assert await whole(blobs, written.id, start, length) == content[start:end]

    async def test_parts_are_small(self, blobs: Blobs) -> None:
        """Memory stays bounded, however long the blob is."""
        written = await blobs.write("cozy1", parts_of(b"x" * 3_000_000))
        assert max([len(part) async for part in blobs.read("cozy1", written.id)]) <= 256 << 10

    async def test_a_limit(self, blobs: Blobs) -> None:
        """Bytes up to the limit are taken; one more, and nothing is kept."""
        assert (await blobs.write("cozy1", parts_of(b"12345"), 5)).size == 5
        with pytest.raises(BlobTooLarge):
            await blobs.write("cozy1", parts_of(b"123", b"456"), 5)
        assert len(await blobs.list("cozy1")) == 1

    async def test_a_sender_that_goes_away(self, blobs: Blobs) -> None:
        """Its error passes through, and nothing is kept."""
        with pytest.raises(ConnectionResetError):
            await blobs.write("cozy1", _broken(b"x" * 2_000_000))
        assert await blobs.list("cozy1") == []

    async def test_a_copy_is_a_blob_of_its_own(self, blobs: Blobs) -> None:
        """It stays when the first one goes."""
        written = await blobs.write("cozy1", parts_of(b"abc"))
        copied = await blobs.copy("cozy1", written.id)
        await blobs.remove("cozy1", written.id)
        assert await whole(blobs, copied) == b"abc"

    async def test_a_name_given(self, blobs: Blobs) -> None:
        """What stands for something that can be made again is written under its name, and replaced whole."""
        name = "0123456789abcdef" * 2
        for content in (b"first, and long", b"second"):
            assert (await blobs.write("cozy1", parts_of(content), name=name)).id == name
            assert await whole(blobs, name) == content
        assert [blob.id for blob in await blobs.list("cozy1")] == [name]

    async def test_a_file_of_the_server_becomes_a_blob(self, blobs: Blobs, tmp_path: Path) -> None:
        """Under the name given, and once more when that was interrupted; the file may go then."""
        path, name = tmp_path / "part", "fedcba9876543210" * 2
        path.write_bytes(b"abc" * 1000)
        await blobs.adopt("cozy1", path, name)
        await blobs.adopt("cozy1", path, name)
        path.unlink()
        assert await whole(blobs, name) == b"abc" * 1000
        assert [blob.id for blob in await blobs.list("cozy1")] == [name]

    async def test_missing(self, blobs: Blobs) -> None:
        """What is not there is said to be missing; removing it again does nothing."""
        written = await blobs.write("cozy1", parts_of(b"abc"))
        await blobs.remove("cozy1", written.id)
        await blobs.remove("cozy1", written.id)
        for name in (written.id, "../../../etc/passwd", ""):
            with pytest.raises(BlobMissing):
                await whole(blobs, name)
        with pytest.raises(BlobMissing):
            await blobs.copy("cozy1", written.id)
        assert await blobs.list("cozy1") == []

    async def test_instances_do_not_see_each_other(self, blobs: Blobs) -> None:
        """A blob is known under its instance alone."""
        written = await blobs.write("cozy2", parts_of(b"abc"))
        with pytest.raises(BlobMissing):
            await whole(blobs, written.id)
        assert await blobs.list("cozy1") == []

    async def test_a_damaged_blob_is_set_aside_and_mended(self, blobs: Blobs) -> None:
        """Nobody is given its bytes until others are written under its name."""
        written = await blobs.write("cozy1", parts_of(b"abd"))
        for _ in range(2):
            await blobs.set_aside("cozy1", written.id)
            assert await blobs.list("cozy1") == []
            for start, length in ((0, None), (1, 1), (0, 0)):
                with pytest.raises(BlobDamaged):
                    await whole(blobs, written.id, start, length)
            with pytest.raises(BlobDamaged):
                await blobs.copy("cozy1", written.id)
        await blobs.write("cozy1", parts_of(b"abc"), name=written.id)
        assert await whole(blobs, written.id) == b"abc"
        assert [blob.id for blob in await blobs.list("cozy1")] == [written.id]
        await blobs.set_aside("cozy1", written.id)
        await blobs.remove("cozy1", written.id)
        with pytest.raises(BlobMissing) as caught:
            await whole(blobs, written.id)
        assert not isinstance(caught.value, BlobDamaged)

    @pytest.mark.parametrize("broken", ["sender", "limit", "cancelled"])
    async def test_a_long_blob_that_does_not_end(self, blobs: Blobs, broken: str) -> None:
        """Whatever ends it after many bytes, nothing is seen of it."""
        begun = asyncio.Event()

        async def long() -> AsyncIterator[bytes]:
            for _ in range(14):
                yield b"x" * (1 << 20)
            begun.set()
            if broken == "cancelled":
                await asyncio.Event().wait()
            if broken == "sender":
                raise ConnectionResetError("the sender is gone")
            yield b"one more"

        writing = asyncio.ensure_future(blobs.write("cozy1", long(), 14 << 20))
        await begun.wait()
        if broken == "cancelled":
            writing.cancel()
        with pytest.raises((ConnectionResetError, BlobTooLarge, asyncio.CancelledError)):
            await writing
        assert await blobs.list("cozy1") == []

    async def test_a_long_blob(self, blobs: Blobs) -> None:
        """Many parts are one blob."""
        content = random.Random(7).randbytes(13 << 20)  # noqa: S311 - bytes for a test
        pieces = [content[place : place + 300_000] for place in range(0, len(content), 300_000)]
        written = await blobs.write("cozy1", parts_of(*pieces), size=len(content))
        assert (written.size, written.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert await whole(blobs, written.id) == content
        assert await whole(blobs, written.id, 9 << 20, 1000) == content[9 << 20 : (9 << 20) + 1000]
        assert [blob.size for blob in await blobs.list("cozy1")] == [len(content)]

    async def test_list_and_drop(self, blobs: Blobs) -> None:
        """The list knows the age; dropping an instance removes all it has."""
        written = await blobs.write("cozy1", parts_of(b"abc"))
        listed = await blobs.list("cozy1")
        assert [(blob.id, blob.size) for blob in listed] == [(written.id, 3)]
        assert await blobs.list("cozy1", LATER) == listed
        assert await blobs.list("cozy1", listed[0].at - timedelta(days=1)) == []
        await blobs.drop("cozy1")
        assert await blobs.list("cozy1") == []
        await blobs.drop("cozy1")
        again = await blobs.write("cozy1", parts_of(b"abc"))
        assert await whole(blobs, again.id) == b"abc"


class FilesInMemory:
    """Files of one instance, in memory: what other rooms' tests stand on."""

    def __init__(
        self, documents: Documents, *, blobs: Blobs | None = None, clock: Clock | None = None, quota: str = ""
    ) -> None:
        self.documents = documents
        self.clock = clock or SetClock()
        self.blobs = blobs or MemoryBlobs(self.clock)
        self.instance = Instance("me.localhost:8080", "cozy1", fields={"disk_quota": quota})
        self.files = Files(documents, self.blobs, self.clock)

    async def put(self, name: str, content: bytes = b"", dir_id: str = ROOT) -> Node:
        """A file with these bytes."""
        return await self.files.upload(self.instance, Upload(name, dir_id), parts_of(content))

    async def bytes_of(self, node: Node) -> bytes:
        """The bytes of a file."""
        return b"".join([part async for part in self.files.read(self.instance, node)])


async def files_in_memory(
    *, blobs: Blobs | None = None, clock: Clock | None = None, quota: str = "", indexes: Sequence[Index] = ()
) -> FilesInMemory:
    """Files of one instance that has its first directories, on documents in memory."""
    documents = memory_documents(indexes=[*INDEXES, *indexes])
    await documents.create("cozy1")
    made = FilesInMemory(documents, blobs=blobs, clock=clock, quota=quota)
    await made.files.provision(made.instance)
    return made


def md5_base64(content: bytes) -> str:
    """A digest as `Content-MD5` writes it."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
