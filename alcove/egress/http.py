"""`/egress`: what left a place, and what may leave it no more."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from alcove.base.errors import BadRequest
from alcove.base.http import Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, answer_list, resource
from alcove.base.outgoing import SELF
from alcove.egress.errors import BadPeriod
from alcove.egress.model import BLOCKED, EGRESS, Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from alcove.base.http import Call
    from alcove.egress.service import Journal

PAGE = 100
MOST = 1000
SUMS = "org.alcove.egress.sums"
COLUMNS = ("at", "purpose", "host", "port", "address", "verdict", "reason", "up", "down", "ms", "who")


class EgressHTTP:
    """The routes of the journal. Each asks for the permission on `org.alcove.egress`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def routes(self) -> list[Route]:
        """The route table: a place's own, and the operator's for what the server asks for itself."""
        table = (
            ("GET", "/egress", self.list),
            ("GET", "/egress/sums", self.sums),
            ("GET", "/egress/export", self.export),
            ("GET", "/egress/blocked", self.blocked),
            ("PUT", "/egress/blocked/:host", self.block),
            ("DELETE", "/egress/blocked/:host", self.unblock),
        )
        return [
            *(Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, path, handler in table),
            Route("GET", "/egress", self.own, Guard.OPERATOR, jsonapi_errors, operator=True),
        ]

    async def list(self, call: Call) -> Response:
        """`GET /egress?from=&to=&host=&purpose=&who=&q=&page[limit]=&page[cursor]=`: connections, the newest first."""
        call.caller.allow_type("GET", EGRESS)
        return await self._page(call, call.instance.key)

    async def own(self, call: Call) -> Response:
        """`GET /egress` for the operator: what the server asked for itself, for nobody's place."""
        return await self._page(call, SELF)

    async def sums(self, call: Call) -> Response:
        """`GET /egress/sums`, with the same parameters: by month, by host, by purpose, by source."""
        call.caller.allow_type("GET", EGRESS)
        sums = await self._journal.sums(call.instance.key, _wanted(call))
        return answer(resource(SUMS, SUMS, sums.told()))

    async def export(self, call: Call) -> Response:
        """`GET /egress/export`, with the same parameters: all lines as CSV (RFC 4180, in UTF-8), the newest first."""
        call.caller.allow_type("GET", EGRESS)
        name = 'attachment; filename="what-left.csv"'
        lines = self._lines(call.instance.key, _wanted(call))
        return StreamingResponse(lines, 200, {"Content-Disposition": name}, "text/csv; charset=utf-8")

    async def blocked(self, call: Call) -> Response:
        """`GET /egress/blocked`: the hosts that nothing is sent to."""
        call.caller.allow_type("GET", EGRESS)
        hosts = await self._journal.blocked(call.instance.key)
        return answer_list([_resource(BLOCKED, host) for host in hosts], count=len(hosts))

    async def block(self, call: Call) -> Response:
        """`PUT /egress/blocked/:host`: sends nothing there from now on."""
        call.caller.allow_type("PUT", EGRESS)
        return answer(_resource(BLOCKED, await self._journal.block(call.instance.key, call.params["host"])))

    async def unblock(self, call: Call) -> Response:
        """`DELETE /egress/blocked/:host`: it may be asked again."""
        call.caller.allow_type("DELETE", EGRESS)
        await self._journal.unblock(call.instance.key, call.params["host"])
        return Response(status_code=204)

    async def _page(self, call: Call, tenant: str) -> Response:
        lines, following = await self._journal.page(tenant, _wanted(call), _limit(call), call.query("page[cursor]"))
        links = {"next": self._next(call, following)} if following else {}
        return answer_list([_resource(EGRESS, line) for line in lines], links=links)

    def _next(self, call: Call, bookmark: str) -> str:
        asked = {**call.request.query_params, "page[cursor]": bookmark}
        return f"/egress?{urlencode(asked)}"

    async def _lines(self, tenant: str, wanted: Wanted) -> AsyncIterator[str]:
        yield ",".join(COLUMNS) + "\r\n"
        bookmark = ""
        while True:
            lines, bookmark = await self._journal.page(tenant, wanted, MOST, bookmark)
            written = io.StringIO()
            csv.writer(written).writerows([_cell(line.get(name, "")) for name in COLUMNS] for line in lines)
            yield written.getvalue()
            if not bookmark:
                return


def _resource(doctype: str, line: Mapping[str, Any]) -> dict[str, Any]:
    return resource(doctype, line["id"], {name: value for name, value in line.items() if name != "id"})


def _wanted(call: Call) -> Wanted:
    return Wanted(
        _day(call, "from"),
        _day(call, "to", after=1),
        call.query("host").lower(),
        call.query("purpose"),
        call.query("who"),
        call.query("q")[:200].strip().lower(),
    )


def _day(call: Call, name: str, after: int = 0) -> str:
    """A day in UTC, or the one `after` so many: as text it comes before all of its moments. Empty when none is said."""
    said = call.query(name)
    if not said:
        return ""
    try:
        day = datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=after)
    except (ValueError, OverflowError):
        raise BadPeriod(said, name) from None
    return f"{day:%Y-%m-%d}"


def _limit(call: Call) -> int:
    said = call.query("page[limit]", str(PAGE))
    if not (said.isascii() and said.isdigit()) or not int(said[:9]):
        raise BadRequest("page[limit] must be a number", parameter="page[limit]")
    return min(int(said[:9]), MOST)


def _cell(value: object) -> object:
    """What a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
