"""The end of every login, whatever proved it: a session, its cookies, and the way in (contract-a section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from starlette.responses import RedirectResponse, Response

from alcove.base.http import Call, JSONResponse
from alcove.identity.factors.trusted import trusts
from alcove.identity.http.forms import visitor_of
from alcove.identity.passphrases.http.proving import remember
from alcove.identity.sessions.service import LONG_RUN, SHORT_RUN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.clock import Clock
    from alcove.identity.factors.service import SecondFactors
    from alcove.identity.service import Gate
    from alcove.identity.sessions.service import Sessions
    from alcove.instances import Instance

AUTHORIZE = "/auth/authorize"
"""The page that asks whether a program is let in: a login on the way there is a short one (contract-a section 2)."""


class Entrance:
    """Lets people in. Who judges a proof (a passphrase, a passkey, a mailed link) ends with one of these verbs."""

    def __init__(self, gate: Gate, sessions: Sessions, factors: SecondFactors, clock: Clock, scheme: str) -> None:
        self._gate = gate
        self._sessions = sessions
        self._factors = factors
        self._clock = clock
        self._scheme = scheme

    async def proved(
        self,
        call: Call,
        instance: Instance,
        target: str,
        *,
        long_run: bool,
        more: Mapping[str, str] | None = None,
        trusted: str = "",
        verified: str = "",
    ) -> Response:
        """One proof was given: a passphrase, another provider's word, a mailed link. `target` is from `forms.way`.

        `more` are members of the session's document, `trusted` is what a browser keeps that gave a second proof before,
        `verified` is the operator's word that mails reach the person.
        Where the person wants a second proof, leads to where it is said.
        """
        asked = await self._factors.mode(instance)
        known = bool(asked) and trusts(instance, visitor_of(call), trusted, self._clock.now())
        if not asked or known or await self._factors.vouched(instance, verified):
            return await self.enter(call, instance, target, long_run=long_run, more=more)
        token = await self._factors.begin(instance, long_run=long_run, more=dict(more or {}))
        said = {"two_factor_token": token, "long_run_session": str(long_run).lower(), "redirect": target}
        url = f"{self._scheme}://{instance.domain}/auth/twofactor?{urlencode(said)}"
        return JSONResponse({"redirect": url}) if _speaks_json(call) else RedirectResponse(url, 303)

    async def enter(
        self,
        call: Call,
        instance: Instance,
        target: str,
        *,
        long_run: bool,
        more: Mapping[str, str] | None = None,
        trusted: str = "",
    ) -> Response:
        """All that was asked for is proved: opens a session and answers where to go, as JSON to who accepts it.

        `trusted` is told to the browser, to be kept for its next logins.
        """
        told = {"two_factor_trusted_device_token": trusted} if trusted else {}
        response = JSONResponse({"redirect": target, **told}) if _speaks_json(call) else RedirectResponse(target, 303)
        # Who logs in for a program alone wants no more of this browser.
        short = not long_run and urlsplit(target).path == AUTHORIZE
        return await self.open(call, instance, response, long_run=long_run, short_run=short, more=more)

    async def open(
        self,
        call: Call,
        instance: Instance,
        response: Response,
        *,
        long_run: bool,
        short_run: bool = False,
        more: Mapping[str, str] | None = None,
    ) -> Response:
        """Opens a session for this browser, and gives `response` its cookies."""
        visitor, age = visitor_of(call), LONG_RUN if long_run else SHORT_RUN if short_run else None
        _, cookie = await self._sessions.open(instance, visitor, long_run=long_run, short_run=short_run, more=more)
        response.headers.append("Set-Cookie", self._gate.cookie(instance, cookie, age))
        remember(response, instance, secure=self._scheme == "https")
        return response


def _speaks_json(call: Call) -> bool:
    return "application/json" in call.request.headers.get("accept", "")
