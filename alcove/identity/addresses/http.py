"""`/settings/email`: changing the person's mail address (contract-a section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from alcove.base.errors import BadRequest
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.identity.errors import PassphraseRefused
from alcove.identity.http.forms import way

if TYPE_CHECKING:
    from alcove.identity.addresses.service import MailAddresses
    from alcove.identity.passphrases.http.proving import Proof
    from alcove.identity.service import Gate
    from alcove.instances import Instance, Instances

SETTINGS = "io.cozy.settings"
SHOWN = "account/#mail"
"""The app, and the part of its page, that shows the address."""


class AddressRoutes:
    """A new address is proposed with the passphrase, and confirmed with what is mailed to it."""

    def __init__(self, gate: Gate, addresses: MailAddresses, proof: Proof, instances: Instances, scheme: str) -> None:
        self._gate = gate
        self._addresses = addresses
        self._proof = proof
        self._instances = instances
        self._scheme = scheme

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("POST", "/settings/email", self.propose, Guard.TOKEN, jsonapi_errors),
            Route("POST", "/settings/email/resend", self.again, Guard.TOKEN, jsonapi_errors),
            Route("DELETE", "/settings/email", self.give_up, Guard.TOKEN, jsonapi_errors),
            Route("GET", "/settings/email/confirm", self.confirm, Guard.PUBLIC, jsonapi_errors),
        ]

    async def propose(self, call: Call) -> Response:
        """Body `{email, passphrase}`; the passphrase as a client hashed it."""
        call.caller.allow_type("POST", SETTINGS)
        instance = cast("Instance", call.instance)
        fields = await call.json_object(64 << 10)
        email, form = fields.get("email"), fields.get("passphrase")
        if not isinstance(email, str) or not isinstance(form, str):
            raise BadRequest("email and passphrase are needed, both as texts")
        if not await self._proof.holds(call, instance, form, call.caller.session):
            raise PassphraseRefused
        await self._addresses.propose(instance, email)
        return Response(status_code=204)

    async def again(self, call: Call) -> Response:
        """Mails the new address once more."""
        call.caller.allow_type("POST", SETTINGS)
        await self._addresses.again(cast("Instance", call.instance))
        return Response(status_code=204)

    async def give_up(self, call: Call) -> Response:
        """The present address stays. The verb that is needed is POST, as the contract has it."""
        call.caller.allow_type("POST", SETTINGS)
        await self._addresses.give_up(cast("Instance", call.instance))
        return Response(status_code=204)

    async def confirm(self, call: Call) -> Response:
        """The link in the mail, for who is logged in; others log in first."""
        instance = cast("Instance", call.instance)
        if await self._gate.session(call) is None:
            here = f"{self._scheme}://{instance.domain}/settings/email/confirm?token={call.query('token')}"
            return RedirectResponse(f"/auth/login?redirect={quote(here, safe='')}", 303)
        await self._addresses.confirm(instance, call.query("token"))
        return RedirectResponse(way(self._instances, self._scheme, instance, SHOWN), 307)
