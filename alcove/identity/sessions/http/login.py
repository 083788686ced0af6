"""Logging in and out (contract-a section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from alcove.base.errors import PlainRefusal, Refusal
from alcove.base.http import Call, Guard, Route
from alcove.base.ids import new_code
from alcove.base.pages import Pages
from alcove.identity.errors import LogoutFromElsewhere, TooManyLogins, WrongPassphrase
from alcove.identity.http.forms import PAGES, check_csrf, check_origin, read_form, set_csrf, way
from alcove.identity.passphrases.model import salt_of
from alcove.identity.texts import left_texts, texts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alcove.identity.doors import Doors
    from alcove.identity.passphrases.http.proving import Proof
    from alcove.identity.passphrases.service import Passphrases
    from alcove.identity.service import Gate
    from alcove.identity.sessions.http.entrance import Entrance
    from alcove.identity.sessions.service import Session, Sessions
    from alcove.instances import Instance, Instances

CSP = "default-src 'self';frame-src {proxy} ;frame-ancestors 'none';base-uri 'none';img-src 'self' data:;"
"""The login page may frame the data proxy's reset page, as the contract has it (contract-a section 1)."""
FORGOTTEN_CSP = "default-src 'self';frame-ancestors 'none';base-uri 'none';form-action 'none';"
LEFT, LEFT_AGE = "alcove_left", 300
"""The cookie of a browser that has just logged out, and its seconds."""
THEME = "alcove_theme"
"""The cookie in which the pages of the apps keep whether this device is light or dark."""
ASSETS = {
    "certify.js": "text/javascript; charset=utf-8",
    "first.js": "text/javascript; charset=utf-8",
    "login.js": "text/javascript; charset=utf-8",
    "renew.js": "text/javascript; charset=utf-8",
    "passkey.js": "text/javascript; charset=utf-8",
    "passkey-login.js": "text/javascript; charset=utf-8",
    "passkey-new.js": "text/javascript; charset=utf-8",
    "twofactor.js": "text/javascript; charset=utf-8",
    "passphrase.js": "text/javascript; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


class LoginPages:
    """The login page, what it posts, and logging out."""

    def __init__(
        self,
        gate: Gate,
        sessions: Sessions,
        passphrases: Passphrases,
        proof: Proof,
        entrance: Entrance,
        doors: Doors,
        instances: Instances,
        beginning: Callable[[Instance], Awaitable[str]],
        scheme: str,
    ) -> None:
        self._gate = gate
        self._sessions = sessions
        self._passphrases = passphrases
        self._proof = proof
        self._entrance = entrance
        self._doors = doors
        self._instances = instances
        self._beginning = beginning
        self._scheme = scheme
        self._pages = Pages(PAGES)
        self._assets = {name: (PAGES / name).read_bytes() for name in ASSETS}

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/auth/login", self.page, Guard.PUBLIC),
            Route("POST", "/auth/login", self.login, Guard.PUBLIC),
            Route("DELETE", "/auth/login", self.logout, Guard.PUBLIC),
            Route("DELETE", "/auth/login/others", self.end_others, Guard.PUBLIC),
            Route("POST", "/auth/logout", self.leave, Guard.SESSION),
            Route("GET", "/assets/:name", self.asset, Guard.PUBLIC, bare=True),
        ]

    async def page(self, call: Call) -> Response:
        """The form; who is logged in goes on to where they wanted."""
        instance = cast("Instance", call.instance)
        wanted = call.query("redirect")
        target = way(self._instances, self._scheme, instance, wanted)
        if await self._gate.session(call) is not None:
            if not wanted:
                target = way(self._instances, self._scheme, instance, await self._beginning(instance))
            return RedirectResponse(target, 303)
        if self._doors.providers.alone(instance):
            if call.request.cookies.get(LEFT):
                return self._left(instance, wanted)
            return RedirectResponse(f"/oidc/start?{urlencode({'redirect': wanted})}", 303)
        return await self._form(call, instance)

    def _left(self, instance: Instance, wanted: str) -> Response:
        """The page of who has just logged out, where the provider would let them in again at once."""
        html = self._pages.render(
            "left.html",
            t=left_texts(instance.locale),
            locale=instance.locale,
            domain=instance.domain,
            provider=self._doors.providers.of(instance),
            redirect=wanted,
        )
        headers = {"Content-Security-Policy": FORGOTTEN_CSP, "Cache-Control": "no-store"}
        return Response(html, 200, headers, "text/html")

    def _out(self, instance: Instance, response: Response) -> Response:
        """Takes the session's cookie away, and remembers for a moment that the person wanted to leave."""
        response.headers.append("Set-Cookie", self._gate.cookie(instance, "", 0))
        if self._doors.providers.alone(instance):
            secure = self._scheme == "https"
            response.set_cookie(LEFT, "1", LEFT_AGE, path="/auth/login", httponly=True, secure=secure, samesite="lax")
        return response

    async def _form(self, call: Call, instance: Instance, error: str = "", status: int = 200) -> Response:
        csrf = call.request.cookies.get("_csrf") or new_code()
        html = self._pages.render(
            "login.html",
            t=texts(instance.locale),
            locale=instance.locale,
            domain=instance.domain,
            csrf=csrf,
            salt=salt_of(instance.salted),
            iterations=self._passphrases.iterations(instance),
            redirect=call.query("redirect"),
            verified=call.query("email_verified_code"),
            provider=self._doors.providers.of(instance),
            magic=self._doors.links.offered(instance),
            passkeys=bool(await self._doors.passkeys.all(instance)),
            error=error,
            ready=bool(instance.fields.get("password_defined")),
            sample=bool(instance.fields.get("sample")),
        )
        proxy = f"{self._scheme}://{self._instances.app_host(instance, 'dataproxy')}/reset"
        headers = {"Content-Security-Policy": CSP.format(proxy=proxy), "Cache-Control": "no-store"}
        return set_csrf(Response(html, status, headers, "text/html"), csrf)

    async def login(self, call: Call) -> Response:
        """Opens a session for who knows the passphrase."""
        instance = cast("Instance", call.instance)
        form = await read_form(call)
        check_csrf(call, form.get("csrf_token", ""))
        target = way(self._instances, self._scheme, instance, form.get("redirect", ""))
        try:
            right = await self._proof.holds(call, instance, form.get("passphrase", ""))
        except TooManyLogins as refusal:
            return await self._refuse(call, instance, refusal)
        if not right:
            return await self._refuse(call, instance, WrongPassphrase(texts(instance.locale)["wrong"]))
        long_run = form.get("long-run-session") in ("1", "true", "on")
        trusted = form.get("trusted-device-token", "")
        verified = form.get("email_verified_code", "")
        return await self._entrance.proved(
            call, instance, target, long_run=long_run, trusted=trusted, verified=verified
        )

    async def _refuse(self, call: Call, instance: Instance, refusal: Refusal) -> Response:
        if "text/html" not in call.request.headers.get("accept", ""):
            raise refusal
        response = await self._form(call, instance, refusal.detail, refusal.status)
        response.headers.update(refusal.headers)
        return response

    async def logout(self, call: Call) -> Response:
        """Ends the session of the browser in which one of the person's apps runs; the app shows its token."""
        instance = cast("Instance", call.instance)
        session = await self._app_session(call)
        await self._sessions.end(instance, session.id)
        return self._out(instance, Response(status_code=204))

    async def end_others(self, call: Call) -> Response:
        """Ends all sessions but that of the browser in which one of the person's apps runs."""
        session = await self._app_session(call)
        await self._sessions.end_all(cast("Instance", call.instance), but=session.id)
        return Response(status_code=204)

    async def _app_session(self, call: Call) -> Session:
        """The session that the token of an app was made for; raises `LogoutFromElsewhere`."""
        try:
            await self._gate.admit(call, Guard.TOKEN)
        except PlainRefusal:
            raise LogoutFromElsewhere from None
        session = await self._gate.session(call) if call.caller.audience == "app" else None
        if session is None:
            raise LogoutFromElsewhere
        return session

    async def leave(self, call: Call) -> Response:
        """Ends the session from a page of this server (a form on the same origin)."""
        instance = cast("Instance", call.instance)
        check_origin(call)
        session = await self._gate.session(call)
        if session is not None:
            await self._sessions.end(instance, session.id)
        return self._out(instance, RedirectResponse("/auth/login", 303))

    async def asset(self, call: Call) -> Response:
        """A file of these pages. The style follows what the person chose for this device, light or dark."""
        name = call.params["name"]
        if name not in self._assets:
            return Response("Not Found", 404, media_type="text/plain")
        content, headers = self._assets[name], {"Cache-Control": "no-cache"}
        if name == "page.css":
            headers["Vary"] = "Cookie"
            theme = call.request.cookies.get(THEME)
            if theme in ("light", "dark"):
                content += f":root {{ color-scheme: {theme}; }}\n".encode()
        return Response(content, 200, headers, ASSETS[name])
