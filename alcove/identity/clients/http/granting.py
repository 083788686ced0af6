"""Tokens for clients: from a code, and from the token that refreshes them (contract-a section 3; RFC 6749)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.errors import Refusal, TokenInvalid
from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.identity.clients.authorizing import meets
from alcove.identity.clients.http.oauth import instance_of, oauth_errors
from alcove.identity.clients.service import same
from alcove.identity.errors import ClientMissing, OAuthRefusal
from alcove.identity.http.forms import read_form
from alcove.identity.model import WrongScope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from alcove.identity.clients.model import Client
    from alcove.identity.clients.service import Clients
    from alcove.identity.tokens.once import OnceCodes
    from alcove.identity.tokens.service import Tokens
    from alcove.instances import Instance


class Granting:
    """Gives tokens to a client that proves itself with its secret."""

    def __init__(self, tokens: Tokens, clients: Clients, codes: OnceCodes) -> None:
        self._tokens = tokens
        self._clients = clients
        self._codes = codes

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [Route("POST", "/auth/access_token", self.exchange, Guard.PUBLIC, oauth_errors)]

    async def exchange(self, call: Call) -> Response:
        """Tokens for a code (`grant_type=authorization_code`), or a new one for the token that refreshes it."""
        instance, form = instance_of(call), await read_form(call)
        grant = _needed(form, "grant_type")
        client = await self.proven(instance, _needed(form, "client_id"), _needed(form, "client_secret"))
        if grant == "authorization_code":
            told = await self._first(instance, client, form)
        elif grant == "refresh_token":
            told = await self._next(instance, client, form)
        else:
            raise OAuthRefusal("invalid grant type")
        try:
            await self._clients.seen(instance, client.id, "last_refreshed_at")
        except ClientMissing:
            raise OAuthRefusal("the client must be registered") from None
        # RFC 6749 section 5.1: no cache keeps a token.
        return JSONResponse({"token_type": "bearer", **told}, headers={"Cache-Control": "no-store"})

    async def proven(self, instance: Instance, ident: str, secret: str) -> Client:
        """The client of that id, if it knows its secret; raises `OAuthRefusal`."""
        client = await self._clients.find(instance, ident)
        if client is None:
            raise OAuthRefusal("the client must be registered")
        if not same(secret, client.secret):
            raise OAuthRefusal("invalid client_secret")
        return client

    def both(self, instance: Instance, client: Client, scope: str) -> dict[str, str]:
        """The two tokens of a client."""
        return {
            "scope": scope,
            "access_token": self._tokens.make(instance, "access", client.id, scope),
            "refresh_token": self._tokens.make(instance, "refresh", client.id, scope),
        }

    async def _first(self, instance: Instance, client: Client, form: Mapping[str, str]) -> dict[str, str]:
        # Used up whatever comes of it: who has a code and not the rest of it gets no second try.
        found = await self._codes.take(instance, _needed(form, "code"))
        if found is None or found["client_id"] != client.id:
            raise OAuthRefusal("invalid code")
        if found["code_challenge"] and not meets(found["code_challenge"], form.get("code_verifier", "")):
            raise OAuthRefusal("invalid code_verifier")
        await self._check_scope(instance, client, found["scope"], "invalid code")
        return self.both(instance, client, found["scope"])

    async def _next(self, instance: Instance, client: Client, form: Mapping[str, str]) -> dict[str, str]:
        try:
            claims, _ = self._tokens.read(instance, form.get("refresh_token", ""))
        except Refusal:
            raise OAuthRefusal("invalid refresh token") from None
        if claims["aud"] != "refresh" or claims.get("sub") != client.id:
            raise OAuthRefusal("invalid refresh token")
        scope = str(claims.get("scope") or "")
        await self._check_scope(instance, client, scope, "invalid refresh token")
        return {"scope": scope, "access_token": self._tokens.make(instance, "access", client.id, scope)}

    async def _check_scope(self, instance: Instance, client: Client, scope: str, error: str) -> None:
        """Raises when the client may not have that any more: its app is gone, or it is no longer certified."""
        try:
            await self._clients.rules(instance, client, scope)
        except (TokenInvalid, WrongScope):
            raise OAuthRefusal(error) from None


def _needed(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise OAuthRefusal(f"the {name} parameter is mandatory")
    return form[name]
