"""What a SQLite file promises: durable units, one by one or together, and never half of one."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, cast

import apsw
import pytest

from alcove.base.errors import StorageFull
from alcove.base.folders import sync_folder
from alcove.base.sqlite import ClosedDatabase, Connection, Database, Databases, NewerFile, StoreMissing, tenants

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMA = ["create table t (k integer primary key, v text) strict"]


def rows(connection: Connection) -> list[int]:
    return [cast("int", row[0]) for row in connection.execute("select k from t order by k")]


def adding(key: int) -> Callable[[Connection], int]:
    def run(connection: Connection) -> int:
        connection.execute("insert into t values (?, 'x')", (key,))
        return key

    return run


@pytest.fixture(params=["file", "memory"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "a.db" if request.param == "file" else None


async def test_what_is_written_is_read_at_once(path: Path | None) -> None:
    database = Database(path, SCHEMA)
    assert await database.write(adding(1)) == 1
    assert database.read(rows) == [1]
    assert await database.scan(rows) == [1]
    await database.close()


async def test_a_failing_unit_is_alone_in_its_misfortune(path: Path | None) -> None:
    database = Database(path, SCHEMA)
    hold = threading.Event()

    def wait(connection: Connection) -> None:
        hold.wait(5)

    def broken(connection: Connection) -> None:
        adding(7)(connection)
        raise KeyError("mine")

    tasks = [asyncio.ensure_future(database.write(fn)) for fn in (wait, adding(1), broken, adding(1), adding(2))]
    await asyncio.sleep(0)
    hold.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(None), int, KeyError, apsw.ConstraintError, int]
    assert database.read(rows) == [1, 2]
    await database.close()


async def test_what_follows_a_commit_is_told_in_order_even_when_the_caller_left(path: Path | None) -> None:
    database, told = Database(path, SCHEMA), list[int]()
    tasks = [asyncio.ensure_future(database.write(adding(key), told.append)) for key in range(20)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await database.close()
    assert told == list(range(20))


async def test_a_full_disk_is_said_so_and_nothing_is_half_written(path: Path | None) -> None:
    database = Database(path, SCHEMA)
    await database.write(lambda connection: connection.pragma("max_page_count", 6))

    def much(connection: Connection) -> None:
        for key in range(100, 200):
            connection.execute("insert into t values (?, ?)", (key, "x" * 4000))

    answers = await asyncio.gather(
        database.write(adding(1)), database.write(much), database.write(adding(2)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [int, StorageFull, int]
    assert database.read(rows) == [1, 2]
    await database.close()


async def test_migrations_run_once_and_in_order(tmp_path: Path) -> None:
    first = Database(tmp_path / "a.db", SCHEMA)
    await first.write(adding(1))
    await first.close()
    second = Database(tmp_path / "a.db", [*SCHEMA, "alter table t add column more text default 'm'"])
    assert second.read(lambda connection: connection.execute("select more from t").fetchall()) == [("m",)]
    await second.close()
    with pytest.raises(NewerFile, match=r"version 2 .* up to 1"):
        Database(tmp_path / "a.db", SCHEMA).read(rows)


async def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(apsw.SQLError):
        Database(tmp_path / "a.db", ["create table t (k integer); create table t (k integer)"]).read(rows)
    database = Database(tmp_path / "a.db", SCHEMA)
    assert database.read(rows) == []
    await database.close()


async def test_rooms_share_a_file_with_their_own_migrations(path: Path | None) -> None:
    database = Database(path, SCHEMA)
    for _ in range(2):
        await database.migrate("jobs", ["create table job (id integer)"])
    await database.migrate("jobs", ["create table job (id integer)", "create table lease (id integer)"])
    assert database.read(lambda connection: connection.execute("select * from lease").fetchall()) == []
    with pytest.raises(NewerFile, match="jobs"):
        await database.migrate("jobs", [])
    await database.close()


async def test_closing_waits_for_what_is_queued(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db", SCHEMA)
    tasks = [asyncio.ensure_future(database.write(adding(key))) for key in range(50)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*tasks) == list(range(50))
    with pytest.raises(ClosedDatabase):
        await database.write(adding(1))
    assert not (tmp_path / "a.db-wal").exists()


async def test_a_resting_file_opens_again_by_itself(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db", SCHEMA, rest_after=0.001)
    await database.write(adding(1))
    writer = database._writer
    assert writer is not None
    await asyncio.to_thread(writer.join)
    assert database.resting
    database.rest()
    assert not (tmp_path / "a.db-wal").exists()
    assert database.read(rows) == [1]
    await database.write(adding(2))
    assert await database.scan(rows) == [1, 2]
    await database.close()


async def test_the_reader_cannot_write(path: Path | None) -> None:
    database = Database(path, SCHEMA)
    with pytest.raises(apsw.ReadOnlyError):
        database.read(adding(1))
    with pytest.raises(apsw.ReadOnlyError):
        await database.scan(adding(1))
    await database.close()


@pytest.fixture(params=["file", "memory"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Databases:
    return Databases(tmp_path / "home" if request.param == "file" else None, SCHEMA, limit=2)


async def test_tenants_do_not_see_each_other(databases: Databases) -> None:
    for tenant in ("a", "b", "c"):
        await databases.create(tenant)
        await databases.create(tenant)
    await databases.open("a").write(adding(1))
    await databases.open("alcove").write(adding(2))
    assert [databases.open(tenant).read(rows) for tenant in ("a", "b", "c", "alcove")] == [[1], [], [], [2]]
    assert databases.open("a") is databases.open("a")
    await databases.close()


async def test_a_removed_tenant_leaves_nothing(databases: Databases) -> None:
    await databases.create("a")
    held = databases.open("a")
    await held.write(adding(1))
    await databases.destroy("a")
    await databases.destroy("a")
    with pytest.raises(ClosedDatabase):
        held.read(rows)
    with pytest.raises(StoreMissing):
        databases.open("a")
    if databases.home:
        assert list((databases.home / "instances").iterdir()) == []
    await databases.create("a")
    assert databases.open("a").read(rows) == []
    await databases.close()


async def test_two_stores_of_a_tenant_are_removed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    databases = Databases(tmp_path, SCHEMA)
    await databases.create("a")

    def overtaken(folder: Path) -> None:
        folder.rmdir()  # as the other store's removal does when it ends first
        sync_folder(folder)

    monkeypatch.setattr(tenants, "sync_folder", overtaken)
    await databases.destroy("a")
    assert list((tmp_path / "instances").iterdir()) == []
    await databases.close()


async def test_a_log_left_by_a_former_tenant_is_not_replayed(tmp_path: Path) -> None:
    databases = Databases(tmp_path, SCHEMA)
    await databases.create("a")
    await databases.open("a").write(adding(1))
    path = databases.path("a")
    assert path is not None
    path.unlink()
    await databases.create("b")
    other = Databases(tmp_path, SCHEMA)
    await other.create("a")
    assert other.open("a").read(rows) == []
    await other.close()
    await databases.close()


@pytest.mark.parametrize("tenant", ["nobody", "../up", "", "a/b"])
def test_an_unknown_tenant_is_refused(databases: Databases, tenant: str) -> None:
    with pytest.raises(StoreMissing):
        databases.open(tenant)
