"""Puts requests to other servers into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.crypto import Sealer
from alcove.base.outgoing import Outgoing
from alcove.documents import INDEXES, Documents
from alcove.instances import Allowances, Contexts
from alcove.remote import store
from alcove.remote.http import RemoteHTTP
from alcove.remote.service import Definitions, Remote

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Provides `Definitions`."""
    shelf = store.Shelf(house.need(Documents), house.need(Sealer))
    house.provide(Definitions, Definitions(shelf, house.clock))
    for index in store.INDEXES:
        house.registry(INDEXES).add(index.name, index)
    remote = Remote(shelf, house.need(Outgoing), house.need(Contexts), house.clock)
    house.add_routes(*RemoteHTTP(remote, house.need(Allowances)).routes())
