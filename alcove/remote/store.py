"""Definitions and their secrets in the server's own store, and in each instance what was asked for it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from alcove.base.ids import new_id
from alcove.documents import Index, Query
from alcove.instances import DIRECTORY
from alcove.remote.model import DEFINITIONS, REQUESTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.crypto import Sealer
    from alcove.documents import Document, Documents, Tx

BY_TIME = "remote-requests-by-time"
INDEXES = (Index(REQUESTS, BY_TIME, ("created_at",)),)
AT_ONCE = 100
"""Old requests that are forgotten with a new one, at the most."""


class Shelf:
    """Reads and writes them; secrets are sealed with the server's key, each for its doctype."""

    def __init__(self, documents: Documents, sealer: Sealer) -> None:
        self._documents = documents
        self._sealer = sealer

    async def all(self) -> list[Document]:
        """Every definition, by doctype, which is the id."""
        return await self._documents.all(DIRECTORY, DEFINITIONS)

    async def get(self, doctype: str) -> dict[str, Any] | None:
        """One definition: its `request`, and its `secrets` in clear."""
        found = await self._documents.get(DIRECTORY, DEFINITIONS, doctype)
        if found is None:
            return None
        fields = found.fields()
        sealed = fields.get("secrets") or {}
        return {**fields, "secrets": {name: self._open(doctype, value) for name, value in sealed.items()}}

    async def put(self, doctype: str, request: str, secrets: Mapping[str, str | None], now: str) -> None:
        """Writes a definition; secrets come beside those that it has, None takes one away."""
        sealed = {name: self._seal(doctype, value) for name, value in secrets.items() if value is not None}

        async def unit(tx: Tx) -> None:
            old = await tx.get(DEFINITIONS, doctype)
            known = (old.fields().get("secrets") or {}) if old is not None else {}
            left = {name: value for name, value in {**known, **sealed}.items() if secrets.get(name, "") is not None}
            fields = {"request": request, "secrets": left, "updated_at": now}
            await tx.put(DEFINITIONS, doctype, fields, old.rev if old is not None else "")

        await self._documents.work(DIRECTORY, unit)

    async def drop(self, doctype: str) -> None:
        """Forgets a definition with its secrets; does nothing when there is none."""

        async def unit(tx: Tx) -> None:
            old = await tx.get(DEFINITIONS, doctype)
            if old is not None:
                await tx.delete(DEFINITIONS, doctype, old.rev)

        await self._documents.work(DIRECTORY, unit)

    async def note(self, tenant: str, fields: Mapping[str, Any], since: str) -> None:
        """Writes down what was asked, and forgets what was asked before `since`."""
        query = Query({"created_at": {"$lt": since}}, (("created_at", False),), limit=AT_ONCE, use_index=BY_TIME)
        old = (await self._documents.find(tenant, REQUESTS, query)).documents

        async def unit(tx: Tx) -> None:
            for one in old:
                if await tx.get(REQUESTS, one.id) is not None:
                    await tx.delete(REQUESTS, one.id, one.rev)
            await tx.put(REQUESTS, new_id(), fields)

        await self._documents.work(tenant, unit)

    def _seal(self, doctype: str, value: str) -> str:
        return base64.b64encode(self._sealer.seal(value.encode(), f"remote {doctype}")).decode()

    def _open(self, doctype: str, sealed: str) -> str:
        return self._sealer.open(base64.b64decode(sealed), f"remote {doctype}").decode()
