"""The pages for who has forgotten the passphrase, and what they post (contract-a section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import RedirectResponse, Response

from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.base.ids import new_code
from alcove.base.pages import Pages
from alcove.identity.errors import ResetRefused, TooManyLogins
from alcove.identity.http.forms import PAGES, check_csrf, hashed, read_form, rounds, set_csrf, visitor_of
from alcove.identity.limits import Guesser, network_of
from alcove.identity.passphrases.model import ITERATIONS, salt_of
from alcove.identity.passphrases.vault import keys_of
from alcove.identity.texts import forgotten_texts, renew_texts

if TYPE_CHECKING:
    from alcove.identity.limits import Attempts
    from alcove.identity.passphrases.resets import Resets
    from alcove.identity.service import Gate
    from alcove.identity.sessions.service import Sessions
    from alcove.instances import Instance

CSP = "default-src 'self';frame-ancestors 'none';base-uri 'none';form-action 'self';img-src 'self' data:;"


class ResetRoutes:
    """Asking for a mail, and choosing a new passphrase with what it brings."""

    def __init__(self, gate: Gate, sessions: Sessions, resets: Resets, asked: Attempts, scheme: str) -> None:
        self._gate = gate
        self._sessions = sessions
        self._resets = resets
        self._asked = asked
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/auth/passphrase_reset", self.forgotten, Guard.PUBLIC),
            Route("POST", "/auth/passphrase_reset", self.ask, Guard.PUBLIC),
            Route("GET", "/auth/passphrase_renew", self.page, Guard.PUBLIC),
            Route("POST", "/auth/passphrase_renew", self.renew, Guard.PUBLIC),
            Route("POST", "/auth/hint", self.hint, Guard.PUBLIC),
        ]

    async def forgotten(self, call: Call) -> Response:
        """What to do about a forgotten passphrase: a mail, where mail is set up; else, and always, the server."""
        return self._forgotten(call)

    async def ask(self, call: Call) -> Response:
        """Mails a link. Whoever asks is told the same: neither that there is an address here, nor which one."""
        instance = cast("Instance", call.instance)
        form = await read_form(call)
        check_csrf(call, form.get("csrf_token", ""))
        await self._count(call, instance)
        await self._resets.ask(instance)
        response = self._forgotten(call, sent=self._resets.offered)
        session = await self._gate.session(call)
        if session is not None:
            await self._sessions.end(instance, session.id)
            response.headers.append("Set-Cookie", self._gate.cookie(instance, "", 0))
        return response

    async def hint(self, call: Call) -> Response:
        """Mails the hint, if one was kept. Told in the same words, whether there is one or not."""
        instance = cast("Instance", call.instance)
        await self._count(call, instance)
        await self._resets.hint(instance)
        return self._forgotten(call, sent=self._resets.offered)

    async def _count(self, call: Call, instance: Instance) -> None:
        """Slows down who asks again and again; raises `TooManyLogins`."""
        wait = await self._asked.begin(Guesser(instance.key, network_of(visitor_of(call).address)))
        if wait > 0:
            raise TooManyLogins(wait, instance.locale)

    def _forgotten(self, call: Call, *, sent: bool = False, error: str = "", status: int = 200) -> Response:
        instance = cast("Instance", call.instance)
        csrf = call.request.cookies.get("_csrf") or new_code()
        html = self._pages.render(
            "forgotten.html",
            t=forgotten_texts(instance.locale),
            locale=instance.locale,
            domain=instance.domain,
            csrf=csrf,
            mail=self._resets.offered,
            sent=sent,
            error=error,
        )
        headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-store"}
        return set_csrf(Response(html, status, headers, "text/html"), csrf)

    async def page(self, call: Call) -> Response:
        """Where a new passphrase is chosen; 400, and where to ask for another mail, when the link is over."""
        instance = cast("Instance", call.instance)
        token = call.query("token")
        if not await self._resets.holds(instance, token):
            return self._forgotten(call, error=ResetRefused(instance.locale).detail, status=400)
        csrf = call.request.cookies.get("_csrf") or new_code()
        words = renew_texts(instance.locale)
        html = self._pages.render(
            "renew.html",
            t=words,
            texts=dict(words),
            locale=instance.locale,
            domain=instance.domain,
            token=token,
            csrf=csrf,
            salt=salt_of(instance.salted),
            iterations=ITERATIONS,
        )
        # The address holds a secret: it goes to no other page, and stays in no cache.
        headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return set_csrf(Response(html, 200, headers, "text/html"), csrf)

    async def renew(self, call: Call) -> Response:
        """Sets the new passphrase and leads to the login: a second factor is asked for there as ever."""
        instance = cast("Instance", call.instance)
        form = await read_form(call)
        check_csrf(call, form.get("csrf_token", ""))
        token, iterations = form.get("passphrase_reset_token", ""), rounds(form)
        await self._resets.renew(instance, token, hashed(form, "passphrase"), iterations, keys_of(form))
        target = f"{self._scheme}://{instance.domain}/auth/login"
        json = "application/json" in call.request.headers.get("accept", "")
        response = JSONResponse({"redirect": target}) if json else RedirectResponse(target, 303)
        response.headers.append("Set-Cookie", self._gate.cookie(instance, "", 0))
        return response
