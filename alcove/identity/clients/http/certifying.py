"""Certifying a client by hand, which may then ask for everything (contract-a section 3).

The reference knows its own app by the attestation of a store. This server knows no store: the person confirms with six
digits, which come by mail where the server sends mails, and stand on the page itself where it does not.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.base.pages import Pages
from alcove.identity.clients.http.oauth import count_registration, instance_of, oauth_errors, read_object
from alcove.identity.clients.service import same
from alcove.identity.clients.texts import certify_texts
from alcove.identity.errors import CertifyingCodeWrong, OAuthRefusal
from alcove.identity.http.forms import PAGES, read_form, visitor_of
from alcove.identity.limits import Guesser, network_of
from alcove.instances import Allowance
from alcove.outbox import AddressWrong, Letter

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.identity.clients.http.registering import ClientRoutes
    from alcove.identity.clients.model import Client
    from alcove.identity.clients.service import Clients
    from alcove.identity.limits import Attempts
    from alcove.identity.tokens.slips import Slips
    from alcove.instances import Allowances, Instance, InstanceSettings
    from alcove.outbox import Outbox

CSP = "default-src 'self';frame-ancestors 'none';base-uri 'none';form-action 'none';img-src 'self' data:;"
OFTEN = Allowance("certifying of clients", 30)
LASTING = timedelta(minutes=10)
"""How long the digits are good for."""
PURPOSE = "certify a client"
NONCE = 24


class Certifying:
    """The page that asks for the digits, and what it and the client send."""

    def __init__(
        self,
        clients: Clients,
        registering: ClientRoutes,
        slips: Slips,
        attempts: Attempts,
        allowances: Allowances,
        outbox: Outbox,
        settings: InstanceSettings,
        clock: Clock,
    ) -> None:
        self._clients = clients
        self._registering = registering
        self._slips = slips
        self._attempts = attempts
        self._allowances = allowances
        self._outbox = outbox
        self._settings = settings
        self._clock = clock
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        table = (
            ("POST", "/auth/clients/:client-id/challenge", self.challenge),
            ("POST", "/auth/clients/:client-id/attestation", self.attest),
            ("POST", "/auth/clients/:client-id/flagship", self.certify),
        )
        return [Route(method, path, handler, Guard.PUBLIC, oauth_errors) for method, path, handler in table]

    async def page(self, call: Call, client: Client) -> Response:
        """Says what certifying means, and asks for the digits; raises `TooOften`. Only for who is logged in."""
        instance = instance_of(call)
        await self._allowances.take(instance.key, OFTEN)
        code = f"{secrets.randbelow(10**6):06}"
        token = self._slips.write(PURPOSE, {"client": client.id, "code": code}, LASTING)
        sent_to = await self._send(instance, client, code)
        html = self._pages.render(
            "certify.html",
            t=certify_texts(instance.locale),
            locale=instance.locale,
            domain=instance.domain,
            client=client,
            code="" if sent_to else code,
            sent_to=sent_to,
            token=token,
        )
        headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return Response(html, 200, headers, "text/html")

    async def _send(self, instance: Instance, client: Client, code: str) -> str:
        """Sends the digits to the person's address; empty when there is no way to."""
        address = str((await self._settings.read(instance)).get("email") or "")
        if not address or not self._outbox.ready:
            return ""
        words = certify_texts(instance.locale)
        lines = [words["mail_what"].format(name=client.name), words["mail_not_you"]]
        letter = Letter("certify", words["mail_subject"], lines, code=code)
        try:
            await self._outbox.send(instance, letter, address, until=self._clock.now() + LASTING)
        except AddressWrong:
            return ""
        return address

    async def challenge(self, call: Call) -> Response:
        """A number for an attestation: 201, because clients ask for one before they know that it is of no use."""
        await self._registering.own(call)
        await count_registration(call, self._allowances)
        return JSONResponse({"nonce": secrets.token_urlsafe(NONCE)}, 201)

    async def attest(self, call: Call) -> Response:
        """Always refused: the client then asks for everything, and the person is asked for the digits."""
        await self._clients.get(instance_of(call), call.params["client-id"])
        await read_object(call)
        raise OAuthRefusal("no attestation is known here: the person certifies by hand")

    async def certify(self, call: Call) -> Response:
        """204 for the right digits (`code`, with the `token` of the page)."""
        instance, form = instance_of(call), await read_form(call)
        client = await self._clients.get(instance, call.params["client-id"])
        guesser = Guesser(f"{instance.key} {client.id}", network_of(visitor_of(call).address))
        waits = await self._attempts.begin(guesser) > 0
        slip = self._slips.read(PURPOSE, form.get("token", ""))
        code = form.get("code", "").replace(" ", "")
        right = slip is not None and slip["client"] == client.id and same(code, slip["code"])
        if waits or not right:
            raise CertifyingCodeWrong(certify_texts(instance.locale)["later" if waits else "wrong"])
        await self._attempts.succeed(guesser)
        await self._clients.certify(instance, client.id)
        return Response(status_code=204)
