"""Puts realtime into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.http import TokenReader
from alcove.base.peers import Peers
from alcove.documents import POLICIES, Documents, Policies
from alcove.realtime import READ_CHECKS, REDACTIONS
from alcove.realtime.http import RealtimeHTTP
from alcove.realtime.service import Realtime

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Watches the documents; opens the socket and the route."""
    realtime = house.provide(Realtime, Realtime(house.registry(REDACTIONS), house.need(Peers)))
    house.need(Documents).watch(realtime.hear)
    door = RealtimeHTTP(
        realtime,
        house.later(TokenReader),
        house.registry(READ_CHECKS),
        Policies(house.registry(POLICIES)),
    )
    house.add_routes(*door.routes())
    house.add_sockets(*door.sockets())
