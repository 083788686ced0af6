"""How the routes of OAuth read and answer (contract-a sections 1 and 3): JSON, whatever the client accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from alcove.base.errors import BadRequest, Refusal
from alcove.base.http import JSONResponse
from alcove.identity.errors import OAuthRefusal, RegisteredTooOften
from alcove.identity.http.forms import visitor_of
from alcove.identity.limits import network_of
from alcove.instances import Allowance, TooOften

if TYPE_CHECKING:
    from typing import Any

    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.instances import Allowances, Instance

BODY = 64 << 10
"""Bytes of a body at the most."""
FROM_ONE, FROM_ALL = 50, 1000
"""Registrations in an hour: the contract's number for each address, so that no stranger uses up the person's own."""


def oauth_errors(refusal: Refusal, accept: str) -> Response:  # noqa: ARG001 - one signature for all families
    """`{"error": text}`, with a description where there is one."""
    body = {"error": refusal.detail or refusal.heading}
    if isinstance(refusal, OAuthRefusal) and refusal.description:
        body["error_description"] = refusal.description
    return JSONResponse(body, refusal.status, refusal.headers)


def instance_of(call: Call) -> Instance:
    """The instance of a call, with its whole record."""
    return cast("Instance", call.instance)


def check_json(call: Call, *, body: bool = False) -> None:
    """Raises `OAuthRefusal` for who does not accept JSON, or does not send it."""
    accept = call.request.headers.get("accept", "*/*")
    if "*/*" not in accept and "application/json" not in accept:
        raise OAuthRefusal("bad_accept_header")
    if body and not call.request.headers.get("content-type", "").startswith("application/json"):
        raise OAuthRefusal("bad_content_type")


async def read_object(call: Call) -> dict[str, Any]:
    """The body as a JSON object; raises `OAuthRefusal`, `TooLarge`."""
    try:
        return await call.json_object(BODY)
    except BadRequest as refusal:
        raise OAuthRefusal("invalid_request", refusal.detail) from None


async def count_registration(call: Call, allowances: Allowances) -> None:
    """Raises `RegisteredTooOften` when this address, or all of them together, did it too often."""
    key, network = call.instance.key, network_of(visitor_of(call).address)
    try:
        await allowances.take(key, Allowance(f"registrations of clients from {network}", FROM_ONE))
        await allowances.take(key, Allowance("registrations of clients", FROM_ALL))
    except TooOften as refusal:
        raise RegisteredTooOften(refusal.headers) from None
