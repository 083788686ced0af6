"""The n-th call on the disk fails: nothing acknowledged is lost, nothing half written is seen, and it goes on."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest
from faulty_disk import FailingDisk, disk

from alcove.base.errors import StorageFull
from alcove.files import ROOT, Upload
from alcove.files.blobs import LocalBlobs
from alcove.files.testing import FilesInMemory, files_in_memory, parts_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ERRORS = (errno.EIO, errno.ENOSPC)
MOST = 60
"""Calls after which every verb has ended."""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[FilesInMemory]:
    blobs = LocalBlobs(tmp_path)
    yield await files_in_memory(blobs=blobs)
    await blobs.close()


async def verb(place: FilesInMemory, name: str, kept: str) -> None:
    """Something that writes bytes; `kept` is a file that is there."""
    files, instance = place.files, place.instance
    content = b"new " * 700_000
    if name == "upload":
        await files.upload(instance, Upload("new", ROOT), parts_of(content[:1_500_000], content[1_500_000:]))
    elif name == "overwrite":
        await files.overwrite(instance, kept, Upload(), parts_of(content))
    elif name == "copy":
        await files.copy(instance, await files.get(instance, kept), name="new")
    else:
        await files.destroy(instance, kept)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", ["upload", "overwrite", "copy", "destroy"])
async def test_the_nth_call_fails(place: FilesInMemory, name: str, error: int) -> None:
    failures = 0
    for n in range(1, MOST):
        kept = await place.put("kept", b"kept")
        failing = FailingDisk(n, error)
        try:
            with disk(failing):
                await verb(place, name, kept.id)
        except (OSError, StorageFull):
            failures += 1
            if name != "destroy":
                await unharmed(place, kept.id)
        if not failing.failed:
            break
        await clear(place)
    assert failing.failed is False
    assert failures >= (0 if name == "destroy" else 3)


async def unharmed(place: FilesInMemory, kept: str) -> None:
    """What was there is there with its bytes, and nothing new is."""
    node = await place.files.get(place.instance, kept)
    assert await place.bytes_of(node) == b"kept"
    names = [node.name for node in (await place.files.list(place.instance, ROOT)).nodes if not node.is_dir]
    assert names == ["kept"]


async def clear(place: FilesInMemory) -> None:
    for node in (await place.files.list(place.instance, ROOT)).nodes:
        if not node.is_dir:
            await place.files.destroy(place.instance, node.id)
