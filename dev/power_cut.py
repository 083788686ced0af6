"""Cuts the power of a SQLite file at hundreds of moments and looks at what is left.

`python dev/power_cut.py --cuts 500`

A VFS writes down every write, sync, truncation and deletion while units run through `alcove.base.sqlite.Database`.
Each cut replays the log up to a random moment: what was synced is there; of what was not, each piece is there, lost or
torn, in any order. Then the file must open, be whole, and hold every unit whose `write` had returned, and no half.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from alcove.base.sqlite import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTOR = 512
"""Bytes that a disk writes whole: a torn write ends at a multiple of it."""
REST = 0.01
"""Seconds without a write after which the writer under test rests."""
KEPT = ("store.db", "store.db-wal", "store.db-journal")
"""The files that survive a cut; the -shm file is only memory."""

SCHEMA = (
    """
    create table unit (n integer primary key, parts integer not null);
    create table part (n integer not null, i integer not null, body blob not null, primary key (n, i));
    create table tally (one integer primary key, units integer not null);
    insert into tally values (1, 0);
    """,
)


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes handed to the system, not yet safe."""

    inode: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cropped:
    """A file made shorter, not yet safe."""

    inode: int
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """Everything written to a file before this is safe.

    With `folder`, the names in it are safe too: SQLite syncs the folder at the first sync of a log or journal that
    each connection makes (os_unix.c, UNIXFILE_DIRSYNC).
    """

    inode: int
    folder: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A name that from now on leads to a file, or to none."""

    name: str
    inode: int | None
    safe: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """`write` returned to the caller of unit `n`: from here on it must never be lost."""

    n: int


Event = Written | Cropped | Synced | Named | Returned


class Recorder(apsw.VFS):
    """The system's own VFS, with a log of what it was asked to do."""

    def __init__(self, name: str, main: str = KEPT[0]) -> None:
        super().__init__(name, "")
        self.main = main
        self.kept = tuple(kept.replace(KEPT[0], main) for kept in KEPT)
        self.log: list[Event] = []
        self._lock = threading.Lock()
        self._inodes: dict[str, int] = {}
        self._made = 0

    def note(self, event: Event) -> None:
        with self._lock:
            self.log.append(event)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        short = Path(path or "").name
        if short not in self.kept:
            return apsw.VFSFile("", name, flags)
        with self._lock:
            if short not in self._inodes:
                self._made += 1
                self._inodes[short] = self._made
                self.log.append(Named(short, self._made, safe=False))
            inode = self._inodes[short]
        return Tape(self, inode, short != self.main, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:
        super().xDelete(name, syncdir)
        with self._lock:
            if self._inodes.pop(Path(name).name, None) is not None:
                self.log.append(Named(Path(name).name, None, safe=bool(syncdir)))


class Tape(apsw.VFSFile):
    """A file whose changes are written down, each after the system took it."""

    def __init__(
        self, recorder: Recorder, inode: int, is_log: bool, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        super().__init__("", name, flags)
        self._recorder = recorder
        self._inode = inode
        self._folder = is_log

    def xWrite(self, data: Any, offset: int) -> None:
        super().xWrite(data, offset)
        self._recorder.note(Written(self._inode, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:
        super().xTruncate(size)
        self._recorder.note(Cropped(self._inode, size))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._recorder.note(Synced(self._inode, self._folder))
        self._folder = False


@dataclass
class Disk:
    """What is safe, and what is not yet, after a part of the log."""

    safe: dict[int, bytearray] = field(default_factory=dict)
    pending: dict[int, list[Written | Cropped]] = field(default_factory=dict)
    names: dict[str, int | None] = field(default_factory=dict)
    safe_names: dict[str, int | None] = field(default_factory=dict)
    returned: set[int] = field(default_factory=set)

    def take(self, event: Event) -> None:
        """Go one event further."""
        if isinstance(event, Returned):
            self.returned.add(event.n)
        elif isinstance(event, Named):
            self.names[event.name] = event.inode
            if event.safe:
                self.safe_names[event.name] = event.inode
        elif isinstance(event, Synced):
            content = self.safe.setdefault(event.inode, bytearray())
            for change in self.pending.pop(event.inode, []):
                _apply(content, change)
            if event.folder:
                self.safe_names = dict(self.names)
        else:
            self.pending.setdefault(event.inode, []).append(event)

    def cut(self, chance: random.Random) -> dict[str, bytes]:
        """Return the files as they might be found after the power went at this moment."""
        found = {}
        for name in self.names:
            inode = chance.choice((self.names[name], self.safe_names.get(name)))
            if inode is None:
                continue
            content = bytearray(self.safe.get(inode, b""))
            changes = list(self.pending.get(inode, []))
            if chance.random() < 0.5:
                chance.shuffle(changes)
            fortune = chance.choice((0.1, 0.5, 0.9, 1.0))
            for change in changes:
                if isinstance(change, Cropped):
                    if chance.random() < fortune:
                        _apply(content, change)
                else:
                    for piece in _torn(change, fortune, chance):
                        _apply(content, piece)
            found[name] = bytes(content)
        return found


def _apply(content: bytearray, change: Written | Cropped) -> None:
    if isinstance(change, Cropped):
        del content[change.size :]
        return
    end = change.offset + len(change.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[change.offset : end] = change.data


def _torn(write: Written, fortune: float, chance: random.Random) -> Iterator[Written]:
    """Yield what reached the disk of a write: all, nothing, or some of its sectors."""
    draw = chance.random()
    if draw < 0.4:
        if chance.random() < fortune:
            yield write
        return
    start = 0
    while start < len(write.data):
        end = min(len(write.data), start + SECTOR - (write.offset + start) % SECTOR)
        if chance.random() < fortune:
            yield Written(write.inode, write.offset + start, write.data[start:end])
        start = end


def _unit(n: int, chance: random.Random) -> Any:
    """Return a unit of several rows: a half of it would be seen."""
    bodies = [chance.randbytes(chance.choice((40, 400, 3000, 12000))) for _ in range(chance.randint(1, 4))]

    def run(connection: apsw.Connection) -> None:
        connection.execute("insert into unit values (?, ?)", (n, len(bodies)))
        for i, body in enumerate(bodies):
            connection.execute("insert into part values (?, ?, ?)", (n, i, body))
        connection.execute("update tally set units = units + 1")

    return run


async def record(folder: Path, units: int, seed: int, name: str = "power-cut") -> list[Event]:
    """Run so many units, in bursts as requests come, with rests in which the log is folded into the file."""
    recorder = Recorder(name)
    chance = random.Random(seed)
    database = Database(folder / "store.db", SCHEMA, vfs=name, rest_after=REST)

    async def one(n: int) -> None:
        await database.write(_unit(n, chance))
        recorder.note(Returned(n))

    n = 0
    while n < units:
        burst = min(chance.choice((1, 2, 5, 20, 60)), units - n)
        await asyncio.gather(*(one(n + step) for step in range(burst)))
        n += burst
        if chance.random() < 0.3:
            await asyncio.sleep(3 * REST)  # the writer rests: it folds the log into the file
        if chance.random() < 0.1:
            database.rest()
    await database.close()
    recorder.unregister()
    return recorder.log


@dataclass
class Verdict:
    """What the cuts showed: units lost, units half there, files that are not whole or do not open."""

    cuts: int = 0
    lost: int = 0
    half: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing at all went wrong."""
        return not (self.lost or self.half or self.broken)


def _counts(database: Database, query: str) -> dict[Any, Any]:
    rows: list[Any] = database.read(lambda connection: connection.execute(query).fetchall())
    return dict(rows)


async def look(folder: Path, returned: set[int], verdict: Verdict) -> None:
    """Open what a cut left, as the server would, and judge it; a unit more must go in."""
    database = Database(folder / "store.db", SCHEMA)
    try:
        whole = database.read(lambda connection: connection.execute("pragma integrity_check").fetchall())
        if whole != [("ok",)]:
            verdict.broken.append(f"integrity_check: {whole[:3]}")
        units = _counts(database, "select n, parts from unit")
        parts = _counts(database, "select n, count(*) from part group by n")
        tally = database.read(lambda connection: connection.execute("select units from tally").fetchall())
        verdict.lost += len(returned - set(units))
        verdict.half += sum(parts.get(n) != count for n, count in units.items()) + len(set(parts) - set(units))
        verdict.half += tally != [(len(units),)]
        await database.write(lambda connection: connection.execute("insert into unit values (-1, 0)").fetchall())
    except apsw.Error as error:
        verdict.broken.append(f"{type(error).__name__}: {error}")
    finally:
        await database.close()


async def replay(log: list[Event], cuts: int, seed: int, folder: Path) -> Verdict:
    """Cut the power at so many random moments of the log."""
    chance = random.Random(seed)
    moments = sorted(chance.sample(range(len(log) + 1), min(cuts, len(log) + 1)))
    disk, verdict, done = Disk(), Verdict(), 0
    for moment in moments:
        for event in log[done:moment]:
            disk.take(event)
        done = moment
        for name in (*KEPT, "store.db-shm"):
            (folder / name).unlink(missing_ok=True)
        for name, content in disk.cut(chance).items():
            (folder / name).write_bytes(content)
        await look(folder, disk.returned, verdict)
        verdict.cuts += 1
    return verdict


async def rehearse(cuts: int, units: int, seed: int) -> Verdict:
    """Record a run and cut it."""
    with tempfile.TemporaryDirectory() as recorded, tempfile.TemporaryDirectory() as replayed:
        log = await record(Path(recorded), units, seed)
        return await replay(log, cuts, seed, Path(replayed))


def main() -> int:
    """Say how many cuts were survived; 1 when one was not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuts", type=int, default=500)
    parser.add_argument("--units", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    verdict = asyncio.run(rehearse(asked.cuts, asked.units, asked.seed))
    sys.stdout.write(f"{verdict.cuts} cuts: {verdict.lost} units lost, {verdict.half} half, ")
    sys.stdout.write(f"{len(verdict.broken)} files broken\n")
    for line in verdict.broken[:10]:
        sys.stdout.write(f"  {line}\n")
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
