"""`/instances/feature`: the layers of feature flags, as plain JSON (contract-a section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.admin.http.reading import operator_routes
from alcove.base.errors import BadRequest
from alcove.base.http import JSONResponse

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.base.http import Call, Route
    from alcove.instances import Flags, Instance, Instances

LIMIT = 1 << 20
"""Bytes of a body at the most."""


class FlagRoutes:
    """What each layer says, and changes to it: a null, or an empty list of shares, takes a flag away."""

    def __init__(self, instances: Instances, flags: Flags) -> None:
        self._instances = instances
        self._flags = flags

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes(
            (
                ("GET", "/instances/:domain/feature/flags", self.own),
                ("PATCH", "/instances/:domain/feature/flags", self.change_own),
                ("GET", "/instances/:domain/feature/sets", self.sets),
                ("PUT", "/instances/:domain/feature/sets", self.choose_sets),
                ("GET", "/instances/feature/config/:context", self.config),
                ("GET", "/instances/feature/contexts/:context", self.shares),
                ("PATCH", "/instances/feature/contexts/:context", self.change_shares),
                ("GET", "/instances/feature/defaults", self.defaults),
                ("PATCH", "/instances/feature/defaults", self.change_defaults),
                ("GET", "/instances/feature/sets/:name", self.set),
                ("PATCH", "/instances/feature/sets/:name", self.change_set),
            )
        )

    def _instance(self, call: Call) -> Instance:
        return self._instances.by_domain(call.params["domain"])

    async def own(self, call: Call) -> Response:
        """The flags of the instance itself."""
        return JSONResponse(dict(self._flags.own(self._instance(call))))

    async def change_own(self, call: Call) -> Response:
        """Sets flags of the instance itself; all of them then."""
        return JSONResponse(dict(await self._flags.change_own(self._instance(call), await _patch(call))))

    async def sets(self, call: Call) -> Response:
        """The names of the sets that the instance has."""
        return JSONResponse(self._flags.sets(self._instance(call)))

    async def choose_sets(self, call: Call) -> Response:
        """Gives the instance these sets, in place of those it had. Body: a list of names."""
        said = await call.json(LIMIT)
        if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
            raise BadRequest("The body must be a list of the names of sets")
        return JSONResponse(await self._flags.choose_sets(self._instance(call), said))

    async def config(self, call: Call) -> Response:
        """The flags that the settings of the server give to a context."""
        return JSONResponse(self._flags.config(call.params["context"]))

    async def shares(self, call: Call) -> Response:
        """The shares of a context: for each flag a list of `{"ratio", "value"}`."""
        return JSONResponse(await self._flags.shares(call.params["context"]))

    async def change_shares(self, call: Call) -> Response:
        """Sets shares of a context; all of them then."""
        return JSONResponse(await self._flags.change_shares(call.params["context"], await _patch(call)))

    async def defaults(self, call: Call) -> Response:
        """The flags of everybody."""
        return JSONResponse(await self._flags.defaults())

    async def change_defaults(self, call: Call) -> Response:
        """Sets flags of everybody; all of them then."""
        return JSONResponse(await self._flags.change_defaults(await _patch(call)))

    async def set(self, call: Call) -> Response:
        """The flags of a set. (The reference asks its manager for them.)"""
        return JSONResponse(await self._flags.set_says(call.params["name"]))

    async def change_set(self, call: Call) -> Response:
        """Sets flags of a set; all of them then."""
        return JSONResponse(await self._flags.change_set(call.params["name"], await _patch(call)))


async def _patch(call: Call) -> dict[str, Any]:
    return await call.json_object(LIMIT)
