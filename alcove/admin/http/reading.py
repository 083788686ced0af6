"""What the files of this folder share: a route of the operator, and numbers in its query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.digits import whole
from alcove.base.errors import BadRequest
from alcove.base.http import Guard, Route, jsonapi_errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alcove.base.http import Call, Handler

MOST = 10_000
"""The largest number of a page's parameters."""


def operator_routes(table: Iterable[tuple[str, str, Handler]]) -> list[Route]:
    """Lines of the operator's port."""
    return [Route(m, path, handler, Guard.OPERATOR, jsonapi_errors, operator=True) for m, path, handler in table]


def number(call: Call, name: str, default: int) -> int:
    """A number of the query; raises `BadRequest`."""
    said = call.query(name)
    if not said:
        return default
    found = whole(said)
    if found is None or found > MOST:
        raise BadRequest(f"{name} is {said[:40]!r}: a number up to {MOST} is allowed", parameter=name)
    return found


def truth(call: Call, name: str) -> bool:
    """Whether the query says yes."""
    return call.query(name).lower() in ("true", "t", "1")
