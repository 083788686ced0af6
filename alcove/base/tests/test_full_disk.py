"""A disk that fills up while a store is brought to a new version: all is as it was, and goes on when there is room."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import apsw
import pytest

from alcove.base.errors import StorageFull
from alcove.base.sqlite import Connection, Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = 3000
OLD = ("create table t (k integer primary key, v text) strict",)
NEW = (
    *OLD,
    "alter table t add column more text; update t set more = v || v",
    "create table u (k integer primary key, v text) strict; insert into u select k, v from t; drop table t",
    "create index u_by_v on u (v)",
)
VFS = "filling"


class Filling(apsw.VFS):
    """The system's own VFS on a disk that has room for so many more writes; None: as many as come."""

    def __init__(self) -> None:
        super().__init__(VFS, "")
        self.left: int | None = None

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return Filled(self, name, flags)


class Filled(apsw.VFSFile):
    """A file on it."""

    def __init__(self, disk: Filling, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk = disk

    def xWrite(self, data: Any, offset: int) -> None:
        if self._disk.left is not None:
            if self._disk.left <= 0:
                raise apsw.FullError("no room")
            self._disk.left -= 1
        super().xWrite(data, offset)


@pytest.fixture
def disk() -> Iterator[Filling]:
    made = Filling()
    yield made
    made.unregister()


async def store(path: Path) -> None:
    """A store of the old version, with as much in it as does not fit in SQLite's memory at once."""
    database = Database(path, OLD)

    def fill(connection: Connection) -> None:
        connection.executemany("insert into t values (?, ?)", ((k, f"{k} " * 200) for k in range(ROWS)))

    await database.write(fill)
    await database.close()


def all_there(connection: Connection) -> str:
    """Which table holds everything, each row as it was."""
    tables = [cast("str", row[0]) for row in connection.execute("select name from sqlite_schema where type = 'table'")]
    (table,) = [name for name in tables if name in ("t", "u")]
    held = connection.execute(f"select k, v from {table} order by k").fetchall()
    assert held == [(k, f"{k} " * 200) for k in range(ROWS)]
    assert connection.pragma("integrity_check") == "ok"
    return table


@pytest.mark.slow("brings a store to its version many times, and a disk is full at another write each time")
@pytest.mark.parametrize("room", [0, 1, 2, 10, 1000, 3900, 4100, 4900, 5200, 5400])
async def test_all_is_as_it_was_and_goes_on_when_there_is_room(tmp_path: Path, disk: Filling, room: int) -> None:
    path = tmp_path / "store.db"
    await store(path)
    disk.left = room
    database = Database(path, NEW, vfs=VFS)
    with pytest.raises(StorageFull):
        database.read(all_there)
    with pytest.raises(StorageFull):
        await database.write(lambda connection: connection.execute("insert into u values (-1, '')"))
    await database.close()
    # What a release that knows no more reads, or somebody with a tool of their own.
    untouched = apsw.Connection(str(path))
    assert all_there(untouched) == ("t" if cast("int", untouched.pragma("user_version")) < 3 else "u")
    untouched.close()

    disk.left = None
    again = Database(path, NEW, vfs=VFS)
    assert again.read(all_there) == "u"
    assert await asyncio.wait_for(again.write(lambda connection: connection.pragma("user_version")), 10) == len(NEW)
    await again.close()
