"""`/settings/hint`: keeping a hint for the passphrase (contract-a section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import Response

from alcove.base.errors import NotFound
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.identity.passphrases.hints import SETTINGS, HintTells, read_hint

if TYPE_CHECKING:
    from alcove.identity.passphrases.hints import Hints
    from alcove.identity.passphrases.http.proving import Proof
    from alcove.identity.passphrases.service import Passphrases
    from alcove.instances import Instance


class HintRoutes:
    """Whether there is a hint, and another one. What it says is only ever mailed."""

    def __init__(self, hints: Hints, passphrases: Passphrases, proof: Proof) -> None:
        self._hints = hints
        self._passphrases = passphrases
        self._proof = proof

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
        """Keeps the hint of the body `{hint}`; raises `HintTells` when it is the passphrase itself.

        That is a try of it as any other: who guesses here is slowed down as at the login page.
        """
        call.caller.allow_type("PUT", SETTINGS)
        instance, hint = cast("Instance", call.instance), read_hint(await call.json_object(64 << 10), "hint")
        if hint:
            form = await self._passphrases.form(instance, hint)
            if await self._proof.holds(call, instance, form, call.caller.session):
                raise HintTells
        await self._hints.keep(instance, hint)
        return Response(status_code=204)
