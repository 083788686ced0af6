"""Uploads in pieces on the server's disk: `$ALCOVE_HOME/instances/<key>/uploads/<id>.json` and `<id>.part`.

The first says what was announced, the second is the bytes so far: its length is how far the upload is. Bytes are
appended as they come, so that a server that is killed has lost none that the system took. Only after a power cut is the
end of a file not believed, as far as it was not synced (`Arriving.boot`, `Arriving.synced`).

Several processes share these files. Who writes has the lock of the file, which the system frees when a process dies.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from alcove.base.folders import full_disk, make_folder, write_whole
from alcove.files.blobs import CHUNK, Sums
from alcove.files.blobs.local import need_room, write_all
from alcove.files.errors import UploadBusy, UploadMissing
from alcove.files.model.arriving import Arriving, arriving_from

if TYPE_CHECKING:
    import hashlib
    from collections.abc import Iterator

_ID = re.compile(r"[0-9a-f]{32}")
STRAY = 24 * 3600.0
"""Seconds after which bytes are removed that no announcement stands beside."""


def boot_id() -> str:
    """Names this start of the machine; empty where the system does not tell."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return ""


class Parts:
    """The uploads in pieces of every instance."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._boot = boot_id()

    async def begin(self, tenant: str, arriving: Arriving) -> None:
        """Keeps a new one, durably. Raises `StorageFull`, also when the disk has no room for what was announced."""
        await asyncio.to_thread(self._begin, tenant, replace(arriving, boot=self._boot))

    async def get(self, tenant: str, ident: str) -> tuple[Arriving, int]:
        """What was announced, and how many bytes are there. Raises `UploadMissing`."""
        return await asyncio.to_thread(self._get, tenant, ident)

    async def all(self, tenant: str) -> list[tuple[Arriving, int]]:
        """Every one there is, the oldest first."""
        return await asyncio.to_thread(lambda: sorted(self._all(tenant), key=lambda found: found[0].begun_at))

    async def open(self, tenant: str, ident: str) -> Part:
        """One to go on with. Raises `UploadMissing`, and `UploadBusy` while another process has it."""
        return await asyncio.to_thread(self._open, tenant, ident)

    async def remove(self, tenant: str, ident: str) -> None:
        """Forgets one, with its bytes; does nothing when it is not there."""
        await asyncio.to_thread(self._remove, tenant, ident)

    async def sweep(self, tenant: str, now: float) -> int:
        """Forgets those that are past their time; how many there were."""
        return await asyncio.to_thread(self._sweep, tenant, now)

    def drop(self, tenant: str) -> None:
        """Forgets all of an instance."""
        shutil.rmtree(self._folder(tenant), ignore_errors=True)

    def _folder(self, tenant: str) -> Path:
        return self._home / "instances" / tenant / "uploads"

    def _place(self, tenant: str, ident: str) -> Path:
        if not _ID.fullmatch(ident):
            raise UploadMissing
        return self._folder(tenant) / f"{ident}.json"

    def _begin(self, tenant: str, arriving: Arriving) -> None:
        place = self._place(tenant, arriving.id)
        with full_disk():
            make_folder(place.parent)
            handle = os.open(place.with_suffix(".part"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                need_room(handle, arriving.size)
                write_whole(place, arriving.kept())
            except BaseException:
                self._remove(tenant, arriving.id)
                raise
            finally:
                os.close(handle)

    def _get(self, tenant: str, ident: str) -> tuple[Arriving, int]:
        place = self._place(tenant, ident)
        try:
            arriving = arriving_from(place.read_bytes())
            if arriving is None:
                raise UploadMissing
            if arriving.done:
                return arriving, arriving.size
            there = place.with_suffix(".part").stat().st_size
        except FileNotFoundError:
            raise UploadMissing from None
        return arriving, self._believed(arriving, there)

    def _believed(self, arriving: Arriving, there: int) -> int:
        return there if arriving.boot == self._boot else min(there, arriving.synced)

    def _all(self, tenant: str) -> Iterator[tuple[Arriving, int]]:
        for place in self._folder(tenant).glob("*.json"):
            with suppress(UploadMissing):
                yield self._get(tenant, place.stem)

    def _open(self, tenant: str, ident: str) -> Part:
        place = self._place(tenant, ident)
        try:
            handle = os.open(place.with_suffix(".part"), os.O_RDWR)
        except FileNotFoundError:
            raise UploadMissing from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            arriving, offset = self._get(tenant, ident)  # under the lock: nobody else changes it from now on
            if os.fstat(handle).st_size > offset:
                os.ftruncate(handle, offset)
        except BlockingIOError:
            os.close(handle)
            raise UploadBusy from None
        except BaseException:
            os.close(handle)
            raise
        return Part(place, handle, replace(arriving, boot=self._boot), offset)

    def _remove(self, tenant: str, ident: str) -> None:
        place = self._place(tenant, ident)
        for path in (place, place.with_suffix(".part")):
            path.unlink(missing_ok=True)

    def _sweep(self, tenant: str, now: float) -> int:
        over = [one.id for one, _ in self._all(tenant) if one.ends_at < now]
        for ident in over:
            self._remove(tenant, ident)
        for path in self._folder(tenant).glob("*.part"):
            with suppress(FileNotFoundError):
                if not path.with_suffix(".json").exists() and path.stat().st_mtime < now - STRAY:
                    path.unlink()
        return len(over)


class Part:
    """The bytes of one upload, locked. Its methods run in threads, one at a time; `close` may come at any moment."""

    def __init__(self, place: Path, handle: int, arriving: Arriving, offset: int) -> None:
        self.arriving = arriving
        self.offset = offset
        self.path = place.with_suffix(".part")
        self._place = place
        self._handle = handle
        self._begun = offset
        self._closed = False
        self._lock = Lock()

    def add(self, parts: list[bytes], sums: Sums | None, check: hashlib._Hash | None) -> None:
        """Appends the next bytes, and adds them up. Raises `StorageFull`, with those kept that still fitted."""
        with self._lock, full_disk():
            self._alive()
            need_room(self._handle)
            for part in parts:
                os.lseek(self._handle, self.offset, os.SEEK_SET)
                write_all(self._handle, part)
                self.offset += len(part)
                if sums is not None:
                    sums.add(part)
                if check is not None:
                    check.update(part)

    def take_back(self) -> None:
        """Forgets the bytes that were added since it was opened."""
        with self._lock:
            self._alive()
            os.ftruncate(self._handle, self._begun)
            self.offset = self._begun

    def sums(self) -> Sums:
        """The sums of all that is there, read again from the disk."""
        sums, at = Sums(), 0
        with self._lock:
            self._alive()
            while part := os.pread(self._handle, CHUNK, at):
                sums.add(part)
                at += len(part)
        return sums

    def keep(self, now: float) -> None:
        """Makes durable what is there, and how far it is. Raises `StorageFull`."""
        with self._lock, full_disk():
            self._alive()
            there = os.fstat(self._handle).st_size
            if there > self.offset:  # a write that failed half-way
                os.ftruncate(self._handle, self.offset)
            os.fsync(self._handle)
            self.arriving = replace(self.arriving, synced=self.offset, touched_at=now)
            write_whole(self._place, self.arriving.kept())

    def finish(self, now: float) -> None:
        """Remembers that the file is made. Its bytes are the file's now, and go from here."""
        with self._lock, full_disk():
            self.arriving = replace(self.arriving, done=True, touched_at=now)
            write_whole(self._place, self.arriving.kept())
            self.path.unlink(missing_ok=True)

    def change(self, arriving: Arriving) -> None:
        """Keeps what is now said of it."""
        with self._lock, full_disk():
            write_whole(self._place, arriving.kept())
            self.arriving = arriving

    def close(self) -> None:
        """Lets go of it, after what a thread still does."""
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._handle)

    def _alive(self) -> None:
        if self._closed:
            raise BrokenPipeError("this upload was let go of")
