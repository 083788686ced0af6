"""The second step of a login: a code that was mailed, of an authenticator app, or kept for bad days (contract-a 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import Response

from alcove.base.errors import BadRequest, PlainRefusal, Refusal
from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.base.pages import Pages
from alcove.identity.errors import FactorRefused, TooManyLogins
from alcove.identity.factors.model import BY_MAIL
from alcove.identity.factors.texts import factor_texts
from alcove.identity.factors.trusted import new_trusted
from alcove.identity.http.forms import PAGES, read_form, visitor_of, way
from alcove.identity.limits import network_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.clock import Clock
    from alcove.identity.clients.http.moving import Moving
    from alcove.identity.factors.service import SecondFactors
    from alcove.identity.passphrases.http.confirming import Confirming
    from alcove.identity.sessions.http.entrance import Entrance
    from alcove.instances import Instance, Instances

CSP = "default-src 'self';frame-ancestors 'none';base-uri 'none';img-src 'self' data:;"


class SecondStep:
    """Asks for the code, and lets in who has it."""

    def __init__(
        self,
        factors: SecondFactors,
        entrance: Entrance,
        confirming: Confirming,
        moving: Moving,
        instances: Instances,
        clock: Clock,
        scheme: str,
    ) -> None:
        self._factors = factors
        self._entrance = entrance
        self._confirming = confirming
        self._moving = moving
        self._instances = instances
        self._clock = clock
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/auth/twofactor", self.page, Guard.PUBLIC),
            Route("POST", "/auth/twofactor", self.prove, Guard.PUBLIC),
        ]

    async def page(self, call: Call) -> Response:
        """The form, for who has given the first proof; 400 for others."""
        instance = cast("Instance", call.instance)
        form = await self._form(instance, call.query("two_factor_token"), call.request.query_params)
        if form is None:
            raise BadRequest(factor_texts(instance.locale)["over"])
        return form

    async def _form(
        self, instance: Instance, token: str, said: Mapping[str, str], refusal: Refusal | None = None
    ) -> Response | None:
        """The page for a token that holds, with what was wrong before; None when it is over."""
        slip = self._factors.read(instance, token)
        if slip is None:
            return None
        by_mail = await self._factors.mode(instance) == BY_MAIL
        html = self._pages.render(
            "twofactor.html",
            t=factor_texts(instance.locale),
            locale=instance.locale,
            domain=instance.domain,
            how="by_app" if not by_mail else "by_mail" if slip["code"] else "unsent",
            token=token,
            said=said,
            error=refusal.detail if refusal else "",
        )
        # The address holds half a login: it goes to no other page, and stays in no cache.
        headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        if refusal is None:
            return Response(html, 200, headers, "text/html")
        return Response(html, refusal.status, headers | refusal.headers, "text/html")

    async def prove(self, call: Call) -> Response:
        """Ends the login that the code is for, or the confirming; the browser may be trusted from then on."""
        instance = cast("Instance", call.instance)
        form = await read_form(call)
        token, passcode = form.get("two-factor-token", ""), form.get("two-factor-passcode", "")
        target = way(self._instances, self._scheme, instance, form.get("redirect", ""))
        visitor = visitor_of(call)
        try:
            said = await self._factors.prove(instance, token, passcode, network_of(visitor.address))
        except (FactorRefused, TooManyLogins) as refusal:
            html = "text/html" in call.request.headers.get("accept", "")
            again = await self._form(instance, token, form, refusal) if html else None
            if again is None:
                raise
            return again
        if "move" in said:
            return await self._moving.proved(call, instance, said["move"])
        if form.get("confirm") == "true":
            return self._confirming.confirmed(call, instance, form.get("state", ""), target)
        trusted = ""
        if form.get("two-factor-generate-trusted-device-token") in ("1", "true", "on"):
            trusted = new_trusted(instance, visitor, self._clock.now())
        long_run = bool(said.get("long_run"))
        return await self._entrance.enter(
            call, instance, target, long_run=long_run, more=said.get("more"), trusted=trusted
        )


class AppStep:
    """The same for clients that speak JSON: apps of a telephone, the page that changes the passphrase."""

    def __init__(self, factors: SecondFactors) -> None:
        self._factors = factors

    async def asks(
        self, call: Call, instance: Instance, token: str, passcode: str, error: str = "", verified: str = ""
    ) -> Response | None:
        """None when no second proof is needed, or it came; else the answer with the token that goes with the code.

        `error` is what that answer says beside, `verified` the operator's word that mails reach the person.
        Raises `SecondWrong`, `TooManyLogins`.
        """
        if not await self._factors.mode(instance) or await self._factors.vouched(instance, verified):
            return None
        if not token or not passcode:
            told = {"error": error} if error else {}
            return JSONResponse({**told, "two_factor_token": await self._factors.begin(instance)})
        try:
            await self._factors.prove(instance, token, passcode, network_of(visitor_of(call).address))
        except FactorRefused as refusal:
            raise SecondWrong(refusal.detail) from None
        return None


class SecondWrong(PlainRefusal):
    """The passphrase was right and the code was not."""

    status = 403
