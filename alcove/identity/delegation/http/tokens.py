"""Tokens for clients whose person a provider vouches for (contract-a section 3): a telephone logs in there itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from alcove.base.errors import TokenInvalid
from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.identity.clients.http.oauth import instance_of, oauth_errors, read_object
from alcove.identity.clients.service import APP, EVERYTHING
from alcove.identity.delegation.providers import lives_here
from alcove.identity.errors import (
    ClientMissing,
    DelegationRefused,
    OAuthRefusal,
    ProviderFailed,
    TokenNotBelieved,
    TooManyLogins,
)
from alcove.identity.http.forms import visitor_of
from alcove.identity.limits import Guesser, network_of
from alcove.identity.model import WrongScope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from starlette.responses import Response

    from alcove.identity.clients.http.granting import Granting
    from alcove.identity.clients.model import Client
    from alcove.identity.clients.service import Clients
    from alcove.identity.delegation.providers import Providers
    from alcove.identity.delegation.service import Delegation
    from alcove.identity.factors.http.twofactor import AppStep
    from alcove.identity.limits import Attempts
    from alcove.identity.sessions.http.opening import SessionCodes
    from alcove.instances import Instance

log = logging.getLogger("alcove.identity.oidc")


class DelegatedTokens:
    """`POST /oidc/access_token`, where the settings allow it (`allow_oauth_token`).

    An ID token says for whom it was made, and is believed for our client alone. An access token does not: the provider
    is asked whose it is, and any program that the person let in there could bring it. That is the contract's way, and
    why the settings must allow it.
    """

    def __init__(
        self,
        providers: Providers,
        delegation: Delegation,
        step: AppStep,
        clients: Clients,
        granting: Granting,
        session_codes: SessionCodes,
        attempts: Attempts,
    ) -> None:
        self._providers = providers
        self._delegation = delegation
        self._step = step
        self._clients = clients
        self._granting = granting
        self._session_codes = session_codes
        self._attempts = attempts

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [Route("POST", "/oidc/access_token", self.exchange, Guard.PUBLIC, oauth_errors)]

    async def exchange(self, call: Call) -> Response:
        """Tokens for a client that knows its secret and brings a token of the person's provider."""
        instance, said = instance_of(call), await read_object(call)
        sid = await self._vouched(call, instance, said)
        client = await self._granting.proven(instance, _text(said, "client_id"), _text(said, "client_secret"))
        token, passcode = _text(said, "two_factor_token"), _text(said, "two_factor_passcode")
        asked = await self._step.asks(call, instance, token, passcode, "two factor needed")
        if asked is not None:
            asked.status_code = 401
            return asked
        scope = _text(said, "scope")
        certified = self._clients.certified(instance, client)
        if client.linked and not certified:
            scope = f"{APP}{client.linked}"
        if scope == EVERYTHING and not certified:
            code = await self._session_codes.make(instance)
            return JSONResponse({"session_code": code}, 202, {"Cache-Control": "no-store"})
        await self._check_scope(instance, client, scope)
        try:
            await self._clients.stand_on(instance, client.id, sid)
        except ClientMissing:
            raise OAuthRefusal("the client must be registered") from None
        told = {"token_type": "bearer", **self._granting.both(instance, client, scope)}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    async def _vouched(self, call: Call, instance: Instance, said: Mapping[str, Any]) -> str:
        """The provider's session, if it says one; raises `OAuthRefusal` unless it says that the person lives here."""
        if _text(said, "code"):
            raise OAuthRefusal(
                "invalid code"
            )  # they are made for the vault and for a vendor's manager, which are not here
        provider = self._providers.of(instance)
        if provider is None or not provider.allow_oauth_token:
            raise OAuthRefusal("this endpoint is not enabled")
        guesser = Guesser(instance.key, network_of(visitor_of(call).address))
        if (wait := await self._attempts.begin(guesser)) > 0:
            raise TooManyLogins(wait, instance.locale)
        id_token = _text(said, "id_token")
        try:
            if id_token:
                claims = await self._delegation.identified(provider, id_token)
            else:
                claims = await self._delegation.userinfo(provider, _text(said, "oidc_token"))
            if not lives_here(provider, instance, claims):
                raise TokenNotBelieved("it is about somebody who does not live here")
        except DelegationRefused as refusal:
            log.warning("a client's token was not believed: %s", refusal.why, extra={"domain": instance.main})
            failed = isinstance(refusal, ProviderFailed)
            raise OAuthRefusal("error from the identity provider" if failed else refusal.detail) from None
        await self._attempts.succeed(guesser)
        return str(claims.get("sid") or "") if id_token else ""

    async def _check_scope(self, instance: Instance, client: Client, scope: str) -> None:
        """Raises `OAuthRefusal` for a scope that opens nothing, or what the client may not have."""
        try:
            rules = await self._clients.rules(instance, client, scope)
        except (TokenInvalid, WrongScope):
            rules = []
        if not rules:
            raise OAuthRefusal("invalid scope")


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if value is not None and not isinstance(value, str):
        raise OAuthRefusal("invalid_request", f"{name} must be a text")
    return value or ""
