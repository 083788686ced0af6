"""Puts the server's own routes into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.apps import Apps
from alcove.documents import Documents
from alcove.identity import Gate
from alcove.instances import HOLDINGS, Contexts
from alcove.server.barring import Barrier
from alcove.server.http import Front

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Provides the barrier of blocked instances; adds `/`, `/version` and `/status`."""
    documents, gate, apps = house.need(Documents), house.need(Gate), house.need(Apps)
    front = Front(documents, gate, apps, house.registry(HOLDINGS), house.settings)
    barrier = house.provide(Barrier, Barrier(gate, house.need(Contexts), house.clock, house.settings.scheme))
    documents.watch(barrier.hear, frozenset(("instances",)))
    house.add_routes(*front.routes())
