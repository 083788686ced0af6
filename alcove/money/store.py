"""Reads bills, operations and links, and writes links together with what they mean on the operation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from alcove.documents import Index, Query
from alcove.money.model import (
    BILLS,
    EXPENSE,
    LINKED,
    LINKS,
    OPERATIONS,
    OTHER,
    PAYMENT,
    PERSON,
    RECURRENCES,
    REFUSED,
    bare,
    recurrence_of,
)
from alcove.money.recurrences import merged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
    from datetime import date

    from alcove.documents import Document, Documents, Tx

INDEXES = (
    Index(OPERATIONS, "money-date", ("date",)),
    Index(OPERATIONS, "money-account", ("account", "date")),
    Index(BILLS, "money-date", ("date",)),
    Index(LINKS, "money-bill", ("bill",)),
    Index(LINKS, "money-operation", ("operation",)),
    Index(LINKS, "money-status", ("status", "date")),
)
PAGE = 1000
"""Documents read at a time when all of a type are read."""
UNIT = 50
"""Operations written in one unit of work: more would keep others waiting for the writer."""
STAMPS = ("created", "updated")


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change around one operation: links to write (by id), links to remove, its category.

    `recurrence` is what it is one time of, before and after; "" for nothing.
    """

    operation: str
    puts: Mapping[str, Mapping[str, Any]]
    drops: frozenset[str] = frozenset()
    category: tuple[str, float] | None = None
    recurrence: tuple[str, str] | None = None
    by_person: bool = False
    """Only what the person does may change what the person decided before."""


class Shelf:
    """Where the documents of this room lie."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def get(self, tenant: str, doctype: str, doc_id: str) -> Document | None:
        """One document, or None."""
        return await self._documents.get(tenant, doctype, doc_id)

    async def count(self, tenant: str, doctype: str) -> int:
        """How many documents of a type there are."""
        return await self._documents.count(tenant, doctype)

    async def last_seq(self, tenant: str) -> int:
        """The number of the last committed write."""
        return await self._documents.last_seq(tenant)

    async def pages(self, tenant: str, doctype: str) -> AsyncIterator[list[Document]]:
        """Every document of a type, in the order of ids, page by page."""
        bookmark = ""
        while True:
            found = await self._documents.find(tenant, doctype, Query({}, limit=PAGE, bookmark=bookmark))
            if found.documents:
                yield found.documents
            bookmark = found.bookmark
            if not bookmark:
                return

    async def links_of(self, tenant: str, side: str, ident: str) -> list[Document]:
        """The links of one bill (`side` "bill") or of one operation ("operation")."""
        query = Query({side: ident}, use_index=f"money-{side}")
        return (await self._documents.find(tenant, LINKS, query)).documents

    async def links_in(self, tenant: str, status: str, limit: int, bookmark: str = "") -> tuple[list[Document], str]:
        """Links of a status, the newest operation first."""
        query = Query(
            {"status": status, "date": {"$gt": None}},
            sort=(("status", True), ("date", True)),
            limit=limit,
            bookmark=bookmark,
            use_index="money-status",
        )
        found = await self._documents.find(tenant, LINKS, query)
        return found.documents, found.bookmark

    async def around(self, tenant: str, doctype: str, day: date, days: int, limit: int) -> list[Document]:
        """Operations or bills of the days around one, on each side the `limit` that are nearest."""
        first, last = day - timedelta(days), day + timedelta(days + 1)
        before = {"$gte": first.isoformat(), "$lt": day.isoformat()}
        after = {"$gte": day.isoformat(), "$lt": last.isoformat()}
        found: list[Document] = []
        for dated, descending in ((before, True), (after, False)):
            bookmark, left = "", limit
            while left > 0:
                query = Query(
                    {"date": dated},
                    sort=[("date", descending)],
                    limit=min(left, PAGE // 4),
                    bookmark=bookmark,
                    use_index="money-date",
                )
                page = await self._documents.find(tenant, doctype, query)
                found += page.documents
                left -= len(page.documents)
                bookmark = page.bookmark
                if not bookmark:
                    break
        return found

    async def links_around(self, tenant: str, status: str, day: date, days: int, limit: int) -> list[Document]:
        """Links of a status to operations of the days around one."""
        dated = {"$gte": (day - timedelta(days)).isoformat(), "$lt": (day + timedelta(days + 1)).isoformat()}
        query = Query({"status": status, "date": dated}, limit=limit, use_index="money-status")
        return (await self._documents.find(tenant, LINKS, query)).documents

    async def newest(
        self, tenant: str, doctype: str, *, account: str = "", month: str = "", limit: int = 200, bookmark: str = ""
    ) -> tuple[list[Document], str]:
        """Operations or bills, the newest first; of one account, of one month (`2026-03`) when said."""
        dated = {"$gte": month, "$lt": f"{month}~"} if month else {"$gt": None}
        selector: dict[str, Any] = {"date": dated}
        sort, index = [("date", True)], "money-date"
        if account:
            selector, index = {"account": account, **selector}, "money-account"
            sort = [("account", True), ("date", True)]
        query = Query(selector, sort=sort, limit=limit, bookmark=bookmark, use_index=index)
        found = await self._documents.find(tenant, doctype, query)
        return found.documents, found.bookmark

    async def write(self, tenant: str, edits: Sequence[Edit], now: str) -> None:
        """Makes the edits true, a unit of work for every few operations. What is so already is not written again."""
        for start in range(0, len(edits), UNIT):
            part = edits[start : start + UNIT]

            async def unit(tx: Tx, part: Sequence[Edit] = part) -> None:
                for edit in part:
                    await _apply(tx, edit, now)

            await self._documents.work(tenant, unit)

    async def keep_recurrences(self, tenant: str, found: Mapping[str, Mapping[str, Any]]) -> None:
        """Writes what comes back, a unit of work for every few; what the person said of it stays."""
        idents = sorted(found)
        for start in range(0, len(idents), UNIT):
            part = idents[start : start + UNIT]

            async def unit(tx: Tx, part: Sequence[str] = part) -> None:
                for ident in part:
                    stored = await tx.get(RECURRENCES, ident)
                    before = stored.fields() if stored else {}
                    after = merged(before, found[ident])
                    if after != before:
                        await tx.put(RECURRENCES, ident, after, stored.rev if stored else "")

            await self._documents.work(tenant, unit)

    async def drop_recurrences(self, tenant: str, idents: Collection[str]) -> None:
        """Removes what does not come back any more."""

        async def unit(tx: Tx) -> None:
            for ident in sorted(idents):
                stored = await tx.get(RECURRENCES, ident)
                if stored is not None:
                    await tx.delete(RECURRENCES, ident, stored.rev)

        if idents:
            await self._documents.work(tenant, unit)

    async def set_fields(self, tenant: str, doctype: str, doc_id: str, fields: Mapping[str, Any]) -> bool:
        """Sets fields of a document (made when it is not there and is ours); False when nothing was to be changed."""

        async def unit(tx: Tx) -> bool:
            found = await tx.get(doctype, doc_id)
            if found is None and doctype == OPERATIONS:
                return False
            before = found.fields() if found else {}
            after = {**before, **fields}
            if found is not None and after == before:
                return False
            await tx.put(doctype, doc_id, after, found.rev if found else "")
            return True

        return await self._documents.work(tenant, unit)


async def _apply(tx: Tx, edit: Edit, now: str) -> None:
    """One edit. The operation's own fields follow from the links that stand in the store, not from what was planned."""
    before: dict[str, dict[str, Any]] = {}
    after: dict[str, dict[str, Any]] = {}
    if edit.puts or edit.drops:
        query = Query({"operation": edit.operation}, use_index="money-operation")
        stored = {document.id: document for document in await tx.find(LINKS, query)}
        before = {ident: document.fields() for ident, document in stored.items()}
        after = dict(before)
        for ident in edit.drops & stored.keys():
            if edit.by_person or before[ident].get("decided_by") != PERSON:
                await tx.delete(LINKS, ident, stored[ident].rev)
                del after[ident]
        for ident, fields in edit.puts.items():
            old = before.get(ident)
            if old is not None and old.get("decided_by") == PERSON and not edit.by_person:
                continue
            if old is None or {k: v for k, v in old.items() if k not in STAMPS} != fields:
                made = {**fields, "created": (old or {}).get("created", now), "updated": now}
                await tx.put(LINKS, ident, made, stored[ident].rev if old is not None else "")
            after[ident] = dict(fields)
    document = await tx.get(OPERATIONS, edit.operation)
    if document is None:
        return
    fields = document.fields()
    was = ours(link for ident, link in before.items() if not _thrown_out(link, after.get(ident)))
    was += [link for ident, link in before.items() if _thrown_out(link, after.get(ident))]
    changed = {**fields, **_told(fields, was, ours(after.values()))}
    if edit.category is not None:
        changed["localCategoryId"], changed["localCategoryProba"] = edit.category
    # Who has written something else there meanwhile is not overruled.
    if edit.recurrence is not None and recurrence_of(fields) == edit.recurrence[0]:
        changed |= _related(fields, edit.recurrence[1])
    if changed != fields:
        await tx.put(OPERATIONS, edit.operation, changed, document.rev)


def ours(links: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of some links those that this room tells on the operation: made or confirmed, not found there."""
    return [link for link in links if link.get("status") == LINKED and link.get("decided_by") != OTHER]


def _thrown_out(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> bool:
    """Whether the person refuses now what was linked, by whomever."""
    return before.get("status") == LINKED and after is not None and after.get("status") == REFUSED


def _told(
    fields: Mapping[str, Any], before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Cozy's fields of an operation, with our links in place of those of before; what others wrote there stays."""
    told: dict[str, Any] = {}
    was, now = _of(before, PAYMENT), _of(after, PAYMENT)
    if was or now:
        there = fields.get("bills")
        refs = [r for r in there if bare(r) in now or bare(r) not in was] if isinstance(there, list) else []
        told["bills"] = refs + [f"{BILLS}:{bill}" for bill in now if bill not in {bare(r) for r in refs}]
    was, now = _of(before, EXPENSE), _of(after, EXPENSE)
    if was or now:
        there = fields.get("reimbursements")
        entries = [e for e in there if not _is_of(e, was)] if isinstance(there, list) else []
        entries += [_entry(link) for bill, link in now.items() if not any(_is_of(e, {bill: link}) for e in entries)]
        told["reimbursements"] = entries
    return told


def _related(fields: Mapping[str, Any], recurrence: str) -> dict[str, Any]:
    """The relations of an operation, with what it is one time of in place of what it was; "" takes it out."""
    there = fields.get("relationships")
    others = {name: one for name, one in there.items() if name != "recurrence"} if isinstance(there, dict) else {}
    if recurrence:
        others["recurrence"] = {"data": {"_id": recurrence, "_type": RECURRENCES}}
    return {"relationships": others}


def _of(links: Sequence[Mapping[str, Any]], role: str) -> dict[str, Mapping[str, Any]]:
    return {link["bill"]: link for link in links if link.get("role") == role}


def _is_of(entry: Any, links: Mapping[str, Any]) -> bool:
    return isinstance(entry, dict) and bare(entry.get("billId")) in links


def _entry(link: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "billId": f"{BILLS}:{link['bill']}",
        "amount": link["cents"] / 100,
        "operationId": link.get("payment", ""),
    }
