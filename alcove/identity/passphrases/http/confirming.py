"""Confirming who it is, before something that matters: the passphrase is said again (contract-a section 3)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import orjson
from starlette.responses import RedirectResponse, Response

from alcove.base.errors import BadRequest, PlainRefusal
from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.base.ids import new_code
from alcove.base.pages import Pages
from alcove.identity.errors import WrongPassphrase
from alcove.identity.factors.texts import confirm_texts
from alcove.identity.http.forms import PAGES, check_csrf, read_form, set_csrf, way
from alcove.identity.passphrases.model import salt_of
from alcove.identity.texts import texts

if TYPE_CHECKING:
    from alcove.identity.delegation.providers import Providers
    from alcove.identity.factors.service import SecondFactors
    from alcove.identity.passphrases.http.proving import Proof
    from alcove.identity.passphrases.service import Passphrases
    from alcove.identity.service import Gate
    from alcove.identity.tokens.slips import Slips
    from alcove.instances import Instance, Instances
    from alcove.realtime import Realtime

CONFIRMATIONS = "io.cozy.auth.confirmations"
PURPOSE = "confirmation"
LIVES = timedelta(minutes=5)
"""How long the code can be checked, as often as need be."""
STATE = 200
"""Characters of a state at the most: whoever waits names it."""
CSP = "default-src 'self';frame-ancestors 'none';base-uri 'none';img-src 'self' data:;"


class CodeUnknown(PlainRefusal):
    """No confirmation has this code, or not any more."""

    status = 401

    def __init__(self) -> None:
        super().__init__("Invalid code")


class Confirming:
    """The page, what it posts, and the code that tells others that it was done."""

    def __init__(
        self,
        gate: Gate,
        proof: Proof,
        passphrases: Passphrases,
        factors: SecondFactors,
        providers: Providers,
        slips: Slips,
        realtime: Realtime,
        instances: Instances,
        scheme: str,
    ) -> None:
        self._gate = gate
        self._proof = proof
        self._passphrases = passphrases
        self._factors = factors
        self._providers = providers
        self._slips = slips
        self._realtime = realtime
        self._instances = instances
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/auth/confirm", self.page, Guard.PUBLIC),
            Route("POST", "/auth/confirm", self.prove, Guard.PUBLIC),
            Route("GET", "/auth/confirm/:code", self.check, Guard.PUBLIC),
        ]

    async def page(self, call: Call) -> Response:
        """The form, for who is logged in; others log in first."""
        instance, state = cast("Instance", call.instance), call.query("state")
        target = way(self._instances, self._scheme, instance, call.query("redirect"))
        check_state(state)
        if await self._gate.session(call) is None:
            query = urlencode({"state": state, "redirect": target})
            here = f"{self._scheme}://{instance.domain}/auth/confirm?{query}"
            return RedirectResponse(f"/auth/login?redirect={quote(here, safe='')}", 303)
        if self._providers.alone(instance):
            query = urlencode({"redirect": target, "confirm_state": state})
            return RedirectResponse(f"/oidc/start?{query}", 303)
        csrf = call.request.cookies.get("_csrf") or new_code()
        html = self._pages.render(
            "confirm.html",
            t=confirm_texts(instance.locale),
            locale=instance.locale,
            domain=instance.domain,
            csrf=csrf,
            salt=salt_of(instance.salted),
            iterations=self._passphrases.iterations(instance),
            action="/auth/confirm",
            fields={"redirect": target, "state": state},
        )
        headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-store"}
        return set_csrf(Response(html, 200, headers, "text/html"), csrf)

    async def prove(self, call: Call) -> Response:
        """Takes the passphrase; where a second factor is asked for, leads to it first."""
        instance = cast("Instance", call.instance)
        form = await read_form(call)
        check_csrf(call, form.get("csrf_token", ""))
        state = form.get("state", "")
        check_state(state)
        target = way(self._instances, self._scheme, instance, form.get("redirect", ""))
        if not await self._proof.holds(call, instance, form.get("passphrase", "")):
            raise WrongPassphrase(texts(instance.locale)["wrong"])
        return await self.proved(call, instance, state, target)

    async def proved(self, call: Call, instance: Instance, state: str, target: str) -> Response:
        """One proof was given: a passphrase, or another provider's word. Leads to the second one where it is wanted."""
        if not await self._factors.mode(instance):
            return self.confirmed(call, instance, state, target)
        token = await self._factors.begin(instance)
        said = {"two_factor_token": token, "confirm": "true", "state": state, "redirect": target}
        return _lead(call, f"{self._scheme}://{instance.domain}/auth/twofactor?{urlencode(said)}")

    def confirmed(self, call: Call, instance: Instance, state: str, target: str) -> Response:
        """It is the person: tells who waits for this state, and leads back with a code. Raises `BadRequest`."""
        check_state(state)
        code = self._slips.write(PURPOSE, {"tenant": instance.key}, LIVES)
        self._realtime.publish(instance.key, "CREATED", CONFIRMATIONS, state, orjson.dumps({"_id": state}))
        parts = urlsplit(target)
        query = f"{parts.query}&code={code}" if parts.query else f"code={code}"
        return _lead(call, urlunsplit(parts._replace(query=query)))

    async def check(self, call: Call) -> Response:
        """204 while the code holds; raises `CodeUnknown`."""
        if self._slips.read(PURPOSE, call.params["code"]) != {"tenant": call.instance.key}:
            raise CodeUnknown
        return Response(status_code=204)


def check_state(state: str) -> None:
    """Raises `BadRequest` for what nobody can wait for."""
    if not state or len(state) > STATE:
        raise BadRequest(f"state is missing, or longer than {STATE} characters")


def _lead(call: Call, target: str) -> Response:
    json = "application/json" in call.request.headers.get("accept", "")
    return JSONResponse({"redirect": target}) if json else RedirectResponse(target, 303)
