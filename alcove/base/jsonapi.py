"""JSON:API as the contract writes it (contract-a section 1): every resource has `attributes` and `meta`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from alcove.base.errors import BadRequest
from alcove.base.http import JSON_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.base.http import Call

MEDIA_TYPE = "application/vnd.api+json"


def resource(
    kind: str,
    ident: str,
    attributes: Mapping[str, Any] | orjson.Fragment,
    *,
    rev: str = "",
    meta: Mapping[str, Any] | None = None,
    links: Mapping[str, str] | None = None,
    relationships: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A resource object; `rev` goes to `meta.rev`, absent members are left out."""
    body: dict[str, Any] = {"type": kind, "id": ident, "attributes": attributes}
    body["meta"] = {**({"rev": rev} if rev else {}), **(meta or {})}
    if links:
        body["links"] = links
    if relationships:
        body["relationships"] = relationships
    return body


def answer(
    data: Mapping[str, Any],
    status: int = 200,
    *,
    links: Mapping[str, str] | None = None,
    included: Sequence[Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer with one resource."""
    body: dict[str, Any] = {"data": data}
    if links:
        body["links"] = links
    if included:
        body["included"] = included
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


def answer_list(
    data: Sequence[Any],
    *,
    count: int | None = None,
    links: Mapping[str, str] | None = None,
    included: Sequence[Any] | None = None,
) -> Response:
    """An answer with a list; `meta.count` is the number of its items unless said otherwise."""
    body: dict[str, Any] = {"data": data, "links": links or {}}
    body["meta"] = {"count": len(data) if count is None else count}
    if included is not None:
        body["included"] = included
    return Response(orjson.dumps(body), 200, None, MEDIA_TYPE)


async def read(call: Call, limit: int = JSON_LIMIT) -> dict[str, Any]:
    """The `data` object of a JSON:API body of so many bytes at the most, with `attributes` always a mapping.

    Raises `BadRequest`.
    """
    body = await call.json_object(limit)
    data = body.get("data")
    if not isinstance(data, dict):
        raise BadRequest("The body has no data object")
    if not isinstance(data.setdefault("attributes", {}), dict):
        raise BadRequest("data.attributes must be an object")
    return data
