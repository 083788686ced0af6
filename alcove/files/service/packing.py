"""Many files as one ZIP, and one ZIP as many files. Neither is ever whole in memory."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, cast

from alcove.base.clock import rfc3339
from alcove.base.confined import NoConfinement
from alcove.base.errors import Refusal, StorageFull
from alcove.base.ids import new_id
from alcove.files.blobs import BlobMissing
from alcove.files.errors import QuotaReached
from alcove.files.model import moment_of
from alcove.files.service.content import Upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from alcove.files.model import Author, Node
    from alcove.files.service import Files
    from alcove.files.service.paging import Pages
    from alcove.instances import Instance

_COMPRESSED = ("image", "audio", "video", "zip", "pdf")
"""Classes whose bytes are compressed already: doing it again costs time and gains nothing."""
MOST = 100_000
"""Entries of a ZIP that is unpacked at the most."""
RATIO, FLOOR = 200, 1 << 30
"""A ZIP that unpacks to more than a gibibyte, and to more than so many times its size, is taken for a trap."""
DIRECTORY = 64 << 20
"""Bytes of a ZIP's own list of entries at the most: it is read whole."""
_PIECE = 1 << 20
_END, _LONG_END = b"PK\5\6", b"PK\6\6"
_END_SIZE, _LONG_END_SIZE, _COMMENT = 22, 56 + 20, 1 << 16
_ENCRYPTED = 0x1


class NotAZip(Exception):
    """The bytes cannot be unpacked; the text says why."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A file or directory and its path in the ZIP; of a PDF perhaps one page alone, counted from 1."""

    path: str
    node: Node
    page: int = 0


async def whole(files: Files, instance: Instance, top: Node, path: str) -> Sequence[Packed]:
    """A node with all below it, under that path."""
    packed, paths = [Packed(path, top)], {top.id: path}
    for node in await files.below(instance, top) if top.is_dir else ():
        paths[node.id] = f"{paths[node.dir_id]}/{node.name}"
        packed.append(Packed(paths[node.id], node))
    return packed


async def zipped(
    files: Files, pages: Pages, instance: Instance, entries: AsyncIterator[Packed]
) -> AsyncIterator[bytes]:
    """The bytes of the ZIP. What is gone in the meantime is left out, and so are pages that are not there."""
    sink = Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", allowZip64=True) as archive:
        async for packed in entries:
            node = packed.node
            # A backslash is a part of a name here, and a separator where the ZIP may be unpacked.
            info = zipfile.ZipInfo(packed.path.replace("\\", "_"), _moment(node))
            if packed.page:
                with suppress(Refusal, NoConfinement):
                    archive.writestr(info, await pages.page(files.read(instance, node), node.size, packed.page))
            elif node.is_dir:
                info.filename += "/"
                archive.writestr(info, b"")
            else:
                stored = node.fields.get("class") in _COMPRESSED
                info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
                with archive.open(info, "w", force_zip64=node.size > zipfile.ZIP64_LIMIT // 2) as entry:
                    async for part in files.read(instance, node):
                        await asyncio.to_thread(entry.write, part)
                        yield sink.drain()
            yield sink.drain()
    yield sink.drain()


class Sink:
    """Where `zipfile` writes: it cannot go back, so that each part can be sent at once."""

    def __init__(self) -> None:
        self._parts = list[bytes]()

    def write(self, content: bytes) -> int:
        """Takes the next bytes."""
        self._parts.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Nothing to do."""

    def drain(self) -> bytes:
        """All that came since the last time."""
        content = b"".join(self._parts)
        self._parts.clear()
        return content


def _moment(node: Node) -> tuple[int, int, int, int, int, int]:
    """The change of a node as ZIP writes it: from 1980 on, to two seconds."""
    changed: datetime | None = moment_of(node.fields.get("updated_at"))
    if changed is None or not 1980 <= changed.year <= 2107:
        return 1980, 1, 1, 0, 0, 0
    return changed.year, changed.month, changed.day, changed.hour, changed.minute, changed.second


@dataclass(slots=True)
class Unpacked:
    """What became of a ZIP."""

    made: int = 0
    known: int = 0
    """Files that were there already, with the same bytes."""
    refused: list[str] = field(default_factory=list)
    """Entries that were left out, each with its reason."""


class Unpacking:
    """Unpacks ZIPs. `scratch` is the folder where one lies meanwhile: its directory is at its end."""

    def __init__(self, files: Files, scratch: Path) -> None:
        self._files = files
        self._scratch = scratch

    async def start(self) -> None:
        """Removes what a crash left."""
        await asyncio.to_thread(shutil.rmtree, self._scratch, ignore_errors=True)

    async def unpack(self, instance: Instance, source: Node, target: Node, author: Author) -> Unpacked:
        """Makes the files of a ZIP below a directory; begun again, it makes none twice.

        A name that is taken by other bytes gets a number. One entry that cannot be kept loses none of the others; where
        there is no room left the rest is left too. Raises `NotAZip`, `QuotaReached`, `StorageFull`, `BlobMissing`.
        """
        path = self._scratch / new_id()
        await asyncio.to_thread(self._scratch.mkdir, 0o700, parents=True, exist_ok=True)
        try:
            await _copied(self._files.read(instance, source), path)
            archive = await asyncio.to_thread(_opened, path)
            try:
                return await self._entries(instance, archive, source, target, author)
            finally:
                archive.close()
        finally:
            path.unlink(missing_ok=True)

    async def _entries(
        self, instance: Instance, archive: zipfile.ZipFile, source: Node, target: Node, author: Author
    ) -> Unpacked:
        entries = archive.infolist()
        await self._check(instance, entries, source.size)
        unpacked, folders = Unpacked(), {PurePosixPath(): target.id}
        for entry in entries:
            try:
                await self._entry(instance, archive, entry, (target, author), folders, unpacked)
            except (QuotaReached, StorageFull):
                raise
            except (Refusal, NotAZip) as error:
                unpacked.refused.append(f"{entry.filename[:200]}: {error}")
        return unpacked

    async def _check(self, instance: Instance, entries: Sequence[zipfile.ZipInfo], size: int) -> None:
        if len(entries) > MOST:
            raise NotAZip(f"it holds more than {MOST} entries")
        total = sum(entry.file_size for entry in entries)
        if total > max(FLOOR, RATIO * size):
            raise NotAZip(f"it would unpack to {total >> 20} MiB, which is more than an honest one of its size")
        left = await self._files.space(instance)
        if left is not None and total > left:
            raise QuotaReached

    async def _entry(
        self,
        instance: Instance,
        archive: zipfile.ZipFile,
        entry: zipfile.ZipInfo,
        into: tuple[Node, Author],
        folders: dict[PurePosixPath, str],
        unpacked: Unpacked,
    ) -> None:
        path = _path_of(entry)
        folder = path if entry.is_dir() else path.parent
        if folder not in folders:
            target, author = into
            made = await self._files.ensure_path(instance, f"{target.path.rstrip('/')}/{folder}", author)
            folders[folder] = made.id
        if entry.is_dir():
            return
        there = await self._files.child(instance, folders[folder], path.name)
        if there is not None and await self._same(instance, there, entry):
            unpacked.known += 1
            return
        changed = _changed(entry)
        what = Upload(path.name, folders[folder], updated_at=changed, created_at=changed, numbered=True)
        await self._files.upload(instance, what, _content(archive, entry), into[1])
        unpacked.made += 1

    async def _same(self, instance: Instance, node: Node, entry: zipfile.ZipInfo) -> bool:
        """Whether a file has the bytes of an entry, by their length and CRC-32."""
        if node.is_dir or node.size != entry.file_size:
            return False
        crc = 0
        with suppress(BlobMissing):
            async for part in self._files.read(instance, node):
                crc = zlib.crc32(part, crc)
            return crc == entry.CRC
        return False


def _path_of(entry: zipfile.ZipInfo) -> PurePosixPath:
    """Where an entry belongs, below the directory; raises `NotAZip` for one that leads elsewhere."""
    if entry.flag_bits & _ENCRYPTED:
        raise NotAZip("it is locked with a password")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise NotAZip("it is a symbolic link")
    parts = [part for part in entry.filename.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts or not parts:
        raise NotAZip("its name leads out of the archive")
    return PurePosixPath(*parts)


def _changed(entry: zipfile.ZipInfo) -> str:
    """The date of an entry as the API writes dates; empty for one that is none. ZIP has no zone: it is read as UTC."""
    try:
        return rfc3339(datetime(*entry.date_time, tzinfo=UTC))
    except ValueError:
        return ""


async def _copied(parts: AsyncIterator[bytes], path: Path) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        async for part in parts:
            await asyncio.to_thread(os.write, file, part)
    finally:
        os.close(file)


def _opened(path: Path) -> zipfile.ZipFile:
    """The ZIP; raises `NotAZip`."""
    try:
        if _directory_size(path) > DIRECTORY:
            raise NotAZip("its list of entries is too long")
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise NotAZip(f"it is no ZIP archive: {error}") from None


def _directory_size(path: Path) -> int:
    """Bytes of the list of entries, as the end of the archive says (APPNOTE 4.3.14 to 4.3.16); 0 when it says none."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_SIZE - _COMMENT - _LONG_END_SIZE))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        return 0
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    long = tail.rfind(_LONG_END, 0, at)
    return int.from_bytes(tail[long + 40 : long + 48], "little") if size == 0xFFFFFFFF and long >= 0 else size


async def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> AsyncIterator[bytes]:
    """The bytes of an entry, a mebibyte at a time; raises `NotAZip` where they are damaged."""
    try:
        with archive.open(entry) as file:
            while part := await asyncio.to_thread(file.read, _PIECE):
                yield part
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise NotAZip(f"its bytes are damaged: {error}") from None
