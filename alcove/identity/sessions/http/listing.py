"""The sessions of a person (contract-a section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import orjson
from starlette.responses import Response

from alcove.base.errors import NotFound
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import MEDIA_TYPE, answer, resource
from alcove.identity.sessions.service import DOCTYPE

if TYPE_CHECKING:
    from alcove.documents import Document
    from alcove.identity.service import Gate
    from alcove.identity.sessions.service import Sessions
    from alcove.instances import Instance


class SessionRoutes:
    """Who is logged in."""

    def __init__(self, gate: Gate, sessions: Sessions) -> None:
        self._gate = gate
        self._sessions = sessions

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/settings/sessions", self.list, Guard.TOKEN, jsonapi_errors),
            Route("GET", "/settings/sessions/current", self.current, Guard.PUBLIC, jsonapi_errors),
            Route("DELETE", "/settings/sessions/:id", self.end, Guard.TOKEN, jsonapi_errors),
        ]

    async def list(self, call: Call) -> Response:
        """Every browser that is logged in; the caller's own is told by `meta.current`."""
        call.caller.allow_type("GET", DOCTYPE)
        found = await self._sessions.all(cast("Instance", call.instance))
        shown = [_shown(document, call.caller.session) for document in found]
        # Without `links`, unlike the contract's other lists.
        return Response(orjson.dumps({"data": shown, "meta": {"count": len(shown)}}), media_type=MEDIA_TYPE)

    async def current(self, call: Call) -> Response:
        """The session of this browser; 404 when it is not logged in."""
        session = await self._gate.session(call)
        instance = cast("Instance", call.instance)
        own = session and next((d for d in await self._sessions.all(instance) if d.id == session.id), None)
        if not own:
            raise NotFound("no current session")
        return answer(_shown(own, ""))

    async def end(self, call: Call) -> Response:
        """Logs one browser out: 204, also when it was logged out already."""
        ident = call.params["id"]
        call.caller.allow("DELETE", DOCTYPE, ident)
        await self._sessions.end(cast("Instance", call.instance), ident)
        return Response(status_code=204)


def _shown(document: Document, own: str) -> dict[str, Any]:
    said = {"_id": document.id, "_rev": document.rev, **document.fields()}
    meta = {"current": True} if document.id == own else {}
    return resource(DOCTYPE, document.id, said, rev=document.rev, meta=meta)
