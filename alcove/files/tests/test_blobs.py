"""Blobs on a disk and in memory keep the same contract; the disk keeps a few promises more."""

from __future__ import annotations

import asyncio
import errno
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from alcove.base.errors import StorageFull
from alcove.files.blobs import LocalBlobs, MemoryBlobs
from alcove.files.testing import LATER, BlobsContract, parts_of, whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class TestMemory(BlobsContract):
    @pytest.fixture
    def blobs(self) -> MemoryBlobs:
        return MemoryBlobs()


class TestLocal(BlobsContract):
    @pytest.fixture
    async def blobs(self, tmp_path: Path) -> AsyncIterator[LocalBlobs]:
        blobs = LocalBlobs(tmp_path)
        yield blobs
        await blobs.close()

    def _left(self, folder: Path) -> list[str]:
        return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())

    async def test_where_a_blob_lies(self, blobs: LocalBlobs, tmp_path: Path) -> None:
        written = await blobs.write("cozy1", parts_of(b"abc"))
        place = tmp_path / "instances/cozy1/blobs" / written.id[:2] / written.id
        assert place.read_bytes() == b"abc"
        assert place.stat().st_mode & 0o777 == 0o600
        assert len(self._left(tmp_path)) == 1

    async def test_some_of_the_disk_is_left_for_documents(
        self, blobs: LocalBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = await blobs.write("cozy1", parts_of(b"abc"))
        disk = os.statvfs(tmp_path)
        whole_disk = (100 << 30) // disk.f_frsize
        free = (64 << 20) // disk.f_frsize - 1

        class Full:
            f_bavail, f_blocks, f_frsize = free, whole_disk, disk.f_frsize

        monkeypatch.setattr("alcove.files.blobs.local.os.fstatvfs", lambda _file: Full)
        with pytest.raises(StorageFull):
            await blobs.write("cozy1", parts_of(b"abc"))
        with pytest.raises(StorageFull):
            await blobs.copy("cozy1", first.id)
        await blobs.close()
        assert len(self._left(tmp_path)) == 1
        monkeypatch.undo()

    async def test_what_is_not_in_memory_is_read_in_a_thread(
        self, blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written, asked = await blobs.write("cozy1", parts_of(b"0123456789")), list[int]()

        def cold(*_given: object) -> int:
            asked.append(1)
            raise BlockingIOError

        monkeypatch.setattr("alcove.files.blobs.local.os.preadv", cold)
        monkeypatch.setattr("alcove.files.blobs.local._NO_WAIT", 8)
        assert await whole(blobs, written.id, 2, 5) == b"23456"
        assert asked == [1]
        monkeypatch.setattr("alcove.files.blobs.local._NO_WAIT", None)
        assert await whole(blobs, written.id, 2, 5) == b"23456"
        assert asked == [1]

    async def test_a_full_disk(self, blobs: LocalBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(StorageFull):
            await blobs.write("cozy1", parts_of(b"abc"))
        await blobs.close()
        assert self._left(tmp_path) == []

    async def test_a_full_disk_at_the_end(
        self, blobs: LocalBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: int) -> None:
            raise OSError(errno.EDQUOT, "Disk quota exceeded")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StorageFull):
            await blobs.write("cozy1", parts_of(b"x" * 3_000_000))
        await blobs.close()
        assert self._left(tmp_path) == []

    async def test_a_cancelled_upload(self, blobs: LocalBlobs, tmp_path: Path) -> None:
        begun = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b"x" * 2_000_000
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(blobs.write("cozy1", slow()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await blobs.close()
        assert self._left(tmp_path) == []

    async def test_drafts_left_by_a_crash_go_with_the_list(self, blobs: LocalBlobs, tmp_path: Path) -> None:
        written = await blobs.write("cozy1", parts_of(b"abc"))
        draft = tmp_path / "instances/cozy1/blobs/drafts/0123456789abcdef0123456789abcdef"
        draft.write_bytes(b"half")
        listed = await blobs.list("cozy1", LATER)
        assert [blob.id for blob in listed] == [written.id]
        assert not draft.exists()

    async def test_a_young_draft_stays(self, blobs: LocalBlobs, tmp_path: Path) -> None:
        listed = await blobs.write("cozy1", parts_of(b"abc"))
        draft = tmp_path / "instances/cozy1/blobs/drafts/0123456789abcdef0123456789abcdef"
        draft.write_bytes(b"half")
        at = (await blobs.list("cozy1", LATER))[0].at if draft.exists() else None
        draft.write_bytes(b"half")
        assert at is not None
        assert await blobs.list("cozy1", at - timedelta(hours=1)) == []
        assert draft.exists()
        assert await whole(blobs, listed.id) == b"abc"

    async def test_many_at_once(self, blobs: LocalBlobs) -> None:
        contents = [bytes([n]) * (n * 1000) for n in range(40)]
        written = await asyncio.gather(*(blobs.write("cozy1", parts_of(c)) for c in contents))
        assert [await whole(blobs, w.id) for w in written] == contents

    async def test_who_only_looks_removes_no_draft(self, blobs: LocalBlobs, tmp_path: Path) -> None:
        await blobs.write("cozy1", parts_of(b"abc"))
        draft = tmp_path / "instances/cozy1/blobs/drafts/0123456789abcdef0123456789abcdef"
        draft.write_bytes(b"half")
        assert len(await blobs.list("cozy1")) == 1
        assert draft.exists()
