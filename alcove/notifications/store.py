"""Notifications as documents, and the categories that apps, connectors and clients have declared in theirs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from alcove.base.ids import new_id
from alcove.documents import Index, Query
from alcove.identity import HOLDERS
from alcove.notifications.model import DOCTYPE, WAITING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.documents import Document, Documents, Tx

BY_SOURCE = "notifications-by-source"
INDEXES = (Index(DOCTYPE, BY_SOURCE, ("source_id", "created_at")),)
_DECLARING = {**HOLDERS, "access": ("io.cozy.oauth.clients",)}
"""The doctypes in which the manifest may lie of who calls with a token of an audience."""


class Shelf:
    """Reads and writes them."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def declaring(self, tenant: str, audience: str, subject: str) -> Mapping[str, Any] | None:
        """The members of the document with the manifest of a caller; None where nothing can be declared."""
        kinds = _DECLARING.get(audience, ())
        ident = subject if audience == "access" else f"{kinds[0]}/{subject}" if kinds else ""
        for kind in kinds:
            if document := await self._documents.get(tenant, kind, ident):
                return document.fields()
        return None

    async def last(self, tenant: str, source: str) -> Document | None:
        """The latest notification of a source."""
        sort = (("source_id", True), ("created_at", True))
        query = Query({"source_id": source, "created_at": {"$gt": ""}}, sort, limit=1, use_index=BY_SOURCE)
        found = (await self._documents.find(tenant, DOCTYPE, query)).documents
        return found[0] if found else None

    async def put(self, tenant: str, fields: Mapping[str, Any]) -> Document:
        """Keeps a notification."""

        async def unit(tx: Tx) -> Document:
            return await tx.put(DOCTYPE, new_id(), fields)

        return await self._documents.work(tenant, unit)

    async def waits(self, tenant: str, source: str, mail: str) -> str:
        """Notes which mail of a source waits for its time; answers the one that waited before, empty for none."""
        ident = hashlib.sha256(source.encode()).hexdigest()[:32]

        async def unit(tx: Tx) -> str:
            old = await tx.get(WAITING, ident)
            await tx.put(WAITING, ident, {"mail": mail}, old.rev if old else "")
            return str(old.fields()["mail"]) if old else ""

        return await self._documents.work(tenant, unit)
