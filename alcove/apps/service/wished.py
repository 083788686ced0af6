"""Apps that an instance is made with: the operator names them (contract-a section 9)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from alcove.apps.errors import AlreadyInstalled
from alcove.base.errors import Refusal

if TYPE_CHECKING:
    from alcove.apps.service.installing import Installer
    from alcove.instances import Instance

log = logging.getLogger("alcove.apps")

MOST = 50
"""Apps that are named at the most."""


class Wished:
    """Installs them from the registries of the context. The place is made, whether or not they can be had now."""

    def __init__(self, installer: Installer) -> None:
        self._installer = installer

    async def install(self, instance: Instance, said: str) -> None:
        """`said` are slugs, with commas between them."""
        slugs = dict.fromkeys(slug.strip() for slug in said.split(",") if slug.strip())
        await asyncio.gather(*(self._one(instance, slug) for slug in list(slugs)[:MOST]))

    async def _one(self, instance: Instance, slug: str) -> None:
        try:
            step = await self._installer.new(instance, slug, f"registry://{slug}/stable")
            await self._installer.finish(step)
        except AlreadyInstalled:
            return
        except Refusal as refusal:
            said = {"domain": instance.domain, "app": slug[:80], "reason": refusal.detail}
            log.warning("an app of a new instance was not installed", extra=said)
