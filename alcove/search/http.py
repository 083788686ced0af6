"""`/search`: anything that the caller may read, by a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from alcove.base.errors import BadRequest
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import MEDIA_TYPE, resource
from alcove.search.filters import Filters, one
from alcove.search.model import MOST_WORDS, Asked
from alcove.search.service import COUNTED

if TYPE_CHECKING:
    from alcove.search.model import Hit
    from alcove.search.service import Search

LONGEST = 300
"""Characters of a question at the most."""
USUAL, MOST, MOST_NEWEST = 5, 50, 200
"""Hits of each kind: usually, at the most, and at the most of the one kind whose newest are asked for."""

FILTERS = {"type": "type", "since": "since", "until": "until", "source": "from"}
"""The filters by the names of their parameters, and what they are called among the words."""


class SearchHTTP:
    """The route of this room."""

    def __init__(self, search: Search) -> None:
        self._search = search

    def routes(self) -> list[Route]:
        """The lines of the route table."""
        return [Route("GET", "/search", self.find, Guard.TOKEN, jsonapi_errors)]

    async def find(self, call: Call) -> Response:
        """`GET /search?q=&kinds=&page[limit]=`: what the words find, kind by kind; `page[limit]` hits of each.

        `filter[type]`, `filter[since]`, `filter[until]`, `filter[folder]` and `filter[source]` narrow it. `sort=-date`
        gives all of one kind, the newest first. `page[cursor]` goes on where an answer about one kind ended, and
        `total=true` has it told how many there are.
        """
        found = await self._search.find(call.instance, call.caller, self._asked(call))
        meta = {"count": len(found.hits), "more": found.more, "complete": found.complete}
        if found.cursor is not None:
            meta["cursor"] = str(found.cursor)
        if found.total is not None:
            meta |= {"total": min(found.total, COUNTED), "counted": found.total <= COUNTED}
        body = {"data": [_resource(hit) for hit in found.hits], "links": {}, "meta": meta}
        return Response(orjson.dumps(body), 200, {"Cache-Control": "no-store"}, MEDIA_TYPE)

    def _asked(self, call: Call) -> Asked:
        text, limit = call.query("q"), call.query("page[limit]", str(USUAL))
        kinds = [kind for kind in call.query("kinds").split(",") if kind]
        if "q" not in call.request.query_params:
            raise BadRequest("q must hold the words to look for", parameter="q")
        if len(text) > LONGEST or len(text.split()) > MOST_WORDS:
            raise BadRequest(f"q may have {LONGEST} characters and {MOST_WORDS} words at the most", parameter="q")
        known = self._search.kinds
        if unknown := set(kinds) - set(known):
            raise BadRequest(f"{unknown.pop()[:40]} is no kind: there are {', '.join(known)}", parameter="kinds")
        newest, most = self._newest(call, kinds)
        if not limit.isascii() or not limit.isdigit() or len(limit) > 4 or not 1 <= int(limit) <= most:
            raise BadRequest(f"page[limit] must be a number from 1 to {most}", parameter="page[limit]")
        cursor = call.query("page[cursor]")
        if cursor and (len(kinds) != 1 or not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18):
            raise BadRequest("page[cursor] goes on where an answer about one kind ended", parameter="page[cursor]")
        filters, folder = self._filters(call), call.query("filter[folder]")
        total = call.query("total") == "true"
        return Asked(text, kinds, int(limit), newest, int(cursor) if cursor else None, filters, folder, total)

    def _filters(self, call: Call) -> Filters:
        """The filters that are not among the words."""
        filters = Filters()
        for name, kind in FILTERS.items():
            value = call.query(f"filter[{name}]")
            made = one(kind, value) if value and len(value) <= LONGEST else None
            if value and made is None:
                raise BadRequest(f"filter[{name}] says nothing that can be looked for", parameter=f"filter[{name}]")
            filters &= made or Filters()
        return filters

    def _newest(self, call: Call, kinds: list[str]) -> tuple[bool, int]:
        """Whether the newest are asked for, and how many hits there may be."""
        sort = call.query("sort")
        if sort and (sort != "-date" or len(kinds) != 1):
            raise BadRequest("sort may be -date, for one kind", parameter="sort")
        return (True, MOST_NEWEST) if sort else (False, MOST)


def _resource(hit: Hit) -> dict[str, Any]:
    said = hit.said
    shown = {"kind": hit.kind, "title": said.title, "detail": said.detail, "date": said.date, **said.shown}
    if hit.snippet:
        shown["snippet"] = [{"text": text, "marked": marked} for text, marked in hit.snippet]
    if hit.marks:
        shown["marks"] = list(hit.marks)
    return resource(hit.doctype, hit.id, shown)
