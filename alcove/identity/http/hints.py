"""`/settings/hint`: keeping a hint for the passphrase (contract-a section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import Response

from alcove.base.errors import NotFound, Unprocessable
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.identity.hints import LENGTH, SETTINGS

if TYPE_CHECKING:
    from alcove.identity.hints import Hints
    from alcove.instances import Instance


class HintRoutes:
    """Whether there is a hint, and another one. What it says is only ever mailed."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/settings/hint", self.there, Guard.TOKEN, jsonapi_errors),
            Route("PUT", "/settings/hint", self.keep, Guard.TOKEN, jsonapi_errors),
        ]

    async def there(self, call: Call) -> Response:
        """204 when there is a hint, 404 when there is none."""
        call.caller.allow_type("GET", SETTINGS)
        if not await self._hints.read(cast("Instance", call.instance)):
            raise NotFound("No hint")
        return Response(status_code=204)

    async def keep(self, call: Call) -> Response:
        """Keeps the hint of the body `{hint}`."""
        call.caller.allow_type("PUT", SETTINGS)
        hint = (await call.json_object(64 << 10)).get("hint")
        if not isinstance(hint, str) or len(hint) > LENGTH:
            raise Unprocessable(f"A hint is a text of {LENGTH} characters at the most", pointer="/hint")
        await self._hints.keep(cast("Instance", call.instance), hint)
        return Response(status_code=204)
