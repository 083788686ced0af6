"""A place with its routes: the room's own front door, without the rest of the house."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from starlette.requests import Request

from alcove.base.confined import Here
from alcove.base.errors import Forbidden, NoSuchRoute, Refusal, TokenMissing
from alcove.base.http import Call, Errors, Guard, Route, Rule, plain_errors
from alcove.base.router import Router
from alcove.files.http import routes
from alcove.files.http.consistency import Consistency
from alcove.files.http.known import known_routes
from alcove.files.http.resuming import upload_routes
from alcove.files.parts import Parts
from alcove.files.service.checking import Checking
from alcove.files.service.links import Links
from alcove.files.service.looking import Looking
from alcove.files.service.paging import Pages
from alcove.files.service.resuming import Resuming
from alcove.files.service.thumbnails import Thumbnails
from alcove.files.testing import FilesInMemory, files_in_memory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from alcove.files.store import Strict


class Somebody:
    """A caller with these rules."""

    def __init__(self, *given: Rule, audience: str = "cli", subject: str = "CLI") -> None:
        self._rules = given
        self.audience = audience
        self.session = self.document = ""
        self.device = {"id": subject, "kind": "desktop", "name": "Desk", "slug": ""} if audience == "access" else {}
        self.subject = subject
        self.source = f"io.cozy.apps/{subject}"

    def rules(self, verb: str, doctype: str) -> Sequence[Rule]:
        return [rule for rule in self._rules if rule.covers(verb, doctype)]

    def allow_type(self, verb: str, doctype: str) -> None:
        if not any(not rule.values for rule in self.rules(verb, doctype)):
            raise Forbidden

    def allow(self, verb: str, doctype: str, doc_id: str, fields: Mapping[str, Any] | None = None) -> None:
        if not any(not rule.values or doc_id in rule.values for rule in self.rules(verb, doctype)):
            raise Forbidden


ALL = Rule("*", frozenset())


class Door:
    """The routes as an ASGI application, for one instance; `somebody` is who asks."""

    def __init__(self, place: FilesInMemory, scratch: Path) -> None:
        self.place = place
        self.scratch = scratch
        self.told: list[tuple[str, str, str, str, bytes]] = []
        self.looking = Looking(Here("degraded").find, scratch)
        self.thumbnails = Thumbnails(place.documents, place.blobs, self.looking, self._tell)
        self.links = Links(place.clock)
        self.somebody: Somebody | None = Somebody(ALL)
        self._router: Router[Route] = Router()
        strict = cast("Strict", place.documents)
        self.resuming = Resuming(place.files, place.blobs, Parts(scratch.parent), place.clock)
        consistency = Consistency(Checking(place.documents, place.blobs))
        served = routes(
            place.files,
            self.links,
            place.documents,
            strict,
            self.thumbnails,
            Pages(self.looking),
            consistency,
            lambda i: f"http://*.{i.domain}",
        )
        for route in (*served, *known_routes(place.files), *upload_routes(place.files, self.resuming)):
            self._router.add(route.method, route.path, route)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self), base_url="http://me.localhost:8080")

    async def close(self) -> None:
        """Ends what is being drawn, and lets go of the client."""
        await self.thumbnails.stop()
        await self.http.aclose()

    def _tell(self, *event: Any) -> None:
        self.told.append(event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        family: Errors = plain_errors
        try:
            method = "GET" if request.method == "HEAD" else request.method
            found = self._router.find(method, scope["raw_path"].decode())
            if found is None:
                raise NoSuchRoute
            family = found[0].errors
            call = Call(request, found[1], self.place.instance)
            call.identify_by(partial(self._admit, call))
            if found[0].guard not in (Guard.PUBLIC, Guard.LATE):
                await call.identify()
            response = await found[0].handler(call)
        except Refusal as refusal:
            response = family(refusal, request.headers.get("accept", ""))
        await response(scope, receive, send)

    async def _admit(self, call: Call) -> None:
        if self.somebody is None:
            raise TokenMissing
        call.admit(self.somebody)

    def somebody_else(self, *rules: Rule, audience: str = "cli", subject: str = "CLI") -> Somebody:
        """A caller with these rules."""
        return Somebody(*rules, audience=audience, subject=subject)

    async def ask(self, line: str, status: int, **more: Any) -> httpx.Response:
        """One request (`GET /files/x`), whose status must be this one."""
        method, _, path = line.partition(" ")
        answer = await self.http.request(method, path, **more)
        assert answer.status_code == status, answer.text[:300]
        return answer

    async def make(self, line: str, content: bytes = b"", **headers: str) -> str:
        """The id of something made by `POST /files/<line>`."""
        answer = await self.ask(f"POST /files/{line}", 201, content=content, headers=headers)
        return str(answer.json()["data"]["id"])


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    door = Door(await files_in_memory(), tmp_path / "drawing")
    yield door
    await door.close()
