"""Files that are there after a power cut: written whole under another name, then named, then the folder synced."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alcove.base.errors import StorageFull

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when no byte more fits."""


@contextmanager
def full_disk() -> Iterator[None]:
    """Says `StorageFull` for what the system says when no byte more fits."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("The disk of the server is full: nothing was changed") from None
        raise


def sync_folder(folder: Path | str) -> None:
    """Makes the names in a folder durable: a new file is lost with its folder's entry otherwise."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is either there with all its bytes or not at all. Raises `OSError`."""
    draft = path.with_name(path.name + ".new")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
