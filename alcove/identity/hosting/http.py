"""What ties a place to who hosts it: subscriptions, leaving, where it came from (contract-a section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import RedirectResponse, Response

from alcove.base.errors import Forbidden, NotFound, PlainRefusal
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, resource
from alcove.identity.http.forms import way

if TYPE_CHECKING:
    from alcove.identity.hosting.service import Leaving
    from alcove.identity.service import Gate
    from alcove.instances import Contexts, Instance, Instances, InstanceSettings

SETTINGS = "io.cozy.settings"
ACCOUNT = ("settings", "account")
"""The apps in which a person looks after their account: Cozy's own, and ours."""
CONNECTING = "account/#connect"
"""The part of our page that tells how a device is connected."""


class HostingRoutes:
    """Who hosts a place may run a *manager* beside it; `manager_url` of the context says where."""

    def __init__(
        self,
        gate: Gate,
        instances: Instances,
        contexts: Contexts,
        settings: InstanceSettings,
        leaving: Leaving,
        scheme: str,
    ) -> None:
        self._gate = gate
        self._instances = instances
        self._scheme = scheme
        self._contexts = contexts
        self._settings = settings
        self._leaving = leaving

    def routes(self) -> list[Route]:
        """The route table of this file. Who may not pass the public ones gets 403, as the contract has it."""
        table = (
            ("GET", "/settings/external-ties", self.ties, Guard.PUBLIC),
            ("GET", "/settings/premium", self.premium, Guard.PUBLIC),
            ("GET", "/settings/install_flagship_app", self.devices, Guard.PUBLIC),
            ("DELETE", "/settings/instance/moved_from", self.arrived, Guard.PUBLIC),
            ("POST", "/settings/instance/deletion", self.leave, Guard.TOKEN),
            ("POST", "/settings/instance/deletion/force", self.leave_now, Guard.TOKEN),
        )
        return [Route(method, path, handler, guard, jsonapi_errors) for method, path, handler, guard in table]

    async def ties(self, call: Call) -> Response:
        """Whether a subscription stands in the way of leaving: none that this server knows of."""
        try:
            await self._gate.admit(call, Guard.EITHER)
        except PlainRefusal:
            raise Forbidden from None
        if call.caller.audience not in ("session", "app"):
            raise Forbidden
        said = {"has_blocking_subscription": False}
        # The address of another document, as the contract has it.
        links = {"self": "/settings/capabilities"}
        return answer(resource(SETTINGS, f"{SETTINGS}.external-ties", said, links=links))

    async def premium(self, call: Call) -> Response:
        """Leads to the manager's page of offers, where the context has one."""
        instance = await self._person(call)
        offered = self._contexts.of(instance).get("enable_premium_links") is True
        page = self._contexts.manager_page(instance, "premium") if offered else ""
        if not page:
            raise NotFound("There is no page of offers here")
        return RedirectResponse(page, 301)

    async def devices(self, call: Call) -> Response:
        """Leads to how a telephone is connected: no app of a store stands for this server."""
        target = way(self._instances, self._scheme, cast("Instance", call.instance), CONNECTING)
        return RedirectResponse(target, 303)

    async def arrived(self, call: Call) -> Response:
        """Forgets where the place was moved from: the person has read it."""
        await self._settings.amend(await self._person(call), {"moved_from": None})
        return Response(status_code=204)

    async def leave(self, call: Call) -> Response:
        """Asks who runs the server to remove this place."""
        return await self._asked(call, at_once=False)

    async def leave_now(self, call: Call) -> Response:
        """Asks who runs the server to remove this place at once."""
        return await self._asked(call, at_once=True)

    async def _asked(self, call: Call, *, at_once: bool) -> Response:
        if call.caller.audience != "app" or call.caller.subject not in ACCOUNT:
            raise Forbidden
        await self._leaving.ask(cast("Instance", call.instance), at_once=at_once)
        return Response(status_code=204)

    async def _person(self, call: Call) -> Instance:
        """The instance, for a browser that is logged in; raises `Forbidden`."""
        if await self._gate.session(call) is None:
            raise Forbidden
        return cast("Instance", call.instance)
