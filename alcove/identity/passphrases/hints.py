"""The hint that a person keeps for their passphrase (contract-a section 8): mailed to them, shown to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.errors import Unprocessable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.documents import Documents, Tx
    from alcove.instances import Instance

SETTINGS, BITWARDEN = "io.cozy.settings", "io.cozy.settings.bitwarden"
MEMBER = "passphrase_hint"
LENGTH = 200
"""Characters of a hint at the most."""


class HintTells(Unprocessable):
    """The hint is the passphrase itself: a mail would tell it."""

    def __init__(self) -> None:
        super().__init__("The hint must not be the passphrase", pointer="/hint")


def read_hint(fields: Mapping[str, Any], name: str) -> str:
    """A hint as it may be kept, empty for none; raises `Unprocessable`."""
    hint = fields.get(name)
    if not isinstance(hint, str) or len(hint) > LENGTH:
        raise Unprocessable(f"A hint is a text of {LENGTH} characters at the most", pointer=f"/{name}")
    return hint


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
