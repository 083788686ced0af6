"""A file of a listed folder as an answer: compressed twins, conditional requests, caching."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.apps.errors import NoSuchFile
from alcove.apps.model import accepted_encodings

if TYPE_CHECKING:
    from starlette.requests import Request

    from alcove.apps.service.folders import Asset

SMALL = 32 << 10
"""Bytes of a file that is read at once: going to a thread and back takes longer than reading it."""
FOREVER = "max-age=31536000, immutable"


async def send_file(request: Request, asset: Asset, *, forever: bool = False) -> Response:
    """The file, in the smallest form that the client takes; raises `NoSuchFile` when it is gone from the disk."""
    coding = next((c for c in accepted_encodings(request.headers.get("accept-encoding", "")) if c in asset.twins), "")
    headers = {"Content-Type": asset.media_type}
    if asset.twins:
        headers["Vary"] = "Accept-Encoding"
    if forever or asset.immutable:
        headers["Cache-Control"] = FOREVER
    else:
        headers["Cache-Control"] = "no-cache"
        headers["ETag"] = f'"{asset.etag}{coding and "-" + coding}"'
        if _known(request.headers.get("if-none-match", ""), headers["ETag"]):
            return Response(status_code=304, headers=headers)
    if coding:
        headers["Content-Encoding"] = coding
    path = asset.twins.get(coding, asset.path)
    try:
        content = path.read_bytes() if asset.size <= SMALL else await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError:
        raise NoSuchFile from None
    return Response(content, 200, headers)


def _known(said: str, etag: str) -> bool:
    """Whether `If-None-Match` names this version (RFC 9110 section 13.1.2: a weak comparison)."""
    return any(one.strip().removeprefix("W/") in (etag, "*") for one in said.split(","))
