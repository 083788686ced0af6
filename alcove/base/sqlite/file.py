"""SQLite files as the house uses them: one writer per file with shared durable commits, reads that do not wait.

read    a point read, inline on the event loop (7 us)          write   a unit in the writer thread, group commit
scan    anything longer, in a small pool                       close   after everything queued is durable
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar, cast

import apsw

from alcove.base.errors import Refusal, StorageFull, Unavailable
from alcove.base.folders import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

T = TypeVar("T")
Connection = apsw.Connection

PAGE = 8192
BATCH = 256
"""Units that share one commit at the most."""
REST = 10.0
"""Seconds without a write after which the writer folds the log into the file and lets go of it."""
BUSY = 5_000
"""Milliseconds to wait for another program that has the file locked (a backup, a shell)."""

_SETTINGS = (
    "pragma synchronous = full",
    "pragma temp_store = memory",
    "pragma foreign_keys = on",
    "pragma trusted_schema = off",
    "pragma cache_size = -4096",
    "pragma journal_size_limit = 33554432",
)
_memory_names = count(1)


class NewerFile(Exception):
    """A database file that a newer version of the program wrote. The message names it and says what to do."""


DAMAGE = (apsw.CorruptError, apsw.NotADBError, NewerFile)
"""What a file raises that cannot be read. Who can make its content again from elsewhere does so."""
MISFIT = apsw.SQLError
"""What a file raises that has other tables than those asked for (and any statement that is wrong)."""


class ClosedDatabase(Unavailable):
    """The file was closed or removed while somebody still wanted to use it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The store {name} is closed")


class Unit:
    """One function waiting for the writer, and what became of it."""

    __slots__ = ("error", "future", "result", "run", "then")

    def __init__(
        self, run: Callable[[Connection], Any], then: Callable[[Any], None] | None, future: asyncio.Future[Any]
    ) -> None:
        self.run = run
        self.then = then
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None


class Database:
    """One SQLite file of this process (or one in memory, when `path` is None). Opened at its first use.

    `migrations` are SQL scripts: the n-th brings the file from version n-1 to n, each in its own transaction.
    `vfs` names the apsw VFS to go through, for rigs that inject faults. What is not `lasting` can be made again from
    elsewhere: a power cut may take its last commits (and never tears one), so that none of them waits for the disk.
    """

    def __init__(
        self,
        path: Path | None,
        migrations: Sequence[str] = (),
        *,
        vfs: str | None = None,
        pool: ThreadPoolExecutor | None = None,
        rest_after: float = REST,
        lasting: bool = True,
    ) -> None:
        self.path = path
        self.name = str(path) if path else f"file:/alcove-{next(_memory_names)}?vfs=memdb"
        self._migrations = migrations
        self._vfs = vfs
        self._pool = pool
        self._own_pool = pool is None
        self._lasting = lasting
        self._rest_after = rest_after
        self._reader: Connection | None = None
        self._scanners: deque[Connection] = deque()
        self._scanning = 0
        self._queue: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None
        self._closed = False

    # -- what rooms use

    def read(self, fn: Callable[[Connection], T]) -> T:
        """Runs a short read at once, on the calling thread; it sees every unit whose `write` has returned."""
        return fn(self.reader)

    @property
    def reader(self) -> Connection:
        """The connection that `read` uses: for reading only, on the calling thread, and not beyond the next `await`."""
        return self._reader or self._open()

    async def write(self, fn: Callable[[Connection], T], then: Callable[[T], None] | None = None) -> T:
        """Runs `fn` in the writer thread; returns what it returned once that is durable.

        A unit that raises leaves nothing behind and only its caller hears. `fn` may run more than once (when a shared
        commit fails, each unit is tried alone). `then` gets the result on the event loop in the order of the commits,
        even when the caller was cancelled meanwhile. Raises `StorageFull` when the disk is full.
        """
        if self._reader is None:
            self._open()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._lock:
            if self._closed:
                raise ClosedDatabase(self.name)
            self._queue.put(Unit(fn, then, future))
            if self._writer is None:
                self._writer = threading.Thread(target=self._serve, name="sqlite writer", daemon=True)
                self._writer.start()
        return await future

    async def scan(self, fn: Callable[[Connection], T]) -> T:
        """Runs a longer read in a small pool, on one snapshot of the file."""
        if self._reader is None:
            self._open()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(2, "sqlite scan")
        self._scanning += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._scan, fn)
        finally:
            self._scanning -= 1

    async def migrate(self, room: str, migrations: Sequence[str]) -> None:
        """Brings the tables that a room keeps in this shared file up to date; raises `NewerFile`."""
        await self.write(lambda connection: _migrate_room(connection, self.name, room, migrations))

    async def close(self) -> None:
        """Refuses new units, waits until those in the queue are durable, closes the file."""
        with self._lock:
            self._closed = True
            writer = self._writer
            if writer is not None:
                self._queue.put(None)
        if writer is not None:
            await asyncio.to_thread(writer.join)
        if self._own_pool and self._pool is not None:
            await asyncio.to_thread(self._pool.shutdown)
        self._let_go()

    @property
    def resting(self) -> bool:
        """Whether nothing runs and nothing was written lately, so that the file can be let go."""
        return self._writer is None and not self._scanning

    def rest(self) -> None:
        """Closes the connections of a resting file; the next use opens it again."""
        if self.path is not None and self.resting:
            self._let_go()

    # -- connections

    def _open(self) -> Connection:
        if self._closed:
            raise ClosedDatabase(self.name)
        fresh = self.path is not None and not self.path.exists()
        reader = self._connect()
        try:
            _migrate(reader, self.name, self._migrations)
            reader.execute("pragma query_only = on")
        except apsw.FullError as error:
            with contextlib.suppress(apsw.Error):  # what is in the log cannot be written into the file either
                reader.close()
            raise _worded(error) from error
        except BaseException:
            reader.close()
            raise
        if fresh and self.path is not None:
            sync_folder(self.path.parent)
        self._reader = reader
        return reader

    def _connect(self) -> Connection:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        connection = Connection(self.name, flags, vfs=self._vfs if self.path else None)
        connection.set_busy_timeout(BUSY)
        if self.path is not None:
            connection.execute(f"pragma page_size = {PAGE}; pragma journal_mode = wal")
        for setting in _SETTINGS:
            connection.execute(setting)
        if not self._lasting:
            connection.execute("pragma synchronous = normal")
        return connection

    def _let_go(self) -> None:
        for connection in self._scanners:
            connection.close()
        self._scanners.clear()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _scan(self, fn: Callable[[Connection], T]) -> T:
        try:
            connection = self._scanners.pop()
        except IndexError:
            connection = self._connect()
            connection.execute("pragma query_only = on")
        try:
            connection.execute("begin")
            return fn(connection)
        finally:
            if connection.in_transaction:
                connection.execute("rollback")
            self._scanners.append(connection)

    # -- the writer thread

    def _serve(self) -> None:
        connection: Connection | None = None
        while True:
            try:
                first = self._queue.get(timeout=self._rest_after)
            except queue.Empty:
                first = None
            if first is not None:
                batch = self._batch(first)
                try:
                    connection = connection or self._connect()
                    _commit(connection, batch)
                except BaseException as error:  # whoever waits must hear, whatever it is
                    for unit in batch:
                        unit.error = unit.error or error
                _announce(batch)
                continue
            if connection is not None:
                _fold(connection)
                connection = None
            with self._lock:
                if self._queue.empty():
                    self._writer = None
                    return

    def _batch(self, first: Unit) -> list[Unit]:
        batch = [first]
        with contextlib.suppress(queue.Empty):
            while len(batch) < BATCH:
                unit = self._queue.get_nowait()
                if unit is None:
                    self._queue.put(None)
                    break
                batch.append(unit)
        return batch


def make_template(path: Path, migrations: Sequence[str], seed: Callable[[Connection], None]) -> None:
    """Writes a whole new file at once, without its log: to be copied."""
    connection = Connection(str(path))
    connection.execute(f"pragma page_size = {PAGE}; pragma journal_mode = wal")
    _migrate(connection, str(path), migrations)
    with connection:
        seed(connection)
    _fold(connection)


def _fold(connection: Connection) -> None:
    """Closes the writer's connection with the log folded into the file, so that no later close pays for it."""
    with contextlib.suppress(apsw.Error):
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()


def _commit(connection: Connection, batch: list[Unit]) -> None:
    """Runs the units and commits them together; when that fails, each alone, so that each hears its own error."""
    if len(batch) == 1:
        _commit_one(connection, batch[0])
        return
    try:
        connection.execute("begin immediate")
        for unit in batch:
            _run_inside(connection, unit)
        connection.execute("commit")
    except apsw.Error:
        _roll_back(connection)
        for unit in batch:
            unit.result, unit.error = None, None
            _commit_one(connection, unit)


def _run_inside(connection: Connection, unit: Unit) -> None:
    connection.execute("savepoint unit")
    try:
        unit.result = unit.run(connection)
        connection.execute("release unit")
    except BaseException as error:  # the caller hears; the others must not
        if not connection.in_transaction:
            raise  # SQLite gave up the whole transaction (disk full, I/O error): every unit is run again, alone
        connection.execute("rollback to unit")
        connection.execute("release unit")
        unit.error = error


def _commit_one(connection: Connection, unit: Unit) -> None:
    try:
        connection.execute("begin immediate")
        unit.result = unit.run(connection)
        connection.execute("commit")
    except BaseException as error:  # the caller hears it
        _roll_back(connection)
        unit.error = error


def _roll_back(connection: Connection) -> None:
    if connection.in_transaction:
        with contextlib.suppress(apsw.Error):
            connection.execute("rollback")


def _announce(batch: list[Unit]) -> None:
    loops = {id(unit.future.get_loop()): unit.future.get_loop() for unit in batch}
    for key, loop in loops.items():
        own = batch if len(loops) == 1 else [unit for unit in batch if id(unit.future.get_loop()) == key]
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, own)


def _settle(batch: list[Unit]) -> None:
    for unit in batch:
        if unit.error is None and unit.then is not None:
            try:
                unit.then(unit.result)
            except Exception as error:  # it is durable; still, its listener is broken
                unit.future.get_loop().call_exception_handler({"message": "after a commit", "exception": error})
        if unit.future.done():
            continue
        if unit.error is None:
            unit.future.set_result(unit.result)
        else:
            unit.future.set_exception(_worded(unit.error))


def _worded(error: BaseException) -> BaseException:
    if isinstance(error, apsw.FullError):
        full = StorageFull("The disk is full: nothing was changed")
        full.__cause__ = error
        return full
    if isinstance(error, Refusal) or not isinstance(error, StopIteration):
        return error
    return RuntimeError("a unit raised StopIteration")


def _migrate(connection: Connection, name: str, migrations: Sequence[str]) -> None:
    version = cast("int", connection.pragma("user_version"))
    _check_age(name, version, migrations)
    for number, script in enumerate(migrations[version:], version + 1):
        connection.execute("begin immediate")
        try:
            if connection.pragma("user_version") == number - 1:
                connection.execute(script)
                connection.pragma("user_version", number)
            connection.execute("commit")
        except BaseException:
            _roll_back(connection)
            raise


def _migrate_room(connection: Connection, name: str, room: str, migrations: Sequence[str]) -> None:
    connection.execute("create table if not exists room_version (room text primary key, version integer not null)")
    row = connection.execute("select version from room_version where room = ?", (room,)).fetchone()
    version = cast("int", row[0]) if row else 0
    _check_age(f"{name} ({room})", version, migrations)
    for script in migrations[version:]:
        connection.execute(script)
    connection.execute("insert or replace into room_version values (?, ?)", (room, len(migrations)))


def _check_age(name: str, version: int, migrations: Sequence[str]) -> None:
    if version > len(migrations):
        raise NewerFile(
            f"{name} has version {version} and this program knows versions up to {len(migrations)}: "
            "start the newer release again, or restore a backup made before it"
        )
