"""Login flows of the Nextcloud dialect: a device begins, the person says yes in a browser, the device comes for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import RedirectResponse, Response

from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.identity import login_of, read_form, visitor_of

if TYPE_CHECKING:
    from alcove.identity import DeviceFlowPages, DeviceFlows
    from alcove.instances import Instance

UNKEPT = {"Cache-Control": "no-store"}


class LoginFlows:
    """Version 2 (poll), and version 1 (the browser leads back to the app)."""

    def __init__(self, flows: DeviceFlows, pages: DeviceFlowPages, scheme: str) -> None:
        self._flows = flows
        self._pages = pages
        self._scheme = scheme

    def routes(self) -> list[Route]:
        """The route table of this file, with and without the name of the script that clients may write."""
        table = (
            ("POST", "/login/v2", self.begin),
            ("POST", "/login/v2/poll", self.poll),
            ("GET", "/login/flow", self.lead),
        )
        return [
            Route(method, f"{prefix}{path}", handler, Guard.PUBLIC, shared=False)
            for prefix in ("/index.php", "")
            for method, path, handler in table
        ]

    async def begin(self, call: Call) -> Response:
        """A device begins: where it sends the person, and what it asks with until there is an answer."""
        instance, visitor = cast("Instance", call.instance), visitor_of(call)
        slip, token = self._flows.begin(instance, visitor.agent, visitor.address, waits=True)
        poll = {"token": token, "endpoint": f"{self._here(instance)}/login/v2/poll"}
        return JSONResponse({"poll": poll, "login": self._pages.address(instance, slip)}, headers=UNKEPT)

    async def poll(self, call: Call) -> Response:
        """The app password, once the person has said yes; until then 404."""
        instance = cast("Instance", call.instance)
        token = (await read_form(call)).get("token") or call.query("token")
        given = await self._flows.collect(instance, token)
        if given is None:
            return JSONResponse([], 404, headers=UNKEPT)
        answer = {"server": self._here(instance), "loginName": login_of(instance), "appPassword": given[1]}
        return JSONResponse(answer, headers=UNKEPT)

    async def lead(self, call: Call) -> Response:
        """An app has opened this address in a browser, which leads back to it with the app password."""
        instance, visitor = cast("Instance", call.instance), visitor_of(call)
        slip, _ = self._flows.begin(instance, visitor.agent, visitor.address, waits=False)
        return RedirectResponse(self._pages.address(instance, slip), 303, UNKEPT)

    def _here(self, instance: Instance) -> str:
        return f"{self._scheme}://{instance.domain}"
