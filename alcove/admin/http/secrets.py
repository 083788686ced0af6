"""New secrets for an instance to sign with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.admin.http.reading import operator_routes, truth

if TYPE_CHECKING:
    from alcove.base.http import Call, Route
    from alcove.identity import Keys
    from alcove.instances import Instances


class SecretRoutes:
    """The operator renews what tokens, sessions and links are signed with."""

    def __init__(self, instances: Instances, keys: Keys) -> None:
        self._instances = instances
        self._keys = keys

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes((("POST", "/instances/:domain/secrets", self.renew),))

    async def renew(self, call: Call) -> Response:
        """Nobody is logged out, unless `Now=true` ends all that the old secrets signed."""
        instance = self._instances.by_domain(call.params["domain"])
        await self._keys.rotate(instance, at_once=truth(call, "Now"))
        return Response(status_code=204)
