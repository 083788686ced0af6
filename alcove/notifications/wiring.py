"""Puts notifications into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.documents import INDEXES, POLICIES, Documents, Policy
from alcove.instances import Instances, InstanceSettings
from alcove.notifications.http import NotificationsHTTP
from alcove.notifications.model import WAITING
from alcove.notifications.service import Notifications
from alcove.notifications.store import INDEXES as OURS
from alcove.notifications.store import Shelf
from alcove.outbox import Outbox

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Provides `Notifications`, and its route."""
    shelf, settings = Shelf(house.need(Documents)), house.need(InstanceSettings)
    instances, outbox, scheme = house.need(Instances), house.need(Outbox), house.settings.scheme
    notifications = Notifications(shelf, instances, settings, outbox, house.clock, scheme)
    house.provide(Notifications, notifications)
    for index in OURS:
        house.registry(INDEXES).add(index.name, index)
    house.registry(POLICIES).add(WAITING, Policy(readable=False, writable=False))
    house.add_routes(*NotificationsHTTP(notifications, house.clock).routes())
