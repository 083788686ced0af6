"""`POST /notifications` (contract-a section 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, read, resource
from alcove.notifications.model import DOCTYPE, read_notification

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.base.clock import Clock
    from alcove.instances import Instance
    from alcove.notifications.service import Notifications

LIMIT = 1 << 20
"""Bytes of a notification at the most."""


class NotificationsHTTP:
    """Takes notifications of apps, connectors and clients. Reading them is `/data/io.cozy.notifications`."""

    def __init__(self, notifications: Notifications, clock: Clock) -> None:
        self._notifications = notifications
        self._clock = clock

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [Route("POST", "/notifications", self.post, Guard.LATE, jsonapi_errors)]

    async def post(self, call: Call) -> Response:
        """Keeps what the caller wants the person to know, and sends it as the rule of its category says."""
        said = read_notification((await read(call, LIMIT))["attributes"], self._clock.now())
        await call.identify()
        instance, caller = cast("Instance", call.instance), call.caller
        category = str(said.fields["category"])
        sender, rule = await self._notifications.declared(instance, caller.audience, caller.subject, category)
        document = await self._notifications.announce(instance, sender, rule, said)
        links = {"self": f"/notifications/{document.id}"}
        return answer(resource(DOCTYPE, document.id, document.fields(), rev=document.rev, links=links), 201)
