"""Registers the room: its ledger, routes, indexes, policies and follower."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.documents import FOLLOWERS, INDEXES, POLICIES, Documents, Follower, Followers, Policy
from alcove.instances import HOLDINGS, Instance, Instances
from alcove.money import store
from alcove.money.finding import FINDABLES as FOUND
from alcove.money.http import MoneyHTTP
from alcove.money.model import BILLS, LINKS, MODELS, OPERATIONS, RECURRENCES
from alcove.money.service.ledger import Ledger
from alcove.money.service.person import Person
from alcove.money.store import Shelf
from alcove.search import FINDABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.house import House

NAME = "money"
BATCH = 5000
"""Changes handed over at once: after a large import few passes over all of it instead of many."""


def register(house: House) -> None:
    """Provides `Ledger`."""
    shelf = Shelf(house.need(Documents))
    ledger = house.provide(Ledger, Ledger(shelf, house.clock))
    person = Person(shelf, house.clock)
    followers, instances = house.need(Followers), house.need(Instances)
    for index in store.INDEXES:
        house.registry(INDEXES).add(f"{index.type}/{index.name}", index)
    for doctype in (LINKS, MODELS):
        house.registry(POLICIES).add(doctype, Policy(writable=False))
    for name, findable in FOUND.items():
        house.registry(FINDABLES).add(name, findable)
    heard = frozenset((BILLS, OPERATIONS, LINKS, RECURRENCES))
    house.registry(FOLLOWERS).add(NAME, Follower(NAME, heard, ledger.follow, batch=BATCH))

    async def hear(tenant: str) -> None:
        with ledger.hurried(tenant):
            await followers.settle(tenant, NAME)

    async def settle(tenant: str) -> None:
        await hear(tenant)
        await ledger.settle(tenant)

    async def holding(instance: Instance) -> Mapping[str, int]:
        counts = await ledger.counts(instance.key)
        return {name: counts[name] for name in ("accounts", "operations", "bills", "linked", "to_confirm")}

    house.registry(HOLDINGS).add(NAME, holding)
    house.add_routes(*MoneyHTTP(ledger, person, shelf, hear, settle).routes())
    instances.on_destroyed(lambda instance: ledger.forget(instance.key))
    house.on_stop("money", ledger.close)
