"""Ways into an instance that the operator opens or closes: tokens, the passphrase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.admin.http.reading import operator_routes
from alcove.base.errors import BadRequest, Unprocessable
from alcove.identity import AUDIENCES, WrongScope, read_scope

if TYPE_CHECKING:
    from alcove.base.http import Call, Route
    from alcove.identity import Passphrases, Tokens
    from alcove.instances import Instances


class AccessRoutes:
    """Tokens and passphrases, from the operator's hand."""

    def __init__(self, instances: Instances, tokens: Tokens, passphrases: Passphrases) -> None:
        self._instances = instances
        self._tokens = tokens
        self._passphrases = passphrases

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes(
            (
                ("POST", "/instances/token", self.token),
                ("PUT", "/instances/:domain/passphrase", self.passphrase),
            )
        )

    async def passphrase(self, call: Call) -> Response:
        """Sets a new passphrase for who has forgotten theirs; ends all sessions. Body: `{"passphrase": text}`.

        In the body, not in the query: a query string may stand in a proxy's log.
        """
        instance = self._instances.by_domain(call.params["domain"])
        said = (await call.json_object(64 << 10)).get("passphrase")
        if not isinstance(said, str) or not said:
            raise Unprocessable("passphrase must be a text that is not empty", pointer="/passphrase")
        await self._passphrases.replace(instance, said)
        return Response(status_code=204)

    async def token(self, call: Call) -> Response:
        """A token as bare text: `Domain`, `Audience` (cli, app, konn), `Subject`, `Scope`."""
        instance = self._instances.by_domain(call.query("Domain"))
        audience = AUDIENCES.get(call.query("Audience"), call.query("Audience"))
        if audience not in ("cli", "app", "konn"):
            raise BadRequest(f"Unknown audience {audience!r}: cli, app or konn are allowed", parameter="Audience")
        scope = call.query("Scope").replace(",", " ") if audience == "app" else call.query("Scope")
        try:
            read_scope(scope)
        except WrongScope as error:
            raise BadRequest(str(error), parameter="Scope") from None
        made = self._tokens.make(instance, audience, call.query("Subject"), scope)
        return Response(made, media_type="text/plain")
