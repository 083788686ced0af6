"""One SQLite file per tenant: opened when needed, made by copying a template, removed at once."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from alcove.base.errors import NotFound
from alcove.base.folders import full_disk, make_folder, sync_folder, write_whole
from alcove.base.sqlite.file import Connection, Database, make_template

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SERVER = "alcove"
"""The tenant that is the server itself: the directory of instances, the queue of jobs."""


class StoreMissing(NotFound):
    """No tenant of that name has a store."""

    def __init__(self, tenant: str) -> None:
        super().__init__(f"The store of {tenant} is not there")


class Databases:
    """The databases of all tenants: `$home/alcove.db` and `$home/instances/<tenant>/documents.db`.

    All in memory when `home` is None. At most `limit` files stay open; the one used longest ago rests first, and none
    that was written in the last seconds. `file` is another name for what a room keeps beside the documents, and
    `lasting` false where it can be made again from them.
    """

    def __init__(
        self,
        home: Path | None,
        migrations: Sequence[str] = (),
        *,
        vfs: str | None = None,
        limit: int = 300,
        file: str = "documents.db",
        lasting: bool = True,
    ) -> None:
        self.home = home
        self._file = file
        self._lasting = lasting
        self.seed: Callable[[Connection], None] = lambda _connection: None
        """Fills the template of new stores, when the first one is made."""
        self._migrations = migrations
        self._vfs = vfs
        self._limit = limit
        self._known: dict[str, Database] = {}
        self._awake: OrderedDict[str, Database] = OrderedDict()
        self._template = b""
        self._pool = ThreadPoolExecutor(2, "sqlite scan")

    def path(self, tenant: str) -> Path | None:
        """Where a tenant's file lies; None in memory."""
        if self.home is None:
            return None
        if tenant == SERVER:
            return self.home / "alcove.db"
        if not tenant.isalnum():
            raise StoreMissing(tenant)  # a tenant is a part of a path: nothing that could climb out of the folder
        return self.home / "instances" / tenant / self._file

    def open(self, tenant: str) -> Database:
        """The one `Database` of a tenant in this process; raises `StoreMissing`. Keep it only as long as you use it."""
        database = self._awake.get(tenant)
        if database is not None:
            self._awake.move_to_end(tenant)
            return database
        database = self._known.get(tenant)
        if database is None:
            database = self._first(tenant)
        self._awake[tenant] = database
        if len(self._awake) > self._limit:
            self._rest()
        return database

    def exists(self, tenant: str) -> bool:
        """Whether the tenant has a store."""
        if tenant in self._known or tenant == SERVER:
            return True
        path = self.path(tenant)
        return path is not None and path.exists()

    def tenants(self) -> list[str]:
        """All tenants that have a store, the server itself left out."""
        if self.home is None:
            return sorted(set(self._known) - {SERVER})
        return sorted(path.parent.name for path in self.home.glob(f"instances/*/{self._file}"))

    async def create(self, tenant: str) -> None:
        """Makes an empty store, durable when this returns; does nothing when it is there. Raises `StorageFull`."""
        if self.exists(tenant):
            return
        path = self.path(tenant)
        if path is None:
            self._known[tenant] = Database(None, self._migrations, pool=self._pool, lasting=self._lasting)
            return
        with full_disk():
            await asyncio.to_thread(self._make, path)

    async def destroy(self, tenant: str) -> None:
        """Closes and removes a tenant's store; does nothing when there is none."""
        self._awake.pop(tenant, None)
        database = self._known.pop(tenant, None)
        if database is not None:
            await database.close()
        path = self.path(tenant)
        if path is not None:
            await asyncio.to_thread(_remove, path)

    async def close(self) -> None:
        """Closes every file, when all that was queued is durable."""
        await asyncio.gather(*(database.close() for database in self._known.values()))
        self._known.clear()
        self._awake.clear()
        await asyncio.to_thread(self._pool.shutdown)

    def _first(self, tenant: str) -> Database:
        path = self.path(tenant)
        if tenant != SERVER and (path is None or not path.exists()):
            raise StoreMissing(tenant)
        if path is not None and tenant == SERVER:
            make_folder(path.parent)
        database = Database(path, self._migrations, vfs=self._vfs, pool=self._pool, lasting=self._lasting)
        self._known[tenant] = database
        return database

    def _rest(self) -> None:
        for tenant, database in self._awake.items():
            if tenant != SERVER and database.resting:
                del self._awake[tenant]
                database.rest()
                return

    def _make(self, path: Path) -> None:
        make_folder(path.parent)
        # A log left beside a file of the same name that is gone would be replayed into the new one.
        for part in _parts(path)[1:]:
            part.unlink(missing_ok=True)
        self._template = self._template or _template(self._migrations, self.seed)
        write_whole(path, self._template)


def _template(migrations: Sequence[str], seed: Callable[[Connection], None]) -> bytes:
    """The bytes of an empty store: copying them is fifty times quicker than running the schema with its syncs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        make_template(path, migrations, seed)
        return path.read_bytes()


def _parts(path: Path) -> list[Path]:
    return [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]


def _remove(path: Path) -> None:
    for part in _parts(path):
        part.unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):  # another store of this tenant was removed meanwhile, as the last one
        sync_folder(path.parent)
    with contextlib.suppress(OSError):
        path.parent.rmdir()  # only when nothing else of the tenant is left in it
