"""`/instances/contexts`: what the settings say for groups of instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.admin.http.reading import operator_routes
from alcove.base.errors import NotFound
from alcove.base.http import JSONResponse

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.base.http import Call, Route
    from alcove.instances import Contexts


class ContextRoutes:
    """The contexts of the settings, as plain JSON."""

    def __init__(self, contexts: Contexts) -> None:
        self._contexts = contexts

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes(
            (("GET", "/instances/contexts", self.list), ("GET", "/instances/contexts/:name", self.show))
        )

    async def list(self, call: Call) -> Response:
        """Every context."""
        return JSONResponse([self._shown(name) for name in self._contexts.names()])

    async def show(self, call: Call) -> Response:
        """One context; 404 for one that the settings do not name."""
        if call.params["name"] not in self._contexts.names():
            there = ", ".join(self._contexts.names()) or "none"
            raise NotFound(f"The settings have no context {call.params['name'][:80]!r}; there is {there}")
        return JSONResponse(self._shown(call.params["name"]))

    def _shown(self, name: str) -> dict[str, Any]:
        return {"config": self._contexts.get(name), "context": name, "registries": []}
