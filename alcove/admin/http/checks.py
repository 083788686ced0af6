"""`/instances/:domain/fsck` and the checks beside it: what does not fit together, told and not mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response, StreamingResponse

from alcove.admin.http.reading import operator_routes, truth
from alcove.base.errors import BadRequest
from alcove.base.http import JSONResponse
from alcove.instances import CONTENT, INDEX, STORED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.apps import Installer
    from alcove.base.house import Registry
    from alcove.base.http import Call, Route
    from alcove.instances import Check, Instance, Instances
    from alcove.jobs import Triggers


class CheckRoutes:
    """Checks of one instance."""

    def __init__(self, instances: Instances, checks: Registry[Check], triggers: Triggers, installer: Installer) -> None:
        self._installer = installer
        self._instances = instances
        self._checks = checks
        self._triggers = triggers

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes(
            (
                ("GET", "/instances/:domain/fsck", self.fsck),
                ("POST", "/instances/:domain/checks/triggers", self.triggers),
                ("POST", "/instances/:domain/fixers/service-triggers", self.mend_services),
            )
        )

    async def fsck(self, call: Call) -> Response:
        """Each fault as a line of JSON, while they are found; an empty answer when all is well.

        `IndexIntegrity` looks at documents only, `FilesConsistency` at bytes only; `FailFast` ends at the first fault.
        `Parts` (ours) names what to look at, joined by commas: `index`, `stored` (no byte is read), `content`.
        """
        instance = self._instances.by_domain(call.params["domain"])
        parts = {INDEX, CONTENT}
        if call.query("Parts"):
            parts = set(call.query("Parts").split(","))
            if parts - {INDEX, STORED, CONTENT}:
                raise BadRequest(f"Parts may name {INDEX}, {STORED} and {CONTENT}", parameter="Parts")
        elif truth(call, "IndexIntegrity"):
            parts = {INDEX}
        elif truth(call, "FilesConsistency"):
            parts = {CONTENT}
        faults = self._faults(instance, parts, fast=truth(call, "FailFast"))
        return StreamingResponse(faults, media_type="application/x-ndjson")

    async def _faults(self, instance: Instance, parts: set[str], *, fast: bool) -> AsyncIterator[bytes]:
        for name, check in self._checks.items():
            if check.part not in parts:
                continue
            try:
                async for fault in check.look(instance):
                    yield orjson.dumps(fault, option=orjson.OPT_APPEND_NEWLINE)
                    if fast:
                        return
            except Exception as error:  # what cannot be looked at is a fault to be told, and the other checks go on
                said = {"type": "check_failed", "check": name, "error": f"{type(error).__name__}: {error}"}
                yield orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)

    async def triggers(self, call: Call) -> Response:
        """Triggers that are there twice, and those of services that cannot run."""
        instance = self._instances.by_domain(call.params["domain"])
        return JSONResponse(await self._triggers.check(instance.key))

    async def mend_services(self, call: Call) -> Response:
        """Makes the triggers that services of installed apps have lost, or never had."""
        await self._installer.mend(self._instances.by_domain(call.params["domain"]))
        return Response(status_code=204)
