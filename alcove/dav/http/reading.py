"""Methods that change nothing: OPTIONS, PROPFIND, GET and HEAD."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.dav.errors import TooDeep
from alcove.dav.http.answers import Multistatus
from alcove.dav.http.asking import INFINITY
from alcove.dav.model.dates import http_date
from alcove.dav.model.xml import HEAD, LIMIT, MEDIA_TYPE, dav, read
from alcove.dav.service.properties import Wanted, Writer
from alcove.files import Given, policy, send

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from alcove.base.http import Call
    from alcove.dav.http.asking import Asked
    from alcove.dav.http.mount import Mount
    from alcove.dav.service.tree import Resource

ALLOWED = "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, PROPPATCH, MKCOL, COPY, MOVE, LOCK, UNLOCK"
CLASSES = "1, 2, 3"
MOST = 10_000
"""Resources that `Depth: infinity` tells at the most."""


@lru_cache(256)
def wanted_by(body: bytes) -> Wanted:
    """What the body of a PROPFIND asks for; without one, everything. Raises `IllegalXML`.

    Clients send the same few bodies again and again: those are read once.
    """
    if not body.strip():
        return Wanted(everything=True)
    root, names, everything, only = read(body, dav("propfind")), list[str](), False, False
    for part in root:
        if part.tag == dav("propname"):
            only = True
        elif part.tag == dav("allprop"):
            everything = True
        elif part.tag in (dav("prop"), dav("include")):
            names += [name.tag for name in part]
    return Wanted(tuple(names), everything, only)


class Reading:
    """What is told of a tree."""

    def __init__(self, mount: Mount) -> None:
        self._mount = mount

    async def options(self, call: Call) -> Response:
        """Which classes of WebDAV and which methods there are: told to everybody, clients ask before they log in."""
        headers = {"DAV": CLASSES, "Allow": ALLOWED, "MS-Author-Via": "DAV", "Accept-Ranges": "bytes"}
        return Response(None, 200, headers)

    async def propfind(self, call: Call) -> Response:
        """Properties of a resource and, with `Depth`, of what is in it: streamed, however much that is."""
        asked = await self._mount.reads(call)
        depth = asked.depth()
        wanted = wanted_by(await call.body(LIMIT))
        resource = await self._mount.need(asked, "GET")
        deep = depth == INFINITY and resource.collection
        if deep and await self._mount.tree.count(asked.view, resource, MOST) > MOST:
            raise TooDeep
        writer = Writer(asked.view, self._mount.properties, wanted, self._mount.core.dead.of)
        first = HEAD + writer.root + await writer.write([resource])
        if not resource.collection or depth == "0":
            return Response(first + b"</d:multistatus>", 207, media_type=MEDIA_TYPE)
        return Multistatus(self._parts(asked, writer, first, resource, deep=deep))

    async def _parts(
        self, asked: Asked, writer: Writer, first: bytes, top: Resource, *, deep: bool
    ) -> AsyncIterator[bytes]:
        rest = [top]
        while rest:
            async for resources in self._mount.tree.members(asked.view, rest.pop()):
                first += await writer.write(resources)
                yield first
                first = b""
                rest += _folders(resources) if deep else []
        yield first + b"</d:multistatus>"

    async def get(self, call: Call) -> Response:
        """The bytes of a file, or the part of them that `Range` asks for; HEAD tells what GET would."""
        asked = await self._mount.reads(call)
        resource = await self._mount.need(asked, "GET")
        told = self._mount.told(asked.view, resource)
        if resource.collection:
            words = "This is a folder: open its address in a WebDAV client.\n"
            return Response(words, 200, {"DAV": CLASSES, **told}, "text/plain")
        validators = {"etag": resource.etag} if resource.etag else {}
        modified = http_date(resource.modified)
        validators |= {"last-modified": modified} if modified else {}
        headers = {"content-security-policy": policy(resource.mime, "'none'"), "cache-control": "private, no-cache"}
        read_part = partial(self._mount.tree.read, asked.view, resource)
        return await send(call, Given(resource.mime, resource.size, read_part, validators, {**headers, **told}))


def _folders(resources: Sequence[Resource]) -> list[Resource]:
    return [resource for resource in resources if resource.collection]
