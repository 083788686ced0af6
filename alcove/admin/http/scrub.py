"""`/instances/:domain/scrub`: whether the bytes of an instance are still those that were written, and mending them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response, StreamingResponse

from alcove.admin.http.reading import operator_routes
from alcove.base.errors import BadRequest, Refusal
from alcove.base.http import JSONResponse
from alcove.files import copies_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.base.http import Call, Route
    from alcove.files import Report, Scrub
    from alcove.instances import Instances


class ScrubRoutes:
    """The scrub of one instance."""

    def __init__(self, instances: Instances, scrub: Scrub) -> None:
        self._instances = instances
        self._scrub = scrub

    def routes(self) -> list[Route]:
        """The route table of this file."""
        table = (
            ("GET", "/instances/:domain/scrub", self.report),
            ("POST", "/instances/:domain/scrub", self.now),
        )
        return operator_routes(table)

    async def report(self, call: Call) -> Response:
        """What the last scrub found, or the one under way has found so far."""
        instance = self._instances.by_domain(call.params["domain"])
        return JSONResponse(asdict(await self._scrub.reports.get(instance.key)))

    async def now(self, call: Call) -> Response:
        """Reads every byte now: the report as a line of JSON while it grows, and at the end.

        `From` is a folder of the server to mend from besides the mirror: a copy of the data folder.
        """
        instance = self._instances.by_domain(call.params["domain"])
        folder = call.query("From")
        if folder and not Path(folder).is_absolute():
            raise BadRequest("From must be the whole path of a folder of the server", parameter="From")
        running = self._scrub.now(instance, [copies_in(Path(folder))] if folder else [])
        return StreamingResponse(_lines(running), media_type="application/x-ndjson")


async def _lines(running: AsyncIterator[Report]) -> AsyncIterator[bytes]:
    try:
        async for report in running:
            yield orjson.dumps(asdict(report), option=orjson.OPT_APPEND_NEWLINE)
    except (Refusal, OSError) as error:  # the answer has begun: its last line tells why it is not whole
        yield orjson.dumps({"error": str(error)}, option=orjson.OPT_APPEND_NEWLINE)
