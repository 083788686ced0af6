"""HTTP as every room sees it: a call, a route with its guard, and the three ways an error is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from starlette.responses import Response

from alcove.base.digits import whole
from alcove.base.errors import BadRequest, PlainRefusal, Refusal, TooLarge

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request
    from starlette.websockets import WebSocket

JSON_LIMIT = 32 << 20
"""Bytes of a JSON body that are read at the most, unless a route says otherwise."""

Json = dict[str, Any] | list[Any] | str | int | float | bool | None


class Tenant(Protocol):
    """What the lower rooms know of an instance."""

    @property
    def domain(self) -> str:
        """Its main domain with the port, as people type it: `me.localhost:8080`."""
        ...

    @property
    def key(self) -> str:
        """The name of its stores: `cozy` and 32 hexadecimal digits. Never changes."""
        ...

    @property
    def locale(self) -> str:
        """The person's language: `fr` or `en`."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a permission set (contract-a section 4).

    Without `values` the whole type is allowed. With values and no selector they are ids; with a selector they are
    allowed values of that field.
    """

    type: str
    verbs: frozenset[str]
    values: frozenset[str] = frozenset()
    selector: str = ""
    title: str = ""
    description: str = ""

    @property
    def whole(self) -> bool:
        """Whether it opens every document of the type. A selector without values opens none."""
        return not self.values and not self.selector

    def covers(self, verb: str, doctype: str) -> bool:
        """Whether the rule speaks of this verb on this doctype."""
        return (not self.verbs or verb in self.verbs) and self.speaks_of(doctype)

    def speaks_of(self, doctype: str) -> bool:
        """Whether it is about this doctype, with whatever verb; a type ending in `.*` covers its whole family."""
        if self.type in (doctype, "*"):
            return True
        return self.type.endswith(".*") and (doctype == self.type[:-2] or doctype.startswith(self.type[:-1]))


class Caller(Protocol):
    """Who asks, and what this call may do. `identity` makes it from the token; every verb is checked through it."""

    @property
    def audience(self) -> str:
        """The kind of token: app, konn, cli, access, share, session."""
        ...

    @property
    def subject(self) -> str:
        """For an app or connector its slug, for an OAuth client its id."""
        ...

    @property
    def source(self) -> str:
        """The id of what holds the permissions: `io.cozy.apps/drive`, `io.cozy.konnectors/bankfiles`."""
        ...

    @property
    def session(self) -> str:
        """The id of the session that the call belongs to; empty for callers that need none."""
        ...

    @property
    def device(self) -> Mapping[str, str]:
        """For an OAuth client `{id, kind, name, slug}`, the last for the app that it speaks for; empty for others."""
        ...

    @property
    def document(self) -> str:
        """For who came by a link the id of its permission document; it ends or changes what they may do."""
        ...

    def rules(self, verb: str, doctype: str) -> Sequence[Rule]:
        """The rules that cover this verb and doctype, for rooms with a finer match (a folder and all below it)."""
        ...

    def allow_type(self, verb: str, doctype: str) -> None:
        """Raises `Forbidden` unless the whole doctype is allowed."""
        ...

    def allow(self, verb: str, doctype: str, doc_id: str, fields: Mapping[str, Any] | None = None) -> None:
        """Raises `Forbidden` unless this document is allowed, by type, by id or by a field's value."""
        ...


class TokenReader(Protocol):
    """Turns a token into its caller. Declared here for the rooms below `identity` (realtime) and filled by it."""

    async def read(self, tenant: Tenant, token: str, connection: HTTPConnection) -> Caller:
        """The caller; raises `TokenInvalid`, `TokenExpired`.

        The token of a web app is good only together with the cookie of its session, which `connection` brings.
        """
        ...


class Guard(Enum):
    """What a route asks of who calls it. Every route names one; the handler then checks verbs through `call.caller`."""

    PUBLIC = "public"
    TOKEN = "token"
    LATE = "token, asked for when the request was looked at"
    SESSION = "session"
    EITHER = "session or token"
    DEVICE = "app password or token"
    OPERATOR = "operator"


class Call:
    """One request on its way through a room: the request, its instance, its caller and the parts of its path."""

    __slots__ = ("_caller", "_identifying", "params", "request", "tenant")

    def __init__(self, request: Request, params: Mapping[str, str], tenant: Tenant | None) -> None:
        self.request = request
        self.params = params
        self.tenant = tenant
        self._caller: Caller | None = None
        self._identifying: Callable[[], Awaitable[None]] | None = None

    @property
    def instance(self) -> Tenant:
        """The instance this call is for. Routes of the operator and of the server itself have none."""
        assert self.tenant is not None, "this route has no instance"
        return self.tenant

    @property
    def caller(self) -> Caller:
        """Who asks. There on every route but those guarded by PUBLIC and OPERATOR."""
        assert self._caller is not None, "this route knows no caller: its guard is PUBLIC or OPERATOR"
        return self._caller

    def admit(self, caller: Caller) -> None:
        """Puts in who asks: called by the guard, before the handler."""
        self._caller = caller

    def identify_by(self, ask: Callable[[], Awaitable[None]]) -> None:
        """Puts in how `identify` finds out who asks, on a route guarded by LATE."""
        self._identifying = ask

    async def identify(self) -> None:
        """Asks for the token, on a route guarded by LATE: `caller` is not there before. Raises what TOKEN would.

        For routes that the reference refuses for what is wrong with the request before it asks who sends it.
        """
        if self._caller is None:
            assert self._identifying is not None, "this route is not guarded by LATE"
            await self._identifying()

    def query(self, name: str, default: str = "") -> str:
        """A parameter of the query string."""
        return self.request.query_params.get(name, default)

    async def body(self, limit: int = JSON_LIMIT) -> bytes:
        """The whole body; raises `TooLarge` as soon as it is longer than `limit` bytes."""
        said = self.request.headers.get("content-length", "")
        if (whole(said, 19) or 0) > limit:
            raise TooLarge(f"The body may have {limit} bytes at the most")
        parts, size = [], 0
        async for part in self.request.stream():
            size += len(part)
            if size > limit:
                raise TooLarge(f"The body may have {limit} bytes at the most")
            parts.append(part)
        return b"".join(parts)

    async def json(self, limit: int = JSON_LIMIT) -> Any:
        """The body as JSON; raises `BadRequest` when it is none (or nested deeper than the parser goes)."""
        return decode_json(await self.body(limit))

    async def json_object(self, limit: int = JSON_LIMIT) -> dict[str, Any]:
        """The body as a JSON object; raises `BadRequest`."""
        value = await self.json(limit)
        if not isinstance(value, dict):
            raise BadRequest("The body must be a JSON object")
        return value


def decode_json(body: bytes) -> Any:
    """Decodes JSON; raises `BadRequest` with the parser's reason."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error}") from None


class AppHost(Protocol):
    """Answers on the sub-domains of apps. Declared here for `server`, which knows hosts, and filled by `apps`."""

    async def serve(self, call: Call, slug: str, path: str) -> Response:
        """A page or file of that app. `path` is the raw one of the request; raises `Refusal`."""
        ...


Handler = Callable[[Call], Awaitable[Response]]
SocketHandler = Callable[["WebSocket", Tenant], Awaitable[None]]


class Errors(Protocol):
    """How a family of routes writes its refusals."""

    def __call__(self, refusal: Refusal, accept: str) -> Response:
        """The answer for this refusal, for a client with this `Accept` header."""
        ...


class JSONResponse(Response):
    """A JSON answer; `content` is encoded by orjson, bytes are taken as they are."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body's bytes."""
        return content if isinstance(content, bytes) else orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)


def plain_errors(refusal: Refusal, accept: str) -> Response:
    """`{"error": message}` for JSON, a page for a browser, else the text (contract-a section 1, shape 2)."""
    message = refusal.detail or refusal.heading
    if "application/json" in accept:
        return JSONResponse({"error": message}, refusal.status, refusal.headers)
    if "text/html" in accept:
        page = f"<!doctype html><meta charset=utf-8><title>{refusal.status}</title><h1>{escape(message)}</h1>"
        return Response(page, refusal.status, refusal.headers, "text/html")
    return Response(message, refusal.status, refusal.headers, "text/plain")


def jsonapi_errors(refusal: Refusal, accept: str) -> Response:
    """JSON:API's `errors` array; permission failures stay plain (contract-a section 1)."""
    if isinstance(refusal, PlainRefusal):
        return plain_errors(refusal, accept)
    error: dict[str, Any] = {"status": str(refusal.status), "title": refusal.heading}
    if refusal.code:
        error["code"] = refusal.code
    if refusal.detail:
        error["detail"] = refusal.detail
    error["source"] = refusal.source
    if refusal.links:
        error["links"] = refusal.links
    body = orjson.dumps({"errors": [error]})
    return Response(body, refusal.status, refusal.headers, "application/vnd.api+json")


def data_errors(refusal: Refusal, accept: str) -> Response:  # noqa: ARG001 - one signature for all families
    """What `/data` answers (contract-b section 1.3): never JSON:API, whatever the client accepts."""
    own = refusal.own_body()
    if own is not None:
        return JSONResponse(own, refusal.status, refusal.headers)
    if isinstance(refusal, PlainRefusal):
        message = f"code={refusal.status}, message={refusal.detail}"
    else:
        phrase = HTTPStatus(refusal.status).phrase
        message = f"{phrase}({refusal.status}): {refusal.detail or refusal.heading}"
    return JSONResponse({"error": message}, refusal.status, refusal.headers)


@dataclass(frozen=True, slots=True)
class Route:
    """One line of a room's route table.

    `path` is made of literal segments, `:name` (one segment, percent-decoded) and a last `*name` (the rest, raw).
    """

    method: str
    path: str
    handler: Handler
    guard: Guard
    errors: Errors = field(default=plain_errors)
    operator: bool = False
    """True on the operator's port, false on the public one."""
    shared: bool = True
    """Whether pages of other origins may call it and read the answer. Not where a browser may know a password of its
    own accord (HTTP Basic): any page could then act for the person."""
    bare: bool = False
    """True for routes that answer on any host, without an instance (`/version`, `/status`)."""


@dataclass(frozen=True, slots=True)
class SocketRoute:
    """A websocket's path and who talks there. The handler authenticates by itself: a socket sends its token later."""

    path: str
    handler: SocketHandler
    protocol: str | None = None
