"""Puts notifications into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.documents import FOLLOWERS, INDEXES, POLICIES, Documents, Follower, Policy
from alcove.files import Files
from alcove.identity import DeviceLimit
from alcove.instances import Instances, InstanceSettings
from alcove.notifications.arrivals import FOLLOWER as ARRIVALS
from alcove.notifications.arrivals import HEARD as ARRIVING
from alcove.notifications.arrivals import ArrivalWatch
from alcove.notifications.devices import FOLLOWER as DEVICES
from alcove.notifications.devices import HEARD as CLIENTS
from alcove.notifications.devices import DeviceWatch
from alcove.notifications.http import NotificationsHTTP
from alcove.notifications.model import WAITING
from alcove.notifications.quota import FOLLOWER, HEARD, QuotaWatch
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
    watch = QuotaWatch(notifications, house.need(Files), instances)
    house.registry(FOLLOWERS).add(FOLLOWER, Follower(FOLLOWER, HEARD, watch.follow, wants=watch.wants))
    instances.on_destroyed(lambda instance: watch.forget(instance.key))
    devices = DeviceWatch(notifications, house.need(DeviceLimit), instances)
    house.registry(FOLLOWERS).add(DEVICES, Follower(DEVICES, CLIENTS, devices.follow))
    instances.on_destroyed(lambda instance: devices.forget(instance.key))
    arrivals = ArrivalWatch(notifications, house.need(Files), instances, house.clock)
    house.registry(FOLLOWERS).add(ARRIVALS, Follower(ARRIVALS, ARRIVING, arrivals.follow, wants=arrivals.wants))
    house.add_routes(*NotificationsHTTP(notifications, house.clock).routes())
