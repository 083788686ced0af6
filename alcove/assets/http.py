"""`/assets/ext`, where they are shown, and the routes by which the operator adds and removes them."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson
from starlette.responses import Response

from alcove.assets.errors import AssetMissing, AssetRefused
from alcove.assets.model import SIZE, Wanted, kind_of, plain_name, read_wanted
from alcove.base.clock import rfc3339
from alcove.base.http import Guard, JSONResponse, Route, jsonapi_errors
from alcove.base.outgoing import NoReply, Question

if TYPE_CHECKING:
    from alcove.assets.store import Assets
    from alcove.base.clock import Clock
    from alcove.base.http import Call
    from alcove.base.outgoing import Outgoing

LIMIT = 1 << 20
"""Bytes of a body at the most."""
CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A picture can hold scripts: opened by itself, it runs none of them."""


class AssetRoutes:
    """The routes of this room."""

    def __init__(self, assets: Assets, outgoing: Outgoing, clock: Clock) -> None:
        self._assets = assets
        self._outgoing = outgoing
        self._clock = clock

    def routes(self) -> list[Route]:
        """The route table of this file."""
        table = (
            ("GET", "/instances/assets", self.list),
            ("POST", "/instances/assets", self.add),
            ("DELETE", "/instances/assets/:context/*name", self.remove),
        )
        return [
            Route("GET", "/assets/ext/:context/*name", self.show, Guard.PUBLIC, bare=True),
            *(Route(m, path, handler, Guard.OPERATOR, jsonapi_errors, operator=True) for m, path, handler in table),
        ]

    async def list(self, call: Call) -> Response:
        """All files, by context."""
        found: dict[str, Any] = {}
        for asset in await self._assets.all():
            found.setdefault(asset["context"], []).append(asset)
        return JSONResponse(found)

    async def add(self, call: Call) -> Response:
        """Fetches files and keeps them, all or none: `[{context, name, url, shasum}]`; raises `AssetRefused`."""
        try:
            said = orjson.loads(await call.body(LIMIT))
        except orjson.JSONDecodeError:
            raise AssetRefused("The body is not JSON") from None
        wanted = read_wanted(said)
        fetched = dict(zip(wanted, await asyncio.gather(*map(self._fetched, wanted)), strict=True))
        await self._assets.put(fetched, rfc3339(self._clock.now()))
        return await self.list(call)

    async def _fetched(self, wanted: Wanted) -> bytes:
        try:
            reply = await self._outgoing.ask(Question(wanted.url, "assets", limit=SIZE))
        except NoReply as error:
            raise AssetRefused(f"{wanted.name} cannot be fetched: {error}") from None
        if reply.status != 200:
            raise AssetRefused(f"{wanted.name} cannot be fetched: {wanted.url[:200]} answers {reply.status}")
        if hashlib.sha256(reply.body).hexdigest() != wanted.shasum:
            raise AssetRefused(f"{wanted.name} is not the file that was meant: its SHA-256 is another one")
        return reply.body

    async def remove(self, call: Call) -> Response:
        """Removes a file; 204, also when it was gone."""
        await self._assets.remove(call.params["context"], unquote(call.params["name"]))
        return Response(status_code=204)

    async def show(self, call: Call) -> Response:
        """A file of a context; under a name with a mark of its content it may be kept for ever."""
        name, marked = plain_name(unquote(call.params["name"]))
        found = await self._assets.get(call.params["context"], name)
        if found is None:
            raise AssetMissing
        content, shasum = found
        kept = "max-age=31536000, immutable" if marked else "no-cache"
        headers = {"ETag": f'"{shasum[:20]}"', "Cache-Control": kept, "Content-Security-Policy": CSP}
        if call.request.headers.get("if-none-match", "") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(content, 200, {**headers, "Access-Control-Allow-Origin": "*"}, kind_of(name))
