"""`/registry`: what could be installed, asked of the registries for apps and clients (contract-a section 11)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from starlette.responses import Response

from alcove.apps.model import APPS
from alcove.base.errors import Forbidden, NotFound, TokenExpired, TokenInvalid, TokenMissing
from alcove.base.http import Guard, JSONResponse, Route
from alcove.base.outgoing import NoReply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.apps.service.registries import Closed, Registries
    from alcove.base.house import Registry as HouseRegistry
    from alcove.base.http import Call
    from alcove.base.outgoing import Reply
    from alcove.identity import Gate
    from alcove.instances import Instance

ASKED = re.compile(r"limit|sort|versionsChannel|latestChannelVersion|filter\[\w{1,40}\]")
"""Members of a query that are handed on."""
_SEGMENT = re.compile(r"(?!\.+$)[\w.+ -]{1,200}", re.ASCII)
FOREVER = "max-age=31536000, immutable"
A_DAY = "max-age=86400"


class RegistryHTTP:
    """The routes: what registries say is for web apps and clients, pictures are for who may read apps."""

    def __init__(self, registries: Registries, closed: HouseRegistry[Closed], gate: Gate) -> None:
        self._registries = registries
        self._closed = closed
        self._gate = gate

    def routes(self) -> list[Route]:
        """The route table."""
        one, version = "/registry/:app", "/registry/:app/:version"
        # Deeper paths answer 403 to who brings no good token, and not 401: as in the reference.
        pictures = [f"{above}/{name}" for above in (one, version) for name in ("icon", "partnership_icon")]
        pictures += [f"{above}/screenshots/*path" for above in (one, version)]
        return [
            Route("GET", "/registry", self.list, Guard.TOKEN),
            Route("GET", "/registry/", self.list, Guard.TOKEN),
            Route("GET", "/registry/maintenance", self.maintenance, Guard.TOKEN),
            Route("GET", one, self.show, Guard.TOKEN),
            Route("GET", version, self.show_version, Guard.PUBLIC),
            Route("GET", f"{version}/latest", self.show_version, Guard.PUBLIC),
            *(Route("GET", path, self.picture, Guard.PUBLIC) for path in pictures),
        ]

    async def list(self, call: Call) -> Response:
        """The apps and connectors that can be installed: none where no registry is set."""
        _allow(call)
        query = {name: value for name, value in call.request.query_params.items() if ASKED.fullmatch(name)}
        found = await self._registries.list(cast("Instance", call.instance), query, call.query("cursor"))
        closed = await self._closed_here()
        return JSONResponse({**found, "data": [_told(app, closed) for app in found["data"]]})

    async def maintenance(self, call: Call) -> Response:
        """What is out of service: on this server, and as the registries say."""
        _allow(call)
        closed = await self._closed_here()
        here = [{"slug": slug, "type": "konnector", **_about(options)} for slug, options in closed.items()]
        told = await self._registries.maintenance(cast("Instance", call.instance))
        return JSONResponse([*here, *(one for one in told if one.get("slug") not in closed)])

    async def show(self, call: Call) -> Response:
        """What a registry says of an app or a connector, and whether it is out of service here."""
        _allow(call)
        reply, closed = await self._said(call), await self._closed_here()
        if call.params["app"] not in closed:
            return JSONResponse(reply.body)
        try:
            return JSONResponse(_told({**reply.json(), "slug": call.params["app"]}, closed))
        except NoReply:
            raise NotFound("No registry of this server knows it") from None

    async def show_version(self, call: Call) -> Response:
        """What it says of one version, or of the latest of a channel."""
        await self._admit(call, Guard.TOKEN)
        _allow(call)
        return JSONResponse((await self._said(call)).body)

    async def picture(self, call: Call) -> Response:
        """An icon, or a picture of its pages."""
        await self._admit(call, Guard.EITHER)
        call.caller.allow_type("GET", APPS)
        reply = await self._said(call)
        kind = reply.headers.get("content-type", "")
        if not kind.startswith("image/"):
            raise NotFound("The registry has no such picture")
        kept = FOREVER if "version" in call.params else A_DAY
        return Response(reply.body, 200, {"Content-Type": kind, "Cache-Control": kept})

    async def _closed_here(self) -> Mapping[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for closed in self._closed:
            found |= await closed()
        return found

    async def _said(self, call: Call) -> Reply:
        """What the first registry answers at the path of this call; raises `NotFound`."""
        segments = [unquote(part) for part in call.request.url.path.split("/")[2:] if part]
        reply = await self._registries.first(cast("Instance", call.instance), segments) if _fit(segments) else None
        if reply is None:
            raise NotFound("No registry of this server knows it")
        return reply

    async def _admit(self, call: Call, guard: Guard) -> None:
        try:
            await self._gate.admit(call, guard)
        except (TokenMissing, TokenInvalid, TokenExpired):
            raise Forbidden from None


def _about(options: Mapping[str, Any]) -> dict[str, Any]:
    return {"maintenance_activated": True, "level": "stack", "maintenance_options": options}


def _told(app: Mapping[str, Any], closed: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """An app as a registry says it, with what this server says of it."""
    options = closed.get(str(app.get("slug")))
    return app if options is None else {**app, **_about(options)}


def _allow(call: Call) -> None:
    """Raises `Forbidden` unless a web app or a client asks."""
    if call.caller.audience not in ("app", "access"):
        raise Forbidden


def _fit(segments: Sequence[str]) -> bool:
    return len(segments) <= 10 and all(_SEGMENT.fullmatch(segment) for segment in segments)
