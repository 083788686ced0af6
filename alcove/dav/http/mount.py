"""A tree with what is told of it: what the methods work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.errors import Forbidden, NotFound
from alcove.dav.http.asking import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alcove.base.http import Call
    from alcove.dav.http.asking import Asked
    from alcove.dav.service.core import Core
    from alcove.dav.service.properties import Properties
    from alcove.dav.service.tree import Resource, Tree, View

    Told = Callable[[View, Resource], Mapping[str, str]]
    """More headers for an answer about a resource."""


def _nothing(view: View, resource: Resource) -> Mapping[str, str]:  # noqa: ARG001 - the shape of `Told`
    return {}


class Mount:
    """A tree, its live properties, and what a dialect adds to the answers: `told` gives more headers."""

    def __init__(self, core: Core, tree: Tree, properties: Properties, told: Told = _nothing) -> None:
        self.core = core
        self.tree = tree
        self.properties = properties
        self.told = told

    async def reads(self, call: Call) -> Asked:
        """What a call asks that changes nothing."""
        asked = await ask(call, self.tree)
        self.tree.admit(asked.view, "GET")
        return asked

    async def writes(self, call: Call, verb: str) -> Asked:
        """What a call asks that may change something: with its conditions, and the locks there are."""
        asked = await ask(call, self.tree, self.core.locks)
        self.tree.admit(asked.view, verb)
        return asked

    async def need(self, asked: Asked, verb: str) -> Resource:
        """What the request is about, if the caller may; raises `NotFound`, `Forbidden`."""
        resource = await self.tree.find(asked.view, asked.names)
        if resource is None:
            # An id cannot be guessed, a name can: a guest learns nothing of what is not there.
            raise Forbidden if asked.view.caller.document else NotFound("There is nothing of this name")
        await self.tree.allow(asked.view, verb, resource)
        return resource

    def headers(self, asked: Asked, resource: Resource) -> dict[str, str]:
        """What an answer says of a resource that is new or changed."""
        found = {"ETag": resource.etag} if resource.etag else {}
        if asked.dates()[0]:
            found["X-OC-MTime"] = "accepted"
        return {**found, **self.told(asked.view, resource)}
