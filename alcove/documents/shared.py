"""The documents of a server whose processes share a PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alcove.base.config import WrongSetting
from alcove.base.errors import Unavailable
from alcove.base.peers import Peers
from alcove.base.tables import PostgresTables, Tables
from alcove.documents.service import StoredDocuments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alcove.base.house import House
    from alcove.base.postgres import Postgres
    from alcove.documents.model import Change, Index

TRIES, PAUSE = 20, 1.0
"""How often the database is asked when the server starts, and the seconds between."""
MOST = 10_000
"""Changes that are read at once, of those that were missed."""


def shared_documents(house: House, indexes: Callable[[], Iterable[Index]]) -> StoredDocuments:
    """Documents in the database of the settings; provides `Postgres`, `Tables`, `Peers` too. Raises `WrongSetting`."""
    try:
        from alcove.base.postgres import Postgres, PostgresPeers
        from alcove.documents.backends.postgres import SCHEMA, Hearing, PostgresBackend
    except ImportError as error:
        raise WrongSetting(f"ALCOVE_DATABASE needs {error.name}, which is missing: install alcove[postgres]") from None
    postgres = Postgres(house.settings.database)
    postgres.lay(SCHEMA)
    house.provide(Postgres, postgres)
    house.provide(Tables, PostgresTables(postgres))
    peers = PostgresPeers(postgres, candidate=house.settings.role != "web")
    house.provide(Peers, peers)
    backend = PostgresBackend(postgres)
    documents = StoredDocuments(backend, indexes)

    async def missed(tenant: str, since: int, last: int) -> list[Change]:
        return [change for change in await documents.changes(tenant, since, MOST) if change.seq <= last]

    hearing = Hearing(backend, peers, documents.tell, missed, documents.mourn)
    documents.on_destroy(hearing.forget)

    async def start() -> None:
        await _reach(postgres)
        await hearing.catch_up()  # what is written from now on is told, and rooms read the rest when they start

    house.on_start("database", start)
    return documents


async def _reach(postgres: Postgres) -> None:
    """Waits for a database that starts at the same time; raises `WrongSetting` when it does not answer."""
    for left in reversed(range(TRIES)):
        try:
            await postgres.fetch("select 1")
        except Unavailable as error:
            if not left:
                raise WrongSetting(f"ALCOVE_DATABASE does not answer: {error.__cause__}") from None
            await asyncio.sleep(PAUSE)
        else:
            return
