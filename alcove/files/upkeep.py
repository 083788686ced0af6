"""What is done about bytes when nobody asks: they leave with their instance, and when no document names them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from alcove.base.peers import Peers
from alcove.base.tables import Tables
from alcove.documents import FOLLOWERS, Documents, Follower
from alcove.files.blobs import BlobMissing
from alcove.files.blobs.chosen import chosen_blobs, chosen_mirror
from alcove.files.manifest import NAME as MANIFEST
from alcove.files.manifest import Manifest
from alcove.files.model import FILES, VERSIONS, locator_blob, sha256_of
from alcove.files.service.adopting import Adopting
from alcove.files.service.integrity import Integrity
from alcove.files.service.inventory import Inventory
from alcove.files.service.scrub import Reports, Scrub, mirror_one
from alcove.instances import CHECKS, STORED, Check, Instances

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from alcove.base.clock import Clock
    from alcove.base.config import Settings
    from alcove.base.house import House
    from alcove.documents import Change
    from alcove.files.blobs import Blobs
    from alcove.files.service import Files
    from alcove.files.service.resuming import Resuming
    from alcove.instances import Instance

log = logging.getLogger("alcove.files")

HOUR = 3600.0
DAY = 24 * HOUR
MIRROR = "files.mirror"
KINDS = frozenset((FILES, VERSIONS))
AGE = timedelta(days=1)
"""How long a blob stays that no document names: longer than any upload takes from its last byte to its commit."""

TICK = timedelta(milliseconds=50)
"""How far the time that a file system gives to a file may lie behind the clock."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where bytes live: the store that is written and read, its mirror if it has one, and who looks after both."""

    blobs: Blobs
    mirror: Blobs | None
    integrity: Integrity


def places_of(settings: Settings, clock: Clock) -> Places:
    """Those that the settings choose. Raises `WrongSetting`."""
    blobs, mirror = chosen_blobs(settings, clock), chosen_mirror(settings)
    return Places(blobs, mirror, Integrity(blobs, [] if mirror is None else [mirror]))


def keep(house: House, files: Files, resuming: Resuming, places: Places) -> None:
    """Registers it: one process of the server sweeps and scrubs."""
    instances, documents, blobs = house.need(Instances), house.need(Documents), places.blobs
    reports = Reports(house.need(Tables))
    scrub = house.provide(Scrub, Scrub(documents, blobs, places.integrity, reports, house.clock, places.mirror))

    async def free(instance: Instance) -> None:
        await blobs.drop(instance.key)
        if places.mirror is not None:
            await places.mirror.drop(instance.key)
        await asyncio.to_thread(resuming.drop, instance.key)
        await asyncio.to_thread(manifest.drop, instance.key)
        await reports.drop(instance.key)

    instances.on_removal(free)
    house.registry(CHECKS).add("blobs of files", Check(STORED, Inventory(documents, blobs, house.clock).look))
    house.on_start("reports of scrubs", reports.prepare)
    for routine in (Sweeper(house, files, resuming, instances), Scrubber(scrub, instances)):
        house.need(Peers).duty(routine.start, routine.stop)
    manifest = Manifest(documents, house.settings.home, lambda key: _domain(instances, key))
    if house.settings.store != "memory" and house.settings.blobs != "memory":
        house.registry(FOLLOWERS).add(MANIFEST, Follower(MANIFEST, KINDS, manifest.follow))
    if places.mirror is not None:
        house.registry(FOLLOWERS).add(MIRROR, Follower(MIRROR, KINDS, _mirroring(blobs, places.mirror), 50))
        house.on_stop("mirror", places.mirror.close)
    house.provide(Adopting, Adopting(files, blobs, house.settings.home))
    house.on_stop("blobs", blobs.close)


def _domain(instances: Instances, key: str) -> str:
    found = instances.by_key(key)
    return "" if found is None else found.main


def _mirroring(blobs: Blobs, mirror: Blobs) -> Callable[[str, Sequence[Change]], Awaitable[None]]:
    async def follow(tenant: str, changes: Sequence[Change]) -> None:
        """Brings new bytes to the mirror; is called again for them later when it cannot."""
        for change in changes:
            fields = {} if change.document.deleted else change.document.fields()
            old = change.old.fields() if change.old is not None and not change.old.deleted else {}
            blob = locator_blob(fields)
            if blob and blob != locator_blob(old):
                with suppress(BlobMissing):  # removed since, or damaged: the scrub tells
                    await mirror_one(blobs, mirror, tenant, blob, sha256_of(fields))

    return follow


class Routine:
    """Work in the background that one process of the server does."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins: nobody waits for it."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends it."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        raise NotImplementedError


class Scrubber(Routine):
    """Looks once an hour which instance is to be scrubbed."""

    def __init__(self, scrub: Scrub, instances: Instances) -> None:
        super().__init__()
        self._scrub = scrub
        self._instances = instances

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(HOUR)  # not at the start, when people wait for other things
            for instance in self._instances.all():
                try:
                    if await self._scrub.due(instance):
                        await self._scrub.go_on(instance)
                except Exception:
                    log.exception("the scrub of an instance failed", extra={"domain": instance.domain})


class Sweeper(Routine):
    """Sweeps every instance, and empties its trash of what is old, when this duty comes to a process and once a day."""

    def __init__(self, house: House, files: Files, resuming: Resuming, instances: Instances) -> None:
        super().__init__()
        self._clock = house.clock
        self._files = files
        self._resuming = resuming
        self._instances = instances
        # Whatever was written before this process began and is not named by now never will be: its upload is dead. Not
        # so where others write too, or where a bucket dates what is written by a clock of its own.
        alone = not house.settings.database and house.settings.blobs != "s3"
        self._margin = TICK if alone else AGE

    async def _run(self) -> None:
        before = self._clock.now() - self._margin
        while True:
            for instance in self._instances.all():
                try:
                    await self._files.clean_trash(instance)
                    await self._files.sweep(instance.key, before)
                    await self._resuming.sweep(instance.key)
                except Exception:
                    log.exception("the sweep of an instance failed", extra={"domain": instance.domain})
            await asyncio.sleep(DAY)
            before = self._clock.now() - AGE
