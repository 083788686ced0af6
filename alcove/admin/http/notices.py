"""`POST /instances/:domain/notifications`: the operator lets a person know something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.admin.http.reading import operator_routes
from alcove.base.errors import BadRequest
from alcove.base.http import JSONResponse
from alcove.notifications import Sender, read_notification, read_rule

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.base.clock import Clock
    from alcove.base.http import Call, Route
    from alcove.instances import Instances
    from alcove.notifications import Notifications

LIMIT = 1 << 20
"""Bytes of a body at the most."""
OPERATOR = Sender("cli", "")


class NoticeRoutes:
    """Notifications that come from whoever runs the server."""

    def __init__(self, instances: Instances, notifications: Notifications, clock: Clock) -> None:
        self._instances = instances
        self._notifications = notifications
        self._clock = clock

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes((("POST", "/instances/:domain/notifications", self.announce),))

    async def announce(self, call: Call) -> Response:
        """Keeps a notification and sends it: `{"notification": {...}, "properties": {...}}`.

        `properties` say how those of its category are sent, as a manifest does.
        """
        instance = self._instances.by_domain(call.params["domain"])
        body = await call.json_object(LIMIT)
        told, rule = body.get("notification"), body.get("properties") or {}
        if not isinstance(told, dict) or not isinstance(rule, dict):
            raise BadRequest("notification must be an object, and properties too where they are said")
        said = read_notification(told, self._clock.now())
        document = await self._notifications.announce(instance, OPERATOR, read_rule(rule), said)
        return JSONResponse({"_id": document.id, "_rev": document.rev, **document.fields()}, 201)
