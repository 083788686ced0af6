"""Flags that hold for more than one instance: documents of the server's own store (contract-a section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from alcove.documents import Document, Documents, Tx

SETTINGS = "io.cozy.settings"
PREFIX = "io.cozy.settings.flags."
"""How the ids of these documents begin; `default`, `context.<name>` or `set.<name>` follows."""


class FlagDocuments:
    """Reads and changes one document for each layer."""

    def __init__(self, documents: Documents, directory: str) -> None:
        self._documents = documents
        self._directory = directory

    async def get(self, layer: str) -> dict[str, Any]:
        """What a layer says; nothing when it was never set."""
        document = await self._documents.get(self._directory, SETTINGS, PREFIX + layer)
        return document.fields() if document else {}

    async def all(self) -> dict[str, dict[str, Any]]:
        """What every layer says, by its name: they are few, and one read gets them all."""
        return {d.id.removeprefix(PREFIX): d.fields() for d in await flag_documents(self._documents, self._directory)}

    async def change(self, layer: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """Makes what a layer says into something else, in one unit of work; what it says then."""

        async def unit(tx: Tx) -> dict[str, Any]:
            old = await tx.get(SETTINGS, PREFIX + layer)
            said = change(old.fields() if old else {})
            await tx.put(SETTINGS, PREFIX + layer, said, old.rev if old else "")
            return said

        return await self._documents.work(self._directory, unit)


async def flag_documents(documents: Documents, directory: str) -> list[Document]:
    """The documents of all layers, for who copies the server's own store."""
    return [document for document in await documents.all(directory, SETTINGS) if document.id.startswith(PREFIX)]
