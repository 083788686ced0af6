"""`/money`: what is linked, why, and the person's word on it."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from alcove.base.errors import BadRequest, Unavailable, Unprocessable
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, answer_list, read, resource
from alcove.money.categories import NAMES
from alcove.money.errors import UnknownItem
from alcove.money.links import link_from
from alcove.money.model import BILLS, LINKS, OPERATIONS
from alcove.money.service.listing import STATES, Asked, Listing, stand_of
from alcove.money.service.person import VERBS
from alcove.money.service.why import Near, nearest, surroundings
from alcove.money.texts import sentence

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from alcove.money.linking import Reason
    from alcove.money.links import Link
    from alcove.money.service.ledger import Ledger
    from alcove.money.service.person import Person
    from alcove.money.service.picture import Picture
    from alcove.money.store import Shelf

PATIENCE = 120.0
"""Seconds that `settled=true` waits at the most."""
SOON = 10.0
"""Seconds that who asks why waits for linking to have heard of all that was committed."""
AT_ONCE = 0.5
"""Seconds that a verb of the person, which is kept by then, waits for linking to have heard of it."""
FEW = 5000
"""Operations up to which all is linked in a moment, so that it is worth waiting for; of more, what is known is told."""
MOST = 1000
"""Items of one page."""
_MONTH = re.compile(r"\d{4}(-\d\d)?")


class MoneyHTTP:
    """The routes of this room.

    `hear` waits until linking has handled all that was committed, with what is near it; `settle` until it has also
    looked at everything else in the light of it.
    """

    def __init__(
        self,
        ledger: Ledger,
        person: Person,
        shelf: Shelf,
        hear: Callable[[str], Awaitable[None]],
        settle: Callable[[str], Awaitable[None]],
    ) -> None:
        self._ledger = ledger
        self._person = person
        self._shelf = shelf
        self._listing = Listing(shelf)
        self._heard = hear
        self._settle = settle

    def routes(self) -> list[Route]:
        """The lines of the route table."""
        lines: list[tuple[str, str, Callable[[Call], Awaitable[Response]]]] = [
            ("GET", "/money/summary", self.summary),
            ("GET", "/money/operations", self.operations),
            ("GET", "/money/bills", self.bills),
            ("GET", "/money/why/:id", self.why),
            ("GET", "/money/categories", self.categories),
            ("POST", "/money/operations/:id/category", self.sort),
            ("POST", "/money/links", self.link),
            ("POST", "/money/links/:id/confirm", self.confirm),
            ("POST", "/money/links/:id/refuse", self.refuse),
            ("POST", "/money/links/:id/unlink", self.unlink),
            ("POST", "/money/links/:id/undo", self.undo),
        ]
        return [Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, path, handler in lines]

    # -- looking --------------------------------------------------------------------------------------------------

    async def summary(self, call: Call) -> Response:
        """`GET /money/summary?settled=true`: counts; `settled` waits until all that was gathered is linked."""
        for doctype in (OPERATIONS, BILLS):
            call.caller.allow_type("GET", doctype)
        if _flag(call, "settled"):
            try:
                await asyncio.wait_for(self._settle(call.instance.key), PATIENCE)
            except TimeoutError:
                raise Unavailable("Linking is still at work: ask again in a minute") from None
        counts = await self._ledger.counts(call.instance.key)
        return answer(resource("org.alcove.money.summary", "summary", counts))

    async def operations(self, call: Call) -> Response:
        """`GET /money/operations`: the newest first, each with its bills."""
        return await self._list(call, OPERATIONS)

    async def bills(self, call: Call) -> Response:
        """`GET /money/bills`: the newest first, each with its operations."""
        return await self._list(call, BILLS)

    async def _list(self, call: Call, doctype: str) -> Response:
        for needed in (OPERATIONS, BILLS):
            call.caller.allow_type("GET", needed)
        tenant = call.instance.key
        lines = await self._listing.lines(tenant, doctype, _asked(call))
        shown = [await self._listing.shown(tenant, doctype, line, call.instance.locale) for line in lines]
        data = [resource(doctype, line.ident, said) for line, said in zip(lines, shown, strict=True)]
        return answer_list(data)

    async def why(self, call: Call) -> Response:
        """`GET /money/why/:id`: the links of a bill or an operation with their reasons, and what came near."""
        for doctype in (OPERATIONS, BILLS):
            call.caller.allow_type("GET", doctype)
        ident, tenant, language = call.params["id"], call.instance.key, call.instance.locale
        found = [d for d in (OPERATIONS, BILLS) if await self._shelf.get(tenant, d, ident)]
        doctype = found[0] if found else ""
        if not doctype:
            raise UnknownItem(ident)
        few = await self._shelf.count(tenant, OPERATIONS) < FEW
        await self._hear(tenant, SOON if few else AT_ONCE)
        held = self._ledger.known(tenant)
        picture = await surroundings(self._shelf, tenant, doctype, ident)
        links = [*picture.links_of(ident), *picture.links_at(ident)]
        near = await asyncio.to_thread(nearest, picture, held.profiles if held else {}, ident)
        said = {
            "about": doctype,
            **_item(picture, ident),
            "links": [_link(picture, link, language) for link in links],
            "near": [_near(picture, one, language) for one in near],
        }
        return answer(resource("org.alcove.money.why", ident, said))

    async def categories(self, call: Call) -> Response:
        """`GET /money/categories`: the tree, in the person's language."""
        call.caller.allow_type("GET", OPERATIONS)
        place = 0 if call.instance.locale.startswith("fr") else 1
        return answer_list(
            [
                resource("org.alcove.money.categories", number, {"name": names[place], "parent": _parent(number)})
                for number, names in NAMES.items()
            ]
        )

    # -- deciding -------------------------------------------------------------------------------------------------

    async def link(self, call: Call) -> Response:
        """`POST /money/links` with `bill` and `operation`: links them by hand."""
        call.caller.allow_type("POST", LINKS)
        attributes = (await read(call))["attributes"]
        bill, operation = _ident(attributes, "bill"), _ident(attributes, "operation")
        made = await self._person.link(call.instance.key, bill, operation)
        return await self._decided(call, made, 201)

    async def confirm(self, call: Call) -> Response:
        """`POST /money/links/:id/confirm`: it is right."""
        return await self._decide(call, "confirm")

    async def refuse(self, call: Call) -> Response:
        """`POST /money/links/:id/refuse`: it is wrong, and is never proposed again."""
        return await self._decide(call, "refuse")

    async def unlink(self, call: Call) -> Response:
        """`POST /money/links/:id/unlink`: what was linked was wrong."""
        return await self._decide(call, "unlink")

    async def undo(self, call: Call) -> Response:
        """`POST /money/links/:id/undo`: takes back what the person said; 204 when no link is left by it."""
        call.caller.allow("PATCH", LINKS, call.params["id"])
        tenant, ident = call.instance.key, call.params["id"]
        await self._person.undo(tenant, ident)
        await self._hear(tenant)
        stored = await self._shelf.get(tenant, LINKS, ident)
        link = link_from(stored.fields()) if stored else None
        return answer(_resource(link, call.instance.locale)) if link else Response(status_code=204)

    async def _decide(self, call: Call, verb: str) -> Response:
        assert verb in VERBS
        call.caller.allow("PATCH", LINKS, call.params["id"])
        link = await self._person.decide(call.instance.key, call.params["id"], verb)
        return await self._decided(call, link, 200)

    async def _decided(self, call: Call, link: Link, status: int) -> Response:
        await self._hear(call.instance.key)
        return answer(_resource(link, call.instance.locale), status)

    async def sort(self, call: Call) -> Response:
        """`POST /money/operations/:id/category` with `category`: what the operation was for; "0" takes it back."""
        call.caller.allow("PUT", OPERATIONS, call.params["id"])
        category = _ident((await read(call))["attributes"], "category")
        await self._person.sort(call.instance.key, call.params["id"], category)
        await self._hear(call.instance.key)
        return answer(resource(OPERATIONS, call.params["id"], {"manualCategoryId": category}))

    async def _hear(self, tenant: str, seconds: float = AT_ONCE) -> None:
        """Gives linking a moment to hear of it, so that who looks next sees what it led to."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard(tenant), seconds)


def _flag(call: Call, name: str) -> bool:
    value = call.query(name, "false")
    if value not in ("true", "false"):
        raise BadRequest(f"{name} must be true or false", parameter=name)
    return value == "true"


def _number(call: Call, name: str, default: int, most: int) -> int:
    value = call.query(name, str(default))
    if not value.isascii() or not value.isdigit() or len(value) > 9 or int(value) > most:
        raise BadRequest(f"{name} must be a number from 0 to {most}", parameter=name)
    return int(value)


def _asked(call: Call) -> Asked:
    month, state, text = call.query("month"), call.query("state"), call.query("text")
    if month and not _MONTH.fullmatch(month):
        raise BadRequest("month must be written as 2026-03", parameter="month")
    if state and state not in STATES:
        raise BadRequest(f"state must be one of {', '.join(STATES)}", parameter="state")
    if len(text) > 200:
        raise BadRequest("text may have 200 characters at the most", parameter="text")
    limit, skip = _number(call, "page[limit]", 50, MOST), _number(call, "page[skip]", 0, 10**9)
    return Asked(call.query("account"), month, text, state, limit, skip)


def _ident(attributes: dict[str, Any], name: str) -> str:
    value = attributes.get(name)
    if not isinstance(value, str) or not value:
        raise Unprocessable(f"{name} must be an id", pointer=f"/data/attributes/{name}")
    return value


def _parent(number: str) -> str:
    above = f"{number[:-2]}00"
    return above if len(number) == 6 and above != number and above in NAMES else ""


def _reasons(reasons: Sequence[Reason], language: str) -> list[dict[str, Any]]:
    return [{"kind": r.kind, "weight": r.weight, "text": sentence(r, language)} for r in reasons]


def _resource(link: Link, language: str) -> dict[str, Any]:
    said = {"bill": link.bill, "operation": link.operation, **stand_of(link), "vendor": link.vendor, "date": link.date}
    return resource(LINKS, link.id, {**said, "reasons": _reasons(link.reasons, language)})


def _item(picture: Picture, ident: str) -> dict[str, Any]:
    """What an operation or a bill is, in a line."""
    operation, bill = picture.operations.get(ident), picture.bills.get(ident)
    if operation is not None:
        said = {"label": operation.label, "currency": operation.currency, "account": operation.account}
        return {**said, "amount": operation.cents / 100, "date": _date(operation.day)}
    if bill is not None:
        said = {"vendor": bill.vendor, "currency": bill.currency}
        return {**said, "amount": bill.cents / 100, "date": _date(bill.day), "refund": bill.sign > 0}
    return {}


def _date(day: int) -> str:
    return date.fromordinal(day).isoformat()


def _link(picture: Picture, link: Link, language: str) -> dict[str, Any]:
    sides = {"bill": {"id": link.bill, **_item(picture, link.bill)}}
    sides["operation"] = {"id": link.operation, **_item(picture, link.operation)}
    return {**stand_of(link), **sides, "reasons": _reasons(link.reasons, language)}


def _near(picture: Picture, near: Near, language: str) -> dict[str, Any]:
    return {
        "bill": {"id": near.bill, **_item(picture, near.bill)},
        "operation": {"id": near.operation, **_item(picture, near.operation)},
        "reasons": _reasons(near.reasons, language),
        "against": sentence(near.against, language),
    }
