"""Cuts the power of a place with files at thousands of moments: its database and its blobs together.

`python dev/power_cut_files.py --cuts 2000`

Files are uploaded, given new bytes, copied and destroyed through `alcove.files` on a real folder. Every write, rename,
removal and sync of the database (by a VFS) and of the blobs (by a stand-in for `os`) is written down in one log. Each
cut replays the log up to a random moment: what was synced is there; of what was not, each piece is there, lost or torn,
and each name is the new one or the old one. Then every acknowledged file must be there with its bytes, no file may be
seen whose bytes are not whole, and after the sweep no blob may be left that no file names.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import random
import shutil
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
from faulty_disk import Disk as StandIn
from faulty_disk import disk
from power_cut import Disk, Named, Recorder, Synced, Written

from alcove.base.clock import SystemClock
from alcove.base.sqlite import Databases
from alcove.documents import StoredDocuments
from alcove.documents.backends import sqlite
from alcove.files import FILES, Files, Upload
from alcove.files.blobs import LocalBlobs
from alcove.files.store import INDEXES
from alcove.files.testing import parts_of
from alcove.instances import Instance

if TYPE_CHECKING:
    from alcove.files import Node

KEY = "cozy1"
MAIN = "documents.db"
SIZES = (0, 12, 900, 9_000, 9_000, 70_000, 1_300_000)
LATER = datetime(9000, 1, 1, tzinfo=UTC)
BLOB = 1 << 20
"""Numbers of inodes from here on are those of blobs: the database's are small."""


@dataclass(frozen=True, slots=True)
class FolderSynced:
    """The names in a folder are safe."""

    folder: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Something was asked for: the file of that name may have that digest from now on (None: it may be gone)."""

    name: str
    digest: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """It was acknowledged: from here on it must never be lost."""

    name: str
    digest: str | None


Entry = Any
"""An event of the database's log, or one of these."""


class BlobTape(StandIn):
    """What blobs ask the system to do, in the log of the database."""

    def __init__(self, recorder: Recorder, home: Path) -> None:
        super().__init__()
        self._recorder = recorder
        self._home = str(home)
        self._lock = threading.Lock()
        self._made = BLOB
        self._inodes: dict[str, int] = {}
        self._open: dict[int, tuple[str, int]] = {}
        self._folders: dict[int, str] = {}
        self._ends: dict[int, int] = {}

    def note(self, entry: Entry) -> None:
        self._recorder.note(entry)

    def open(self, path: Any, flags: int, *more: Any) -> int:
        handle = os.open(path, flags, *more)
        name = os.path.relpath(path, self._home)
        with self._lock:
            if flags & os.O_DIRECTORY:
                self._folders[handle] = name
            elif flags & os.O_CREAT:
                self._made += 1
                self._inodes[name] = self._made
                self._open[handle] = (name, self._made)
                self._ends[self._made] = 0
                self.note(Named(name, self._made, safe=False))
        return handle

    def write(self, handle: int, data: Any) -> int:
        count = os.write(handle, data)
        with self._lock:
            _, inode = self._open[handle]
            self.note(Written(inode, self._ends[inode], bytes(data[:count])))
            self._ends[inode] += count
        return count

    def copy_file_range(self, source: int, target: int, count: int) -> int:
        return self.write(target, os.pread(source, count, os.lseek(target, 0, os.SEEK_CUR)))

    def fsync(self, handle: int) -> None:
        os.fsync(handle)
        with self._lock:
            if handle in self._folders:
                self.note(FolderSynced(self._folders[handle]))
            elif handle in self._open:
                self.note(Synced(self._open[handle][1], folder=False))

    def close(self, handle: int) -> None:
        with self._lock:
            self._open.pop(handle, None)
            self._folders.pop(handle, None)
            os.close(handle)

    def rename(self, source: Any, target: Any) -> None:
        with self._lock:
            os.rename(source, target)
            old, new = (os.path.relpath(path, self._home) for path in (source, target))
            inode = self._inodes.pop(old, None)
            if inode is not None:
                self._inodes[new] = inode
                self.note(Named(old, None, safe=False))
                self.note(Named(new, inode, safe=False))

    def unlink(self, path: Any) -> None:
        with self._lock:
            os.unlink(path)
            name = os.path.relpath(path, self._home)
            if self._inodes.pop(name, None) is not None:
                self.note(Named(name, None, safe=False))


@dataclass
class Machine(Disk):
    """The disk with blobs on it, and what was promised of files."""

    sure: dict[str, str | None] = field(default_factory=dict)
    maybe: dict[str, set[str | None]] = field(default_factory=dict)

    def take(self, event: Entry) -> None:
        if isinstance(event, FolderSynced):
            for name, inode in self.names.items():
                if os.path.dirname(name) == event.folder:
                    self.safe_names[name] = inode
        elif isinstance(event, Synced) and event.folder:
            super().take(Synced(event.inode, folder=False))
            self.safe_names.update((name, inode) for name, inode in self.names.items() if "/" not in name)
        elif isinstance(event, Asked):
            self.maybe.setdefault(event.name, set()).add(event.digest)
        elif isinstance(event, Answered):
            self.sure[event.name] = event.digest
            self.maybe[event.name] = set()
        else:
            super().take(event)


@dataclass
class Verdict:
    """What the cuts showed."""

    cuts: int = 0
    lost: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing at all went wrong."""
        return not (self.lost or self.half or self.left or self.broken)


class Place:
    """Files of one instance in a folder."""

    def __init__(self, home: Path, vfs: str | None = None) -> None:
        self.databases = Databases(home, sqlite.MIGRATIONS, vfs=vfs)
        self.documents = StoredDocuments(sqlite.SqliteBackend(self.databases), lambda: INDEXES)
        self.blobs = LocalBlobs(home)
        self.files = Files(self.documents, self.blobs, SystemClock())
        self.instance = Instance("me.localhost", KEY)

    async def close(self) -> None:
        await self.blobs.close()
        await self.databases.close()


class Client:
    """Uploads, overwrites, copies and destroys files of its own, one after the other."""

    def __init__(self, place: Place, recorder: Recorder, number: int, seed: int) -> None:
        self._place = place
        self._recorder = recorder
        self._number = number
        self._chance = random.Random(f"{seed}/{number}")
        self._nodes: dict[str, tuple[Node, str]] = {}
        self._made = 0

    def _note(self, entry: Entry) -> None:
        self._recorder.note(entry)

    async def step(self) -> None:
        draw = self._chance.random()
        if not self._nodes or draw < 0.45:
            await self._upload()
        elif draw < 0.7:
            await self._overwrite(self._chance.choice(sorted(self._nodes)))
        elif draw < 0.85:
            await self._copy(self._chance.choice(sorted(self._nodes)))
        else:
            await self._destroy(self._chance.choice(sorted(self._nodes)))

    def _bytes(self) -> tuple[bytes, str]:
        content = self._chance.randbytes(self._chance.choice(SIZES))
        return content, hashlib.sha256(content).hexdigest()

    def _name(self) -> str:
        self._made += 1
        return f"{self._number}-{self._made:05}"

    async def _upload(self) -> None:
        name, (content, digest) = self._name(), self._bytes()
        self._note(Asked(name, digest))
        node = await self._place.files.upload(self._place.instance, Upload(name), parts_of(content))
        self._note(Answered(name, digest))
        self._nodes[name] = node, digest

    async def _overwrite(self, name: str) -> None:
        node, _ = self._nodes[name]
        content, digest = self._bytes()
        self._note(Asked(name, digest))
        node = await self._place.files.overwrite(self._place.instance, node.id, Upload(), parts_of(content))
        self._note(Answered(name, digest))
        self._nodes[name] = node, digest

    async def _copy(self, source: str) -> None:
        name, (node, digest) = self._name(), self._nodes[source]
        self._note(Asked(name, digest))
        made = await self._place.files.copy(self._place.instance, node, name=name)
        self._note(Answered(name, digest))
        self._nodes[name] = made, digest

    async def _destroy(self, name: str) -> None:
        node, _ = self._nodes.pop(name)
        self._note(Asked(name, None))
        await self._place.files.destroy(self._place.instance, node.id)
        self._note(Answered(name, None))


async def record(home: Path, steps: int, seed: int, name: str = "power-cut-files") -> list[Entry]:
    """Run so many steps of three clients at once."""
    recorder = Recorder(name, MAIN)
    place = Place(home, name)
    await place.documents.create(KEY)
    # The empty database is made beside the VFS, and is durable before anybody hears of it.
    made = (home / "instances" / KEY / MAIN).read_bytes()
    before = [Named(MAIN, 1, safe=True), Written(1, 0, made), Synced(1, folder=False)]
    await place.files.provision(place.instance)
    clients = [Client(place, recorder, number, seed) for number in range(3)]

    async def work(client: Client) -> None:
        for _ in range(steps // len(clients)):
            await client.step()

    with disk(BlobTape(recorder, home)):
        await asyncio.gather(*(work(client) for client in clients))
        await place.blobs.close()
    await place.databases.close()
    recorder.unregister()
    return [*before, *recorder.log]


async def look(home: Path, machine: Machine, verdict: Verdict) -> None:
    """Open what a cut left, as the server would, and judge it; one upload more must go in."""
    place = Place(home)
    try:
        await place.documents.create(KEY)
        found: dict[str, str] = {}
        for document in await place.documents.all(KEY, FILES):
            fields = document.fields()
            if fields.get("type") != "file":
                continue
            node = await place.files.get(place.instance, document.id)
            try:
                content = b"".join([part async for part in place.blobs.read(KEY, node.blob)])
            except Exception as error:
                verdict.half.append(f"{node.name}: {type(error).__name__}")
                continue
            found[node.name] = hashlib.sha256(content).hexdigest()
            if found[node.name] != str(fields["internal_vfs_id"]).partition(".")[2]:
                verdict.half.append(f"{node.name}: {len(content)} bytes that are not its own")
        for name, digest in machine.sure.items():
            if found.get(name) not in {digest, *machine.maybe.get(name, ())}:
                verdict.lost.append(name)
        unasked = [name for name, digest in found.items() if name not in machine.sure and name not in machine.maybe]
        verdict.lost += unasked
        await place.files.upload(place.instance, Upload("after"), parts_of(b"after"))
        await place.files.sweep(KEY, LATER)
        named = {d.fields().get("internal_vfs_id", "").partition(".")[0] for d in await place.documents.all(KEY, FILES)}
        named |= {
            d.fields()["internal_vfs_id"].partition(".")[0]
            for d in await place.documents.all(KEY, "io.cozy.files.versions")
        }
        verdict.left += [blob.id for blob in await place.blobs.list(KEY) if blob.id not in named]
    except (apsw.Error, OSError) as error:
        verdict.broken.append(f"{type(error).__name__}: {error}")
    finally:
        await place.close()


def restore(home: Path, found: dict[str, bytes]) -> None:
    """Put the files that a cut left into an empty folder."""
    shutil.rmtree(home, ignore_errors=True)
    for name, content in found.items():
        path = home / "instances" / KEY / name if name.startswith(MAIN) else home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


async def replay(log: list[Entry], cuts: int, seed: int, folder: Path) -> Verdict:
    """Cut the power at so many random moments of the log; some moments twice, with other luck."""
    chance = random.Random(seed)
    # Before the first file was asked for there is nothing to lose, and the tables are being made.
    first = next(n for n, event in enumerate(log) if isinstance(event, Asked))
    moments = sorted(chance.choices(range(first, len(log) + 1), k=cuts))
    machine, verdict, done = Machine(), Verdict(), 0
    for moment in moments:
        for event in log[done:moment]:
            machine.take(event)
        done = moment
        restore(folder, machine.cut(chance))
        await look(folder, machine, verdict)
        verdict.cuts += 1
    return verdict


async def rehearse(cuts: int, steps: int, seed: int) -> Verdict:
    """Record a run and cut it."""
    with tempfile.TemporaryDirectory() as recorded, tempfile.TemporaryDirectory() as replayed:
        log = await record(Path(recorded), steps, seed)
        return await replay(log, cuts, seed, Path(replayed) / "home")


def main() -> int:
    """Say how many cuts were survived; 1 when one was not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuts", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    verdict = asyncio.run(rehearse(asked.cuts, asked.steps, asked.seed))
    sys.stdout.write(f"{verdict.cuts} cuts: {len(verdict.lost)} files lost, {len(verdict.half)} half, ")
    sys.stdout.write(f"{len(verdict.left)} blobs left over, {len(verdict.broken)} places broken\n")
    for line in [*verdict.lost, *verdict.half, *verdict.left, *verdict.broken][:10]:
        sys.stdout.write(f"  {line}\n")
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
