"""Archives of apps: tar, plain or by gzip, unpacked within limits. Whoever made one may be hostile."""

from __future__ import annotations

import asyncio
import gzip
import io
import tarfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from alcove.apps.errors import CodeRefused, SourceUnreachable
from alcove.apps.service.package import TOTAL, Keeper

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from alcove.apps.model import Kind

UNPACKED = TOTAL + (64 << 20)
"""Bytes that are unpacked at the most, with what stands between the files."""
MEMBERS = 20_000
"""Entries of an archive that are looked at: files, folders, links."""
_GZIP = b"\x1f\x8b"
_BROKEN = (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Tarball:
    """An archive, and the folder in it where the manifest lies."""

    content: bytes
    prefix: str
    manifest: bytes
    checksum: str

    async def write(self, folder: Path) -> str:
        """Unpacks the files beside the manifest; raises `CodeRefused`."""
        return await asyncio.to_thread(self._write, folder)

    def _write(self, folder: Path) -> str:
        keeper = Keeper(folder)
        with _unpacking():
            for name, file in _files(self.content):
                if name.startswith(self.prefix):
                    keeper.add(name.removeprefix(self.prefix), file)
        return keeper.finish()


def open_tarball(content: bytes, kind: Kind, limit: int, checksum: str) -> Tarball:
    """The archive, once its manifest was found; raises `CodeRefused`, `SourceUnreachable`. Runs in a thread."""
    found: tuple[str, bytes] | None = None
    with _unpacking():
        for name, file in _files(content):
            folder, _, last = name.rpartition("/")
            prefix = f"{folder}/" if folder else ""
            if last == kind.manifest and (found is None or prefix.count("/") < found[0].count("/")):
                found = (prefix, file.read(limit + 1))
    if found is None:
        raise SourceUnreachable(f"the archive has no {kind.manifest}")
    return Tarball(content, *found, checksum)


def _files(content: bytes) -> Iterator[tuple[str, BinaryIO]]:
    """The files of an archive, in its order; links and what is no file are passed over."""
    plain: BinaryIO = io.BytesIO(content)
    if content.startswith(_GZIP):
        plain = cast("BinaryIO", gzip.GzipFile(fileobj=plain))
    with tarfile.open(fileobj=cast("BinaryIO", Bounded(plain)), mode="r|") as archive:
        for place, member in enumerate(archive):
            if place >= MEMBERS:
                raise CodeRefused(f"The archive of an app may have {MEMBERS} entries at the most")
            if member.isreg() and not member.issparse():
                file = archive.extractfile(member)
                if file is not None:
                    yield member.name.removeprefix("./"), cast("BinaryIO", file)


@contextmanager
def _unpacking() -> Iterator[None]:
    """Around a walk through an archive, whose bytes are read as its files are."""
    try:
        yield
    except _BROKEN as error:
        raise CodeRefused(f"The archive of the app cannot be unpacked: {str(error)[:200]}") from None


class Bounded:
    """Reads so many bytes and no more: what a small archive unpacks to has no other bound."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = UNPACKED

    def read(self, size: int) -> bytes:
        """The next bytes; raises `CodeRefused` when they were too many."""
        part = self._file.read(size)
        self._left -= len(part)
        if self._left < 0:
            raise CodeRefused(f"The archive of an app may unpack to {UNPACKED} bytes at the most")
        return part
