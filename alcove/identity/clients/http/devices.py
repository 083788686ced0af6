"""The person's connected devices and programs (contract-a section 8)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
from starlette.responses import RedirectResponse, Response

from alcove.base.digits import whole
from alcove.base.errors import BadRequest, NotFound, TokenInvalid, TokenMissing
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, answer_list, resource
from alcove.base.pages import Pages
from alcove.identity.clients.http.oauth import instance_of
from alcove.identity.clients.model import CLIENTS, SECRETS
from alcove.identity.clients.texts import limit_texts
from alcove.identity.errors import ClientMissing, NotAClient
from alcove.identity.http.forms import PAGES, way

if TYPE_CHECKING:
    from alcove.identity.clients.devices import DeviceLimit
    from alcove.identity.clients.model import Client
    from alcove.identity.clients.service import Clients
    from alcove.identity.service import Gate
    from alcove.instances import Instances

PAGE, MOST = 100, 1000
SETTINGS, USAGE = "io.cozy.settings", "io.cozy.settings.clients-usage"
MANAGING, PLACE = "account", "clients"
"""The app, and the part of its page, in which a person disconnects devices."""
CSP = "default-src 'self';frame-ancestors 'none';base-uri 'none';form-action 'none';img-src 'self' data:;"


class DeviceRoutes:
    """Lists and removes clients; and what a client says of itself while it works."""

    def __init__(self, gate: Gate, clients: Clients, limit: DeviceLimit, instances: Instances, scheme: str) -> None:
        self._gate = gate
        self._clients = clients
        self._limit = limit
        self._instances = instances
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/settings/clients", self.list, Guard.TOKEN, jsonapi_errors),
            Route("GET", "/settings/clients/limit-exceeded", self.too_many, Guard.SESSION),
            Route("DELETE", "/settings/clients/:id", self.revoke, Guard.TOKEN, jsonapi_errors),
            Route("GET", "/settings/clients-usage", self.usage, Guard.TOKEN, jsonapi_errors),
            Route("POST", "/settings/synchronized", self.synchronized, Guard.PUBLIC, jsonapi_errors),
        ]

    async def list(self, call: Call) -> Response:
        """What is connected, by kind and name, without secrets; `page[limit]` and `page[cursor]`."""
        call.caller.allow_type("GET", CLIENTS)
        limit, after = _limit(call), _after(call)
        found = [client for client in await self._clients.connected(call.instance) if _place(client) > after]
        page = found[:limit]
        links = {}
        if len(found) > limit:
            cursor = quote(_cursor(_place(page[-1])), safe="")
            links["next"] = f"/settings/clients?page[cursor]={cursor}&page[limit]={limit}"
        return answer_list([_shown(client) for client in page], links=links)

    async def revoke(self, call: Call) -> Response:
        """Removes a client; its tokens end at once."""
        call.caller.allow_type("DELETE", CLIENTS)
        if not await self._clients.revoke(instance_of(call), call.params["id"]):
            raise NotFound("missing", title="not_found")
        return Response(status_code=204)

    async def usage(self, call: Call) -> Response:
        """How many devices there are, and whether that is too many."""
        call.caller.allow("GET", SETTINGS, USAGE)
        devices = await self._limit.of(instance_of(call))
        said = {"count": devices.count, "limitReached": devices.reached, "limitExceeded": devices.exceeded}
        limit = {} if devices.limit is None else {"limit": devices.limit}
        return answer(resource(SETTINGS, USAGE, {**limit, **said}, links={"self": "/settings/clients-usage"}))

    async def too_many(self, call: Call) -> Response:
        """Says that devices must be disconnected before the apps open again; leads on when that is done."""
        instance = instance_of(call)
        target = way(self._instances, self._scheme, instance, call.query("redirect"))
        devices = await self._limit.of(instance)
        if not devices.exceeded:
            return RedirectResponse(target, 302)
        words = limit_texts(instance.locale)
        html = self._pages.render(
            "devices.html",
            t=words,
            locale=instance.locale,
            domain=instance.domain,
            said=words["said"].format(count=devices.count, limit=devices.limit),
            manage=f"{self._scheme}://{self._instances.app_host(instance, MANAGING)}/#{PLACE}",
            again=target,
        )
        return Response(html, 200, {"Content-Security-Policy": CSP, "Cache-Control": "no-store"}, "text/html")

    async def synchronized(self, call: Call) -> Response:
        """A client has just fetched and sent all there was. Without its token: 400, whatever else comes."""
        try:
            await self._gate.admit(call, Guard.TOKEN)
        except TokenMissing:
            raise NotAClient from None
        if call.caller.audience != "access":
            raise NotAClient
        try:
            await self._clients.seen(instance_of(call), call.caller.subject, "synchronized_at")
        except ClientMissing:
            raise TokenInvalid from None
        return Response(status_code=204)


def _shown(client: Client) -> dict[str, Any]:
    links = {"self": f"/settings/clients/{client.id}"}
    return resource(CLIENTS, client.id, client.shown(SECRETS), rev=client.rev, links=links)


def _place(client: Client) -> list[str]:
    return [client.kind, client.name, client.id]


def _cursor(place: list[str]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode()


def _after(call: Call) -> list[str]:
    said = call.query("page[cursor]")
    if not said:
        return []
    try:
        place = orjson.loads(base64.urlsafe_b64decode(said.encode()))
    except ValueError:
        place = None
    if not isinstance(place, list) or not all(isinstance(part, str) for part in place):
        raise BadRequest("page[cursor] must be what a link to a next page holds", parameter="page[cursor]")
    return place


def _limit(call: Call) -> int:
    said = call.query("page[limit]")
    number = whole(said, 9) if said else PAGE
    if not number:
        raise BadRequest("page[limit] must be a whole number from 1 on", parameter="page[limit]")
    return min(number, MOST)
