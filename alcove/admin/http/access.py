"""Ways into an instance that the operator opens or closes: tokens, clients, sessions, the passphrase."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.admin.http.reading import operator_routes, truth
from alcove.base.errors import BadRequest, NotFound, Unprocessable
from alcove.base.http import JSONResponse
from alcove.identity import AUDIENCES, LIFETIMES, MetadataWrong, WrongScope, read_scope
from alcove.instances import MODES
from alcove.jobs import BadDuration, read_duration

if TYPE_CHECKING:
    from datetime import timedelta

    from alcove.base.http import Call, Route
    from alcove.identity import Clients, MagicLinks, Passphrases, SecondFactors, SessionCodes, Sessions, Tokens
    from alcove.instances import Instances

log = logging.getLogger("alcove.admin")

OF_CLIENTS = ("access", "refresh")
"""Audiences whose tokens belong to a client."""


class AccessRoutes:
    """Tokens, clients, sessions and passphrases, from the operator's hand."""

    def __init__(
        self,
        instances: Instances,
        tokens: Tokens,
        clients: Clients,
        sessions: Sessions,
        codes: SessionCodes,
        passphrases: Passphrases,
        links: MagicLinks,
        factors: SecondFactors,
    ) -> None:
        self._codes = codes
        self._instances = instances
        self._tokens = tokens
        self._clients = clients
        self._sessions = sessions
        self._passphrases = passphrases
        self._links = links
        self._factors = factors

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes(
            (
                ("POST", "/instances/token", self.token),
                ("GET", "/instances/oauth_client", self.client),
                ("POST", "/instances/oauth_client", self.register),
                ("POST", "/instances/:domain/auth-mode", self.mode),
                ("POST", "/instances/:domain/magic_link", self.magic_link),
                ("PUT", "/instances/:domain/passphrase", self.passphrase),
                ("DELETE", "/instances/:domain/sessions", self.end_sessions),
                ("POST", "/instances/:domain/session_code", self.session_code),
                ("POST", "/instances/:domain/email_verified_code", self.verified_code),
                ("POST", "/instances/:domain/session_code/check", self.check_code),
                ("DELETE", "/oauth/:domain/clients", self.revoke),
            )
        )

    async def passphrase(self, call: Call) -> Response:
        """Sets a new passphrase for who has forgotten theirs; ends all sessions. Body: `{"passphrase": text}`.

        In the body, not in the query: a query string may stand in a proxy's log.
        """
        instance = self._instances.by_domain(call.params["domain"])
        said = (await call.json_object(64 << 10)).get("passphrase")
        if not isinstance(said, str) or not said:
            raise Unprocessable("passphrase must be a text that is not empty", pointer="/passphrase")
        await self._passphrases.replace(instance, said)
        log.info("the operator set a passphrase", extra={"domain": instance.domain})
        return Response(status_code=204)

    async def verified_code(self, call: Call) -> Response:
        """A code for who has shown to the operator that mails reach them: it stands for a mailed one, for a while."""
        instance = self._instances.by_domain(call.params["domain"])
        log.info("the operator vouched for a person's mails", extra={"domain": instance.domain})
        return JSONResponse({"email_verified_code": self._factors.vouch(instance)}, 201, {"Cache-Control": "no-store"})

    async def token(self, call: Call) -> Response:
        """A token as bare text: `Domain`, `Audience` (cli, app, konn, access-token, refresh-token), `Subject`, `Scope`.

        `Expire` says how long it is good, such as `1h30m`. A client is let in by its first token.
        """
        instance = self._instances.by_domain(call.query("Domain"))
        audience = AUDIENCES.get(call.query("Audience"), call.query("Audience"))
        if audience not in ("cli", "app", "konn", *OF_CLIENTS):
            allowed = "cli, app, konn, access-token and refresh-token are allowed"
            raise BadRequest(f"Unknown audience {audience[:40]!r}: {allowed}", parameter="Audience")
        scope = call.query("Scope").replace(",", " ") if audience == "app" else call.query("Scope")
        try:
            read_scope(scope)
        except WrongScope as error:
            raise BadRequest(str(error), parameter="Scope") from None
        lasting = _lasting(call, audience)
        if audience in OF_CLIENTS:
            client = await self._clients.get(instance, call.query("Subject"))
            if client.pending:
                await self._clients.let_in(instance, client.id)
        made = self._tokens.make(instance, audience, call.query("Subject"), scope, lasting=lasting)
        log.info("the operator made a token", extra={"domain": instance.domain, "audience": audience})
        return Response(made, media_type="text/plain")

    async def client(self, call: Call) -> Response:
        """The client that says it is the program `software_id`; its secret is not told."""
        instance, wanted = self._instances.by_domain(call.query("domain")), call.query("software_id")
        for client in await self._clients.all(instance):
            if wanted and client.fields.get("software_id") == wanted:
                return JSONResponse({"_id": client.id, "client_id": client.id, **client.shown(("client_secret",))})
        raise NotFound(f"No client of {instance.domain} says it is {wanted[:80]!r}", parameter="software_id")

    async def register(self, call: Call) -> Response:
        """A new client that nobody needs to let in: `Domain`, `RedirectURI`, `ClientName`, `SoftwareID`."""
        instance = self._instances.by_domain(call.query("Domain"))
        said = {
            "redirect_uris": [call.query("RedirectURI")],
            "client_name": call.query("ClientName"),
            "software_id": call.query("SoftwareID"),
        }
        login = truth(call, "AllowLoginScope")
        try:
            client, token = await self._clients.register(instance, said, pending=False, login=login)
        except MetadataWrong as error:
            return Response(f"{error.detail}: {error.description.strip()}", 400, media_type="text/plain")
        return JSONResponse({"client_id": client.id, **client.shown(), "registration_access_token": token})

    async def revoke(self, call: Call) -> Response:
        """Removes the clients of a `Kind`, or all; their tokens end. How many there were."""
        instance, kind = self._instances.by_domain(call.params["domain"]), call.query("Kind")
        found = [client for client in await self._clients.all(instance) if not kind or client.kind == kind]
        gone = [await self._clients.revoke(instance, client.id) for client in found]
        return JSONResponse({"count": sum(gone)})

    async def mode(self, call: Call) -> Response:
        """Says how the person logs in: `{"auth_mode": "basic"}`. 204, or 200 with a text when it was so."""
        instance = self._instances.by_domain(call.params["domain"])
        said = (await call.json_object(1 << 16)).get("auth_mode")
        if not isinstance(said, str) or said not in MODES:
            raise BadRequest(f"auth_mode is one of {', '.join(MODES)}", pointer="/auth_mode")
        if instance.fields.get("auth_mode", 0) == MODES[said]:
            return JSONResponse(f"Instance has already {said} auth mode")
        await self._instances.modify(instance, {"AuthMode": said})
        return Response(status_code=204)

    async def session_code(self, call: Call) -> Response:
        """A code that opens a session in a browser, once, within a week: `?session_code=` at an app."""
        instance = self._instances.by_domain(call.params["domain"])
        code = await self._codes.make(instance)
        log.info("the operator made a code for a session", extra={"domain": instance.domain})
        return JSONResponse({"session_code": code}, 201, {"Cache-Control": "no-store"})

    async def check_code(self, call: Call) -> Response:
        """Whether a code is good: `{"session_code": text}`. It is used up by this."""
        instance = self._instances.by_domain(call.params["domain"])
        said = (await call.json_object(1 << 16)).get("session_code")
        if not isinstance(said, str) or not await self._codes.take(instance, said):
            return JSONResponse({"valid": False}, 403)
        return JSONResponse({"valid": True})

    async def magic_link(self, call: Call) -> Response:
        """A code that logs a person in, for `GET /auth/magic_link?code=`, once and within a quarter of an hour."""
        code = self._links.code(self._instances.by_domain(call.params["domain"]))
        return JSONResponse({"code": code}, 201, {"Cache-Control": "no-store"})

    async def end_sessions(self, call: Call) -> Response:
        """Ends every session, and forgets the logins that were noted."""
        await self._sessions.clear(self._instances.by_domain(call.params["domain"]))
        return Response(status_code=204)


def _lasting(call: Call, audience: str) -> timedelta | None:
    """How long a token shall be good; None for as long as others of its audience."""
    said = call.query("Expire")
    if said in ("", "0s") or LIFETIMES[audience] == float("inf"):
        return None
    try:
        return read_duration(said)
    except BadDuration:
        raise BadRequest(f"Expire is {said[:40]!r}: a time such as 1h30m is allowed", parameter="Expire") from None
