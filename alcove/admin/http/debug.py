"""`/instances/:domain/debug`: every request of one instance in the log, for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.admin.http.reading import operator_routes
from alcove.base.clock import rfc3339
from alcove.base.errors import BadRequest, NotFound
from alcove.base.http import JSONResponse
from alcove.instances import DEBUG_UNTIL, DEBUGGED
from alcove.jobs import BadDuration, read_duration

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.base.http import Call, Route
    from alcove.instances import Instances

LONGEST = timedelta(days=31)


class DebugRoutes:
    """Says how long an instance's requests are logged. Every server on the database does."""

    def __init__(self, instances: Instances, clock: Clock) -> None:
        self._instances = instances
        self._clock = clock

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes(
            (
                ("GET", "/instances/:domain/debug", self.show),
                ("POST", "/instances/:domain/debug", self.begin),
                ("DELETE", "/instances/:domain/debug", self.end),
            )
        )

    async def show(self, call: Call) -> Response:
        """Until when; 404 when it is not."""
        instance = self._instances.by_domain(call.params["domain"])
        if not self._instances.debugged(instance):
            raise NotFound("Debug is disabled on this domain")
        return JSONResponse({instance.domain: True, "until": instance.fields[DEBUG_UNTIL]})

    async def begin(self, call: Call) -> Response:
        """Logs every request for a day, or for `TTL`, such as `30m`."""
        instance, said = self._instances.by_domain(call.params["domain"]), call.query("TTL")
        try:
            lasting = read_duration(said) if said else DEBUGGED
        except BadDuration:
            raise BadRequest(f"TTL is {said[:40]!r}: a time such as 30m is allowed", parameter="TTL") from None
        until = self._clock.now() + max(timedelta(0), min(lasting, LONGEST))
        await self._instances.change(instance, {DEBUG_UNTIL: rfc3339(until)})
        return Response(status_code=204)

    async def end(self, call: Call) -> Response:
        """Logs as of others again."""
        await self._instances.change(self._instances.by_domain(call.params["domain"]), {DEBUG_UNTIL: None})
        return Response(status_code=204)
