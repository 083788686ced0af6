"""What the person decides: confirm, refuse, unlink, link by hand, undo, and the right category. Never overruled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.clock import rfc3339
from alcove.money.categories import NAMES
from alcove.money.errors import LinkImpossible, UnknownCategory, UnknownItem
from alcove.money.links import Link, by_hand, link_from
from alcove.money.model import BILLS, LINKED, LINKS, OPERATIONS, PAYMENT, REFUSED, bill_from, link_id, operation_from
from alcove.money.store import Edit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.base.clock import Clock
    from alcove.money.model import Bill, Operation
    from alcove.money.store import Shelf

VERBS = {"confirm": LINKED, "refuse": REFUSED, "unlink": REFUSED}
"""What each verb makes of a link. Unlinking is refusing what was linked."""


class Person:
    """The person's verbs. Each is one unit of work; linking hears of it through the feed of changes, and learns."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock

    async def decide(self, tenant: str, ident: str, verb: str) -> Link:
        """Confirms, refuses or unlinks a link, with all links that stand or fall with it; raises `UnknownItem`."""
        link = await self._link(tenant, ident)
        await self._write(tenant, [one.decide(VERBS[verb]) for one in await self._kin(tenant, link)])
        return link.decide(VERBS[verb])

    async def undo(self, tenant: str, ident: str) -> None:
        """Takes the person's word on a link back: it is as if nothing had been said. Raises `UnknownItem`."""
        link = await self._link(tenant, ident)
        if not link.decided:
            return
        kin = [one for one in await self._kin(tenant, link) if one.decided]
        edits = [Edit(one.operation, {}, frozenset((one.id,)), by_person=True) for one in kin]
        await self._shelf.write(tenant, edits, rfc3339(self._clock.now()))

    async def link(self, tenant: str, bill_id: str, operation_id: str) -> Link:
        """Links a bill to an operation by hand; raises `UnknownItem`, `LinkImpossible`."""
        bill, operation = await self._pair(tenant, bill_id, operation_id)
        made = by_hand(bill, operation)
        stored = await self._shelf.get(tenant, LINKS, link_id(bill_id, operation_id, PAYMENT))
        there = link_from(stored.fields()) if stored else None
        made = there.decide(LINKED) if there else made
        await self._write(tenant, [made])
        return made

    async def sort(self, tenant: str, operation_id: str, category: str) -> bool:
        """Says what an operation was for ("0": takes it back); raises `UnknownItem`, `UnknownCategory`."""
        if category not in NAMES:
            raise UnknownCategory(category)
        if await self._shelf.get(tenant, OPERATIONS, operation_id) is None:
            raise UnknownItem(operation_id)
        return await self._shelf.set_fields(tenant, OPERATIONS, operation_id, {"manualCategoryId": category})

    async def _pair(self, tenant: str, bill_id: str, operation_id: str) -> tuple[Bill, Operation]:
        found_bill = await self._shelf.get(tenant, BILLS, bill_id)
        found_operation = await self._shelf.get(tenant, OPERATIONS, operation_id)
        if found_bill is None or found_operation is None:
            raise UnknownItem(bill_id if found_bill is None else operation_id)
        bill = bill_from(bill_id, found_bill.fields())
        operation = operation_from(operation_id, found_operation.fields())
        if bill is None or operation is None:
            raise LinkImpossible("The bill or the operation has no usable amount and date")
        if bill.sign * operation.cents < 0:
            came = "money that came in" if operation.cents > 0 else "money that went out"
            raise LinkImpossible(f"The operation is {came}, the bill says the contrary")
        return bill, operation

    async def _link(self, tenant: str, ident: str) -> Link:
        stored = await self._shelf.get(tenant, LINKS, ident)
        link = link_from(stored.fields()) if stored else None
        if link is None:
            raise UnknownItem(ident)
        return link

    async def _kin(self, tenant: str, link: Link) -> Sequence[Link]:
        """The links that a decision on one is about: all bills of one payment, all instalments of one bill."""
        side = {"combined": "operation", "instalments": "bill"}.get(link.shape)
        if side is None:
            return [link]
        ident = link.operation if side == "operation" else link.bill
        stored = [link_from(document.fields()) for document in await self._shelf.links_of(tenant, side, ident)]
        return [one for one in stored if one and (one.shape, one.status, one.decided_by, one.role) == _mark(link)]

    async def _write(self, tenant: str, links: Sequence[Link]) -> None:
        puts: dict[str, dict[str, dict[str, Any]]] = {}
        for link in links:
            puts.setdefault(link.operation, {})[link.id] = link.fields()
        edits = [Edit(operation, own, by_person=True) for operation, own in puts.items()]
        await self._shelf.write(tenant, edits, rfc3339(self._clock.now()))


def _mark(link: Link) -> tuple[str, str, str, str]:
    return link.shape, link.status, link.decided_by, link.role
