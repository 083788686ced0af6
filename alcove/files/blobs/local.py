"""Blobs on a local disk: `$ALCOVE_HOME/instances/<key>/blobs/ab/<32 hexadecimal digits>`.

A blob is written as `blobs/drafts/<id>`, renamed to its place, and synced with its folder before anybody is told its
name. All disk work is done in a few threads of its own; a small file costs one hop. One level of 256 folders
holds a million files at 4,000 each; with a second one many an upload would make, and sync, a folder of its own.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from alcove.base.folders import full_disk, make_folder, sync_folder
from alcove.base.ids import new_id
from alcove.files.blobs.model import CHUNK, BlobDamaged, BlobMissing, BlobTooLarge, Listed, Sums, Written

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator

T = TypeVar("T")

BATCH = 1 << 20
"""Bytes that are gathered before they are hashed and written in a thread: what an upload holds in memory."""
THREADS = 4
SMALL = 64 << 10
"""Bytes of a small file. One is read on the event loop when the system has it in memory, and so are the pieces of a
larger one: a hop to a thread costs more than the copy."""
NEIGHBOURS = 1000
"""Blobs that are put into one folder before another one is chosen."""

RESERVE = 64 << 20
"""Bytes of the disk, or a fiftieth of a small one, that no blob is written into: documents need some to be changed in,
or nobody could throw anything away on a full disk."""

_NAME = re.compile(r"[0-9a-f]{32}")
_NO_WAIT: int | None = getattr(os, "RWF_NOWAIT", None)
"""Linux's flag for a read that fails instead of waiting for the disk."""


class LocalBlobs:
    """`Blobs` in the data folder."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._gone = home / "gone"
        self._folders: dict[str, str] = {}
        self._corner, self._room = "", 0
        self._threads = ThreadPoolExecutor(THREADS, "blobs")
        self._threads.submit(shutil.rmtree, self._gone, ignore_errors=True)  # what a crash left of it

    async def write(
        self,
        tenant: str,
        parts: AsyncIterable[bytes],
        limit: int | None = None,
        name: str = "",
        size: int | None = None,
    ) -> Written:
        """Writes a new blob, durably. Raises `BlobTooLarge`, `StorageFull`, and what `parts` raises."""
        draft = Draft(self._folder(tenant), self._new_name(), name)
        batch: list[bytes] = []
        seen = gathered = 0
        try:
            async for part in parts:
                seen += len(part)
                if limit is not None and seen > limit:
                    raise BlobTooLarge
                batch.append(part)
                gathered += len(part)
                if gathered >= BATCH:
                    await self._run(partial(draft.add, batch))
                    batch, gathered = [], 0
            return await self._run(partial(draft.finish, batch))
        except BaseException:
            # Not awaited by the caller's cancelled task: the draft is removed by the thread, whatever happens here.
            self._threads.submit(draft.discard)
            raise

    async def read(self, tenant: str, blob: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start`, by reads of 256 KiB. Raises `BlobMissing` at the first step."""
        path = self._path(tenant, blob)
        first = CHUNK if length is None else min(CHUNK, length)
        if length is None or 0 < length <= SMALL:
            known = _remembered(path, start, length)
            if known is not None:
                yield known
                return
        handle, part = await self._run(partial(_open, path, start, first, whole=first == length))
        buffer = bytearray(CHUNK if handle is not None else 0)
        try:
            while part:
                yield part
                start += len(part)
                if length is not None:
                    length -= len(part)
                if handle is None or length == 0:
                    return
                want = CHUNK if length is None else min(CHUNK, length)
                known = _at_hand(handle, memoryview(buffer)[:want], start)
                part = await self._run(partial(os.pread, handle, want, start)) if known is None else known
        finally:
            if handle is not None:
                os.close(handle)

    async def copy(self, tenant: str, blob: str) -> str:
        """Makes a second blob with the same bytes, durably. Raises `BlobMissing`, `StorageFull`."""
        draft = Draft(self._folder(tenant), self._new_name())
        try:
            return await self._run(partial(draft.fill, self._path(tenant, blob)))
        except BaseException:
            self._threads.submit(draft.discard)
            raise

    async def adopt(self, tenant: str, path: Path, name: str) -> None:
        """Makes a blob of a file of the server, under that name: a second name of its bytes, if that goes."""
        draft = Draft(self._folder(tenant), self._new_name(), name)
        try:
            await self._run(partial(_adopt, path, self._path(tenant, name), draft))
        except BaseException:
            self._threads.submit(draft.give_up)
            raise

    async def remove(self, tenant: str, blob: str) -> None:
        """Removes a blob, set aside or not; does nothing when it is not there."""
        await self._run(partial(_remove, self._path(tenant, blob)))

    async def set_aside(self, tenant: str, blob: str) -> None:
        """Puts a damaged blob into the folder `damaged`. Does nothing when it is not there."""
        await self._run(partial(_set_aside, self._path(tenant, blob)))

    async def list(self, tenant: str, before: datetime | None = None) -> list[Listed]:
        """Every blob; or those written before a moment, and drafts left unfinished before it are removed on the way."""
        return await self._run(partial(_list, self._folder(tenant), before))

    async def drop(self, tenant: str) -> None:
        """Puts every blob of an instance out of reach at once; the space is given back in a thread."""
        gone, folder = self._gone / new_id(), self._folder(tenant)
        self._folders.pop(tenant, None)
        if await self._run(partial(_move_out, folder, gone)):
            self._threads.submit(shutil.rmtree, gone, ignore_errors=True)

    async def close(self) -> None:
        """Lets go of the threads when they have ended what they do."""
        await asyncio.to_thread(self._threads.shutdown)

    def _folder(self, tenant: str) -> str:
        folder = self._folders.get(tenant)
        if folder is None:
            folder = self._folders[tenant] = str(self._home / "instances" / tenant / "blobs")
        return folder

    def _path(self, tenant: str, blob: str) -> str:
        if not _NAME.fullmatch(blob):
            raise BlobMissing
        return place_of(self._folder(tenant), blob)

    def _new_name(self) -> str:
        """A random name. Those that are made one after the other share a folder, which has to be made once then."""
        if self._room == 0:
            self._corner, self._room = new_id()[:2], NEIGHBOURS
        self._room -= 1
        return self._corner + new_id()[2:]

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


class Draft:
    """A blob that is being written. Its methods run in threads, one at a time.

    When the upload is cancelled while a thread still writes, `discard` waits for it, and what comes later is refused:
    no byte is ever written to a file that is closed.
    """

    __slots__ = ("_dead", "_file", "_lock", "_mends", "_path", "_place", "_placed", "blob", "sums")

    def __init__(self, folder: str, draft: str, name: str = "") -> None:
        blob = name or draft  # a draft has a name of its own always: one that a crash left stands in nobody's way
        self._path = f"{folder}/drafts/{draft}"
        self._place = place_of(folder, blob)
        self._mends = bool(name)
        self._placed = False
        self._file: int | None = None
        self._lock = Lock()
        self._dead = False
        self.blob = blob
        self.sums = Sums()

    def add(self, parts: list[bytes]) -> None:
        """Hashes and writes the next bytes. Raises `StorageFull`."""
        with self._lock, full_disk():
            file = self._opened()
            need_room(file)
            for part in parts:
                self.sums.add(part)
                write_all(file, part)

    def fill(self, source: str) -> str:
        """Takes the bytes of another blob and finishes; its name. Raises `BlobMissing`, `StorageFull`."""
        with self._lock, full_disk():
            try:
                read = os.open(source, os.O_RDONLY)
            except FileNotFoundError:
                raise _missing(source) from None
            try:
                place, size = 0, os.fstat(read).st_size
                need_room(self._opened(), size)
                while place < size:
                    place += os.copy_file_range(read, self._opened(), size - place)
            finally:
                os.close(read)
            self._settle()
        return self.blob

    def finish(self, parts: list[bytes]) -> Written:
        """Writes the last bytes, syncs, and puts the blob in its place. Raises `StorageFull`."""
        self.add(parts)
        with self._lock, full_disk():
            self._settle()
        return self.sums.written(self.blob)

    def discard(self) -> None:
        """Removes what was written, finished or not."""
        self.give_up()
        if self._placed:
            _unlink(self._place)

    def give_up(self) -> None:
        """Removes what was written and is not finished."""
        with self._lock:
            self._dead = True
            self._close()
            _unlink(self._path)

    def _settle(self) -> None:
        # Renamed before it is synced: the journal then makes bytes and name durable in one commit instead of two. What
        # a power cut tears in between lies under a name that no document has, and is swept. A name given may be one
        # that a document has: there nothing torn may ever lie.
        file, corner = self._opened(), os.path.dirname(self._place)
        if self._mends:
            os.fsync(file)
        try:
            os.rename(self._path, self._place)
        except FileNotFoundError:
            make_folder(Path(corner))
            os.rename(self._path, self._place)
        self._placed = True
        os.fsync(file)
        self._close()
        sync_folder(corner)
        if self._mends:
            _unlink(aside_of(self._place))

    def _opened(self) -> int:
        if self._dead:
            raise BrokenPipeError("this upload was given up")
        if self._file is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            try:
                self._file = os.open(self._path, flags, 0o600)
            except FileNotFoundError:
                make_folder(Path(self._path).parent)
                self._file = os.open(self._path, flags, 0o600)
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def place_of(folder: str, blob: str) -> str:
    """Where a blob lies. A text: a `Path` costs more to make than a small file to read."""
    return f"{folder}/{blob[:2]}/{blob}"


def _adopt(source: Path, place: str, draft: Draft) -> None:
    with full_disk(), source.open("rb+") as file:
        os.utime(file.fileno())  # a sweep takes what is old and has no document for something that was left behind
        os.fsync(file.fileno())
    make_folder(Path(place).parent)
    try:
        os.link(source, place)
    except FileExistsError:
        return  # an attempt that was interrupted came as far as this: the same bytes
    except OSError:
        draft.fill(str(source))  # a file system that gives a file one name only
        return
    sync_folder(os.path.dirname(place))


def aside_of(place: str) -> str:
    """Where a damaged blob is put that lay in a place."""
    corner, blob = os.path.split(place)
    return f"{os.path.dirname(corner)}/damaged/{blob}"


def _remove(place: str) -> None:
    try:
        os.unlink(place)
    except FileNotFoundError:
        _unlink(aside_of(place))


def _set_aside(place: str) -> None:
    aside = aside_of(place)
    make_folder(Path(aside).parent)
    with suppress(FileNotFoundError):
        os.rename(place, aside)
        sync_folder(os.path.dirname(aside))
        sync_folder(os.path.dirname(place))


def _missing(place: str) -> BlobMissing:
    return BlobDamaged() if os.path.exists(aside_of(place)) else BlobMissing()


def _move_out(folder: str, gone: Path) -> bool:
    gone.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.rename(folder, gone)
    except FileNotFoundError:
        return False
    return True


def _unlink(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def need_room(file: int, size: int = 0) -> None:
    """Raises the system's own error when the disk is full but for the reserve, or would be with so many bytes more."""
    disk = os.fstatvfs(file)
    if disk.f_bavail * disk.f_frsize - size < min(RESERVE, disk.f_blocks * disk.f_frsize // 50):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def write_all(file: int, content: bytes) -> None:
    """Writes every byte, in as many steps as the system wants."""
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]


def _open(path: str, start: int, length: int, *, whole: bool) -> tuple[int | None, bytes]:
    """Opens a blob and reads its first bytes; the handle stays open unless these are all that is wanted."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise _missing(path) from None
    part = os.pread(handle, length, start) if length else b""
    if whole:
        os.close(handle)
        return None, part
    return handle, part


def _remembered(path: str, start: int, length: int | None) -> bytes | None:
    """Bytes of a blob that the system holds in memory, all that follow where no length is said.

    None when a disk would have to be waited for, when there is more than a small file holds, or nobody can tell.
    """
    if _NO_WAIT is None:
        return None
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise _missing(path) from None
    try:
        if length is None:
            length = os.fstat(handle).st_size - start
            if not 0 < length <= SMALL:
                return None
        known = _at_hand(handle, memoryview(bytearray(length)), start)
    finally:
        os.close(handle)
    return known if known is not None and len(known) == length else None


def _at_hand(handle: int, buffer: memoryview, start: int) -> bytes | None:
    """The bytes from `start` that the system holds in memory, read into the buffer; None when that is only a few."""
    if _NO_WAIT is None:
        return None
    try:
        got = os.preadv(handle, [buffer], start, _NO_WAIT)
    except OSError:
        return None
    return bytes(buffer[:got]) if got >= min(SMALL, len(buffer)) else None


def _list(folder: str, before: datetime | None) -> list[Listed]:
    found = []
    limit = before.timestamp() if before is not None else None
    for corner, name, about in _files(folder):
        if limit is not None and about.st_mtime >= limit:
            continue
        if limit is not None and corner == "drafts":
            _unlink(f"{folder}/drafts/{name}")
        elif corner == name[:2] and _NAME.fullmatch(name):
            found.append(Listed(name, datetime.fromtimestamp(about.st_mtime, UTC), about.st_size))
    return found


def _files(folder: str) -> Iterator[tuple[str, str, os.stat_result]]:
    """What lies in the folders of a folder: the folder's name, the file's, and what the system says of it."""
    for corner in _entries(folder):
        for entry in _entries(corner.path) if corner.is_dir(follow_symlinks=False) else ():
            with suppress(FileNotFoundError):
                yield corner.name, entry.name, entry.stat(follow_symlinks=False)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
