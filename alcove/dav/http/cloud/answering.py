"""OCS answers: how a request says which form it wants, and how refusals are written."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from alcove.base.errors import BadRequest, Refusal
from alcove.base.http import Call, Guard, Route
from alcove.dav.model.ocs import JSON, NEW, OLD, XML, Envelope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alcove.base.http import Errors
    from alcove.dav.model.paths import Names

    Verb = Callable[[Call], Awaitable[Any]]

UNKEPT = {"Cache-Control": "no-store"}
VERSIONS = (("/ocs/v1.php", OLD), ("/ocs/v2.php", NEW))


def answered(envelope: Envelope, version: int, *, as_json: bool, headers: dict[str, str] | None = None) -> Response:
    """An answer in its envelope."""
    body = envelope.written(version, as_json=as_json)
    return Response(body, envelope.http(version), {**UNKEPT, **(headers or {})}, JSON if as_json else XML)


def refused(refusal: Refusal, version: int, *, as_json: bool) -> Response:
    """A refusal in its envelope."""
    envelope = Envelope([], refusal.status, refusal.detail or refusal.heading)
    return answered(envelope, version, as_json=as_json, headers=refusal.headers)


def ocs_errors(version: int) -> Errors:
    """How the routes of a version write what is refused before they are asked."""

    def write(refusal: Refusal, accept: str) -> Response:
        return refused(refusal, version, as_json="json" in accept)

    return write


def ocs_routes(method: str, path: str, verb: Verb, guard: Guard = Guard.DEVICE) -> list[Route]:
    """A route in both versions. The verb gives what stands in the envelope, or the envelope itself."""

    def handler(version: int) -> Callable[[Call], Awaitable[Response]]:
        async def handle(call: Call) -> Response:
            as_json = call.query("format") == "json" or "json" in call.request.headers.get("accept", "")
            try:
                said = await verb(call)
            except Refusal as refusal:
                return refused(refusal, version, as_json=as_json)
            return answered(said if isinstance(said, Envelope) else Envelope(said), version, as_json=as_json)

        handle.__doc__ = verb.__doc__
        return handle

    return [
        Route(method, f"{prefix}{path}", handler(version), guard, ocs_errors(version), shared=False)
        for prefix, version in VERSIONS
    ]


def share_of(used: int, total: int) -> float:
    """Per cent of a whole, to two digits."""
    return math.floor(used / total * 10_000) / 100 if total else 0.0


def names_of_path(path: str) -> Names:
    """The names in a path that a parameter holds, where nothing is escaped; raises `BadRequest`."""
    names = tuple(name for name in path.split("/") if name)
    if any(name in (".", "..") or "\x00" in name for name in names):
        raise BadRequest("This is no path of a file")
    return names
