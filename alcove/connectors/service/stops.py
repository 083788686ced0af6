"""Stopping a gathering: a person's word reaches the process that does it, whichever that is."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from alcove.base.clock import Clock, rfc3339

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from alcove.connectors.store import Shelf
    from alcove.documents import Document
    from alcove.instances import Instance

LOOK = 2.0
"""Seconds between two looks for a word that came to another process."""


class Stops:
    """The gatherings of every instance that somebody wants to end."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock
        self._bells: dict[str, asyncio.Event] = {}
        self._heard: set[str] = set()

    async def ask(self, instance: Instance, gathering_id: str) -> Document:
        """Asks a gathering to stop; one that has ended stays as it is. Raises `GatheringMissing`."""
        document = await self._shelf.stop_gathering(instance.key, gathering_id, rfc3339(self._clock.now()))
        if bell := self._bells.get(gathering_id):
            bell.set()
        return document

    def heard(self, gathering_id: str) -> bool:
        """Whether the gathering ends now because it was asked to."""
        return gathering_id in self._heard

    async def unless_asked(self, tenant: str, gathering_id: str, work: Awaitable[None]) -> bool:
        """Does the work, or cuts it off when the gathering shall stop; answers whether the work was done."""
        bell = self._bells[gathering_id] = asyncio.Event()
        doing = asyncio.ensure_future(work)
        waiting = asyncio.create_task(self._asked(tenant, gathering_id, bell))
        try:
            await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                await doing
                return True
            await waiting
            self._heard.add(gathering_id)
            return False
        finally:
            for task in (waiting, doing):
                task.cancel()
            await asyncio.gather(waiting, doing, return_exceptions=True)
            self._heard.discard(gathering_id)
            del self._bells[gathering_id]

    async def _asked(self, tenant: str, gathering_id: str, bell: asyncio.Event) -> None:
        while not await self._shelf.stop_asked(tenant, gathering_id):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await bell.wait()
