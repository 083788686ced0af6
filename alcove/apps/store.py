"""Installed apps: documents `io.cozy.apps/<slug>`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.apps.model import APPS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alcove.documents import Document, Documents, Tx


def id_of(slug: str) -> str:
    """The id of an app's document."""
    return f"{APPS}/{slug}"


class Installed:
    """Reads and writes what is installed."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def get(self, tenant: str, slug: str) -> Document | None:
        """One app."""
        return await self._documents.get(tenant, APPS, id_of(slug))

    async def all(self, tenant: str) -> list[Document]:
        """Every app, by slug."""
        return await self._documents.all(tenant, APPS)

    async def replace(
        self, tenant: str, make: Callable[[Mapping[str, Mapping[str, Any]]], Mapping[str, Mapping[str, Any] | None]]
    ) -> None:
        """Changes many apps at once: `make` gets all by slug, and gives those to write (None: to remove)."""

        old = {document.id.rpartition("/")[2]: document for document in await self.all(tenant)}
        changes = make({slug: document.fields() for slug, document in old.items()})

        async def unit(tx: Tx) -> None:
            for slug, fields in changes.items():
                there = await tx.get(APPS, id_of(slug))
                if fields is not None:
                    await tx.put(APPS, id_of(slug), fields, there.rev if there else "")
                elif there is not None:
                    await tx.delete(APPS, id_of(slug), there.rev)

        if changes:
            await self._documents.work(tenant, unit)
