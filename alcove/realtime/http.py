"""The socket of realtime, and the route that tells everyone something (contract-a section 13)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.websockets import WebSocketDisconnect, WebSocketState

from alcove.base.errors import BadRequest, Forbidden, Refusal
from alcove.base.http import Guard, Route, SocketRoute, decode_json
from alcove.realtime.model import (
    CLIENTS,
    FILES,
    FRAME_LIMIT,
    PERMISSIONS,
    PROTOCOL,
    SESSIONS,
    Ask,
    error_frame,
    permission_for,
    read_ask,
    with_id,
)
from alcove.realtime.service import Outbox, Realtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.websockets import WebSocket

    from alcove.base.house import Registry
    from alcove.base.http import Call, Caller, Tenant, TokenReader
    from alcove.documents import Policies
    from alcove.realtime import ReadCheck

NOTICE_LIMIT = 1 << 20
"""Bytes of a NOTIFIED event's document at the most."""
AUTH_TIME = 60.0
"""Seconds that a socket has to say who it is."""
CLOSE_TIME = 5.0
"""Seconds that a slow socket gets to take its closing frame."""
NORMAL, REFUSED, TOO_BIG, TOO_SLOW = 1000, 1008, 1009, 1013
"""Closing codes (RFC 6455 section 7.4, and 1013 of the IANA registry)."""


class Closing(Exception):
    """The conversation ends with this closing code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class RealtimeHTTP:
    """The two doors of realtime."""

    def __init__(
        self,
        realtime: Realtime,
        tokens: Callable[[], TokenReader],
        checks: Registry[ReadCheck],
        policies: Policies,
        auth_time: float = AUTH_TIME,
    ) -> None:
        self._realtime = realtime
        self._tokens = tokens
        self._checks = checks
        self._policies = policies
        self._auth_time = auth_time

    def routes(self) -> list[Route]:
        """The route table."""
        return [Route("POST", "/realtime/:doctype/:id", self.notify, Guard.TOKEN)]

    def sockets(self) -> list[SocketRoute]:
        """The websocket's path."""
        return [SocketRoute("/realtime/", self.socket, PROTOCOL)]

    async def notify(self, call: Call) -> Response:
        """`POST /realtime/:doctype/:id`: the body goes to who listens, as NOTIFIED; nothing is stored."""
        doctype, doc_id = call.params["doctype"], call.params["id"]
        self._policies.check(doctype)
        call.caller.allow("POST", doctype, doc_id)
        body = await call.body(NOTICE_LIMIT)
        if not isinstance(decode_json(body), dict):
            raise BadRequest("The body must be a JSON object")
        self._realtime.publish(call.instance.key, "NOTIFIED", doctype, doc_id, with_id(body, doc_id))
        return Response(status_code=204)

    async def socket(self, websocket: WebSocket, tenant: Tenant) -> None:
        """Talks with one client until it leaves, is refused, or reads too slowly."""
        asked = websocket.scope.get("subprotocols", [])
        await websocket.accept(PROTOCOL if PROTOCOL in asked else None)
        talk = Talk(websocket, tenant, self._realtime, self._tokens(), self._checks)
        code = await talk.until_end(self._auth_time)
        talk.leave()
        if websocket.client_state is WebSocketState.CONNECTED:
            with contextlib.suppress(WebSocketDisconnect, TimeoutError):  # a slow client may never take the frame
                async with asyncio.timeout(CLOSE_TIME):
                    await websocket.close(code)


class Right:
    """Hears whether the session of a token was ended, its client was revoked, or its link changed in any way."""

    __slots__ = ("_gone",)

    def __init__(self, gone: Callable[[], None]) -> None:
        self._gone = gone

    def put(self, frame: str) -> None:
        """Takes an event of the session, or of the link."""
        told = decode_json(frame.encode())
        if told["event"] == "DELETED" or told["payload"]["type"] == PERMISSIONS:
            self._gone()


class Talk:
    """One client's conversation: what it asks, one after the other, while events go out on their own."""

    def __init__(
        self,
        websocket: WebSocket,
        tenant: Tenant,
        realtime: Realtime,
        tokens: TokenReader,
        checks: Registry[ReadCheck],
    ) -> None:
        self._end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.outbox = Outbox(lambda: self._finish(TOO_SLOW))
        self._right = Right(lambda: self._finish(REFUSED))
        self._websocket = websocket
        self._tenant = tenant
        self._realtime = realtime
        self._tokens = tokens
        self._checks = checks
        self._caller: Caller | None = None

    async def until_end(self, auth_time: float) -> int:
        """Runs the conversation; answers the closing code."""
        tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._read(auth_time))]
        waited: list[asyncio.Future[Any]] = [*tasks, self._end]
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        if self._end.done():
            return self._end.result()
        for end in ends:
            if isinstance(end, Closing):
                return end.code
            if isinstance(end, Exception) and not isinstance(end, WebSocketDisconnect):
                raise end
        return NORMAL

    def _finish(self, code: int) -> None:
        if not self._end.done():
            self._end.set_result(code)

    def leave(self) -> None:
        """Stops listening."""
        for outbox in (self.outbox, self._right):
            self._realtime.leave(self._tenant.key, outbox)

    async def _write(self) -> None:
        while True:
            await self._websocket.send_text(await self.outbox.get())

    async def _read(self, auth_time: float) -> None:
        try:
            async with asyncio.timeout(auth_time):
                ask = await self._next()
        except TimeoutError:
            raise Closing(REFUSED) from None
        await self._authenticate(ask)
        while True:
            await self._answer(await self._next())

    async def _next(self) -> Ask | None:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or NORMAL)
        frame: str | bytes = message.get("text") or message.get("bytes") or b""
        size = len(frame.encode()) if isinstance(frame, str) else len(frame)
        if size > FRAME_LIMIT:
            raise Closing(TOO_BIG)
        return read_ask(frame)

    async def _authenticate(self, ask: Ask | None) -> None:
        try:
            if ask is None or ask.verb != "AUTH":
                raise Forbidden
            self._caller = await self._tokens.read(self._tenant, ask.token, self._websocket)
            if self._caller.session:
                self._realtime.subscribe(self._tenant.key, SESSIONS, self._caller.session, self._right)
            if self._caller.document:
                self._realtime.subscribe(self._tenant.key, PERMISSIONS, self._caller.document, self._right)
            if self._caller.audience == "access":
                self._realtime.subscribe(self._tenant.key, CLIENTS, self._caller.subject, self._right)
        except Refusal:
            # Sent here and not through the outbox: the connection is closed right after.
            frame = error_frame("401 Unauthorized", "unauthorized", "The authentication has failed", ask)
            await self._websocket.send_text(frame)
            raise Closing(REFUSED) from None

    async def _answer(self, ask: Ask | None) -> None:
        if ask is None:
            self._refuse("400 Bad Request", "bad request", "This frame is not a JSON object with a method", None)
        elif ask.verb == "AUTH":
            await self._authenticate(ask)  # a client that renewed its token goes on with the same socket
        elif ask.verb not in ("SUBSCRIBE", "UNSUBSCRIBE"):
            title = f"The {ask.method} method is not supported"
            self._refuse("405 Method Not Allowed", "method not allowed", title, ask)
        elif not ask.type:
            self._refuse("404 Page Not Found", "page not found", f"{ask.verb} needs the type of the documents", ask)
        elif ask.verb == "UNSUBSCRIBE":
            self._realtime.unsubscribe(self._tenant.key, ask.type, ask.id, self.outbox)
        elif not await self._may_hear(ask):
            self._refuse("403 Forbidden", "forbidden", f"The application can't subscribe to {ask.type}", ask)
        elif not self._realtime.subscribe(self._tenant.key, ask.type, ask.id, self.outbox):
            self._refuse("429 Too Many Requests", "too many requests", "This socket listens to too much", ask)

    def _refuse(self, status: str, code: str, title: str, ask: Ask | None) -> None:
        self.outbox.put(error_frame(status, code, title, ask))

    async def _may_hear(self, ask: Ask) -> bool:
        needed = permission_for(ask.type, ask.id)
        if needed is None:
            return True
        doctype, doc_id = needed
        caller = self._caller
        assert caller is not None, "the first frame authenticates"
        try:
            if not doc_id:
                caller.allow_type("GET", doctype)
            elif doctype == FILES and (check := self._checks.get(FILES)) is not None:
                await check(self._tenant, caller, doc_id)
            else:
                caller.allow("GET", doctype, doc_id)
        except Refusal:
            return False
        return True
