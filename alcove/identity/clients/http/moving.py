"""Letting a client move a place: what is in it goes elsewhere, or comes from there (contract-b section 17).

The person is asked for the passphrase, and not for a session: they are logged in at the other place.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from starlette.responses import RedirectResponse, Response

from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.base.ids import new_code
from alcove.base.pages import Pages
from alcove.identity import letters
from alcove.identity.clients.authorizing import read_asked
from alcove.identity.clients.http.authorize import UNKEPT, notice
from alcove.identity.clients.texts import moving_texts
from alcove.identity.errors import AuthorizeWrong, WrongPassphrase
from alcove.identity.http.forms import PAGES, check_csrf, read_form, set_csrf, visitor_of
from alcove.identity.passphrases.http.confirming import CSP
from alcove.identity.passphrases.model import salt_of
from alcove.identity.sessions.browsers import browser_of
from alcove.identity.texts import texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.identity.clients.authorizing import Asked
    from alcove.identity.clients.service import Clients
    from alcove.identity.factors.service import SecondFactors
    from alcove.identity.notices import Notices
    from alcove.identity.passphrases.http.proving import Proof
    from alcove.identity.passphrases.service import Passphrases
    from alcove.identity.tokens.once import OnceCodes
    from alcove.instances import Instance

log = logging.getLogger("alcove.identity")

SCOPE = "io.cozy.exports io.cozy.imports"
"""What a client may do that moves a place, and nothing else."""
FIELDS = ("state", "client_id", "redirect_uri")


class Moving:
    """The page that asks, what it posts, and the way back to the client."""

    def __init__(
        self,
        clients: Clients,
        codes: OnceCodes,
        proof: Proof,
        passphrases: Passphrases,
        factors: SecondFactors,
        notices: Notices,
        scheme: str,
    ) -> None:
        self._clients = clients
        self._codes = codes
        self._proof = proof
        self._passphrases = passphrases
        self._factors = factors
        self._notices = notices
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/auth/authorize/move", self.ask, Guard.PUBLIC),
            Route("POST", "/auth/authorize/move", self.allow, Guard.PUBLIC),
        ]

    async def ask(self, call: Call) -> Response:
        """The page that says who wants to move this place, and asks for the passphrase."""
        instance = cast("Instance", call.instance)
        try:
            asked = await self._asked(instance, call.request.query_params)
        except AuthorizeWrong as refusal:
            if "text/html" not in call.request.headers.get("accept", ""):
                raise
            return notice(self._pages, instance, "wrong", refusal)
        words, csrf = moving_texts(instance.locale), call.request.cookies.get("_csrf") or new_code()
        html = self._pages.render(
            "confirm.html",
            t={**words, "why": words["why"].format(name=asked.client.name, place=asked.place)},
            locale=instance.locale,
            domain=instance.domain,
            csrf=csrf,
            salt=salt_of(instance.salted),
            iterations=self._passphrases.iterations(instance),
            action="/auth/authorize/move",
            fields={name: call.query(name) for name in FIELDS},
        )
        return set_csrf(Response(html, 200, {"Content-Security-Policy": CSP, **UNKEPT}, "text/html"), csrf)

    async def allow(self, call: Call) -> Response:
        """Leads back to the client with a code, for who says the passphrase; to the second proof where one is wanted.

        Raises `AuthorizeWrong`, `WrongPassphrase`, `TooManyLogins`.
        """
        instance = cast("Instance", call.instance)
        form = await read_form(call)
        check_csrf(call, form.get("csrf_token", ""))
        asked = await self._asked(instance, form)
        if not await self._proof.holds(call, instance, form.get("passphrase", "")):
            raise WrongPassphrase(texts(instance.locale)["wrong"])
        if not await self._factors.mode(instance):
            return await self._lead(call, instance, asked)
        token = await self._factors.begin(instance, move={name: form[name] for name in FIELDS})
        return _to(call, f"{self._scheme}://{instance.domain}/auth/twofactor?two_factor_token={token}")

    async def proved(self, call: Call, instance: Instance, said: Mapping[str, str]) -> Response:
        """The second proof was given too: `said` is what the page of the first one knew. Raises `AuthorizeWrong`."""
        return await self._lead(call, instance, await self._asked(instance, said))

    async def _asked(self, instance: Instance, said: Mapping[str, str]) -> Asked:
        wanted = {name: said.get(name, "") for name in FIELDS}
        asked = await read_asked(self._clients, instance, {**wanted, "response_type": "code", "scope": SCOPE})
        if asked.scope != SCOPE:
            raise AuthorizeWrong("A client that speaks for an app moves no place")
        if not instance.fields.get("password_defined"):
            raise AuthorizeWrong("This place has no passphrase")
        return asked

    async def _lead(self, call: Call, instance: Instance, asked: Asked) -> Response:
        _, system = browser_of(visitor_of(call).agent)
        await self._clients.let_in(instance, asked.client.id, system)
        code = await self._codes.make(instance, {"client_id": asked.client.id, "scope": SCOPE, "code_challenge": ""})
        log.info("a client may move the place", extra={"domain": instance.domain, "client": asked.client.id})
        await self._notices.tell(instance, letters.moving(instance.locale, instance.domain, asked.client.name))
        return _to(call, asked.back(code=code, access_code=code))


def _to(call: Call, target: str) -> Response:
    json = "application/json" in call.request.headers.get("accept", "")
    return JSONResponse({"redirect": target}) if json else RedirectResponse(target, 303, UNKEPT)
