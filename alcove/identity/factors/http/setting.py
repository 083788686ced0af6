"""Setting the second factor up: by mail as the contract has it (contract-a section 8), and by an authenticator app."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

from starlette.responses import Response

from alcove.base.errors import BadRequest, Unprocessable
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, resource
from alcove.identity.errors import FactorRefused, PassphraseRefused
from alcove.identity.factors.model import BY_APP, picture_of
from alcove.identity.factors.texts import factor_texts
from alcove.identity.http.forms import visitor_of
from alcove.identity.limits import network_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alcove.identity.factors.service import SecondFactors
    from alcove.identity.passphrases.http.proving import Proof
    from alcove.instances import Instance

SETTINGS = "io.cozy.settings"
HERE = "/settings/second_factor"


class FactorRoutes:
    """What the person's account shows and changes. Secrets and recovery codes are told once."""

    def __init__(self, factors: SecondFactors, proof: Proof) -> None:
        self._factors = factors
        self._proof = proof

    def routes(self) -> list[Route]:
        """The route table of this file."""
        table = (
            ("PUT", "/settings/instance/auth_mode", self.mode),
            ("GET", HERE, self.show),
            ("POST", f"{HERE}/app", self.offer),
            ("PUT", f"{HERE}/app", self.accept),
            ("POST", f"{HERE}/recovery", self.renew),
            ("POST", f"{HERE}/off", self.turn_off),
        )
        return [Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, path, handler in table]

    async def mode(self, call: Call) -> Response:
        """`{auth_mode: two_factor_mail}` mails a code, and with it as `two_factor_activation_code` turns it on."""
        call.caller.allow_type("PUT", SETTINGS)
        instance, fields = cast("Instance", call.instance), await call.json_object(64 << 10)
        code = fields.get("two_factor_activation_code", "")
        with _told():
            if fields.get("auth_mode") == "two_factor_mail" and isinstance(code, str) and code:
                await self._factors.accept_mail(instance, code, _network(call))
            elif fields.get("auth_mode") == "two_factor_mail":
                await self._factors.propose_mail(instance)
            elif fields.get("auth_mode") != "basic":
                raise BadRequest("auth_mode can be basic or two_factor_mail")
            elif await self._factors.mode(instance) == BY_APP:
                # Without the passphrase nobody takes away what a person has set up with it.
                raise Unprocessable(factor_texts(instance.locale)["app"], pointer="/auth_mode")
            else:
                await self._factors.turn_off(instance)
        return Response(status_code=204)

    async def show(self, call: Call) -> Response:
        """`mode` (none, mail or app), how many `recovery_codes` are left, and whether `mail` can be sent."""
        call.caller.allow_type("GET", SETTINGS)
        return _answer(await self._factors.state(cast("Instance", call.instance)))

    async def offer(self, call: Call) -> Response:
        """A secret for an authenticator app, as text, as an address and as a picture; it holds once a code was said."""
        instance = await self._proven(call)
        secret, address = await self._factors.offer(instance)
        return _answer({"secret": secret, "address": address, "picture": picture_of(address)})

    async def accept(self, call: Call) -> Response:
        """Turns the app on with the `code` that it shows; answers the recovery codes, once."""
        call.caller.allow_type("PUT", SETTINGS)
        code = (await call.json_object(64 << 10)).get("code")
        with _told():
            codes = await self._factors.accept(cast("Instance", call.instance), str(code or ""), _network(call))
        return _answer({"recovery_codes": codes})

    async def renew(self, call: Call) -> Response:
        """Ten new recovery codes; those of before open nothing any more."""
        instance = await self._proven(call)
        with _told():
            return _answer({"recovery_codes": await self._factors.renew_recovery(instance)})

    async def turn_off(self, call: Call) -> Response:
        """The passphrase alone opens the place again."""
        instance = await self._proven(call)
        await self._factors.turn_off(instance)
        return Response(status_code=204)

    async def _proven(self, call: Call) -> Instance:
        """For who says the `passphrase`, as a client hashed it; raises `PassphraseRefused`."""
        call.caller.allow_type("PUT", SETTINGS)
        instance, fields = cast("Instance", call.instance), await call.json_object(64 << 10)
        form = fields.get("passphrase")
        if not isinstance(form, str) or not await self._proof.holds(call, instance, form, call.caller.session):
            raise PassphraseRefused
        return instance


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Who sets a code up is logged in: a wrong one is a wrong value, not a missing login."""
    try:
        yield
    except FactorRefused as refusal:
        raise Unprocessable(refusal.detail) from None


def _answer(said: dict[str, Any]) -> Response:
    response = answer(resource(SETTINGS, f"{SETTINGS}.second_factor", said, links={"self": HERE}))
    response.headers["Cache-Control"] = "no-store"
    return response


def _network(call: Call) -> str:
    return network_of(visitor_of(call).address)
