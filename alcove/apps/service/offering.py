"""Apps of registries, offered to clients that speak for one: `software_id: registry://slug` (contract-a section 3)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from alcove.apps.errors import AlreadyInstalled
from alcove.base.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.apps.service.installing import Installer
    from alcove.instances import Instance


class RegistryOffers:
    """What the registries of an instance have, in their stable channel."""

    def __init__(self, installer: Installer) -> None:
        self._installer = installer

    async def offered(self, instance: Instance, slug: str) -> Mapping[str, Any] | None:
        """The permission set of an app; None when no registry has it, or it cannot be installed."""
        try:
            step = await self._installer.new(instance, slug, f"registry://{slug}")
        except Refusal:
            return None
        permissions: Mapping[str, Any] = step.fields.get("permissions") or {}
        return permissions

    async def install(self, instance: Instance, slug: str) -> None:
        """Installs an app with its files; raises `SourceUnreachable`, `CodeRefused`, `ManifestRefused`."""
        with suppress(AlreadyInstalled):
            await self._installer.finish(await self._installer.new(instance, slug, f"registry://{slug}"))
