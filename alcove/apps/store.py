"""What is installed: documents `io.cozy.apps/<slug>`, and `io.cozy.konnectors/<slug>` for the room above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.apps.model import APPS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alcove.documents import Document, Documents, Tx


class Installed:
    """Reads and writes what is installed, of one doctype."""

    def __init__(self, documents: Documents, doctype: str = APPS) -> None:
        self._documents = documents
        self._doctype = doctype

    async def get(self, tenant: str, slug: str) -> Document | None:
        """One of them."""
        return await self._documents.get(tenant, self._doctype, self._id(slug))

    async def all(self, tenant: str) -> list[Document]:
        """All of them, by slug."""
        return await self._documents.all(tenant, self._doctype)

    async def replace(
        self, tenant: str, make: Callable[[Mapping[str, Mapping[str, Any]]], Mapping[str, Mapping[str, Any] | None]]
    ) -> None:
        """Changes many apps at once: `make` gets all by slug, and gives those to write (None: to remove)."""

        old = {document.id.rpartition("/")[2]: document for document in await self.all(tenant)}
        changes = make({slug: document.fields() for slug, document in old.items()})

        async def unit(tx: Tx) -> None:
            for slug, fields in changes.items():
                there = await tx.get(self._doctype, self._id(slug))
                if fields is not None:
                    await tx.put(self._doctype, self._id(slug), fields, there.rev if there else "")
                elif there is not None:
                    await tx.delete(self._doctype, self._id(slug), there.rev)

        if changes:
            await self._documents.work(tenant, unit)

    async def add(self, tenant: str, slug: str, fields: Mapping[str, Any]) -> Document:
        """Installs what is not there yet, through the states that clients wait for; raises `RevisionConflict`."""

        async def unit(tx: Tx) -> Document:
            first = await tx.put(self._doctype, self._id(slug), {**fields, "state": "installing"})
            return await tx.put(self._doctype, self._id(slug), fields, first.rev)

        return await self._documents.work(tenant, unit)

    async def change(self, tenant: str, slug: str, fields: Mapping[str, Any], rev: str) -> Document:
        """Replaces what is there in this revision; raises `RevisionConflict`."""

        async def unit(tx: Tx) -> Document:
            return await tx.put(self._doctype, self._id(slug), fields, rev)

        return await self._documents.work(tenant, unit)

    async def remove(self, tenant: str, slug: str, rev: str) -> None:
        """Removes it in this revision; raises `RevisionConflict`, `DocumentMissing`."""

        async def unit(tx: Tx) -> None:
            await tx.delete(self._doctype, self._id(slug), rev)

        await self._documents.work(tenant, unit)

    def _id(self, slug: str) -> str:
        return f"{self._doctype}/{slug}"
