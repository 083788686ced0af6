"""`/konnectors/maintenance`: connectors that are out of service for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.admin.http.reading import operator_routes
from alcove.base.jsonapi import answer_list, read, resource

if TYPE_CHECKING:
    from alcove.base.http import Call, Route
    from alcove.connectors import Maintenance

TYPE = "io.cozy.konnectors.maintenance"
LIMIT = 1 << 16
"""Bytes of a body at the most."""


class MaintenanceRoutes:
    """Which connectors are out of service on this server. No registry is asked: there is none yet."""

    def __init__(self, maintenance: Maintenance) -> None:
        self._maintenance = maintenance

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes(
            (
                ("GET", "/konnectors/maintenance", self.list),
                ("PUT", "/konnectors/maintenance/:slug", self.begin),
                ("DELETE", "/konnectors/maintenance/:slug", self.end),
            )
        )

    async def list(self, call: Call) -> Response:
        """Each with its options; `level` says that this server, and no registry, has it out of service."""
        said = {"type": "konnector", "maintenance_activated": True, "level": "stack"}
        found = await self._maintenance.all()
        told = [{"slug": one.id, **said, "maintenance_options": one.fields()} for one in found]
        return answer_list([resource(TYPE, str(one["slug"]), one) for one in told])

    async def begin(self, call: Call) -> Response:
        """Takes a connector out of service. The attributes are options: `flag_disallow_manual_exec`, `messages`..."""
        await self._maintenance.begin(call.params["slug"], (await read(call, LIMIT))["attributes"])
        return Response(status_code=204)

    async def end(self, call: Call) -> Response:
        """Puts it back into service."""
        await self._maintenance.end(call.params["slug"])
        return Response(status_code=204)
