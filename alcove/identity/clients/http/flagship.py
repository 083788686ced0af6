"""What a certified client does in the person's name: logs in, opens browsers (contract-a section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.errors import PlainRefusal
from alcove.base.http import Call, Guard, JSONResponse, Route, jsonapi_errors
from alcove.identity.clients.http.oauth import instance_of, oauth_errors, read_object
from alcove.identity.clients.service import EVERYTHING
from alcove.identity.errors import ConnectorMissing, NotCertified, OAuthRefusal, WrongPassphrase
from alcove.identity.http.forms import hashed, rounds
from alcove.identity.model import Who
from alcove.identity.permissions.model import maximal
from alcove.identity.texts import texts

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.identity.clients.http.granting import Granting
    from alcove.identity.clients.model import Client
    from alcove.identity.clients.service import Clients
    from alcove.identity.factors.http.twofactor import AppStep
    from alcove.identity.passphrases.http.defining import FirstPassphrase
    from alcove.identity.passphrases.http.proving import Proof
    from alcove.identity.permissions.service import Permissions
    from alcove.identity.service import Gate
    from alcove.identity.sessions.http.opening import SessionCodes
    from alcove.identity.tokens.service import Tokens
    from alcove.instances import Instance


class FlagshipRoutes:
    """Logging in from an app, and what only certified clients get."""

    def __init__(
        self,
        gate: Gate,
        proof: Proof,
        step: AppStep,
        tokens: Tokens,
        permissions: Permissions,
        clients: Clients,
        granting: Granting,
        session_codes: SessionCodes,
        first: FirstPassphrase,
    ) -> None:
        self._first = first
        self._gate = gate
        self._proof = proof
        self._step = step
        self._tokens = tokens
        self._permissions = permissions
        self._clients = clients
        self._granting = granting
        self._session_codes = session_codes

    def routes(self) -> list[Route]:
        """The route table of this file."""
        table = (
            ("POST", "/auth/login/flagship", self.login),
            ("POST", "/auth/session_code", self.session_code),
            ("POST", "/auth/tokens/konnectors/:slug", self.connector_token),
        )
        first = Route("POST", "/settings/passphrase/flagship", self.first, Guard.PUBLIC, jsonapi_errors)
        return [first, *(Route(method, path, handler, Guard.PUBLIC, oauth_errors) for method, path, handler in table)]

    async def login(self, call: Call) -> Response:
        """Tokens for everything, for who says the passphrase to a certified client; others get a code for a session."""
        instance, said = instance_of(call), await read_object(call)
        if not await self._holds(call, instance, said):
            raise WrongPassphrase(texts(instance.locale)["wrong"])
        asked = await self._second(call, instance, said)
        if asked is not None:
            asked.status_code = 401
            return asked
        client = await self._granting.proven(instance, _text(said, "client_id"), _text(said, "client_secret"))
        return await self._opened(instance, client)

    async def first(self, call: Call) -> Response:
        """The first passphrase of a place, set by an app; then as if it had logged in."""
        instance, said = instance_of(call), await read_object(call)
        hashed(said, "passphrase")
        rounds(said)
        client = await self._granting.proven(instance, _text(said, "client_id"), _text(said, "client_secret"))
        return await self._opened(await self._first.define(instance, said), client)

    async def _opened(self, instance: Instance, client: Client) -> Response:
        """Tokens for everything, or for a client that is not certified a code for the session to certify it in."""
        if not self._clients.certified(instance, client):
            return await self._code(instance, 202)
        await self._clients.let_in(instance, client.id)
        told = self._granting.both(instance, client, EVERYTHING)
        return JSONResponse({"token_type": "bearer", **told}, headers={"Cache-Control": "no-store"})

    async def session_code(self, call: Call) -> Response:
        """A code that opens a session in a browser, once: for a certified client, or who says the passphrase."""
        instance = instance_of(call)
        if not await self._does_everything(call):
            said = await read_object(call) if call.request.headers.get("content-length", "0") != "0" else {}
            if not await self._holds(call, instance, said):
                raise WrongPassphrase("Not authorized")
            asked = await self._second(call, instance, said)
            if asked is not None:
                asked.status_code = 403
                return asked
        return await self._code(instance, 201)

    async def connector_token(self, call: Call) -> Response:
        """A token for an installed connector that the client runs itself: 201 and the bare text as JSON."""
        instance, slug = instance_of(call), call.params["slug"]
        if not await self._does_everything(call):
            raise NotCertified
        if await self._permissions.granted(instance, "konn", slug) is None:
            raise ConnectorMissing
        return JSONResponse(self._tokens.make(instance, "konn", slug), 201, {"Cache-Control": "no-store"})

    async def _holds(self, call: Call, instance: Instance, said: dict[str, Any]) -> bool:
        passphrase = _text(said, "passphrase")
        return bool(passphrase) and await self._proof.holds(call, instance, passphrase)

    async def _second(self, call: Call, instance: Instance, said: dict[str, Any]) -> Response | None:
        """The answer with the token that goes with the code; None when no second proof is needed, or it came."""
        passcode = _text(said, "two_factor_passcode") or _text(said, "two_factor_code")
        verified = _text(said, "email_verified_code")
        return await self._step.asks(call, instance, _text(said, "two_factor_token"), passcode, verified=verified)

    async def _code(self, instance: Instance, status: int) -> Response:
        code = await self._session_codes.make(instance)
        return JSONResponse({"session_code": code}, status, {"Cache-Control": "no-store"})

    async def _does_everything(self, call: Call) -> bool:
        try:
            await self._gate.admit(call, Guard.TOKEN)
        except PlainRefusal:
            return False
        return isinstance(call.caller, Who) and maximal(call.caller)


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise OAuthRefusal("invalid_request", f"{name} must be a text")
    return value
