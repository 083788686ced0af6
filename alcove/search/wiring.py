"""Puts search into the house: its indexes, their follower and the route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.sqlite import Databases
from alcove.documents import FOLLOWERS, Documents, Follower
from alcove.instances import PROVISIONERS, Instance, Instances
from alcove.realtime import READ_CHECKS
from alcove.search import FINDABLES
from alcove.search.http import SearchHTTP
from alcove.search.service import BATCH, FOLLOWER, Keeping, Kinds, Search
from alcove.search.store import FILE, MIGRATIONS, Indexes, SqliteIndexes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alcove.base.house import House

OPEN = 50
"""Indexes that stay open at the most."""


def register(house: House) -> None:
    """Provides `Search`. What is found is registered by the rooms above, so its follower is known at the start."""
    documents, instances = house.need(Documents), house.need(Instances)
    kinds = Kinds(house.registry(FINDABLES))
    indexes = _indexes(house, kinds.made_for)
    keeping = Keeping(documents, indexes, kinds)
    search = house.provide(Search, Search(documents, indexes, keeping, kinds, house.registry(READ_CHECKS)))
    house.add_routes(*SearchHTTP(search).routes())

    async def provision(instance: Instance, options: Mapping[str, str]) -> None:  # noqa: ARG001 - a provisioner's shape
        await keeping.forget(instance.key)  # what an instance of the same name left behind is nobody's

    async def start() -> None:
        house.registry(FOLLOWERS).add(FOLLOWER, Follower(FOLLOWER, kinds.doctypes, keeping.follow, batch=BATCH))
        await keeping.sweep(instance.key for instance in instances.all())

    house.registry(PROVISIONERS).add(FOLLOWER, provision)
    instances.on_destroyed(lambda instance: keeping.leave(instance.key))
    house.on_start("search", start)
    house.on_stop("search", keeping.stop)


def _indexes(house: House, made_for: Callable[[], str]) -> Indexes:
    """The indexes, where the documents are."""
    home = house.settings.home if house.settings.store == "sqlite" else None
    files = SqliteIndexes(Databases(home, MIGRATIONS, limit=OPEN, file=FILE, lasting=False), made_for)
    if not house.settings.database:
        return files
    from alcove.base.postgres import Postgres
    from alcove.search.store.postgres import PostgresIndexes

    async def clear() -> None:
        for tenant in await files.tenants():  # from before the documents were moved to the database
            await files.drop(tenant)

    house.on_start("indexes in files", clear)
    return PostgresIndexes(house.need(Postgres), made_for)
