"""SEARCH, by which telephones fill their lists of pictures and find files by name, and the report of favourites."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alcove.base.http import Guard, Route
from alcove.dav.errors import IllegalXML, UnknownReport
from alcove.dav.http.answers import Multistatus, dav_errors
from alcove.dav.model.paths import href, names_of
from alcove.dav.model.searching import read_report, read_search
from alcove.dav.model.xml import HEAD, LIMIT
from alcove.dav.service.cloud.properties import oc
from alcove.dav.service.properties import Wanted, Writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.dav.http.mount import Mount
    from alcove.dav.model.paths import Names
    from alcove.dav.model.searching import Question
    from alcove.dav.service.cloud.searching import Searching
    from alcove.dav.service.tree import View

TOP = "/remote.php/dav"
REPORT = oc("filter-files")


class Searches:
    """The routes that look for files wherever they lie."""

    def __init__(self, mount: Mount, searching: Searching, prefixes: Sequence[str]) -> None:
        """`prefixes` are where the files are mounted: the report is asked there."""
        self._mount = mount
        self._searching = searching
        self._prefixes = prefixes

    def routes(self) -> list[Route]:
        """The route table of this file."""
        reports = [path for prefix in self._prefixes for path in (prefix, f"{prefix}/*path")]
        return [
            *(Route("SEARCH", path, self.search, Guard.DEVICE, dav_errors, shared=False) for path in (TOP, f"{TOP}/")),
            *(Route("REPORT", path, self.report, Guard.DEVICE, dav_errors, shared=False) for path in reports),
        ]

    async def search(self, call: Call) -> Response:
        """Files below the scope for which `where` holds (RFC 5323, `basicsearch`), as a multistatus."""
        asked = await self._mount.reads(call)
        question = read_search(await call.body(LIMIT))
        kind, *rest = names_of(question.scope) or ("files",)
        if kind != "files":
            raise IllegalXML("scope must be /files/USER or a folder in it")
        user, *top = rest or ("me",)
        view = replace(asked.view, base=href(TOP, ("files", user), collection=False))
        return self._answer(view, question, tuple(top))

    async def report(self, call: Call) -> Response:
        """The files and folders below one that rules hold for: `oc:filter-files` with `oc:favorite`."""
        asked = await self._mount.reads(call)
        await self._mount.need(asked, "GET")
        question = read_report(await call.body(LIMIT), REPORT)
        if question is None:
            raise UnknownReport
        return self._answer(asked.view, question, asked.names)

    def _answer(self, view: View, question: Question, top: Names) -> Response:
        wanted = Wanted(question.names, everything=not question.names)
        writer = Writer(view, self._mount.properties, wanted, self._mount.core.dead.of)
        return Multistatus(self._parts(view, writer, question, top))

    async def _parts(self, view: View, writer: Writer, question: Question, top: Names) -> AsyncIterator[bytes]:
        yield HEAD + writer.root
        async for resources in self._searching.find(view, question, top):
            yield await writer.write(resources)
        yield b"</d:multistatus>"
