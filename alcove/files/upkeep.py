"""What is done about bytes when nobody asks: they leave with their instance, and when no document names them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from alcove.base.peers import Peers
from alcove.instances import Instances

if TYPE_CHECKING:
    from alcove.base.house import House
    from alcove.files.blobs import Blobs
    from alcove.files.service import Files
    from alcove.files.service.resuming import Resuming
    from alcove.instances import Instance

log = logging.getLogger("alcove.files")

DAY = 24 * 3600.0
AGE = timedelta(days=1)
"""How long a blob stays that no document names: longer than any upload takes from its last byte to its commit."""

TICK = timedelta(milliseconds=50)
"""How far the time that a file system gives to a file may lie behind the clock."""


def keep(house: House, files: Files, resuming: Resuming, blobs: Blobs) -> None:
    """Registers it: one process of the server sweeps."""
    instances = house.need(Instances)

    async def free(instance: Instance) -> None:
        await blobs.drop(instance.key)
        await asyncio.to_thread(resuming.drop, instance.key)

    instances.on_removal(free)
    sweeper = Sweeper(house, files, resuming, instances)
    house.need(Peers).duty(sweeper.start, sweeper.stop)
    house.on_stop("blobs", blobs.close)


class Sweeper:
    """Sweeps every instance, and empties its trash of what is old, when this duty comes to a process and once a day."""

    def __init__(self, house: House, files: Files, resuming: Resuming, instances: Instances) -> None:
        self._clock = house.clock
        self._files = files
        self._resuming = resuming
        self._instances = instances
        # Whatever was written before this process began and is not named by now never will be: its upload is dead. Not
        # so where others write too, or where a bucket dates what is written by a clock of its own.
        alone = not house.settings.database and house.settings.blobs != "s3"
        self._margin = TICK if alone else AGE
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins in the background: nobody waits for it."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends it."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

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
