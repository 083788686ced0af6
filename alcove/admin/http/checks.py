"""`/instances/:domain/fsck` and the checks beside it: what does not fit together, told and not mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response, StreamingResponse

from alcove.admin.http.reading import operator_routes, truth
from alcove.base.http import JSONResponse
from alcove.instances import CONTENT, INDEX

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.base.house import Registry
    from alcove.base.http import Call, Route
    from alcove.instances import Check, Instance, Instances
    from alcove.jobs import Triggers


class CheckRoutes:
    """Checks of one instance."""

    def __init__(self, instances: Instances, checks: Registry[Check], triggers: Triggers) -> None:
        self._instances = instances
        self._checks = checks
        self._triggers = triggers

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes(
            (
                ("GET", "/instances/:domain/fsck", self.fsck),
                ("POST", "/instances/:domain/checks/triggers", self.triggers),
            )
        )

    async def fsck(self, call: Call) -> Response:
        """Each fault as a line of JSON, while they are found; an empty answer when all is well.

        `IndexIntegrity` looks at documents only, `FilesConsistency` at bytes only; `FailFast` ends at the first fault.
        """
        instance = self._instances.by_domain(call.params["domain"])
        part = INDEX if truth(call, "IndexIntegrity") else CONTENT if truth(call, "FilesConsistency") else ""
        faults = self._faults(instance, part, fast=truth(call, "FailFast"))
        return StreamingResponse(faults, media_type="application/x-ndjson")

    async def _faults(self, instance: Instance, part: str, *, fast: bool) -> AsyncIterator[bytes]:
        for name, check in self._checks.items():
            if part and check.part != part:
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
