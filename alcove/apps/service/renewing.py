"""Newer versions are taken when an app is opened or asked for (contract-a section 5, "Lazy update")."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from alcove.apps.model import REGISTRY, read_source
from alcove.base.errors import Refusal

if TYPE_CHECKING:
    from alcove.apps.service.installing import Installer
    from alcove.base.clock import Clock
    from alcove.documents import Document
    from alcove.instances import Instance

log = logging.getLogger("alcove.apps")

AGAIN = 3600.0
"""Seconds until a registry is asked again for the same app of the same instance, by one process."""
PATIENCE = 5.0
"""Seconds that who opens the app waits for it; what takes longer is there the next time."""
REMEMBERED = 10_000


class Renewals:
    """Asks registries, rarely, and never keeps anybody from what is there already."""

    def __init__(self, installer: Installer, clock: Clock) -> None:
        self._installer = installer
        self._clock = clock
        self._asked: dict[tuple[str, str], float] = {}
        self._working = set[asyncio.Task[None]]()

    async def renewed(self, instance: Instance, document: Document) -> Document:
        """What is installed, after its newer version was taken, if there is one that asks for no more."""
        fields = document.fields()
        slug = str(fields.get("slug"))
        if not self._due(instance, slug, str(fields.get("source") or "")):
            return document
        work = asyncio.create_task(self._renew(instance, slug))
        self._working.add(work)
        work.add_done_callback(self._working.discard)
        await asyncio.wait([work], timeout=PATIENCE)
        return await self._installer.get(instance, slug)

    def _due(self, instance: Instance, slug: str, source: str) -> bool:
        if not source.startswith(f"{REGISTRY}://") or instance.fields.get("no_auto_update"):
            return False
        now, key = self._clock.now().timestamp(), (instance.key, slug)
        if read_source(source).pinned or now < self._asked.get(key, 0.0) + AGAIN:
            return False
        if len(self._asked) >= REMEMBERED:
            self._asked.clear()
        self._asked[key] = now
        return True

    async def _renew(self, instance: Instance, slug: str) -> None:
        try:
            step = await self._installer.newer(instance, slug, "", acked=False)
            if not step.backwards:
                await self._installer.finish(step)
        except Refusal as refusal:
            log.info("no newer version of an app was taken", extra={"slug": slug, "reason": str(refusal)})
