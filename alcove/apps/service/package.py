"""What a source holds: a manifest, and files that are written into a folder of the instance within limits."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from alcove.apps.errors import CodeRefused, SourceUnreachable
from alcove.base.folders import make_folder, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from alcove.apps.model import Kind

FILES = 5000
"""Files of an app at the most."""
TOTAL = 256 << 20
"""Bytes of all files of an app at the most."""
NAME = 400
"""Characters of a file's name, with the folders it lies in, at the most."""
BLOCK = 1 << 20


class Package(Protocol):
    """An app as its source has it."""

    @property
    def manifest(self) -> bytes:
        """The bytes of the manifest."""
        ...

    @property
    def checksum(self) -> str:
        """That of the archive, in hexadecimal; empty where there is none."""
        ...

    async def write(self, folder: Path) -> str:
        """Writes all files into an empty folder; gives their checksum. Raises `CodeRefused`, `OSError`."""
        ...


class Keeper:
    """Writes files into one folder, durably, within limits; no name leads out of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = set[str]()
        self._made = {folder}
        self._left = TOTAL
        self._sum = hashlib.sha256()

    def add(self, name: str, file: BinaryIO) -> None:
        """Writes one file; raises `CodeRefused` when it is one too many, too large, there already, or badly named."""
        check_name(name)
        if name in self._names or len(self._names) >= FILES:
            raise CodeRefused(f"An app has {FILES} files at the most, each with a name of its own: {name[:100]}")
        self._names.add(name)
        path = self._folder / name
        try:
            self._make(path.parent)
            with path.open("xb") as out:
                own = self._copy(name, file, out)
                out.flush()
                os.fsync(out.fileno())
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise CodeRefused(f"A file and a folder of the app have the same name: {name[:100]}") from None
        self._sum.update(f"{name}\0{own}\n".encode())

    def finish(self) -> str:
        """Makes the names durable; the checksum of names and contents."""
        for folder in self._made:
            sync_folder(folder)
        return self._sum.hexdigest()

    def _make(self, folder: Path) -> None:
        if folder not in self._made:
            make_folder(folder)
            self._made.add(folder)

    def _copy(self, name: str, file: BinaryIO, out: BinaryIO) -> str:
        own = hashlib.sha256()
        while part := file.read(BLOCK):
            self._left -= len(part)
            if self._left < 0:
                raise CodeRefused(f"The files of an app may have {TOTAL} bytes at the most; they end at {name[:100]}")
            own.update(part)
            out.write(part)
        return own.hexdigest()


def check_name(name: str) -> None:
    """Raises `CodeRefused` for a name that leads elsewhere, or that nobody could ask for."""
    parts = name.split("/")
    odd = len(name) > NAME or "\\" in name or not name.isprintable() or any(part in ("", ".", "..") for part in parts)
    if odd or any(len(part.encode()) > 250 for part in parts):
        raise CodeRefused(f"A file of the app has a name that cannot be kept: {name[:100]!r}")


@dataclass(frozen=True, slots=True)
class FolderPackage:
    """A folder of this machine. Links in it are left out, and so is what is no file."""

    folder: str
    manifest: bytes
    checksum: str = ""

    async def write(self, folder: Path) -> str:
        """Copies the files, by name."""
        return await asyncio.to_thread(self._write, folder)

    def _write(self, folder: Path) -> str:
        keeper = Keeper(folder)
        for name, file in _files(self.folder):
            with file:
                keeper.add(name, file)
        return keeper.finish()


def open_folder(folder: str, kind: Kind, limit: int) -> FolderPackage:
    """The app in a folder; raises `SourceUnreachable`. Runs in a thread."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except (OSError, ValueError):
        raise SourceUnreachable("there is no such folder") from None
    try:
        file = _opened(kind.manifest, handle)
    finally:
        os.close(handle)
    if file is None:
        raise SourceUnreachable(f"the folder has no {kind.manifest}")
    with file:
        return FolderPackage(folder, file.read(limit + 1))


def _files(folder: str) -> Iterator[tuple[str, BinaryIO]]:
    """The files below a folder, by name. Each is opened from the folder it was found in: nothing is followed."""
    for where, folders, names, handle in os.fwalk(folder, follow_symlinks=False):
        folders.sort()
        above = os.path.relpath(where, folder)
        for name in sorted(names):
            file = _opened(name, handle)
            if file is not None:
                yield (name if above == "." else f"{above}/{name}"), file


def _opened(name: str, folder: int) -> BinaryIO | None:
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None  # a link, a socket, or a file that this server may not read
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    return os.fdopen(handle, "rb")
