"""`POST /apps/:slug/logs` and `/konnectors/:slug/logs`: what they tell of themselves goes to the server's log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from starlette.responses import Response

from alcove.base.errors import BadRequest
from alcove.base.http import Guard, Route, jsonapi_errors
from alcove.instances import Allowance

if TYPE_CHECKING:
    from alcove.apps.service.installing import Installer
    from alcove.base.http import Call
    from alcove.instances import Allowances, Instance

log = logging.getLogger("alcove.apps.told")

LOGS = "io.cozy.apps.logs"
TELLING = Allowance("logs of apps", 600)
LIMIT = 1 << 20
"""Bytes of a body at the most."""
LINES = 500
"""Lines of a body that are kept."""
LONGEST = 1000
"""Characters of a line that are kept."""
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "warn": logging.WARNING}


class LogsHTTP:
    """The route of one kind."""

    def __init__(self, installer: Installer, allowances: Allowances) -> None:
        self._installer = installer
        self._allowances = allowances

    def routes(self) -> list[Route]:
        """The route table."""
        path = f"/{self._installer.kind.name}/:slug/logs"
        return [Route("POST", path, self.tell, Guard.TOKEN, jsonapi_errors)]

    async def tell(self, call: Call) -> Response:
        """Takes lines `[{timestamp, level, msg}]` that an app or a connector tells of itself: 204."""
        instance, slug = cast("Instance", call.instance), call.params["slug"]
        self._allow(call, slug)
        await self._installer.get(instance, slug)
        await self._allowances.take(instance.key, TELLING)
        lines = await call.json(LIMIT)
        if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
            raise BadRequest("The body must be a list of {timestamp, level, msg}")
        about = {"domain": instance.domain, "slug": slug}
        about |= {name: _one_line(call.query(name), 64) for name in ("job_id", "version") if call.query(name)}
        for line in lines[:LINES]:
            log.log(*_read(line), extra=about)
        return Response(status_code=204)

    def _allow(self, call: Call, slug: str) -> None:
        """Raises `Forbidden` unless it is the app or the connector itself, or who may do everything."""
        caller = call.caller
        itself = caller.audience in ("app", "konn") and caller.source == self._installer.kind.id_of(slug)
        if not itself:
            caller.allow_type("POST", "*")
        elif caller.audience != "konn":
            caller.allow_type("POST", LOGS)


def _read(line: dict[str, Any]) -> tuple[int, str, str]:
    """The level, a format, and what is said, on one line."""
    level = LEVELS.get(str(line.get("level")).lower(), logging.ERROR)
    return level, "%s", _one_line(str(line.get("msg") or ""), LONGEST)


def _one_line(text: str, longest: int) -> str:
    return "".join(sign for sign in " ".join(text[:longest].split()) if sign.isprintable())
