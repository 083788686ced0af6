"""Whether what is stored fits what documents say, without reading it: which blobs are there, and how long they are.

One list of a store says both for every blob; so this takes seconds where reading every byte takes hours.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from alcove.base.errors import Refusal
from alcove.files.model import FILES, VERSIONS, locator_blob
from alcove.files.model.texts import made_from
from alcove.files.model.thumbnails import HEAD, read_drawn, thumbnails_of
from alcove.files.service.checking import fault
from alcove.files.store import files_after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from alcove.base.clock import Clock
    from alcove.documents import Documents
    from alcove.files.blobs import Blobs
    from alcove.instances import Instance

BATCH = 1000
YOUNG = timedelta(hours=1)
"""How long a blob may lie there before its document is committed: only then it is one that nobody names."""


class Inventory:
    """Compares documents with the list of blobs, and changes nothing."""

    def __init__(self, documents: Documents, blobs: Blobs, clock: Clock) -> None:
        self._documents = documents
        self._blobs = blobs
        self._clock = clock

    async def look(self, instance: Instance) -> AsyncIterator[Mapping[str, Any]]:
        """Files and versions whose bytes are missing or too many; thumbnails that are torn; blobs that nobody names."""
        tenant, now = instance.key, self._clock.now()
        listed = {blob.id: (blob.size, blob.at) for blob in await self._blobs.list(tenant)}
        named = set[str]()
        for doctype in (FILES, VERSIONS):
            after = ""
            while page := await files_after(self._documents, tenant, doctype, after, BATCH):
                after = page[-1][0]
                for _, fields in page:
                    if fields.get("type") == "directory":
                        continue
                    blob = locator_blob(fields)
                    named.add(blob)
                    found = await self._compared(tenant, blob, fields, listed)
                    if found is not None:
                        yield found
                    if thumbnails_of(blob) in listed and not await self._drawn(tenant, blob, listed):
                        yield fault("thumbnail_damaged", fields)
        made = {each for blob in named for each in made_from(blob)}
        for blob, (size, at) in listed.items():
            if at < now - YOUNG and blob not in named and blob not in made:
                yield {"type": "index_missing", "is_file": True, "is_version": False, "blob": blob, "size": size}

    async def _compared(
        self, tenant: str, blob: str, fields: Mapping[str, Any], listed: Mapping[str, tuple[int, Any]]
    ) -> dict[str, Any] | None:
        size = int(fields.get("size") or 0)
        if blob in listed and listed[blob][0] == size:
            return None
        now = await self._documents.get(tenant, fields["_type"], fields["_id"])
        if now is None or now.deleted or now.rev != fields.get("_rev", now.rev) or locator_blob(now.fields()) != blob:
            return None  # it changed since the list was made
        if blob in listed:
            told = {"size_index": size, "size_file": listed[blob][0]}
            return {**fault("content_mismatch", fields), "content_mismatch": told}
        return None if await self._there(tenant, blob) else fault("filesystem_missing", fields)

    async def _there(self, tenant: str, blob: str) -> bool:
        """Whether a blob that no list showed is there now."""
        try:
            async for _ in self._blobs.read(tenant, blob, 0, 1):
                break
        except (Refusal, OSError):
            return False
        return True

    async def _drawn(self, tenant: str, blob: str, listed: Mapping[str, tuple[int, Any]]) -> bool:
        """Whether the thumbnails of a blob are whole."""
        name = thumbnails_of(blob)
        try:
            head = b"".join([part async for part in self._blobs.read(tenant, name, 0, HEAD)])
        except (Refusal, OSError):
            return False
        found = read_drawn(head)
        return found is not None and found.start + sum(length for _, length in found.sizes.values()) == listed[name][0]
