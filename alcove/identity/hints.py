"""The hint that a person keeps for their passphrase (contract-a section 8): mailed to them, shown to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alcove.documents import Documents, Tx
    from alcove.instances import Instance

SETTINGS, BITWARDEN = "io.cozy.settings", "io.cozy.settings.bitwarden"
MEMBER = "passphrase_hint"
LENGTH = 200
"""Characters of a hint at the most."""


class Hints:
    """Reads and keeps hints. They stand in the settings document that password managers know."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def read(self, instance: Instance) -> str:
        """The hint; empty for none."""
        document = await self._documents.get(instance.key, SETTINGS, BITWARDEN)
        return str(document.fields().get(MEMBER) or "") if document else ""

    async def keep(self, instance: Instance, hint: str) -> None:
        """Keeps another hint; an empty one removes it."""

        async def unit(tx: Tx) -> None:
            old = await tx.get(SETTINGS, BITWARDEN)
            fields = {**(old.fields() if old else {}), MEMBER: hint}
            if hint or old:
                await tx.put(SETTINGS, BITWARDEN, fields, old.rev if old else "")

        await self._documents.work(instance.key, unit)
