"""The picture of who lives here: one document, small enough to travel with all others."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from alcove.base.clock import rfc3339

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.documents import Documents, Tx

AVATARS = "org.alcove.avatars"
OWN = "me"


class AvatarDocument:
    """Reads and writes the picture."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock

    async def get(self, tenant: str) -> tuple[bytes, str] | None:
        """The picture as JPEG, and the revision by which it is told from others."""
        document = await self._documents.get(tenant, AVATARS, OWN)
        return (base64.b64decode(document.fields()["jpeg"]), document.rev) if document else None

    async def put(self, tenant: str, jpeg: bytes) -> None:
        """Takes a picture in place of the one before."""
        fields = {"jpeg": base64.b64encode(jpeg).decode(), "updated_at": rfc3339(self._clock.now())}

        async def unit(tx: Tx) -> None:
            old = await tx.get(AVATARS, OWN)
            await tx.put(AVATARS, OWN, fields, old.rev if old else "")

        await self._documents.work(tenant, unit)

    async def remove(self, tenant: str) -> None:
        """Removes it, if there is one."""

        async def unit(tx: Tx) -> None:
            old = await tx.get(AVATARS, OWN)
            if old is not None:
                await tx.delete(AVATARS, OWN, old.rev)

        await self._documents.work(tenant, unit)
