"""Lists of operations and bills, each with the other side and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcove.money.categories import name_of
from alcove.money.links import Link, link_from
from alcove.money.model import BILLS, LINKED, OPERATIONS, PAYMENT, REFUSED, TO_CONFIRM, category_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.documents import Document
    from alcove.money.store import Shelf

PAGE = 200
"""Documents looked at in one go."""
UNLINKED = "unlinked"
STATES = (LINKED, TO_CONFIRM, UNLINKED)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for; empty means all. `month` is `2026-03`; `text` is looked for in labels, vendors and amounts."""

    account: str = ""
    month: str = ""
    text: str = ""
    state: str = ""
    limit: int = 50
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A document with its links."""

    ident: str
    fields: dict[str, Any]
    links: list[Link]

    @property
    def state(self) -> str:
        """Linked, to be confirmed, or unlinked."""
        states = {link.status for link in self.links if link.role == PAYMENT}
        return LINKED if LINKED in states else TO_CONFIRM if TO_CONFIRM in states else UNLINKED


class Listing:
    """Reads lists from the store."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def lines(self, tenant: str, doctype: str, asked: Asked) -> list[Line]:
        """The operations or bills asked for, the newest first."""
        found: list[Line] = []
        skip = asked.skip
        async for document in self._candidates(tenant, doctype, asked):
            fields = document.fields()
            if not _fits(fields, asked):
                continue
            links = await self._links(tenant, doctype, document.id) if asked.state or skip <= 0 else []
            line = Line(document.id, fields, links)
            if asked.state and line.state != asked.state:
                continue
            if skip > 0:
                skip -= 1
                continue
            found.append(line)
            if len(found) >= asked.limit:
                break
        return found

    async def shown(self, tenant: str, doctype: str, line: Line, language: str) -> dict[str, Any]:
        """What a client sees of a line."""
        side, shown = ("operations", _bill(line)) if doctype == BILLS else ("bills", _operation(line, language))
        return {**shown, "state": line.state, side: [await self._other(tenant, doctype, link) for link in line.links]}

    async def _candidates(self, tenant: str, doctype: str, asked: Asked) -> AsyncIterator[Document]:
        if asked.state in (LINKED, TO_CONFIRM):
            async for document in self._by_status(tenant, doctype, asked.state):
                yield document
            return
        bookmark = ""
        while True:
            page, bookmark = await self._shelf.newest(
                tenant, doctype, account=asked.account, month=asked.month, limit=PAGE, bookmark=bookmark
            )
            for document in page:
                yield document
            if not bookmark:
                return

    async def _by_status(self, tenant: str, doctype: str, status: str) -> AsyncIterator[Document]:
        """From the links: those in a state are found without looking at all the others."""
        seen: set[str] = set()
        bookmark = ""
        while True:
            page, bookmark = await self._shelf.links_in(tenant, status, PAGE, bookmark)
            for link in filter(None, (link_from(document.fields()) for document in page)):
                ident = link.bill if doctype == BILLS else link.operation
                if ident not in seen:
                    seen.add(ident)
                    document = await self._shelf.get(tenant, doctype, ident)
                    if document is not None:
                        yield document
            if not bookmark:
                return

    async def _links(self, tenant: str, doctype: str, ident: str) -> list[Link]:
        side = "bill" if doctype == BILLS else "operation"
        found = [link_from(document.fields()) for document in await self._shelf.links_of(tenant, side, ident)]
        return [link for link in found if link is not None and link.status != REFUSED]

    async def _other(self, tenant: str, doctype: str, link: Link) -> dict[str, Any]:
        other, ident = (OPERATIONS, link.operation) if doctype == BILLS else (BILLS, link.bill)
        document = await self._shelf.get(tenant, other, ident)
        fields = document.fields() if document else {}
        names = ("label", "originalBankLabel") if other == OPERATIONS else ("vendor", "filename", "invoice")
        kept = {name: fields[name] for name in (*names, "date", "amount", "currency") if name in fields}
        return {"id": ident, **kept, **stand_of(link)}


def stand_of(link: Link) -> dict[str, Any]:
    """How a link stands, without its reasons."""
    return {
        "link": link.id,
        "status": link.status,
        "decided_by": link.decided_by,
        "probability": link.probability,
        "role": link.role,
        "shape": link.shape,
        "cents": link.cents,
    }


def _fits(fields: dict[str, Any], asked: Asked) -> bool:
    if asked.account and fields.get("account") != asked.account:
        return False
    if asked.month and not str(fields.get("date", "")).startswith(asked.month):
        return False
    if not asked.text:
        return True
    amount = fields.get("amount")
    said = f"{abs(amount):.2f}" if isinstance(amount, int | float) else ""
    words = " ".join(str(fields.get(name) or "") for name in ("label", "originalBankLabel", "vendor"))
    text = asked.text.casefold()
    return text in words.casefold() or text.replace(",", ".") in (said, said.removesuffix(".00"))


def _operation(line: Line, language: str) -> dict[str, Any]:
    names = ("date", "realisationDate", "amount", "currency", "label", "originalBankLabel", "account", "type")
    category = category_of(line.fields)
    return {
        **{name: line.fields[name] for name in names if name in line.fields},
        "category": category,
        "categoryName": name_of(category, language),
        "categoryBy": "person" if line.fields.get("manualCategoryId") == category != "0" else "alcove",
    }


def _bill(line: Line) -> dict[str, Any]:
    names = ("date", "amount", "currency", "vendor", "vendorRef", "isRefund", "type", "filename", "invoice")
    return {name: line.fields[name] for name in names if name in line.fields}
