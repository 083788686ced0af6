"""A browser that a certified client opens for the person: a code in the address gives it a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from starlette.responses import RedirectResponse

from alcove.identity.http.forms import visitor_of
from alcove.identity.sessions.service import SHORT_RUN

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.identity.service import Gate
    from alcove.identity.sessions.service import Sessions
    from alcove.identity.tokens.once import OnceCodes
    from alcove.instances import Instance

NAME = "session_code"
"""The parameter of the query that brings the code."""


class SessionCodes:
    """Makes such codes, and takes them back."""

    def __init__(self, gate: Gate, sessions: Sessions, codes: OnceCodes, scheme: str) -> None:
        self._gate = gate
        self._sessions = sessions
        self._codes = codes
        self._scheme = scheme

    async def make(self, instance: Instance) -> str:
        """A new code, which opens one session within seven days."""
        return await self._codes.make(instance, {})

    async def take(self, instance: Instance, code: str) -> bool:
        """Whether a code is good; from then on it is not."""
        return await self._codes.take(instance, code) is not None

    async def enter(self, call: Call, *, short: bool = False) -> Response | None:
        """Leads on to the same page without its code, with a session; None when there is no good one, or no need.

        A `short` session is for one page: its cookie is kept for five minutes.
        """
        instance, code = cast("Instance", call.instance), call.query(NAME)
        # Used up in any case: it must not lie about in the history of a browser.
        if not code or await self._codes.take(instance, code) is None or await self._gate.session(call) is not None:
            return None
        _, cookie = await self._sessions.open(instance, visitor_of(call), long_run=False, short_run=short)
        rest = urlencode([pair for pair in call.request.query_params.multi_items() if pair[0] != NAME])
        here = f"{self._scheme}://{call.request.headers['host']}{call.request.url.path}"
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        response = RedirectResponse(f"{here}?{rest}" if rest else here, 303, headers)
        response.headers.append("Set-Cookie", self._gate.cookie(instance, cookie, SHORT_RUN if short else None))
        return response
