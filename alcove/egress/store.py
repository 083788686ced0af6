"""The documents of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.documents import Index, Query
from alcove.egress.model import BLOCKED, EGRESS, Sums, summed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alcove.documents import Document, Documents, Found, Tx

BY_TIME = Index(EGRESS, "by-at", ("at",))
INDEXES = (BY_TIME,)
BATCH = 500
"""Lines that are removed, or read for an export, at once."""


class Shelf:
    """Reads and writes the journal. `tenant` is an instance's key, or that of the server's own store."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def write(self, tenant: str, ident: str, fields: Mapping[str, Any]) -> None:
        """Writes a line, over what it said before."""

        async def unit(tx: Tx) -> None:
            old = await tx.get(EGRESS, ident)
            await tx.put(EGRESS, ident, fields, old.rev if old else "")

        await self._documents.work(tenant, unit)

    async def lines(self, tenant: str, selector: Mapping[str, Any], limit: int, bookmark: str) -> Found:
        """A page of lines, the newest first."""
        query = Query(selector, (("at", True),), limit=limit, bookmark=bookmark, use_index=BY_TIME.name)
        return await self._documents.find(tenant, EGRESS, query)

    async def sums(self, tenant: str, fits: Callable[[Mapping[str, Any]], bool]) -> Sums:
        """The sums of the lines that fit."""

        def read(lines: Any) -> Sums:
            return summed(filter(fits, (line.fields() for line in lines)))

        return (await self._documents.survey(tenant, EGRESS, read))[0]

    async def trim(self, tenant: str, before: str) -> int:
        """Forgets the lines of before a moment; gives how many."""
        gone = 0
        while old := (await self.lines(tenant, {"at": {"$lt": before}}, BATCH, "")).documents:
            await self._drop(tenant, old)
            gone += len(old)
        return gone

    async def blocked(self, tenant: str) -> list[Document]:
        """The hosts that nothing is sent to."""
        return await self._documents.all(tenant, BLOCKED)

    async def block(self, tenant: str, host: str, fields: Mapping[str, Any]) -> Document:
        """Blocks a host; one that is blocked already stays as it is."""

        async def unit(tx: Tx) -> Document:
            return await tx.get(BLOCKED, host) or await tx.put(BLOCKED, host, fields)

        return await self._documents.work(tenant, unit)

    async def unblock(self, tenant: str, host: str) -> bool:
        """Lets a host be asked again; whether it was blocked."""

        async def unit(tx: Tx) -> bool:
            old = await tx.get(BLOCKED, host)
            if old is not None:
                await tx.delete(BLOCKED, host, old.rev)
            return old is not None

        return await self._documents.work(tenant, unit)

    async def _drop(self, tenant: str, lines: Sequence[Document]) -> None:
        async def unit(tx: Tx) -> None:
            for line in lines:
                await tx.delete(EGRESS, line.id, line.rev)

        await self._documents.work(tenant, unit)
