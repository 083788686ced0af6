"""`/remote`: which requests to other servers the apps of this server may have made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.admin.http.reading import operator_routes
from alcove.base.errors import Unprocessable
from alcove.base.jsonapi import answer_list, read, resource

if TYPE_CHECKING:
    from alcove.base.http import Call, Route
    from alcove.remote import Definitions

TYPE = "org.alcove.remote"
LIMIT = 1 << 18
"""Bytes of a body at the most."""


class RemoteRoutes:
    """The definitions of requests, with their secrets, which are never told."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes(
            (
                ("GET", "/remote", self.list),
                ("PUT", "/remote/:doctype", self.define),
                ("DELETE", "/remote/:doctype", self.drop),
            )
        )

    async def list(self, call: Call) -> Response:
        """Every definition: its `request`, and the names of its `secrets`."""
        found = await self._definitions.all()
        return answer_list([resource(TYPE, doctype, told) for doctype, told in sorted(found.items())])

    async def define(self, call: Call) -> Response:
        """Defines the request of a doctype: `request` is its text, `secrets` values by name, null takes one away."""
        said = (await read(call, LIMIT))["attributes"]
        request, secrets = said.get("request"), said.get("secrets") or {}
        if not isinstance(request, str) or not isinstance(secrets, dict):
            raise Unprocessable("request must be a text, and secrets an object", pointer="/data/attributes/request")
        await self._definitions.put(call.params["doctype"], request, secrets)
        return Response(status_code=204)

    async def drop(self, call: Call) -> Response:
        """Forgets a definition with its secrets."""
        await self._definitions.drop(call.params["doctype"])
        return Response(status_code=204)
