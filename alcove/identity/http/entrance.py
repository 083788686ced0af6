"""The end of every login, whatever proved it: a session, its cookies, and the way in (contract-a section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from alcove.base.http import Call, JSONResponse
from alcove.identity.http.forms import visitor_of
from alcove.identity.http.proving import remember
from alcove.identity.sessions import LONG_RUN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.identity.service import Gate
    from alcove.identity.sessions import Sessions
    from alcove.instances import Instance


class Entrance:
    """Lets people in. Who judges a proof (a passphrase, a passkey, a mailed link) ends with one of these verbs."""

    def __init__(self, gate: Gate, sessions: Sessions, scheme: str) -> None:
        self._gate = gate
        self._sessions = sessions
        self._scheme = scheme

    async def proved(
        self, call: Call, instance: Instance, target: str, *, long_run: bool, more: Mapping[str, str] | None = None
    ) -> Response:
        """One proof was given: a passphrase, another provider's word, a mailed link. `target` is from `forms.way`.

        `more` are members of the session's document. This is the place where a second proof is asked for, when the
        person wants that.
        """
        return await self.enter(call, instance, target, long_run=long_run, more=more)

    async def enter(
        self, call: Call, instance: Instance, target: str, *, long_run: bool, more: Mapping[str, str] | None = None
    ) -> Response:
        """All that was asked for is proved: opens a session and answers where to go, as JSON to who accepts it."""
        json = "application/json" in call.request.headers.get("accept", "")
        response = JSONResponse({"redirect": target}) if json else RedirectResponse(target, 303)
        return await self.open(call, instance, response, long_run=long_run, more=more)

    async def open(
        self,
        call: Call,
        instance: Instance,
        response: Response,
        *,
        long_run: bool,
        more: Mapping[str, str] | None = None,
    ) -> Response:
        """Opens a session for this browser, and gives `response` its cookies."""
        _, cookie = await self._sessions.open(instance, visitor_of(call), long_run=long_run, more=more)
        response.headers.append("Set-Cookie", self._gate.cookie(instance, cookie, LONG_RUN if long_run else None))
        remember(response, instance, secure=self._scheme == "https")
        return response
