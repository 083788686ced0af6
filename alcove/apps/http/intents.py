"""`/intents`: an app asks for something, and the app that does it reads what (contract-a section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from alcove.apps.model import APPS
from alcove.apps.model.intent import INTENTS, read_wish
from alcove.base.errors import Forbidden, TokenExpired, TokenInvalid, TokenMissing
from alcove.base.http import Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, read, resource
from alcove.identity import Who
from alcove.instances import Allowance

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.apps.model.intent import Intent
    from alcove.apps.service.intents import Intents
    from alcove.base.http import Call
    from alcove.identity import Gate, Permissions
    from alcove.instances import Allowances, Instance

BODY = 64 << 10
"""Bytes of a wish at the most."""
ASKING = Allowance("intents", 1000)
UNTOLD = frozenset({"created_at"})


class IntentHTTP:
    """The routes. Who brings no good token gets 403, as in the reference."""

    def __init__(self, intents: Intents, permissions: Permissions, allowances: Allowances, gate: Gate) -> None:
        self._intents = intents
        self._permissions = permissions
        self._allowances = allowances
        self._gate = gate

    def routes(self) -> list[Route]:
        """The route table."""
        return [
            Route("POST", "/intents", self.start, Guard.PUBLIC, jsonapi_errors),
            Route("GET", "/intents/:id", self.show, Guard.PUBLIC, jsonapi_errors),
        ]

    async def start(self, call: Call) -> Response:
        """Asks for an action on a type: the answer names the apps that do it, with the page that each has for it."""
        await self._admit(call)
        wish = read_wish((await read(call, BODY))["attributes"])
        instance = cast("Instance", call.instance)
        await self._allowances.take(instance.key, ASKING)
        intent = await self._intents.start(instance, call.caller.source, wish)
        return answer(await self._shown(call, intent))

    async def show(self, call: Call) -> Response:
        """What is asked for, told to an app that does it."""
        await self._admit(call)
        intent = await self._intents.get(cast("Instance", call.instance), call.params["id"])
        if call.caller.audience != "app" or call.caller.subject not in intent.slugs:
            raise Forbidden
        return answer(await self._shown(call, intent))

    async def _admit(self, call: Call) -> None:
        try:
            await self._gate.admit(call, Guard.TOKEN)
        except (TokenMissing, TokenInvalid, TokenExpired):
            raise Forbidden from None

    async def _shown(self, call: Call, intent: Intent) -> dict[str, Any]:
        """The intent with the origin of who asks, and where the app that does it gives the asker more rights."""
        instance = cast("Instance", call.instance)
        fields = {name: value for name, value in intent.fields.items() if name not in UNTOLD}
        fields["client"] = await self._intents.origin(instance, intent)
        links = {"self": f"/intents/{intent.id}"}
        kind, _, slug = intent.client.partition("/")
        if kind == APPS:
            client = await self._permissions.of(instance, Who("app", slug, intent.client, ()))
            links["permissions"] = f"/permissions/{client.id}"
        return resource(INTENTS, intent.id, fields, rev=intent.rev, links=links)
