"""Puts the door out into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.outgoing import Outgoing
from alcove.documents import INDEXES, POLICIES, Documents, Policy
from alcove.egress.addresses import Trust
from alcove.egress.broker import Brokers
from alcove.egress.http import EgressHTTP
from alcove.egress.model import BLOCKED, EGRESS
from alcove.egress.outgoing import HttpOutgoing
from alcove.egress.service import Journal
from alcove.egress.store import INDEXES as OURS
from alcove.egress.store import Shelf

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Provides `Journal`, `Outgoing` and `Brokers`, and the routes."""
    documents = house.need(Documents)
    journal = house.provide(Journal, Journal(Shelf(documents), documents, house.clock))
    outgoing = HttpOutgoing(journal, house.settings.trusted_networks)
    house.provide(Outgoing, outgoing)
    house.provide(Brokers, Brokers(journal, Trust(house.settings.trusted_networks)))
    house.on_stop("outgoing", outgoing.close)
    for index in OURS:
        house.registry(INDEXES).add(index.name, index)
    house.registry(POLICIES).add(EGRESS, Policy(writable=False))
    house.registry(POLICIES).add(BLOCKED, Policy(writable=False))
    house.add_routes(*EgressHTTP(journal).routes())
