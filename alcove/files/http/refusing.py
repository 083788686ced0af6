"""What a request is told that comes without a good token: what is wrong with it by itself, else that it needs one.

The reference looks at a request before it asks who sends it, and so tells 404 for a file that is not there from 401
for one that is. Clients see the first for what could never be there; here it is told for that alone. Whether a file
of a real id or path is there, nobody learns without a right to it: nothing is looked up.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from alcove.base.digits import whole
from alcove.base.errors import Refusal
from alcove.base.jsonapi import read
from alcove.files.errors import IllegalType, NodeMissing
from alcove.files.http.changing import changes_of
from alcove.files.model.names import checked_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from alcove.base.http import Call, Handler

    Look = Callable[[Call], Awaitable[None]]

_ID = re.compile(r"[0-9A-Fa-f-]{32,36}|io\.cozy\.files\..+", re.DOTALL)
"""Ids that nodes have: those that are made here or came from elsewhere, and the fixed ones."""
_BODY = 16 << 10
"""Bytes of a body that is read of who may be anybody."""


def refusing(look: Look, handler: Handler) -> Handler:
    """A handler of a route guarded by `LATE`: who has no good token is told what `look` finds wrong, if anything."""

    @functools.wraps(handler)
    async def handle(call: Call) -> Response:
        try:
            await call.identify()
        except Refusal:
            await look(call)
            raise
        return await handler(call)

    return handle


async def by_id(call: Call) -> None:
    """Raises `NodeMissing` for what is no id."""
    if not _ID.fullmatch(call.params["id"]):
        raise NodeMissing


async def by_id_alone(call: Call) -> None:
    """The same, for HEAD: GET asks for a token first in the reference too."""
    if call.request.method == "HEAD":
        await by_id(call)


async def by_path(call: Call) -> None:
    """Raises `RelativePath`."""
    checked_path(call.query("Path"))


async def by_type(call: Call) -> None:
    """Raises `IllegalType`."""
    if call.query("Type") not in ("file", "directory"):
        raise IllegalType


async def by_body(call: Call) -> None:
    """Raises `BadRequest` for a body without a `data` object."""
    if _short(call):
        await read(call, _BODY)


async def by_list(call: Call) -> None:
    """Raises `BadRequest` for a body without a `data` list."""
    if _short(call):
        changes_of(await call.json_object(_BODY))


def _short(call: Call) -> bool:
    said = whole(call.request.headers.get("content-length", ""), 9)
    return said is not None and said <= _BODY
