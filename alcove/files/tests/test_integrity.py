"""One flipped bit in a blob: never given under its hash, set aside, mended where a copy is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from alcove.base.clock import SetClock
from alcove.base.sqlite import Databases
from alcove.base.tables import SqliteTables
from alcove.files.blobs import BlobDamaged, BlobMissing, Blobs, LocalBlobs, MemoryBlobs
from alcove.files.blobs.local import place_of
from alcove.files.service.integrity import DAMAGED, GOOD, MISSING, UNREADABLE, Integrity
from alcove.files.service.inventory import Inventory
from alcove.files.service.scrub import Reports, Scrub
from alcove.files.testing import FilesInMemory, files_in_memory, parts_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from alcove.files import Node

SIZES = (1, 16_384, 70_000, 300_000, 3_000_000)


def flip(folder: Path, blob: str, at: int) -> None:
    """Turns over one bit of a blob."""
    path = folder / place_of("instances/cozy1/blobs", blob)
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalBlobs]:
    blobs = LocalBlobs(tmp_path)
    yield blobs
    await blobs.close()


async def read_all(looked: Integrity, blob: str, sha256: str, size: int) -> bytes:
    return b"".join([part async for part in looked.read("cozy1", blob, sha256, size)])


async def read_until_refused(looked: Integrity, blob: str, sha256: str, size: int) -> bytes:
    got = bytearray()
    try:
        async for part in looked.read("cozy1", blob, sha256, size):
            got += part
    except BlobDamaged:
        return bytes(got)
    raise AssertionError("it was given whole")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("where", ["first", "last"])
async def test_a_flipped_bit_is_never_given_whole(local: LocalBlobs, tmp_path: Path, size: int, where: str) -> None:
    content = b"x" * size
    written = await local.write("cozy1", parts_of(content))
    looked = Integrity(local)
    flip(tmp_path, written.id, 0 if where == "first" else size - 1)
    assert len(await read_until_refused(looked, written.id, written.sha256, size)) < size
    with pytest.raises(BlobDamaged):
        await read_all(looked, written.id, written.sha256, size)
    with pytest.raises(BlobDamaged):  # a range too, from now on: it is set aside
        _ = [part async for part in looked.read("cozy1", written.id, written.sha256, size, 0, 1)]


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_good_is_given(local: LocalBlobs, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    written = await local.write("cozy1", parts_of(content))
    looked = Integrity(local)
    for _ in range(2):
        assert await read_all(looked, written.id, written.sha256, size) == content
    part = [part async for part in looked.read("cozy1", written.id, written.sha256, size, 0, size // 2)]
    assert b"".join(part) == content[: size // 2]


async def test_a_blob_that_lost_its_end_is_not_given_as_whole(local: LocalBlobs, tmp_path: Path) -> None:
    written = await local.write("cozy1", parts_of(b"x" * 2_000_000))
    path = tmp_path / place_of("instances/cozy1/blobs", written.id)
    path.write_bytes(b"x" * 1_000_000)
    with pytest.raises(BlobDamaged):
        await read_all(Integrity(local), written.id, written.sha256, 2_000_000)


@pytest.mark.parametrize("size", [16_384, 3_000_000])
async def test_a_damaged_blob_is_mended_from_a_copy(local: LocalBlobs, tmp_path: Path, size: int) -> None:
    content, mirror = b"y" * size, MemoryBlobs()
    written = await local.write("cozy1", parts_of(content))
    await mirror.write("cozy1", parts_of(content), name=written.id)
    looked = Integrity(local, [mirror])
    flip(tmp_path, written.id, size // 2)
    if size <= 256 << 10:  # nothing was sent yet: who asks hears nothing of it
        assert await read_all(looked, written.id, written.sha256, size) == content
    else:
        with pytest.raises(BlobDamaged):
            await read_all(looked, written.id, written.sha256, size)
    assert await read_all(looked, written.id, written.sha256, size) == content
    assert await looked.look("cozy1", written.id, written.sha256) == GOOD


async def test_a_copy_that_is_damaged_too_mends_nothing(local: LocalBlobs, tmp_path: Path) -> None:
    written, mirror = await local.write("cozy1", parts_of(b"abc")), MemoryBlobs()
    await mirror.write("cozy1", parts_of(b"abd"), name=written.id)
    flip(tmp_path, written.id, 1)
    looked = Integrity(local, [mirror])
    assert not await looked.settle("cozy1", written.id, written.sha256)
    assert await looked.look("cozy1", written.id, written.sha256) == DAMAGED


async def test_an_error_of_the_disk_is_told_from_damage(local: LocalBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    written = await local.write("cozy1", parts_of(b"abc"))
    looked = Integrity(local)

    def broken(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    for way in ("pread", "preadv"):
        monkeypatch.setattr(f"alcove.files.blobs.local.os.{way}", broken)
    assert await looked.look("cozy1", written.id, written.sha256) == UNREADABLE
    monkeypatch.undo()
    assert await looked.look("cozy1", written.id, written.sha256) == GOOD
    await local.remove("cozy1", written.id)
    assert await looked.look("cozy1", written.id, written.sha256) == MISSING


async def test_long_files_are_trusted_for_a_while(local: LocalBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    written = await local.write("cozy1", parts_of(b"x" * 2_000_000))
    looked = Integrity(local)
    await read_all(looked, written.id, written.sha256, written.size)

    def refuse() -> None:
        raise AssertionError("hashed again")

    monkeypatch.setattr("alcove.files.service.integrity.hashlib.sha256", refuse)
    assert len(await read_all(looked, written.id, written.sha256, written.size)) == written.size


class Place:
    """Files of one instance on a disk, with a scrub."""

    def __init__(self, files: FilesInMemory, blobs: Blobs, reports: Reports, mirror: Blobs | None) -> None:
        self.files = files
        looked = Integrity(blobs, [mirror] if mirror else [])
        self.scrub = Scrub(files.documents, blobs, looked, reports, files.clock, mirror)
        self.stored = Inventory(files.documents, blobs, files.clock)

    async def faults(self) -> list[str]:
        return [str(fault["type"]) async for fault in self.stored.look(self.files.instance)]


@pytest.fixture
async def place(local: LocalBlobs, tmp_path: Path) -> AsyncIterator[Place]:
    databases = Databases(tmp_path / "tables")
    reports = Reports(SqliteTables.of(databases))
    await reports.prepare()
    yield Place(await files_in_memory(blobs=local, clock=SetClock()), local, reports, MemoryBlobs())
    await databases.close()


async def put(place: Place, count: int = 5) -> list[Node]:
    return [await place.files.put(f"n{number}", b"content %d" % number) for number in range(count)]


async def test_a_scrub_fills_the_mirror_and_mends_from_it(place: Place, tmp_path: Path) -> None:
    nodes = await put(place)
    report = await place.scrub.go_on(place.files.instance)
    assert (report.files, report.copied, report.faults) == (5, 5, [])
    assert not await place.scrub.due(place.files.instance)
    flip(tmp_path, nodes[2].blob, 3)
    await place.files.blobs.remove("cozy1", nodes[3].blob)
    last = [report async for report in place.scrub.now(place.files.instance)][-1]
    assert (last.damaged, last.missing, last.mended, last.copied) == (1, 1, 2, 0)
    assert {fault["name"] for fault in last.faults} == {"n2", "n3"}
    assert [await place.files.bytes_of(node) for node in nodes] == [b"content %d" % n for n in range(5)]
    assert (await place.scrub.reports.get("cozy1")).mended == 2


async def test_a_scrub_mends_from_a_folder_that_is_given(local: LocalBlobs, place: Place, tmp_path: Path) -> None:
    (node,) = await put(place, 1)
    saved = LocalBlobs(tmp_path / "saved")
    await saved.write("cozy1", parts_of(b"content 0"), name=node.blob)
    flip(tmp_path, node.blob, 3)
    last = [report async for report in place.scrub.now(place.files.instance, [saved])][-1]
    assert (last.damaged, last.mended) == (1, 1)
    await saved.close()


async def test_a_scrub_goes_on_where_it_was(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await put(place)
    monkeypatch.setattr("alcove.files.service.scrub.PAGE", 2)
    async for report in place.scrub.now(place.files.instance):
        if report.files >= 2:
            break
    report = await place.scrub.reports.get("cozy1")
    assert not report.ended
    assert await place.scrub.due(place.files.instance)
    ended = await place.scrub.go_on(place.files.instance)
    assert ended.began == report.began
    assert ended.files == 5


async def test_the_mirror_lets_go_of_what_was_destroyed(place: Place) -> None:
    nodes = await put(place)
    await place.scrub.go_on(place.files.instance)
    await place.files.files.trash(place.files.instance, nodes[0].id)
    await place.files.files.destroy(place.files.instance, nodes[0].id)
    _ = [report async for report in place.scrub.now(place.files.instance)]
    assert place.scrub._mirror is not None
    left = await place.scrub._mirror.list("cozy1")
    assert {blob.id for blob in left} == {node.blob for node in nodes[1:]}


async def test_what_is_stored_is_compared_without_reading(place: Place, local: LocalBlobs, tmp_path: Path) -> None:
    nodes = await put(place, 3)
    assert await place.faults() == []
    await local.remove("cozy1", nodes[0].blob)
    path = tmp_path / place_of("instances/cozy1/blobs", nodes[1].blob)
    path.write_bytes(b"longer than it was")
    lost = await local.write("cozy1", parts_of(b"nobody names me"))
    assert sorted(await place.faults()) == ["content_mismatch", "filesystem_missing"]
    os.utime(tmp_path / place_of("instances/cozy1/blobs", lost.id), (0, 0))
    faults = [fault async for fault in place.stored.look(place.files.instance)]
    assert [fault["blob"] for fault in faults if fault["type"] == "index_missing"] == [lost.id]


async def test_a_missing_blob_is_told_as_missing(local: LocalBlobs) -> None:
    with pytest.raises(BlobMissing):
        await read_all(Integrity(local), "0" * 32, "0" * 64, 10)
