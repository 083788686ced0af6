"""Documents of this room: files that wait, gatherings, accounts, installed connectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.connectors.errors import AccountMissing, GatheringMissing
from alcove.connectors.model import (
    ACCOUNTS,
    ENDED,
    GATHERINGS,
    INTAKE,
    KONNECTORS,
    QUESTIONS,
    RUNS,
    SOFT_DELETED,
    TRIGGERS,
)
from alcove.connectors.question import OPEN
from alcove.connectors.reach import REACH
from alcove.documents import Document, Index, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from alcove.documents import Documents, Tx

BY_CREATED = "gatherings-by-created"
BY_STATE = "questions-by-state"
BY_CONNECTOR = "runs-by-connector"
INDEXES = (
    Index(GATHERINGS, BY_CREATED, ("created_at",)),
    Index(QUESTIONS, BY_STATE, ("state", "asked_at")),
    Index(RUNS, BY_CONNECTOR, ("connector", "started_at")),
)

LISTED = 50
"""Gatherings that a list shows, the newest first."""


class Shelf:
    """The documents of every instance that this room owns. `tenant` is an instance's key."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def put_intake(self, tenant: str, intake_id: str, fields: Mapping[str, Any]) -> Document:
        """Notes a file that waits."""
        return await self._put(tenant, INTAKE, intake_id, fields)

    async def intake(self, tenant: str, intake_id: str) -> dict[str, Any] | None:
        """What is known of a file that waits."""
        document = await self._documents.get(tenant, INTAKE, intake_id)
        return document.fields() if document else None

    async def waiting(self, tenant: str) -> dict[str, dict[str, Any]]:
        """All files that wait, by id."""
        return {document.id: document.fields() for document in await self._documents.all(tenant, INTAKE)}

    async def forget_intake(self, tenant: str, ids: list[str]) -> None:
        """Drops the notes of files; those that are gone already are no error."""
        await self._drop(tenant, INTAKE, ids)

    async def gathering(self, tenant: str, gathering_id: str) -> Document:
        """A gathering; raises `GatheringMissing`."""
        document = await self._documents.get(tenant, GATHERINGS, gathering_id)
        if document is None:
            raise GatheringMissing
        return document

    async def gatherings(self, tenant: str) -> list[Document]:
        """The latest gatherings, the newest first."""
        query = Query({}, (("created_at", True),), limit=LISTED, use_index=BY_CREATED)
        return (await self._documents.find(tenant, GATHERINGS, query)).documents

    async def all_gatherings(self, tenant: str) -> list[Document]:
        """Every gathering."""
        return await self._documents.all(tenant, GATHERINGS)

    async def drop_gatherings(self, tenant: str, documents: Sequence[Document]) -> None:
        """Forgets gatherings."""

        await self._drop(tenant, GATHERINGS, [document.id for document in documents])

    async def put_gathering(self, tenant: str, gathering_id: str, fields: Mapping[str, Any]) -> Document:
        """Writes a gathering, over what was there; that it shall stop is not forgotten."""

        async def unit(tx: Tx) -> Document:
            old = await tx.get(GATHERINGS, gathering_id)
            stop = {"stop": True} if old and old.fields().get("stop") else {}
            return await tx.put(GATHERINGS, gathering_id, {**fields, **stop}, old.rev if old else "")

        return await self._documents.work(tenant, unit)

    async def stop_gathering(self, tenant: str, gathering_id: str, now: str) -> Document:
        """Notes that a gathering shall stop, unless it has ended; one that has not begun has ended with it."""

        async def unit(tx: Tx) -> Document:
            old = await tx.get(GATHERINGS, gathering_id)
            if old is None:
                raise GatheringMissing
            fields = old.fields()
            if fields["state"] in ENDED or fields.get("stop"):
                return old
            state = "stopped" if fields["state"] == "queued" else fields["state"]
            fields |= {"stop": True, "state": state, "updated_at": now}
            return await tx.put(GATHERINGS, gathering_id, fields, old.rev)

        return await self._documents.work(tenant, unit)

    async def stop_asked(self, tenant: str, gathering_id: str) -> bool:
        """Whether a gathering shall stop."""
        document = await self._documents.get(tenant, GATHERINGS, gathering_id)
        return document is None or bool(document.fields().get("stop"))

    async def question(self, tenant: str, ident: str) -> dict[str, Any] | None:
        """The fields of a question."""
        document = await self._documents.get(tenant, QUESTIONS, ident)
        return document.fields() if document else None

    async def open_questions(self, tenant: str) -> list[Document]:
        """The questions that nobody answered yet."""
        query = Query({"state": {"$in": sorted(OPEN)}}, (("state", False),), limit=1000, use_index=BY_STATE)
        return (await self._documents.find(tenant, QUESTIONS, query)).documents

    async def all_questions(self, tenant: str) -> list[Document]:
        """Every question that is remembered."""
        return await self._documents.all(tenant, QUESTIONS)

    async def put_question(self, tenant: str, ident: str, fields: Mapping[str, Any]) -> Document:
        """Asks a question; one that is open already is about its earlier files too."""

        async def unit(tx: Tx) -> Document:
            old = await tx.get(QUESTIONS, ident)
            known = old.fields() if old else {}
            merged = dict(fields)
            if known.get("state") in OPEN:
                for name in ("files", "intake"):
                    merged[name] = list(dict.fromkeys([*known.get(name, ()), *fields[name]]))
            return await tx.put(QUESTIONS, ident, merged, old.rev if old else "")

        return await self._documents.work(tenant, unit)

    async def change_question(
        self, tenant: str, ident: str, states: Collection[str], fields: Mapping[str, Any]
    ) -> Document | None:
        """Changes a question that is in one of these states (None takes a field out); None when it is in no such."""

        async def unit(tx: Tx) -> Document | None:
            old = await tx.get(QUESTIONS, ident)
            known = old.fields() if old else {}
            if old is None or known.get("state") not in states:
                return None
            merged = {name: value for name, value in {**known, **fields}.items() if value is not None}
            return await tx.put(QUESTIONS, ident, merged, old.rev)

        return await self._documents.work(tenant, unit)

    async def drop_questions(self, tenant: str, idents: Sequence[str]) -> None:
        """Forgets questions."""
        await self._drop(tenant, QUESTIONS, idents)

    async def put_run(self, tenant: str, ident: str, fields: Mapping[str, Any]) -> Document:
        """Writes how a run goes, over what was there."""
        return await self._put(tenant, RUNS, ident, fields)

    async def last_run(self, tenant: str, slug: str, but: str) -> dict[str, Any] | None:
        """The latest run of a connector, another than `but`."""
        query = Query({"connector": slug}, (("connector", True), ("started_at", True)), limit=2, use_index=BY_CONNECTOR)
        found = (await self._documents.find(tenant, RUNS, query)).documents
        return next((document.fields() for document in found if document.id != but), None)

    async def all_runs(self, tenant: str) -> list[Document]:
        """Every run that is remembered."""
        return await self._documents.all(tenant, RUNS)

    async def drop_runs(self, tenant: str, idents: Sequence[str]) -> None:
        """Forgets runs."""
        await self._drop(tenant, RUNS, idents)

    async def reach(self, tenant: str, slug: str) -> dict[str, Any] | None:
        """What is known of the hosts of a connector."""
        document = await self._documents.get(tenant, REACH, slug)
        return document.fields() if document else None

    async def all_reach(self, tenant: str) -> list[Document]:
        """What is known of the hosts of every connector."""
        return await self._documents.all(tenant, REACH)

    async def note_hosts(self, tenant: str, slug: str, told: Mapping[str, Any]) -> Document:
        """Writes what is known of some hosts, beside what is known of others."""

        async def unit(tx: Tx) -> Document:
            old = await tx.get(REACH, slug)
            hosts = (old.fields().get("hosts") or {}) if old else {}
            return await tx.put(REACH, slug, {"connector": slug, "hosts": {**hosts, **told}}, old.rev if old else "")

        return await self._documents.work(tenant, unit)

    async def forget_reach(self, tenant: str, slug: str) -> None:
        """Drops what is known of the hosts of a connector that is gone."""
        await self._drop(tenant, REACH, [slug])

    async def accounts(self, tenant: str) -> list[Document]:
        """Every account of every connector."""
        return await self._documents.all(tenant, ACCOUNTS)

    async def drop_accounts(self, tenant: str, idents: Sequence[str]) -> None:
        """Removes accounts, with the triggers that run for them."""

        async def unit(tx: Tx) -> None:
            for ident in idents:
                document = await tx.get(ACCOUNTS, ident)
                if document is not None:
                    await tx.delete(ACCOUNTS, ident, document.rev)
                    await part_with(tx, document)

        if idents:
            await self._documents.work(tenant, unit)

    async def account(self, tenant: str, doc_id: str) -> dict[str, Any] | None:
        """The fields of an account."""
        document = await self._documents.get(tenant, ACCOUNTS, doc_id)
        return document.fields() if document else None

    async def deleted_account(self, tenant: str, doc_id: str) -> Document | None:
        """An account that was deleted, as long as its connector has not cleared up after it."""
        return await self._documents.get(tenant, SOFT_DELETED, doc_id)

    async def forget_deleted(self, tenant: str, doc_id: str) -> None:
        """Forgets such an account, with what it knew."""
        await self._drop(tenant, SOFT_DELETED, [doc_id])

    async def account_document(self, tenant: str, doc_id: str) -> Document:
        """An account as it is stored; raises `AccountMissing`."""
        document = await self._documents.get(tenant, ACCOUNTS, doc_id)
        if document is None:
            raise AccountMissing
        return document

    async def put_account(self, tenant: str, doc_id: str, fields: Mapping[str, Any]) -> Document:
        """Writes an account, over what was there."""
        return await self._put(tenant, ACCOUNTS, doc_id, fields)

    async def change_account(self, tenant: str, doc_id: str, fields: Mapping[str, Any]) -> None:
        """Changes fields of an account that is there."""

        async def unit(tx: Tx) -> None:
            old = await tx.get(ACCOUNTS, doc_id)
            if old is not None:
                await tx.put(ACCOUNTS, doc_id, {**old.fields(), **fields}, old.rev)

        await self._documents.work(tenant, unit)

    async def reseal(
        self,
        tenant: str,
        doc_id: str,
        in_clear: Callable[[Mapping[str, Any]], bool],
        sealed: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        """Seals the secrets of an account, if there are some in clear."""

        async def unit(tx: Tx) -> None:
            old = await tx.get(ACCOUNTS, doc_id)
            if old is not None and in_clear(fields := old.fields()):
                await tx.put(ACCOUNTS, doc_id, sealed(fields), old.rev)

        await self._documents.work(tenant, unit)

    async def ensure_account(self, tenant: str, doc_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The account of that id, made from `fields` when it is not there."""

        async def unit(tx: Tx) -> Document:
            return await tx.get(ACCOUNTS, doc_id) or await tx.put(ACCOUNTS, doc_id, fields)

        return (await self._documents.work(tenant, unit)).fields()

    async def konnector(self, tenant: str, slug: str) -> dict[str, Any] | None:
        """The fields of an installed connector."""
        document = await self._documents.get(tenant, KONNECTORS, f"{KONNECTORS}/{slug}")
        return document.fields() if document else None

    async def put_konnector(self, tenant: str, slug: str, fields: Mapping[str, Any]) -> Document:
        """Installs a connector, over what was there."""
        return await self._put(tenant, KONNECTORS, f"{KONNECTORS}/{slug}", fields)

    async def _drop(self, tenant: str, doctype: str, idents: Sequence[str]) -> None:
        async def unit(tx: Tx) -> None:
            for ident in idents:
                document = await tx.get(doctype, ident)
                if document is not None:
                    await tx.delete(doctype, ident, document.rev)

        if idents:
            await self._documents.work(tenant, unit)

    async def _put(self, tenant: str, doctype: str, doc_id: str, fields: Mapping[str, Any]) -> Document:
        async def unit(tx: Tx) -> Document:
            old = await tx.get(doctype, doc_id)
            return await tx.put(doctype, doc_id, fields, old.rev if old else "")

        return await self._documents.work(tenant, unit)


async def part_with(tx: Tx, account: Document) -> None:
    """What goes with an account: its triggers. Where its connector clears up at the vendor, that is kept for it."""
    for trigger in await tx.find(TRIGGERS, Query({"worker": {"$in": ["client", "konnector"]}})):
        message = trigger.fields().get("message")
        if isinstance(message, dict) and message.get("account") == account.id:
            await tx.delete(TRIGGERS, trigger.id, trigger.rev)
    fields = account.fields()
    konnector = await tx.get(KONNECTORS, f"{KONNECTORS}/{fields.get('account_type')}")
    if konnector is not None and konnector.fields().get("on_delete_account"):
        before = await tx.get(SOFT_DELETED, account.id)
        kept = {**fields, "soft_deleted_rev": account.rev}
        await tx.put(SOFT_DELETED, account.id, kept, before.rev if before is not None else "")
