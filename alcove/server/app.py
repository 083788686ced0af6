"""One request's way in: host, route, guard, handler; and out again, refusals included (docs/architecture.md)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from alcove.base.errors import NoSuchInstance, NoSuchRoute, Refusal
from alcove.base.http import Call, Errors, Guard, Route, plain_errors
from alcove.base.outgoing import ACTING
from alcove.base.router import Router
from alcove.identity import LoginNeeded, login_url
from alcove.server.barring import CUT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Message, Receive, Scope, Send

    from alcove.base.http import AppHost, SocketRoute
    from alcove.identity import Gate
    from alcove.instances import Instance, Instances
    from alcove.server.barring import Barrier

    Place = tuple[Instance, str] | None
    """An instance, and the slug of the app whose host was asked; None for a host that nobody lives at."""

log = logging.getLogger("alcove.server")

SLOW = 1.0
"""Seconds from which a request is worth a line in the log."""
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
    "Access-Control-Max-Age": "43200",
    "Access-Control-Allow-Credentials": "true",
    "Vary": "Origin",
}
CSP = (b"content-security-policy", b"default-src 'none';frame-src 'none';frame-ancestors 'none';base-uri 'none';")
NO_SNIFFING = (b"x-content-type-options", b"nosniff")
CREDENTIALS = ((b"access-control-allow-credentials", b"true"), (b"vary", b"Origin"))
OF_APPS = frozenset({("DELETE", "/auth/login"), ("DELETE", "/auth/login/others"), ("POST", "/auth/registerFromWebApp")})
"""What apps may do under `/auth/` from their own origins: log out, and make clients for the person."""


class Application:
    """The routes of one port as an ASGI application."""

    def __init__(
        self,
        routes: Iterable[Route],
        sockets: Iterable[SocketRoute],
        gate: Gate,
        instances: Instances,
        scheme: str,
        barrier: Barrier,
        apps: AppHost | None = None,
    ) -> None:
        self._gate = gate
        self._barrier = barrier
        self._apps = apps
        self._instances = instances
        self._scheme = scheme
        self._router: Router[Route] = Router()
        self._sockets: Router[SocketRoute] = Router()
        self._families: dict[str, Errors] = {}
        self._closed = set[str]()
        for route in routes:
            self._router.add(route.method, route.path, route)
            self._families.setdefault(route.path.split("/")[1], route.errors)
            if not route.shared:
                self._closed.add(route.path.split("/")[1])
        for socket in sockets:
            self._sockets.add("GET", socket.path, socket)
        self._stopping = False

    def stop(self) -> None:
        """From now on connections are told to close after their answer."""
        self._stopping = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's door."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        begin = time.perf_counter()
        request = Request(scope, receive, send)
        heard: dict[bytes, bytes] = dict(scope["headers"])
        path = scope["raw_path"].decode("ascii", "replace")
        place = self._instances.by_host(_host(heard))
        try:
            elsewhere = self._instances.moved_from(_host(heard)) if place is None else None
            if elsewhere is not None:
                response = self._moved(request, elsewhere)
            elif place is not None and place[1]:
                response = await self._app(request, heard, path, *place)
            else:
                response = await self._answer(request, heard, path, place)
                self._share(request, response, heard, path)
        except ClientDisconnect:
            return
        self._dress(response)
        try:
            await response(scope, receive, send)
        except (ClientDisconnect, ConnectionError):
            return
        finally:
            took = time.perf_counter() - begin
            level = self._level(response.status_code, took, place)
            if log.isEnabledFor(level):
                host, ms = heard.get(b"host", b"").decode("latin-1"), round(took * 1e3, 1)
                more = {"host": host, "status": response.status_code, "ms": ms}
                log.log(level, "%s %s", request.method, path, extra=more)

    def _level(self, status: int, took: float, place: Place) -> int:
        """How much a request is worth in the log. That a blocked instance answers 503 is what the operator wants."""
        if status >= 500 and not (place is not None and place[0].fields.get("blocked")):
            return logging.WARNING
        wanted = took > SLOW or (place is not None and self._instances.debugged(place[0]))
        return logging.INFO if wanted else logging.DEBUG

    async def _answer(self, request: Request, heard: dict[bytes, bytes], path: str, place: Place) -> Response:
        """The answer of a route, or how its family of routes writes the refusal. `heard` are the request's headers."""
        accept = heard.get(b"accept", b"").decode("latin-1")
        family = self._families.get(path.split("/", 2)[1] if "/" in path else "", plain_errors)
        method = "GET" if request.method == "HEAD" else request.method
        try:
            found = self._router.find(method, path)
            if method == "OPTIONS" and b"origin" in heard and (found is None or found[0].shared):
                return _preflight(request)
            if found is None:
                stopped = self._barrier.stops(request, _instance(place), path)
                if stopped is not None:
                    return stopped
                raise NoSuchRoute
            route, params = found
            family = route.errors
            tenant = None if route.bare or route.operator else _instance(place)
            stopped = self._barrier.stops(request, tenant, path) if tenant is not None else None
            if stopped is not None:
                return stopped
            call = Call(request, params, tenant)
            if tenant is not None:
                ACTING.set(tenant.key)
            if route.guard is Guard.LATE:
                call.identify_by(partial(self._gate.admit, call, Guard.TOKEN))
            elif route.guard is not Guard.PUBLIC:
                await self._gate.admit(call, route.guard)
            return await route.handler(call)
        except LoginNeeded as refusal:
            return self._to_login(request, refusal, accept, _instance(place))
        except Refusal as refusal:
            return family(refusal, accept)
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("%s %s failed", request.method, path)
            return _failed(accept)

    async def _app(
        self, request: Request, heard: dict[bytes, bytes], path: str, instance: Instance, slug: str
    ) -> Response:
        """The answer of an app's host: none of our routes is there, and no other origin may read what it says."""
        accept = heard.get(b"accept", b"").decode("latin-1")
        try:
            if self._apps is None:
                raise NoSuchRoute
            stopped = self._barrier.stops(request, instance, None)
            if stopped is not None:
                return stopped
            ACTING.set(instance.key)
            return await self._apps.serve(Call(request, {}, instance), slug, path)
        except Refusal as refusal:
            return plain_errors(refusal, accept)
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("%s %s of the app %s failed", request.method, path, slug)
            return _failed(accept)

    def _to_login(self, request: Request, refusal: Refusal, accept: str, instance: Instance) -> Response:
        if request.method != "GET" or "text/html" not in accept:
            return plain_errors(refusal, accept)
        wanted = f"{self._scheme}://{instance.domain}{request.url.path}"
        return Response(status_code=303, headers={"Location": login_url(self._scheme, instance, wanted)})

    def _moved(self, request: Request, host: str) -> Response:
        """The same path of the domain that an instance has now."""
        query = request.scope["query_string"].decode("latin-1")
        where = f"{self._scheme}://{host}{request.scope['raw_path'].decode('ascii', 'replace')}"
        where += f"?{query}" if query else ""
        return Response(status_code=308, headers={"Location": where})

    def _dress(self, response: Response) -> None:
        """The headers that every answer has (contract-a section 1)."""
        raw = response.raw_headers
        if b"content-security-policy" not in [name for name, _ in raw]:
            raw.append(CSP)
        raw.append(NO_SNIFFING)
        if self._stopping:
            raw.append((b"connection", b"close"))

    def _share(self, request: Request, response: Response, heard: dict[bytes, bytes], path: str) -> None:
        """Lets pages of other origins read the answer; under `/auth/` only where apps have something to do."""
        origin = heard.get(b"origin")
        if not origin or (path.startswith("/auth/") and (request.method, path) not in OF_APPS):
            return
        if path.split("/", 2)[1] in self._closed:
            return
        if b"access-control-allow-origin" not in [name for name, _ in response.raw_headers]:
            response.raw_headers += [(b"access-control-allow-origin", origin), *CREDENTIALS]

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        found = self._sockets.find("GET", scope["raw_path"].decode("ascii", "replace"))
        place = self._instances.by_host(websocket.headers.get("host", ""))
        if found is None or place is None or place[1] or place[0].fields.get("blocked"):
            await _refuse_socket(receive, send)
            return
        try:
            with self._barrier.talking(place[0]):
                await found[0].handler(websocket, place[0])
        except asyncio.CancelledError as cancelled:
            if cancelled.args != (CUT,):
                raise
            with contextlib.suppress(RuntimeError):  # the client may have left in the same moment
                await websocket.close(1008)
        except Exception:
            log.exception("websocket %s failed", scope["path"])


def _host(heard: dict[bytes, bytes]) -> str:
    return heard.get(b"host", b"").decode("latin-1")


def _instance(place: Place) -> Instance:
    """Whose place the request is for; raises `NoSuchInstance`."""
    if place is None:
        raise NoSuchInstance
    return place[0]


async def _refuse_socket(receive: Receive, send: Send) -> None:
    message: Message = await receive()
    if message["type"] == "websocket.connect":
        await send({"type": "websocket.close", "code": 1008})


def _preflight(request: Request) -> Response:
    headers = dict(PREFLIGHT)
    headers["Access-Control-Allow-Origin"] = request.headers["origin"]
    asked = request.headers.get("access-control-request-headers")
    if asked:
        headers["Access-Control-Allow-Headers"] = asked
    return Response(status_code=204, headers=headers)


def _failed(accept: str) -> Response:
    """A fault of ours: its trace is in the log, the client gets the contract's words."""
    body: dict[str, Any] = {"errors": [{"status": "500", "title": "Unqualified error", "source": {}}]}
    media = "application/vnd.api+json"
    if "application/json" in accept:
        body, media = {"error": "Internal Server Error"}, "application/json"
    return Response(orjson.dumps(body), 500, media_type=media)
