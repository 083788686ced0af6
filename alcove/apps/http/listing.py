"""What is installed, as pages of a list (contract-a section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from alcove.base.errors import BadRequest
from alcove.base.jsonapi import answer_list

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.documents import Document
    from alcove.instances import Instance

PAGE = 100
"""Entries of an answer, unless the client says otherwise."""


def answer_installed(
    call: Call, found: Sequence[Document], scheme: str, shown: Callable[[Instance, Document], dict[str, Any]]
) -> Response:
    """A page of 100 unless `limit` says otherwise; `start_key` is the id to begin with. Raises `BadRequest`."""
    instance, said = cast("Instance", call.instance), call.query("limit", str(PAGE))
    if not (said.isascii() and said.isdecimal() and 0 < int(said[:9]) <= 1000):
        raise BadRequest(f"limit is {said[:20]!r}: a number from 1 to 1000 is allowed", parameter="limit")
    left = _from(found, call.query("start_key"))
    page, rest = left[: int(said)], left[int(said) :]
    links = {}
    if rest:
        start = quote(rest[0].id, safe="")
        links["next"] = f"{scheme}://{instance.domain}{call.request.url.path}?limit={said}&start_key={start}"
    return answer_list([shown(instance, document) for document in page], links=links)


def _from(found: Sequence[Document], start: str) -> Sequence[Document]:
    """What follows from an id on; where it is gone, what would come after it by its id."""
    for place, document in enumerate(found):
        if document.id == start:
            return found[place:]
    return [document for document in found if document.id >= start]
