"""What the server says of itself, and the first page of a place."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import platform
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from alcove.base.errors import StorageFull
from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.base.pages import Pages
from alcove.server.texts import texts

if TYPE_CHECKING:
    from alcove.apps import Apps
    from alcove.base.config import Settings
    from alcove.base.house import Registry
    from alcove.documents import Documents
    from alcove.identity import Gate
    from alcove.instances import Holding, Instance

log = logging.getLogger("alcove.server")

PAGES = Path(__file__).parent / "pages"
CSP = "default-src 'self';frame-ancestors 'none';base-uri 'none';form-action 'self';img-src 'self' data:;"
SPARE = 1 << 20
"""Bytes of the disk below which it counts as full."""
SHOWN = ("files", "accounts", "operations", "bills", "linked", "to_confirm")
"""What the first page counts, in its order."""


def version() -> str:
    """The version of the installed package."""
    return importlib.metadata.version("alcove")


class Front:
    """Routes of no room in particular."""

    def __init__(
        self, documents: Documents, gate: Gate, apps: Apps, holdings: Registry[Holding], settings: Settings
    ) -> None:
        self._documents = documents
        self._apps = apps
        self._gate = gate
        self._holdings = holdings
        self._scheme = settings.scheme
        self._home = None if settings.store == settings.blobs == "memory" else settings.home
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        routes = [Route("GET", "/", self.home, Guard.PUBLIC)]
        everywhere = (
            ("/version", self.version),
            ("/status", self.status),
            ("/connection_check", self.connection_check),
        )
        for operator in (False, True):
            for path, handler in everywhere:
                routes.append(Route("GET", path, handler, Guard.PUBLIC, operator=operator, bare=True))
        routes.append(Route("GET", "/robots.txt", self.robots, Guard.PUBLIC, bare=True))
        return routes

    async def version(self, call: Call) -> Response:
        """The version, in the contract's words."""
        said = {"version": version(), "build_mode": "production", "build_time": ""}
        return JSONResponse({**said, "runtime_version": f"python{platform.python_version()}"})

    async def status(self, call: Call) -> Response:
        """Whether the store answers and the disk takes more: 200 and `OK`, or 502 (contract-a section 16).

        The cache is this process's own memory: it is healthy when it can answer at all.
        """
        said, latency = {"cache": "healthy"}, {"cache": "0.000ms"}
        for name, check in (("couchdb", self._store_answers), ("fs", self._disk_takes_more)):
            begin = time.perf_counter()
            try:
                await check()
            except Exception as error:
                log.warning("the %s is not well: %s", name, error)
                said[name] = type(error).__name__
            else:
                said[name] = "healthy"
                latency[name] = f"{(time.perf_counter() - begin) * 1e3:.3f}ms"
        well = set(said.values()) == {"healthy"}
        word = "OK" if well else "KO"
        return JSONResponse({**said, "status": word, "message": word, "latency": latency}, 200 if well else 502)

    async def _store_answers(self) -> None:
        await self._documents.last_seq("alcove")

    async def _disk_takes_more(self) -> None:
        if self._home is not None and (await asyncio.to_thread(shutil.disk_usage, self._home)).free < SPARE:
            raise StorageFull("The disk is full")

    async def connection_check(self, call: Call) -> Response:
        """204 on any host: there is a way to this server."""
        return Response(status_code=204)

    async def robots(self, call: Call) -> Response:
        """No search engine is welcome in a person's place."""
        return Response("User-agent: *\nDisallow: /\n", media_type="text/plain")

    async def home(self, call: Call) -> Response:
        """Leads on: to the first start, to the login, or to the person's first app.

        Without any app it says itself what the place holds and how to gather more.
        """
        instance = cast("Instance", call.instance)
        here = f"{self._scheme}://{instance.domain}"
        if token := call.query("registerToken"):
            return RedirectResponse(f"{here}/auth/passphrase?registerToken={quote(token, safe='')}", 303)
        if await self._gate.session(call) is None:
            return RedirectResponse(f"{here}/auth/login", 303)
        first = await self._apps.first(instance)
        if first is not None:
            return RedirectResponse(first, 303)
        counts: dict[str, int] = {}
        for holding in self._holdings:
            counts.update(await holding(instance))
        html = self._pages.render(
            "home.html",
            t=texts(instance.locale),
            locale=instance.locale,
            domain=instance.domain,
            sample=bool(instance.fields.get("sample")),
            counts=[(name, counts.get(name, 0)) for name in SHOWN],
            empty=not counts.get("operations") and not counts.get("bills"),
        )
        headers = {"Content-Security-Policy": CSP, "Cache-Control": "private, no-store"}
        return Response(html, 200, headers, "text/html")
