"""The documents as a part of the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.peers import Alone, Peers
from alcove.base.sqlite import Databases
from alcove.base.tables import SqliteTables, Tables
from alcove.documents import FOLLOWERS, INDEXES, POLICIES
from alcove.documents.backends.memory import MemoryBackend
from alcove.documents.backends.sqlite import MIGRATIONS, SqliteBackend
from alcove.documents.followers import StoreFollowers
from alcove.documents.http import routes
from alcove.documents.model import Documents, Followers
from alcove.documents.service import StoredDocuments

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Provides `Documents` and `Followers`; `Tables`, for what is the server's own; `Peers`, its other processes."""
    if house.settings.database:
        from alcove.documents.shared import shared_documents

        documents = shared_documents(house, lambda: house.registry(INDEXES))
    else:
        documents = _own(house)
    house.provide(StoredDocuments, documents)
    house.provide(Documents, documents)
    shared = bool(house.settings.database)
    followers = StoreFollowers(documents, lambda: house.registry(FOLLOWERS), documents.tenants, shared=shared)
    house.provide(Followers, followers)
    house.add_routes(*routes(documents, house.registry(POLICIES), lambda: house.registry(INDEXES)))
    house.on_stop("documents", documents.close)
    peers = house.need(Peers)
    peers.duty(followers.start, followers.stop)

    async def follow() -> None:
        # Handlers belong to higher rooms: following begins after all of them have started and ends before they stop.
        house.on_start("duties", peers.start)
        house.on_stop("duties", peers.stop)

    house.on_start("follow", follow)


def _own(house: House) -> StoredDocuments:
    """The documents of a server that is one process: in files, or in memory."""
    settings = house.settings
    on_disk = settings.store == "sqlite"
    databases = Databases(settings.home if on_disk else None, MIGRATIONS)
    house.provide(Tables, SqliteTables.of(databases))
    house.provide(Peers, Alone())
    house.on_stop("databases", databases.close)
    backend = SqliteBackend(databases) if on_disk else MemoryBackend()
    return StoredDocuments(backend, lambda: house.registry(INDEXES))
