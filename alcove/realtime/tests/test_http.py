"""The socket and the route, spoken to as a server would: through ASGI messages."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from starlette.requests import HTTPConnection, Request
from starlette.websockets import WebSocket

from alcove.base.errors import BadRequest, Forbidden, TokenInvalid
from alcove.base.house import Registry
from alcove.base.http import Call, Caller, Rule, Tenant
from alcove.documents import POLICIES, Policies, Policy
from alcove.instances import Instance
from alcove.realtime import READ_CHECKS, REDACTIONS, Realtime
from alcove.realtime.http import RealtimeHTTP

ME = Instance("me.localhost", "cozy1")


class Reader:
    """A caller that may read bills, and one file."""

    audience, subject, source, session, document = "app", "drive", "io.cozy.apps/drive", "s1", "l1"
    device: Mapping[str, str] = MappingProxyType({})

    def rules(self, verb: str, doctype: str) -> Sequence[Rule]:
        return []

    def allow_type(self, verb: str, doctype: str) -> None:
        if doctype != "io.cozy.bills":
            raise Forbidden

    def allow(self, verb: str, doctype: str, doc_id: str, fields: Mapping[str, Any] | None = None) -> None:
        if (doctype, doc_id) != ("io.cozy.files", "f1"):
            self.allow_type(verb, doctype)


class Tokens:
    async def read(self, tenant: Tenant, token: str, connection: HTTPConnection) -> Caller:
        if token not in ("good", "of a client"):
            raise TokenInvalid
        reader = Reader()
        if token == "of a client":
            reader.audience, reader.subject, reader.session, reader.document = "access", "c1", "", ""
        return reader


class Client:
    """The other end of a socket."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.stuck = asyncio.Event()
        self.stuck.set()

    async def receive(self) -> dict[str, Any]:
        return await self.inbox.get()

    async def send(self, message: Any) -> None:
        await self.stuck.wait()
        self.answers.put_nowait(message)

    def say(self, frame: object) -> None:
        text = frame if isinstance(frame, str) else orjson.dumps(frame).decode()
        self.inbox.put_nowait({"type": "websocket.receive", "text": text})

    async def hear(self) -> Any:
        message = await self.answers.get()
        return orjson.loads(message["text"]) if message["type"] == "websocket.send" else message


def door(auth_time: float = 60, **policies: Policy) -> tuple[RealtimeHTTP, Realtime, Registry[Any]]:
    realtime, checks, registry = Realtime(Registry(REDACTIONS)), Registry(READ_CHECKS), Registry(POLICIES)
    for name, policy in policies.items():
        registry.add(name.replace("_", "."), policy)
    return RealtimeHTTP(realtime, Tokens, checks, Policies(registry), auth_time), realtime, checks


@asynccontextmanager
async def connected(http: RealtimeHTTP, subprotocols: Sequence[str] = ("io.cozy.websocket",)) -> AsyncIterator[Client]:
    client = Client()
    scope = {"type": "websocket", "path": "/realtime/", "headers": [], "subprotocols": list(subprotocols)}
    client.inbox.put_nowait({"type": "websocket.connect"})
    websocket = WebSocket(scope, client.receive, client.send)
    talking = asyncio.create_task(http.socket(websocket, ME))
    accepted = await client.hear()
    assert accepted["type"] == "websocket.accept"
    assert accepted["subprotocol"] == (subprotocols[0] if subprotocols else None)
    yield client
    client.stuck.set()
    client.inbox.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await talking


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def error(status: str, code: str, title: str, source: object) -> object:
    return {"event": "error", "payload": {"status": status, "code": code, "title": title, "source": source}}


async def test_subscribes_hears_and_unsubscribes() -> None:
    http, realtime, _ = door()
    async with connected(http) as client:
        client.say({"method": "AUTH", "payload": "good"})
        client.say({"method": "subscribe", "payload": {"type": "io.cozy.bills"}})
        await settled()
        realtime.publish("cozy1", "NOTIFIED", "io.cozy.bills", "b", b'{"x":1}')
        payload = {"type": "io.cozy.bills", "id": "b", "doc": {"x": 1}}
        assert await client.hear() == {"event": "NOTIFIED", "payload": payload}
        client.say({"method": "UNSUBSCRIBE", "payload": {"type": "io.cozy.bills"}})
        await settled()
        realtime.publish("cozy1", "NOTIFIED", "io.cozy.bills", "b", b"{}")
        await settled()
        assert client.answers.empty()
    assert realtime._topics == {}


async def test_refuses_in_the_words_of_the_contract_and_goes_on() -> None:
    http, _, _ = door()
    async with connected(http) as client:
        client.say({"method": "AUTH", "payload": "good"})
        ask = {"method": "SUBSCRIBE", "payload": {"type": "io.cozy.files", "id": ""}}
        client.say(ask)
        title = "The application can't subscribe to io.cozy.files"
        assert await client.hear() == error("403 Forbidden", "forbidden", title, ask)
        ask = {"method": "NOPE", "payload": {"type": "io.cozy.files", "id": ""}}
        client.say(ask)
        title = "The NOPE method is not supported"
        assert await client.hear() == error("405 Method Not Allowed", "method not allowed", title, ask)
        client.say({"method": "SUBSCRIBE"})
        assert (await client.hear())["payload"]["status"] == "404 Page Not Found"
        client.say("nonsense")
        assert (await client.hear())["payload"]["status"] == "400 Bad Request"
        client.say({"method": "AUTH", "payload": "good"})
        await settled()
        assert client.answers.empty()


@pytest.mark.parametrize("first", [{"method": "AUTH", "payload": "bad"}, {"method": "SUBSCRIBE"}, "nonsense"])
async def test_a_first_frame_that_does_not_authenticate_ends_it(first: object) -> None:
    http, _, _ = door()
    async with connected(http, ()) as client:
        client.say(first)
        assert (await client.hear())["payload"]["status"] == "401 Unauthorized"
        assert (await client.hear())["code"] == 1008


async def test_who_never_says_who_it_is_is_put_out() -> None:
    http, _, _ = door(auth_time=0)
    async with connected(http) as client:
        assert (await client.hear())["code"] == 1008


async def test_a_frame_that_is_too_long_ends_it() -> None:
    http, _, _ = door()
    async with connected(http) as client:
        client.say({"method": "AUTH", "payload": "x" * 1024})
        assert (await client.hear())["code"] == 1009


async def test_a_client_that_does_not_read_is_put_out() -> None:
    http, realtime, _ = door()
    async with connected(http) as client:
        client.say({"method": "AUTH", "payload": "good"})
        client.say({"method": "SUBSCRIBE", "payload": {"type": "io.cozy.bills"}})
        await settled()
        client.stuck.clear()
        for _ in range(20):
            realtime.publish("cozy1", "NOTIFIED", "io.cozy.bills", "b", b'{"x":"' + b"x" * (1 << 20) + b'"}')
        await settled()
        assert realtime._topics == {}
        client.stuck.set()
        assert (await client.hear())["code"] == 1013


async def test_files_are_read_by_id_or_by_their_room_s_own_rule() -> None:
    http, realtime, checks = door()
    seen = []

    async def check(tenant: Tenant, caller: Caller, doc_id: str) -> None:
        seen.append((tenant.key, doc_id))
        if doc_id == "hidden":
            raise Forbidden

    async with connected(http) as client:
        client.say({"method": "AUTH", "payload": "good"})
        client.say({"method": "SUBSCRIBE", "payload": {"type": "io.cozy.files.thumbnails", "id": "f1"}})
        await settled()
        assert realtime._listeners("cozy1", "io.cozy.files.thumbnails", "f1")
        checks.add("io.cozy.files", check)
        client.say({"method": "SUBSCRIBE", "payload": {"type": "io.cozy.files", "id": "below"}})
        client.say({"method": "SUBSCRIBE", "payload": {"type": "io.cozy.files", "id": "hidden"}})
        assert (await client.hear())["payload"]["status"] == "403 Forbidden"
        assert seen == [("cozy1", "below"), ("cozy1", "hidden")]


def call(doctype: str, body: bytes) -> Call:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}, receive)
    made = Call(request, {"doctype": doctype, "id": "b1"}, ME)
    made.admit(Reader())
    return made


async def test_a_notice_goes_to_who_listens() -> None:
    http, _, _ = door()
    async with connected(http) as client:
        client.say({"method": "AUTH", "payload": "good"})
        client.say({"method": "SUBSCRIBE", "payload": {"type": "io.cozy.bills", "id": "b1"}})
        await settled()
        assert (await http.notify(call("io.cozy.bills", b'{"x":1}'))).status_code == 204
        heard = await client.hear()
        assert heard["event"] == "NOTIFIED"
        assert heard["payload"]["doc"] == {"_id": "b1", "x": 1}


async def test_a_notice_needs_the_permission_a_readable_type_and_an_object() -> None:
    http, _, _ = door(io_cozy_of_a_room=Policy(readable=False))
    with pytest.raises(Forbidden):
        await http.notify(call("io.cozy.contacts", b"{}"))
    with pytest.raises(Forbidden, match="reserved doctype"):
        await http.notify(call("io.cozy.sessions", b"{}"))
    with pytest.raises(Forbidden, match="reserved doctype"):
        await http.notify(call("io.cozy.of.a.room", b"{}"))
    for body in (b"[]", b"{"):
        with pytest.raises(BadRequest):
            await http.notify(call("io.cozy.bills", body))


async def test_a_socket_ends_with_the_session_of_its_token() -> None:
    http, realtime, _ = door()
    async with connected(http) as client:
        client.say({"method": "AUTH", "payload": "good"})
        client.say({"method": "SUBSCRIBE", "payload": {"type": "io.cozy.bills"}})
        await settled()
        realtime.publish("cozy1", "UPDATED", "io.cozy.sessions", "s1", b"{}")
        realtime.publish("cozy1", "DELETED", "io.cozy.sessions", "another", b"{}")
        await settled()
        assert client.answers.empty()
        realtime.publish("cozy1", "DELETED", "io.cozy.sessions", "s1", b"{}")
        assert await client.hear() == {"type": "websocket.close", "code": 1008, "reason": ""}
    assert realtime._topics == {}


@pytest.mark.parametrize("event", ["DELETED", "UPDATED"])
async def test_a_socket_ends_when_the_link_of_its_code_is_changed(event: str) -> None:
    http, realtime, _ = door()
    async with connected(http) as client:
        client.say({"method": "AUTH", "payload": "good"})
        await settled()
        realtime.publish("cozy1", event, "io.cozy.permissions", "another", b"{}")
        await settled()
        assert client.answers.empty()
        realtime.publish("cozy1", event, "io.cozy.permissions", "l1", b"{}")
        assert await client.hear() == {"type": "websocket.close", "code": 1008, "reason": ""}


async def test_a_socket_ends_when_its_client_is_revoked() -> None:
    http, realtime, _ = door()
    async with connected(http) as client:
        client.say({"method": "AUTH", "payload": "of a client"})
        await settled()
        realtime.publish("cozy1", "UPDATED", "io.cozy.oauth.clients", "c1", b"{}")
        realtime.publish("cozy1", "DELETED", "io.cozy.oauth.clients", "another", b"{}")
        await settled()
        assert client.answers.empty()
        realtime.publish("cozy1", "DELETED", "io.cozy.oauth.clients", "c1", b"{}")
        assert await client.hear() == {"type": "websocket.close", "code": 1008, "reason": ""}
