"""`/sharings` (contract-b section 13): clients ask what is shared before they show a folder, and want a list.

Nobody has been offered a sharing here either: whoever leads a person to accept one is told so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

from alcove.base.errors import BadRequest, NotFound
from alcove.base.http import Guard, Route, jsonapi_errors
from alcove.base.jsonapi import MEDIA_TYPE

if TYPE_CHECKING:
    from alcove.base.http import Call

FILES = "io.cozy.files"
_NONE = orjson.dumps({"meta": {"count": 0}, "data": []})
"""A list of nothing: without `links`, as the reference writes it here."""


def routes() -> list[Route]:
    """The route table."""
    table = (("GET", "/sharings/doctype/:doctype", by_doctype), ("GET", "/sharings/drives", drives))
    return [
        *(Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, path, handler in table),
        Route("GET", "/auth/authorize/sharing", accept, Guard.PUBLIC),
        Route("POST", "/auth/authorize/sharing", accept, Guard.PUBLIC),
        Route("GET", "/auth/authorize/sharing/:id/cancel", decline, Guard.SESSION),
    ]


async def by_doctype(call: Call) -> Response:
    """The sharings of a doctype: none yet."""
    call.caller.allow_type("GET", call.params["doctype"])
    return Response(_NONE, media_type=MEDIA_TYPE)


async def drives(call: Call) -> Response:
    """The shared drives: none yet."""
    call.caller.allow_type("GET", FILES)
    return Response(_NONE, media_type=MEDIA_TYPE)


async def accept(call: Call) -> Response:
    """Where another place leads a person who was offered a sharing; raises `BadRequest`: none is known."""
    said = call.query("sharing_id")
    raise BadRequest(f"No sharing {said[:64]!r} was offered to this place" if said else "No sharing_id parameter")


async def decline(call: Call) -> Response:
    """Where a person says no to one, who must be logged in; raises `NotFound`: none is known."""
    raise NotFound(f"No sharing {call.params['id'][:64]!r} was offered to this place")
