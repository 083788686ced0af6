"""Logging in by a mailed link: asking for it, opening it, and the second proof (contract-a section 3).

In the browser that asked, the link opens the place at once. Elsewhere a page asks first: programs that look into mails
open links too, and none of them may be let in, nor use the link up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import RedirectResponse, Response

from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.base.ids import new_code
from alcove.base.pages import Pages
from alcove.identity.clients.http.oauth import instance_of, oauth_errors, read_object
from alcove.identity.clients.service import EVERYTHING
from alcove.identity.errors import MagicLinkOff, MagicLinkOver, TooManyLogins, WrongPassphrase
from alcove.identity.factors.model import BY_MAIL
from alcove.identity.http.forms import PAGES, check_csrf, read_form, set_csrf, visitor_of, way
from alcove.identity.limits import Guesser, network_of
from alcove.identity.magic.service import LIVES, MINUTES
from alcove.identity.magic.texts import magic_texts
from alcove.identity.passphrases.model import salt_of

if TYPE_CHECKING:
    from typing import Any

    from alcove.identity.clients.http.granting import Granting
    from alcove.identity.clients.service import Clients
    from alcove.identity.factors.http.twofactor import AppStep
    from alcove.identity.factors.service import SecondFactors
    from alcove.identity.limits import Attempts
    from alcove.identity.magic.service import MagicLinks
    from alcove.identity.passphrases.http.proving import Proof
    from alcove.identity.passphrases.service import Passphrases
    from alcove.identity.service import Gate
    from alcove.identity.sessions.http.entrance import Entrance
    from alcove.identity.sessions.http.opening import SessionCodes
    from alcove.instances import Instance, Instances

COOKIE = "alcove_magic"
"""By what the browser that asked is known."""
CSP = "default-src 'self';frame-ancestors 'none';base-uri 'none';img-src 'self' data:;"


class MagicPages:
    """For browsers. Who wants a second proof by mail says the passphrase: the mailbox has proved all that it can."""

    def __init__(
        self,
        gate: Gate,
        links: MagicLinks,
        factors: SecondFactors,
        proof: Proof,
        passphrases: Passphrases,
        entrance: Entrance,
        instances: Instances,
        asked: Attempts,
        scheme: str,
    ) -> None:
        self._gate = gate
        self._links = links
        self._factors = factors
        self._proof = proof
        self._passphrases = passphrases
        self._entrance = entrance
        self._instances = instances
        self._asked = asked
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("POST", "/auth/magic_link", self.ask, Guard.PUBLIC),
            Route("GET", "/auth/magic_link", self.open, Guard.PUBLIC),
            Route("POST", "/auth/magic_link/twofactor", self.enter, Guard.PUBLIC),
        ]

    async def ask(self, call: Call) -> Response:
        """Mails a link; whoever asks is told the same, whether or not there is an address."""
        instance = cast("Instance", call.instance)
        form = await read_form(call)
        check_csrf(call, form.get("csrf_token", ""))
        target = way(self._instances, self._scheme, instance, form.get("redirect", ""))
        wait = await self._asked.begin(Guesser(instance.key, network_of(visitor_of(call).address)))
        if wait > 0:
            raise TooManyLogins(wait, instance.locale)
        browser = new_code()
        try:
            await self._links.mail(instance, browser, target)
        except MagicLinkOff as refusal:
            return self._page(call, instance, "off", status=refusal.status)
        response = self._page(call, instance, "sent")
        response.set_cookie(
            COOKIE,
            browser,
            max_age=int(LIVES.total_seconds()),
            path="/auth/magic_link",
            httponly=True,
            secure=self._scheme == "https",
            samesite="lax",
        )
        return response

    async def open(self, call: Call) -> Response:
        """Opens a session for who comes with a link, or asks for what is still missing."""
        instance = cast("Instance", call.instance)
        target = way(self._instances, self._scheme, instance, call.query("redirect"))
        if await self._gate.session(call) is not None:
            return RedirectResponse(target, 303)
        code = call.query("code") or call.query("magic_code")
        try:
            said = await self._links.read(instance, code)
        except MagicLinkOver as refusal:
            return self._page(call, instance, "over", status=refusal.status)
        if await self._factors.mode(instance) == BY_MAIL:
            return self._page(call, instance, "both", code=code, target=target)
        mine = self._links.asked_by(said, call.request.cookies.get(COOKIE, ""))
        if not mine or call.request.method == "HEAD":
            return self._page(call, instance, "ready", code=code, target=target)
        try:
            await self._links.use(instance, code)
        except MagicLinkOver as refusal:
            return self._page(call, instance, "over", status=refusal.status)
        return await self._entrance.proved(call, instance, target, long_run=False)

    async def enter(self, call: Call) -> Response:
        """Opens a session for who sends the page of a link, with the passphrase where that was asked for."""
        instance = cast("Instance", call.instance)
        form = await read_form(call)
        check_csrf(call, form.get("csrf_token", ""))
        target = way(self._instances, self._scheme, instance, form.get("redirect", ""))
        code, words = form.get("magic_code", ""), magic_texts(instance.locale)
        try:
            await self._links.read(instance, code)
            by_mail = await self._factors.mode(instance) == BY_MAIL
            if by_mail and not await self._proof.holds(call, instance, form.get("passphrase", "")):
                raise WrongPassphrase(words["wrong"])
            await self._links.use(instance, code)
        except MagicLinkOver:
            if "text/html" in call.request.headers.get("accept", ""):
                return self._page(call, instance, "over", status=400)
            return JSONResponse({"error": words["over"]}, 401)
        enter = self._entrance.enter if by_mail else self._entrance.proved
        return await enter(call, instance, target, long_run=False)

    def _page(
        self, call: Call, instance: Instance, state: str, *, code: str = "", target: str = "", status: int = 200
    ) -> Response:
        words = magic_texts(instance.locale)
        csrf = call.request.cookies.get("_csrf") or new_code()
        html = self._pages.render(
            "magic.html",
            t=words,
            state=state,
            said=words[state].format(minutes=MINUTES),
            locale=instance.locale,
            domain=instance.domain,
            csrf=csrf,
            code=code,
            redirect=target,
            salt=salt_of(instance.salted),
            iterations=self._passphrases.iterations(instance),
        )
        # The address may hold a secret: it goes to no other page, and stays in no cache.
        headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return set_csrf(Response(html, status, headers, "text/html"), csrf)


class MagicTokens:
    """For a client that was opened by the link itself: tokens for everything if it is certified, else a code."""

    def __init__(
        self,
        links: MagicLinks,
        factors: SecondFactors,
        proof: Proof,
        step: AppStep,
        clients: Clients,
        granting: Granting,
        session_codes: SessionCodes,
    ) -> None:
        self._links = links
        self._factors = factors
        self._proof = proof
        self._step = step
        self._clients = clients
        self._granting = granting
        self._session_codes = session_codes

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [Route("POST", "/auth/magic_link/flagship", self.exchange, Guard.PUBLIC, oauth_errors)]

    async def exchange(self, call: Call) -> Response:
        """Tokens for the code of a link, with the second proof where one is asked for."""
        instance, said = instance_of(call), await read_object(call)
        code = _text(said, "magic_code")
        try:
            await self._links.read(instance, code)
        except MagicLinkOver:
            return JSONResponse({"error": "invalid magic code"}, 401)
        if await self._factors.mode(instance) == BY_MAIL:
            passphrase = _text(said, "passphrase")
            if not passphrase or not await self._proof.holds(call, instance, passphrase):
                return JSONResponse({"error": "passphrase is required as second authentication factor"}, 401)
        else:
            token, passcode = _text(said, "two_factor_token"), _text(said, "two_factor_passcode")
            asked = await self._step.asks(call, instance, token, passcode, "two factor needed")
            if asked is not None:
                asked.status_code = 401
                return asked
        client = await self._granting.proven(instance, _text(said, "client_id"), _text(said, "client_secret"))
        try:
            await self._links.use(instance, code)
        except MagicLinkOver:
            return JSONResponse({"error": "invalid magic code"}, 401)
        headers = {"Cache-Control": "no-store"}
        if not self._clients.certified(instance, client):
            return JSONResponse({"session_code": await self._session_codes.make(instance)}, 202, headers)
        await self._clients.let_in(instance, client.id)
        told = {"token_type": "bearer", **self._granting.both(instance, client, EVERYTHING)}
        return JSONResponse(told, headers=headers)


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
