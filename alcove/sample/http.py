"""`/sample`: the sample person of an instance, asked for by the person who lives there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from starlette.responses import RedirectResponse, Response

from alcove.base.errors import Forbidden
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, resource
from alcove.base.pages import Pages
from alcove.identity import visitor_of
from alcove.sample.model import SAMPLE_ID, SAMPLES
from alcove.sample.texts import texts

if TYPE_CHECKING:
    from alcove.apps import Apps
    from alcove.identity import Gate, Sessions
    from alcove.instances import Instance
    from alcove.sample.service import Samples

PAGES = Path(__file__).parent / "pages"
CSP = "default-src 'none';style-src 'self';font-src 'self';img-src 'self';frame-ancestors 'none';base-uri 'none';"


class SampleHTTP:
    """The routes of this room. From the owner's pages they ask for the permission on `org.alcove.samples`."""

    def __init__(self, samples: Samples, gate: Gate, sessions: Sessions, apps: Apps, scheme: str) -> None:
        self._samples = samples
        self._gate = gate
        self._sessions = sessions
        self._apps = apps
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/sample", self.show, Guard.TOKEN, jsonapi_errors),
            Route("POST", "/sample", self.begin, Guard.TOKEN, jsonapi_errors),
            Route("DELETE", "/sample", self.remove, Guard.TOKEN, jsonapi_errors),
            Route("POST", "/sample/open", self.open, Guard.TOKEN, jsonapi_errors),
            Route("GET", "/sample/enter", self.enter, Guard.PUBLIC, jsonapi_errors),
        ]

    async def show(self, call: Call) -> Response:
        """Whether a sample person can be had here, and how far it is."""
        call.caller.allow("GET", SAMPLES, SAMPLE_ID)
        return _answer(await self._samples.told(cast("Instance", call.instance)))

    async def begin(self, call: Call) -> Response:
        """Begins to make the sample person; 202. When it is there already, the answer tells so."""
        call.caller.allow("POST", SAMPLES, SAMPLE_ID)
        return _answer(await self._samples.begin(cast("Instance", call.instance)), 202)

    async def remove(self, call: Call) -> Response:
        """Removes the sample person, also while it is made.

        Within a sample person, any of its own apps may end it: nothing in there is true.
        """
        instance = cast("Instance", call.instance)
        if instance.fields.get("sample"):
            if call.caller.audience != "app" or not call.caller.session:
                raise Forbidden
            await self._samples.leave(instance)
        else:
            call.caller.allow("DELETE", SAMPLES, SAMPLE_ID)
            await self._samples.remove(instance)
        return Response(status_code=204)

    async def open(self, call: Call) -> Response:
        """A link that opens the sample person once, within two minutes, without a passphrase."""
        call.caller.allow("POST", SAMPLES, SAMPLE_ID)
        url = await self._samples.link(cast("Instance", call.instance))
        return _answer({"url": url}, 201)

    async def enter(self, call: Call) -> Response:
        """Opens a session of a sample person for who comes with a fresh link; another one says what to do."""
        instance = cast("Instance", call.instance)
        # The address holds a secret: it goes to no other page, and stays in no cache.
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        if not self._samples.enter(instance, call.query("code")):
            html = self._pages.render("used.html", t=texts(instance.locale), locale=instance.locale)
            return Response(html, 403, {**headers, "Content-Security-Policy": CSP}, "text/html")
        _, cookie = await self._sessions.open(instance, visitor_of(call), long_run=False)
        first = await self._apps.first(instance) or f"{self._scheme}://{instance.domain}/"
        response = RedirectResponse(first, 303, headers)
        response.headers.append("Set-Cookie", self._gate.cookie(instance, cookie))
        return response


def _answer(said: dict[str, Any], status: int = 200) -> Response:
    shown = {name: value for name, value in said.items() if name != "job"}
    return answer(resource(SAMPLES, SAMPLE_ID, shown, links={"self": "/sample"}), status)
