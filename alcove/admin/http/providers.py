"""`/accounts/types`: the providers that people's accounts come from by OAuth, and what their connectors are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.admin.http.reading import operator_routes
from alcove.base.jsonapi import answer_list, read, resource

if TYPE_CHECKING:
    from alcove.base.http import Call, Route
    from alcove.connectors import Providers

TYPE = "io.cozy.account_types"
LIMIT = 1 << 18
"""Bytes of a body at the most."""


class ProviderRoutes:
    """The account types of this server; their secrets are never told."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    def routes(self) -> list[Route]:
        """The route table of this file."""
        one, of_context = "/accounts/types/:type", "/accounts/types/:context/:type"
        return operator_routes(
            (
                ("GET", "/accounts/types", self.list),
                ("PUT", one, self.define),
                ("PUT", of_context, self.define),
                ("DELETE", one, self.drop),
                ("DELETE", of_context, self.drop),
            )
        )

    async def list(self, call: Call) -> Response:
        """Every account type: its members, and the names of its `secrets`."""
        found = await self._providers.all()
        return answer_list([resource(TYPE, ident, told) for ident, told in sorted(found.items())])

    async def define(self, call: Call) -> Response:
        """Writes an account type, for one context or for all; a secret that is not said stays, null takes it away."""
        await self._providers.put(_ident(call), (await read(call, LIMIT))["attributes"])
        return Response(status_code=204)

    async def drop(self, call: Call) -> Response:
        """Forgets an account type with its secrets."""
        await self._providers.drop(_ident(call))
        return Response(status_code=204)


def _ident(call: Call) -> str:
    context = call.params.get("context", "")
    return f"{context}/{call.params['type']}" if context else call.params["type"]
