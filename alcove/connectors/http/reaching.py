"""`/connectors/reach`: where connectors may connect to, as it was learned, and as the person has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.errors import Unprocessable
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, answer_list, read, resource
from alcove.connectors.reach import REACH, HostState

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.connectors.service.reaching import Reaching
    from alcove.connectors.store import Shelf

POINTER = "/data/attributes/state"


class ReachHTTP:
    """The routes about hosts. Each asks for the permission on `org.alcove.reach`."""

    def __init__(self, shelf: Shelf, reaching: Reaching) -> None:
        self._shelf = shelf
        self._reaching = reaching

    def routes(self) -> list[Route]:
        """The lines of the route table."""
        return [
            Route("GET", "/connectors/reach", self.list, Guard.TOKEN, jsonapi_errors),
            Route("PUT", "/connectors/reach/:slug/:host", self.change, Guard.TOKEN, jsonapi_errors),
        ]

    async def list(self, call: Call) -> Response:
        """`GET /connectors/reach`: by connector, the hosts that it wanted, each `asked`, `allowed` or `refused`."""
        call.caller.allow_type("GET", REACH)
        found = await self._shelf.all_reach(call.instance.key)
        return answer_list([resource(REACH, one.id, one.fields(), rev=one.rev) for one in found], count=len(found))

    async def change(self, call: Call) -> Response:
        """`PUT /connectors/reach/:slug/:host` `{data: {attributes: {state}}}`: allows a host, or refuses it."""
        slug, host = call.params["slug"], call.params["host"]
        call.caller.allow("PUT", REACH, slug)
        said = (await read(call))["attributes"].get("state")
        if said not in (HostState.ALLOWED.value, HostState.REFUSED.value):
            raise Unprocessable("The state of a host is allowed or refused", pointer=POINTER)
        await self._reaching.change(call.instance.key, slug, host, HostState(said))
        return answer(resource(REACH, slug, await self._shelf.reach(call.instance.key, slug) or {}))
