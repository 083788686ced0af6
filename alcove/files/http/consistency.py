"""`GET /files/fsck`: files whose bytes are not those that their documents speak of."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any

from alcove.base.http import JSONResponse
from alcove.files.http.access import instance_of
from alcove.files.model import FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.files.service.checking import Checking

HELD = 24 * 3600.0
"""Seconds that what was found is told again, unless `NoCache` is said: every byte is read for it."""


class Consistency:
    """What clients may know of damage, without the operator."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking
        self._found: dict[str, tuple[float, list[Mapping[str, Any]]]] = {}
        self._one = asyncio.Lock()

    async def content(self, call: Call) -> Response:
        """GET /files/fsck: the files and old versions whose bytes are others than when they came."""
        call.caller.allow_type("GET", FILES)
        tenant = call.instance.key
        async with self._one:  # one look at a time for the whole server; who waited gets what it found
            begun, found = self._found.get(tenant, (monotonic() - HELD, []))
            if monotonic() - begun >= HELD or call.query("NoCache") == "true":
                instance = instance_of(call)
                found = [f async for f in self._checking.content(instance) if f["type"] == "content_mismatch"]
                self._found[tenant] = monotonic(), found
        return JSONResponse(found)

    def drop(self, tenant: str) -> None:
        """Forgets an instance."""
        self._found.pop(tenant, None)
