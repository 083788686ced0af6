"""Clients register and change themselves (RFC 7591, RFC 7592; contract-a section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from alcove.base.errors import Forbidden, PlainRefusal, Refusal
from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.identity.clients.http.oauth import check_json, count_registration, instance_of, oauth_errors, read_object
from alcove.identity.errors import ClientNotAllowed, RegistrationTokenWrong

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alcove.identity.clients.model import Client
    from alcove.identity.clients.service import Clients
    from alcove.identity.service import Gate
    from alcove.identity.tokens.service import Tokens
    from alcove.instances import Allowances

MAKERS = frozenset({"settings", "account"})
"""Apps in which a person makes clients by hand."""


class ClientRoutes:
    """Registration. `clean_later` looks after a client (of an instance's key, by id) that nobody lets in."""

    def __init__(
        self,
        gate: Gate,
        tokens: Tokens,
        clients: Clients,
        allowances: Allowances,
        clean_later: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._gate = gate
        self._tokens = tokens
        self._clients = clients
        self._allowances = allowances
        self._clean_later = clean_later

    def routes(self) -> list[Route]:
        """The route table of this file."""
        table = (
            ("POST", "/auth/register", self.register),
            ("GET", "/auth/register/:client-id", self.read),
            ("PUT", "/auth/register/:client-id", self.update),
            ("DELETE", "/auth/register/:client-id", self.leave),
        )
        own = Route("POST", "/auth/registerFromWebApp", self.register_own, Guard.TOKEN, oauth_errors)
        return [own, *(Route(method, path, handler, Guard.PUBLIC, oauth_errors) for method, path, handler in table)]

    async def register(self, call: Call) -> Response:
        """A new client, which the person has not let in yet."""
        check_json(call, body=True)
        await count_registration(call, self._allowances)
        instance, said = instance_of(call), await read_object(call)
        login = bool(said.get("allow_login_scope"))
        if login and not await self._from_command_line(call):
            raise ClientNotAllowed
        client, token = await self._clients.register(instance, said, login=login)
        await self._clean_later(instance.key, client.id)
        return JSONResponse({**_told(client), "registration_access_token": token}, 201)

    async def register_own(self, call: Call) -> Response:
        """A client that the person makes in the app Settings, for a program of theirs: nobody else registers there."""
        if call.caller.audience != "app" or call.caller.subject not in MAKERS:
            raise Forbidden
        await count_registration(call, self._allowances)
        said = {"software_id": f"io.cozy.apps/{call.caller.subject}", **await read_object(call)}
        client, token = await self._clients.register(instance_of(call), said, pending=False)
        return JSONResponse({**_told(client), "registration_access_token": token}, 201)

    async def read(self, call: Call) -> Response:
        """What is known of the client, with its secret."""
        check_json(call)
        return JSONResponse(_told(await self.own(call)))

    async def update(self, call: Call) -> Response:
        """Another name, other addresses, a newer version; perhaps another secret."""
        check_json(call, body=True)
        client = await self.own(call)
        await count_registration(call, self._allowances)
        changed = await self._clients.update(instance_of(call), client.id, await read_object(call))
        told = _told(changed)
        told.pop("pending", None)  # the reference does not say it here, whether it is or not
        return JSONResponse(told)

    async def leave(self, call: Call) -> Response:
        """The client removes itself: 204, also when it was gone."""
        instance = instance_of(call)
        if await self._clients.find(instance, call.params["client-id"]) is not None:
            await self._clients.revoke(instance, (await self.own(call)).id)
        return Response(status_code=204)

    async def own(self, call: Call) -> Client:
        """The client of the path, if the call comes from it; raises `ClientMissing`, `RegistrationTokenWrong`."""
        instance = instance_of(call)
        client = await self._clients.get(instance, call.params["client-id"])
        scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
        try:
            claims, _ = self._tokens.read(instance, token.strip())
        except Refusal:
            raise RegistrationTokenWrong from None
        if scheme != "Bearer" or claims["aud"] != "registration" or claims.get("sub") != client.id:
            raise RegistrationTokenWrong
        return client

    async def _from_command_line(self, call: Call) -> bool:
        try:
            await self._gate.admit(call, Guard.TOKEN)
        except PlainRefusal:
            return False
        return call.caller.audience == "cli"


def _told(client: Client) -> dict[str, Any]:
    return {"client_id": client.id, **client.shown()}
