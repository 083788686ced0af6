"""The page on which a person lets a device in that asked for it: it gets an app password."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import RedirectResponse, Response

from alcove.base.http import Call, Guard, Route
from alcove.base.ids import new_code
from alcove.base.pages import Pages
from alcove.identity.app_passwords.http import device_named, scanned
from alcove.identity.app_passwords.model import login_of
from alcove.identity.clients.device_texts import device_texts
from alcove.identity.errors import LoginNeeded
from alcove.identity.http.forms import PAGES, check_csrf, read_form, set_csrf
from alcove.identity.service import login_url

if TYPE_CHECKING:
    from alcove.identity.clients.device_flow import DeviceFlows
    from alcove.identity.service import Gate
    from alcove.instances import Instance

CSP = "default-src 'self';frame-ancestors 'none';base-uri 'none';form-action 'self' nc:;img-src 'self' data:;"
UNKEPT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class DeviceFlowPages:
    """Asks the person; and leads who asks in the browser itself back to its app, with the app password."""

    def __init__(self, gate: Gate, flows: DeviceFlows, scheme: str) -> None:
        self._gate = gate
        self._flows = flows
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/auth/device", self.ask, Guard.PUBLIC),
            Route("POST", "/auth/device", self.allow, Guard.PUBLIC),
        ]

    def address(self, instance: Instance, slip: str) -> str:
        """Where a device sends the person."""
        return f"{self._scheme}://{instance.domain}/auth/device?slip={slip}"

    async def ask(self, call: Call) -> Response:
        """The page that says which device asks, for who is logged in; else the login."""
        instance, slip = cast("Instance", call.instance), call.query("slip")
        asking = self._flows.read(instance, slip)
        if asking is None:
            return self._notice(instance, "over", 400)
        if await self._gate.session(call) is None:
            return RedirectResponse(login_url(self._scheme, instance, self.address(instance, slip)), 303, UNKEPT)
        csrf = call.request.cookies.get("_csrf") or new_code()
        html = self._pages.render(
            "device.html",
            t=device_texts(instance.locale),
            locale=instance.locale,
            domain=instance.domain,
            asking=asking,
            slip=slip,
            csrf=csrf,
        )
        return set_csrf(Response(html, 200, {"Content-Security-Policy": CSP, **UNKEPT}, "text/html"), csrf)

    async def allow(self, call: Call) -> Response:
        """The person lets the device in: it is told where it asks."""
        instance, form = cast("Instance", call.instance), await read_form(call)
        check_csrf(call, form.get("csrf_token", ""))
        if await self._gate.session(call) is None:
            raise LoginNeeded
        slip, name = form.get("slip", ""), device_named(form.get("name"))
        asking = self._flows.read(instance, slip)
        if asking is None:
            return self._notice(instance, "over", 400)
        if asking.token:
            granted = await self._flows.grant(instance, slip, name)
            return self._notice(instance, "done") if granted else self._notice(instance, "over", 400)
        given = await self._flows.give(instance, slip, name)
        if given is None:
            return self._notice(instance, "over", 400)
        server = f"{self._scheme}://{instance.domain}"
        return Response(status_code=303, headers={"Location": scanned(server, login_of(instance), given[1]), **UNKEPT})

    def _notice(self, instance: Instance, what: str, status: int = 200) -> Response:
        words = device_texts(instance.locale)
        html = self._pages.render(
            "notice.html",
            t=words,
            title=words[f"{what}_title"],
            why=words[f"{what}_why"],
            detail="",
            locale=instance.locale,
        )
        return Response(html, status, {"Content-Security-Policy": CSP, **UNKEPT}, "text/html")
