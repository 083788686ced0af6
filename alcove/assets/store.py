"""The files of the operator, as documents of the server's own store: every process has them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.assets.model import Wanted
    from alcove.documents import Document, Documents, Tx

DOCTYPE = "assets"


class Assets:
    """Reads and writes them."""

    def __init__(self, documents: Documents, directory: str) -> None:
        self._documents = documents
        self._directory = directory

    async def all(self) -> list[dict[str, Any]]:
        """What is known of every file, by context and name, without its bytes."""
        found = (document.fields() for document in await asset_documents(self._documents, self._directory))
        return [{name: value for name, value in fields.items() if name != "content"} for fields in found]

    async def get(self, context: str, name: str) -> tuple[bytes, str] | None:
        """The bytes of a file, and their SHA-256."""
        document = await self._documents.get(self._directory, DOCTYPE, f"{context}/{name}")
        fields = document.fields() if document else {}
        return (base64.b64decode(fields["content"]), fields["shasum"]) if fields else None

    async def put(self, fetched: Mapping[Wanted, bytes], added_at: str) -> None:
        """Keeps files, all of them or none."""

        async def unit(tx: Tx) -> None:
            for wanted, content in fetched.items():
                old = await tx.get(DOCTYPE, wanted.id)
                said = {name: getattr(wanted, name) for name in ("context", "name", "url", "shasum")}
                fields = {**said, "added_at": added_at, "content": base64.b64encode(content).decode()}
                await tx.put(DOCTYPE, wanted.id, fields, old.rev if old else "")

        await self._documents.work(self._directory, unit)

    async def remove(self, context: str, name: str) -> bool:
        """Forgets a file; whether there was one."""

        async def unit(tx: Tx) -> bool:
            old = await tx.get(DOCTYPE, f"{context}/{name}")
            if old is not None:
                await tx.delete(DOCTYPE, old.id, old.rev)
            return old is not None

        return await self._documents.work(self._directory, unit)


async def asset_documents(documents: Documents, directory: str) -> list[Document]:
    """The documents of all files, for who copies the server's own store."""
    return await documents.all(directory, DOCTYPE)
