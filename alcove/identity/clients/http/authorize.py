"""A person lets a client in: the page that asks, and what it leads to (contract-a section 3; RFC 6749 section 4.1)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from starlette.responses import RedirectResponse, Response

from alcove.base.errors import Refusal
from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.base.ids import new_code
from alcove.base.pages import Pages
from alcove.identity import letters
from alcove.identity.clients.authorizing import LOGIN, read_asked, rules_of
from alcove.identity.clients.scopes import opened, reads_only
from alcove.identity.clients.service import APP
from alcove.identity.clients.texts import authorize_texts
from alcove.identity.errors import AuthorizeWrong, LoginNeeded
from alcove.identity.http.forms import PAGES, check_csrf, read_form, set_csrf, visitor_of
from alcove.identity.service import login_url
from alcove.identity.sessions.browsers import browser_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.base.http import Rule
    from alcove.identity.clients.authorizing import Asked
    from alcove.identity.clients.http.certifying import Certifying
    from alcove.identity.clients.service import Clients
    from alcove.identity.notices import Notices
    from alcove.identity.service import Gate
    from alcove.identity.sessions.http.opening import SessionCodes
    from alcove.identity.tokens.once import OnceCodes
    from alcove.instances import Instance, Instances

log = logging.getLogger("alcove.identity")

CSP = "default-src 'self';frame-ancestors 'none';base-uri 'none';form-action 'self' {source};img-src 'self' data:;"
FIELDS = ("state", "client_id", "redirect_uri", "response_type", "scope", "code_challenge", "code_challenge_method")
"""What the page sends back as it came."""
UNKEPT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""The address holds what the client will know the answer by: it goes to no other page, and stays in no cache."""


class AuthorizePages:
    """Asks the person, and gives the client a code for the tokens."""

    def __init__(
        self,
        gate: Gate,
        clients: Clients,
        codes: OnceCodes,
        session_codes: SessionCodes,
        certifying: Certifying,
        notices: Notices,
        instances: Instances,
        scheme: str,
    ) -> None:
        self._gate = gate
        self._clients = clients
        self._codes = codes
        self._session_codes = session_codes
        self._certifying = certifying
        self._notices = notices
        self._instances = instances
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/auth/authorize", self.ask, Guard.PUBLIC),
            Route("POST", "/auth/authorize", self.allow, Guard.PUBLIC),
        ]

    async def ask(self, call: Call) -> Response:
        """The page that says what the client wants to do, for who is logged in; else the login."""
        instance = cast("Instance", call.instance)
        entered = await self._session_codes.enter(call, short=True)
        if entered is not None:
            return entered
        try:
            asked = await read_asked(self._clients, instance, call.request.query_params)
        except AuthorizeWrong as refusal:
            return self._refuse(call, instance, refusal)
        if await self._gate.session(call) is None:
            here = f"{self._scheme}://{instance.domain}/auth/authorize?{call.request.url.query}"
            return RedirectResponse(login_url(self._scheme, instance, here), 303)
        if asked.uncertain:
            return await self._certifying.page(call, asked.client)
        if asked.silent:
            return await self._give(call, instance, asked)
        try:
            return self._page(call, instance, asked, await rules_of(self._clients, instance, asked))
        except AuthorizeWrong as refusal:
            return self._refuse(call, instance, refusal)

    async def allow(self, call: Call) -> Response:
        """The person lets the client in: leads back to it with a code, which is good for ten minutes."""
        instance = cast("Instance", call.instance)
        form = await read_form(call)
        check_csrf(call, form.get("csrf_token", ""))
        try:
            asked = await read_asked(self._clients, instance, form)
            if await self._gate.session(call) is None:
                raise LoginNeeded
            if asked.uncertain:
                raise AuthorizeWrong("Not certified")
            if not asked.silent:
                await rules_of(self._clients, instance, asked)
            await self._clients.bring(instance, asked.client)
        except Refusal as refusal:
            return self._refuse(call, instance, refusal)
        _, system = browser_of(visitor_of(call).agent)
        await self._clients.let_in(instance, asked.client.id, system)
        if asked.client.pending:
            letter = letters.connected(instance.locale, instance.domain, asked.client.name)
            await self._notices.tell(instance, letter)
        return await self._give(call, instance, asked)

    async def _give(self, call: Call, instance: Instance, asked: Asked) -> Response:
        scope = "" if asked.scope == LOGIN else asked.scope
        fields = {"client_id": asked.client.id, "scope": scope, "code_challenge": asked.challenge}
        code = await self._codes.make(instance, fields)
        log.info("a client was let in", extra={"domain": instance.domain, "client": asked.client.id})
        said = {"access_code": code, "code": code}
        if scope.startswith(APP) and asked.address.startswith(("http:", "https:")):
            slug = scope.removeprefix(APP)
            said["fallback"] = f"{self._scheme}://{self._instances.app_host(instance, slug)}/"
        if call.request.headers.get("accept") == "application/json":
            return JSONResponse({"deeplink": asked.back(**said)})
        return RedirectResponse(asked.back(**said), 302, UNKEPT)

    def _page(self, call: Call, instance: Instance, asked: Asked, rules: Sequence[Rule]) -> Response:
        csrf = call.request.cookies.get("_csrf") or new_code()
        html = self._pages.render(
            "authorize.html",
            t=authorize_texts(instance.locale),
            locale=instance.locale,
            domain=instance.domain,
            client=asked.client,
            place=asked.place,
            lines=opened(rules, instance.locale),
            reading=reads_only(rules),
            refuse=asked.back(error="access_denied"),
            fields={name: call.query(name) for name in FIELDS if call.query(name)},
            csrf=csrf,
        )
        headers = {"Content-Security-Policy": CSP.format(source=asked.source), **UNKEPT}
        return set_csrf(Response(html, 200, headers, "text/html"), csrf)

    def _refuse(self, call: Call, instance: Instance, refusal: Refusal) -> Response:
        """A page for a browser that says what is wrong; never leads on to an address that is not known to be right."""
        if "text/html" not in call.request.headers.get("accept", ""):
            raise refusal
        return notice(self._pages, instance, "wrong", refusal)


def notice(pages: Pages, instance: Instance, what: str, refusal: Refusal) -> Response:
    """A page that says why it goes no further: `what_title` and `what_why` of the texts, and the technical words."""
    words: Mapping[str, str] = authorize_texts(instance.locale)
    html = pages.render(
        "notice.html",
        t=words,
        title=words[f"{what}_title"],
        why=words[f"{what}_why"],
        detail=refusal.detail,
        locale=instance.locale,
    )
    headers = {"Content-Security-Policy": CSP.format(source=""), **UNKEPT, **refusal.headers}
    return Response(html, refusal.status, headers, "text/html")
