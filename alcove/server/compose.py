"""Puts the rooms together, floor by floor: the only place that knows them all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import alcove.admin.wiring
import alcove.apps.wiring
import alcove.assets.wiring
import alcove.connectors.wiring
import alcove.contacts.wiring
import alcove.dav.wiring
import alcove.documents.wiring
import alcove.egress.wiring
import alcove.files.wiring
import alcove.identity.wiring
import alcove.instances.wiring
import alcove.jobs.wiring
import alcove.money.wiring
import alcove.notifications.wiring
import alcove.outbox.wiring
import alcove.realtime.wiring
import alcove.remote.wiring
import alcove.sample.wiring
import alcove.search.wiring
import alcove.server.wiring
import alcove.sharing.wiring
from alcove.base.clock import Clock, SystemClock
from alcove.base.confined import Here
from alcove.base.crypto import Sealer
from alcove.base.house import House

if TYPE_CHECKING:
    from collections.abc import Callable

    from alcove.base.config import Settings

FLOORS: tuple[tuple[str, Callable[[House], None]], ...] = (
    ("documents", alcove.documents.wiring.register),
    ("instances", alcove.instances.wiring.register),
    ("egress", alcove.egress.wiring.register),
    ("assets", alcove.assets.wiring.register),
    ("jobs", alcove.jobs.wiring.register),
    ("realtime", alcove.realtime.wiring.register),
    ("outbox", alcove.outbox.wiring.register),
    ("search", alcove.search.wiring.register),
    ("identity", alcove.identity.wiring.register),
    ("files", alcove.files.wiring.register),
    ("apps", alcove.apps.wiring.register),
    ("contacts", alcove.contacts.wiring.register),
    ("remote", alcove.remote.wiring.register),
    ("connectors", alcove.connectors.wiring.register),
    ("dav", alcove.dav.wiring.register),
    ("notifications", alcove.notifications.wiring.register),
    ("sharing", alcove.sharing.wiring.register),
    ("money", alcove.money.wiring.register),
    ("sample", alcove.sample.wiring.register),
    ("admin", alcove.admin.wiring.register),
    ("server", alcove.server.wiring.register),
)
"""The rooms from the ground up, with what registers each."""


def compose(settings: Settings, clock: Clock | None = None) -> House:
    """The whole house, not started yet."""
    house = House(settings, clock or SystemClock())
    stored = settings.store != "memory"
    house.provide(Sealer, Sealer.from_file(settings.home / "server.key") if stored else Sealer(os.urandom(32)))
    house.provide(Here, Here(settings.confinement))
    for _, register in FLOORS:
        register(house)
    return house
