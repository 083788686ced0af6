"""What is installed: documents `io.cozy.apps/<slug>`, and `io.cozy.konnectors/<slug>` for the room above.

The apps that come with Alcove are told among them, and lie in a doctype of their own: nobody has installed them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from alcove.apps.model.intent import INTENTS, Intent
from alcove.apps.model.record import comes_along

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alcove.apps.model import Kind
    from alcove.documents import Document, Documents, Tx


class Hanging(Protocol):
    """What belongs to something installed and lies elsewhere: it is written in the same unit of work."""

    @property
    def changes(self) -> bool:
        """Whether there is anything to write."""
        ...

    async def weave(self, tx: Tx, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """Writes and removes it; gives the fields of what is installed, which name it."""
        ...


class Installed:
    """Reads and writes what is installed, of one kind."""

    def __init__(self, documents: Documents, kind: Kind) -> None:
        self._documents = documents
        self._kind = kind
        self._doctype = kind.doctype

    async def get(self, tenant: str, slug: str) -> Document | None:
        """One of them."""
        found = await self._documents.get(tenant, self._doctype, self._id(slug))
        if found is None and self._kind.ours:
            found = self._told(await self._documents.get(tenant, self._kind.ours, self._id(slug)))
        return found

    async def all(self, tenant: str) -> list[Document]:
        """All of them: what somebody installed by slug, then what comes with Alcove."""
        found = {document.id: document for document in await self._ours(tenant)}
        found |= {document.id: document for document in await self._documents.all(tenant, self._doctype)}
        return sorted(found.values(), key=lambda document: (comes_along(document), document.id))

    async def _ours(self, tenant: str) -> list[Document]:
        kept = await self._documents.all(tenant, self._kind.ours) if self._kind.ours else []
        return [told for told in map(self._told, kept) if told is not None]

    def _told(self, document: Document | None) -> Document | None:
        return replace(document, type=self._doctype) if document is not None else None

    async def replace(
        self, tenant: str, make: Callable[[Mapping[str, Mapping[str, Any]]], Mapping[str, Mapping[str, Any]]]
    ) -> None:
        """Makes those that come with Alcove what they should be: `make` gets all by slug, and gives ours by slug.

        Releases before kept ours among the installed ones: those go from there, and were told to `make`.
        """
        ours, old = self._kind.ours, {_slug(document): document.fields() for document in await self.all(tenant)}
        wanted = make(old)
        kept = {_slug(document): document for document in await self._ours(tenant)}
        stray = [document for document in await self._documents.all(tenant, self._doctype) if comes_along(document)]
        changes: dict[str, Mapping[str, Any] | None] = dict.fromkeys(kept.keys() - wanted.keys())
        changes |= {slug: new for slug, new in wanted.items() if slug not in kept or kept[slug].fields() != new}

        async def unit(tx: Tx) -> None:
            for document in stray:
                await tx.delete(self._doctype, document.id, document.rev)
            for slug, fields in changes.items():
                there = await tx.get(ours, self._id(slug))
                if fields is not None:
                    await tx.put(ours, self._id(slug), fields, there.rev if there else "")
                elif there is not None:
                    await tx.delete(ours, self._id(slug), there.rev)

        if changes or stray:
            await self._documents.work(tenant, unit)

    async def add(self, tenant: str, slug: str, fields: Mapping[str, Any], hung: Hanging) -> Document:
        """Installs what is not there yet with what hangs on it, through the states that clients wait for.

        Raises `RevisionConflict`.
        """

        async def unit(tx: Tx) -> Document:
            last = await tx.put(self._doctype, self._id(slug), {**fields, "state": "installing"})
            whole = fields
            if hung.changes:
                whole = await hung.weave(tx, fields)
                last = await tx.put(self._doctype, self._id(slug), {**whole, "state": "installing"}, last.rev)
            return await tx.put(self._doctype, self._id(slug), whole, last.rev)

        return await self._documents.work(tenant, unit)

    async def change(self, tenant: str, slug: str, fields: Mapping[str, Any], rev: str, hung: Hanging) -> Document:
        """Replaces what is there in this revision, and what hangs on it; raises `RevisionConflict`."""

        async def unit(tx: Tx) -> Document:
            return await tx.put(self._doctype, self._id(slug), await hung.weave(tx, fields), rev)

        return await self._documents.work(tenant, unit)

    async def remove(self, tenant: str, slug: str, rev: str, hung: Hanging) -> None:
        """Removes it in this revision, with what hangs on it; raises `RevisionConflict`, `DocumentMissing`."""

        async def unit(tx: Tx) -> None:
            await tx.delete(self._doctype, self._id(slug), rev)
            await hung.weave(tx, {})

        await self._documents.work(tenant, unit)

    def _id(self, slug: str) -> str:
        return f"{self._doctype}/{slug}"


class Asked:
    """What apps asked of one another: documents `io.cozy.intents`. `tenant` is an instance's key."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def get(self, tenant: str, ident: str) -> Intent | None:
        """One of them."""
        found = await self._documents.get(tenant, INTENTS, ident)
        return Intent(found.id, found.rev, found.fields()) if found is not None else None

    async def put(self, tenant: str, ident: str, fields: Mapping[str, Any], since: str) -> Intent:
        """Keeps one, first as it is asked and then with who can do it; forgets those from before `since`."""
        old = [one for one in await self._documents.all(tenant, INTENTS) if str(one.fields().get("created_at")) < since]

        async def unit(tx: Tx) -> Document:
            for one in old:
                if await tx.get(INTENTS, one.id) is not None:
                    await tx.delete(INTENTS, one.id, one.rev)
            first = await tx.put(INTENTS, ident, {**fields, "services": None, "availableApps": None})
            return await tx.put(INTENTS, ident, fields, first.rev)

        kept = await self._documents.work(tenant, unit)
        return Intent(ident, kept.rev, fields)


def _slug(document: Document) -> str:
    return document.id.rpartition("/")[2]
