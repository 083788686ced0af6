"""What browsers tell of a page that asked for another host: they kept it in, and the person's journal says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import Response

from alcove.apps.errors import NotOfBrowser, SessionNeeded
from alcove.base.errors import Refusal
from alcove.egress import Line, clean_host
from alcove.instances import Allowance

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.base.http import Call
    from alcove.egress import Journal
    from alcove.identity import Gate
    from alcove.instances import Allowances, Instance, Instances

REPORTS = "/.alcove/kept-in"
"""The path on an app's own host to which its policy has browsers send reports."""
REPORT = "application/csp-report"
PURPOSE = "page"
REASON = "policy"
"""The reason of such a line: the Content-Security-Policy of the page."""
LIMIT = 16 << 10
"""Bytes of a report at the most."""
TELLING = Allowance("reports of pages", 60)
HOUR = 3600
PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


class KeptIn:
    """Takes the reports.

    Only a browser in which the person is logged in may tell, and only of the app on whose host it does: strangers with
    a public link are not heard, and no app speaks for another. Of a report the host and the port are kept.
    """

    def __init__(
        self, journal: Journal, gate: Gate, instances: Instances, allowances: Allowances, clock: Clock
    ) -> None:
        self._journal = journal
        self._gate = gate
        self._instances = instances
        self._allowances = allowances
        self._clock = clock
        self._told = dict[str, tuple[int, set[tuple[str, str, int]]]]()

    async def take(self, call: Call, instance: Instance, slug: str) -> Response:
        """`POST /.alcove/kept-in` on an app's host: 204. The same host is one line an hour for each app.

        Raises `SessionNeeded`, `NotOfBrowser`, `BadRequest`, `TooLarge`, `TooOften`.
        """
        if await self._gate.session(call) is None:
            raise SessionNeeded
        headers = call.request.headers
        # Scripts of a page can say the first of any request, and never the second: these lines are no app's to write.
        if headers.get("content-type", "") != REPORT or headers.get("sec-fetch-dest", "report") != "report":
            raise NotOfBrowser
        report = (await call.json_object(LIMIT)).get("csp-report")
        wanted = self._foreign(instance, report.get("blocked-uri") if isinstance(report, dict) else None)
        if wanted is not None:
            await self._note(instance, slug, *wanted)
        return Response(status_code=204)

    async def _note(self, instance: Instance, slug: str, host: str, port: int) -> None:
        hour = int(self._clock.now().timestamp()) // HOUR
        since, told = self._told.get(instance.key, (hour, set()))
        told = told if since == hour else set()
        self._told[instance.key] = hour, told
        line = slug, host, port
        if line in told:
            return
        told.add(line)  # before anything is awaited: pages tell of the same host at once
        try:
            await self._allowances.take(instance.key, TELLING)
            await self._journal.kept_in(Line(PURPOSE, host, port, slug, reason=REASON))
        except Refusal:
            told.discard(line)
            raise

    def _foreign(self, instance: Instance, said: Any) -> tuple[str, int] | None:
        """The host and the port that were wanted; None where it was no other host than those of the place."""
        if not isinstance(said, str):
            return None
        try:
            url = urlsplit(said)
            port = url.port or PORTS.get(url.scheme, 0)
        except ValueError:
            return None
        host = clean_host(url.hostname or "")
        if not host or not port:
            return None
        place = self._instances.by_host(url.netloc.rpartition("@")[2])
        return None if place is not None and place[0].key == instance.key else (host, port)
