"""How much space an instance takes: counted once, then kept true from the changes of its documents."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from alcove.files.model import FILES, VERSIONS
from alcove.files.store import everything

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.documents import Change, Document, Documents

TRASHED = "trash"
"""The kind under which files in the trash are counted, whatever they are."""


class Usage:
    """Bytes of files and of their old versions, per instance."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._bytes: dict[str, dict[str, Counter[str]]] = {}
        documents.watch(self._hear)

    async def of(self, tenant: str) -> tuple[int, int]:
        """Bytes of the files, and of their old versions."""
        used = await self._used(tenant)
        return used[FILES].total(), used[VERSIONS].total()

    async def kinds(self, tenant: str) -> dict[str, int]:
        """Bytes of the files by their class; those in the trash under `TRASHED`."""
        return {kind: size for kind, size in (await self._used(tenant))[FILES].items() if size}

    async def _used(self, tenant: str) -> dict[str, Counter[str]]:
        if tenant not in self._bytes:
            await self._count(tenant)
        return self._bytes[tenant]

    async def _count(self, tenant: str) -> None:
        # What is committed while the count goes on may or may not be in it: then it is counted again, some times. A
        # quota that is a few files off does no harm, an upload that waits for a quiet moment does.
        for _ in range(3):
            since = await self._documents.last_seq(tenant)
            used: dict[str, Counter[str]] = {FILES: Counter(), VERSIONS: Counter()}
            for doctype, kinds in used.items():
                async for fields in everything(self._documents, tenant, doctype):
                    kinds[_kind(fields)] += _size(fields)
            if await self._documents.last_seq(tenant) == since:
                break
        self._bytes[tenant] = used

    def drop(self, tenant: str) -> None:
        """Forgets an instance."""
        self._bytes.pop(tenant, None)

    def _hear(self, changes: Sequence[Change]) -> None:
        for change in changes:
            used = self._bytes.get(change.tenant)
            if used is None or change.document.type not in used:
                continue
            kinds = used[change.document.type]
            _add(kinds, change.document, 1)
            if change.old is not None:
                _add(kinds, change.old, -1)


def _add(kinds: Counter[str], document: Document, sign: int) -> None:
    if not document.deleted:
        fields = document.fields()
        kinds[_kind(fields)] += sign * _size(fields)


def _kind(fields: Mapping[str, Any]) -> str:
    return TRASHED if fields.get("trashed") is True else str(fields.get("class") or "files")


def _size(fields: Mapping[str, Any]) -> int:
    size = fields.get("size")
    return int(size) if isinstance(size, str) and size.isdigit() else 0
