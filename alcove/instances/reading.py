"""Whether the documents of an instance can be read: each of them, by the number of its last change and by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from alcove.documents import Document, Documents
    from alcove.instances.model import Instance

BATCH = 1000
"""Changes that are read at once."""


class Reading:
    """Walks through everything that an instance has, and changes nothing."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def look(self, instance: Instance) -> AsyncIterator[Mapping[str, Any]]:
        """Documents that are no JSON objects, or that are not found by their name as they were changed last."""
        since = 0
        while True:
            changes = await self._documents.changes(instance.key, since, BATCH)
            for change in changes:
                kind = await self._wrong(instance.key, change.document)
                if kind:
                    yield {"type": kind, "doctype": change.document.type, "_id": change.document.id}
            if len(changes) < BATCH:
                return
            since = changes[-1].seq

    async def _wrong(self, tenant: str, document: Document) -> str:
        try:
            if not isinstance(orjson.loads(document.body), dict):
                return "document_unreadable"
        except orjson.JSONDecodeError:
            return "document_unreadable"
        found = await self._documents.get(tenant, document.type, document.id)
        if document.deleted:
            return ""
        if found is not None and found.seq >= document.seq:
            return ""
        # No fault when somebody wrote meanwhile: then this is not its last change any more.
        last = await self._documents.changes(tenant, document.seq - 1, 1)
        return "document_not_found" if last and last[0].document == document else ""
