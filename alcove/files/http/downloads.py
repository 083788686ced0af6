"""Routes that give bytes: downloads with ranges and validators (RFC 9110), secret links, thumbnails."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import Response

from alcove.base.confined import NoConfinement
from alcove.base.digits import whole
from alcove.files.blobs import CHUNK
from alcove.files.errors import NodeMissing, NoPage, WrongSecret
from alcove.files.http.access import allow, allow_some, at_path, instance_of
from alcove.files.http.shapes import file_answer
from alcove.files.model import Node, moment_of
from alcove.files.model.thumbnails import SIZES, wants_thumbnails
from alcove.files.service.links import FileLink, Links

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import Receive, Scope, Send

    from alcove.base.http import Call
    from alcove.files.service import Files
    from alcove.files.service.paging import Pages
    from alcove.files.service.thumbnails import Thumbnails
    from alcove.instances import Instance

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_UNSAFE = re.compile(r"[^!#$&'()+,\-.0-9;=@A-Z\[\]^_`a-z{}~]")
_PLACEHOLDER = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da63fcff1f0003030200efa2a75b"
    "0000000049454e44ae426082"
)
"""A picture of one transparent point: what stands where a thumbnail is not ready."""
_WHY = "alcove-thumbnail"
"""The header that says beside the placeholder whether a thumbnail will come (`pending`), or why none will."""

_SANDBOX = (
    "default-src 'none';style-src 'unsafe-inline';img-src 'self' data:;media-src 'self';frame-ancestors 'none';"
    "base-uri 'none';form-action 'none';sandbox;"
)
"""What a browser may do with a file that it opens by itself. Files come from anywhere: none ever runs a script or acts
as the person here, be it HTML, SVG, XML, or what calls itself otherwise (`nosniff` stands on every answer)."""
_PDF = "default-src 'none';style-src 'unsafe-inline';object-src 'self';base-uri 'none';form-action 'none';"
"""The same for a PDF: browsers show none within a sandbox, and their viewers let no script of it at the origin."""


def policy(mime: str, frames: str) -> str:
    """The Content-Security-Policy of a file's bytes; `frames` are the hosts that may show a PDF within their pages."""
    return f"{_PDF}frame-ancestors {frames};" if mime == "application/pdf" else _SANDBOX


class Unsatisfiable(Exception):
    """A range that lies outside of the file."""


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """Start and length that a `Range` header asks for; None for the whole file. Raises `Unsatisfiable`.

    Several ranges are answered with the whole file, which RFC 9110 section 14.2 allows.

    >>> range_of("bytes=-5", 600)
    (595, 5)
    """
    said = _RANGE.match(header.strip().replace(" ", "")) if size and len(header) < 64 else None
    if said is None or not (said[1] or said[2]):
        return None
    if not said[1]:
        length = min(int(said[2]), size)
        if length == 0:
            raise Unsatisfiable
        return size - length, length
    start = int(said[1])
    end = min(int(said[2]), size - 1) if said[2] else size - 1
    if said[2] and int(said[2]) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return start, end - start + 1


def disposition(name: str, *, attachment: bool = False) -> str:
    """`Content-Disposition` (RFC 6266): a plain name for old clients, the true one by RFC 8187 when they differ.

    >>> disposition("v.txt"), disposition("à b.txt")
    ('inline; filename="v.txt"', 'inline; filename="b.txt"; filename*=UTF-8\\'\\'%C3%A0%20b.txt')
    """
    plain = _UNSAFE.sub("", name)
    value = f'{"attachment" if attachment else "inline"}; filename="{plain or "download"}"'
    return value if plain == name else f"{value}; filename*=UTF-8''{quote(name, safe='')}"


class BlobResponse(Response):
    """Bytes sent as they are read; the reading stops when the client has gone."""

    def __init__(self, first: bytes, rest: AsyncIterator[bytes], status: int, headers: dict[str, str]) -> None:
        super().__init__(None, status)
        self.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        self._first = first
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self._first, "more_body": True})
        async for part in self._rest:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@dataclass(frozen=True, slots=True)
class Given:
    """What is sent: `size` bytes, which `read` gives from a start on, and what is said of them."""

    mime: str
    size: int
    read: Callable[[int, int], AsyncIterator[bytes]]
    validators: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)


class Downloads:
    """What gives bytes. `frames` names the hosts of an instance's apps as a policy writes them."""

    def __init__(
        self, files: Files, links: Links, thumbnails: Thumbnails, pages: Pages, frames: Callable[[Instance], str]
    ) -> None:
        self._files = files
        self._links = links
        self._thumbnails = thumbnails
        self._pages = pages
        self._frames = frames

    async def by_id(self, call: Call) -> Response:
        """GET and HEAD /files/download/:id."""
        return await self._checked(call, await self._files.get(instance_of(call), call.params["id"]))

    async def by_path(self, call: Call) -> Response:
        """GET and HEAD /files/download?Path="""
        return await self._give(call, await at_path(self._files, call, "GET", call.query("Path")))

    async def _checked(self, call: Call, node: Node) -> Response:
        await allow(self._files, call, "GET", node)
        return await self._give(call, node)

    async def version(self, call: Call) -> Response:
        """GET and HEAD /files/download/:id/:version."""
        node = await self._files.get(instance_of(call), call.params["id"])
        await allow(self._files, call, "GET", node)
        return await self._give(call, await self._old(call, node, call.params["version"]))

    async def _old(self, call: Call, node: Node, version: str) -> Node:
        """A file as it was in an old version."""
        old = (await self._files.version(instance_of(call), f"{node.id}/{version}")).fields()
        names = ("size", "md5sum", "updated_at", "internal_vfs_id")
        return Node(node.id, node.rev, {**node.fields, **{name: old.get(name) for name in names}})

    async def _give(self, call: Call, node: Node) -> Response:
        if node.is_dir:
            raise NodeMissing
        instance = instance_of(call)
        headers = {
            "content-disposition": disposition(node.name, attachment=call.query("Dl") == "1"),
            "content-security-policy": policy(node.mime, self._frames(instance)),
        }
        if call.query("Page"):
            return await self._page(call, node, headers)
        read = partial(self._files.read, instance, node)
        return await send(call, Given(node.mime, node.size, read, validators(node), headers))

    async def _page(self, call: Call, node: Node, headers: dict[str, str]) -> Response:
        """One page of a PDF, `Page` counted from 1."""
        number = whole(call.query("Page"), 6)
        if not number:
            raise NoPage("Page must be a whole number from 1 on")
        try:
            content = await self._pages.page(self._files.read(instance_of(call), node), node.size, number)
        except NoConfinement as error:
            raise NoPage(str(error)) from None
        return Response(content, 200, headers, "application/pdf")

    async def make_link(self, call: Call) -> Response:
        """POST /files/downloads?Id=|Path=|VersionId=: a link that needs no token, for ten minutes."""
        allow_some(call, "GET")
        instance = instance_of(call)
        version = ""
        if call.query("VersionId"):
            ident, _, version = call.query("VersionId").partition("/")
            node = await self._files.get(instance, ident)
            await self._files.version(instance, call.query("VersionId"))
        elif call.query("Id"):
            node = await self._files.get(instance, call.query("Id"))
        else:
            node = await at_path(self._files, call, "GET", call.query("Path"))
        await allow(self._files, call, "GET", node)
        if node.is_dir:
            raise NodeMissing
        secret = self._links.make(instance.key, FileLink(node.id, version))
        link = {"related": f"/files/downloads/{secret}/{quote(node.name, safe='')}"}
        return file_answer(self._files.thumbnail_keys.of(instance.key), node, links=link)

    async def follow_link(self, call: Call) -> Response:
        """GET /files/downloads/:secret/:name."""
        meaning = self._links.read(call.instance.key, call.params["secret"])
        if not isinstance(meaning, FileLink):
            raise WrongSecret
        node = await self._files.get(instance_of(call), meaning.file_id)
        return await self._give(call, await self._old(call, node, meaning.version) if meaning.version else node)

    async def thumbnail(self, call: Call) -> Response:
        """GET /files/:id/thumbnails/:secret/:format: 404 with a placeholder as long as there is none.

        With `Placeholder=1` the status is 200 then: browsers log every 404 of a page's pictures as an error.
        """
        instance, file_id, size = instance_of(call), call.params["id"], call.params["format"]
        if size not in SIZES or not self._files.thumbnail_keys.holds(instance.key, file_id, call.params["secret"]):
            raise WrongSecret
        status = 200 if call.query("Placeholder") == "1" else 404
        node = await self._files.find(instance, file_id)
        if node is None or not wants_thumbnails(node.fields):
            return _placeholder(status, "none; there is no picture or PDF here")
        drawn = await self._thumbnails.of(instance.key, node)
        if drawn is None or size not in drawn.sizes:
            if drawn is None or not drawn.settled:
                self._thumbnails.ask(instance.key, node)
                return _placeholder(status, "pending")
            return _placeholder(status, f"none; {drawn.reason}")
        place, length = drawn.sizes[size]

        def read(start: int, count: int) -> AsyncIterator[bytes]:
            return self._thumbnails.open(instance.key, node, drawn.start + place + start, count)

        # Asked for again at each look: new bytes of the file make new thumbnails at the same address.
        headers = {"cache-control": "private, no-cache", "content-security-policy": _SANDBOX}
        return await send(call, Given("image/jpeg", length, read, validators(node, f"-{size}"), headers))


async def send(call: Call, given: Given) -> Response:
    """The answer to a request for bytes: all, a range, or that the client has them already (RFC 9110)."""
    request, headers = call.request.headers, {**given.headers, **given.validators}
    if _unchanged(request.get("if-none-match"), request.get("if-modified-since"), given.validators):
        return Response(None, 304, headers)  # with the policy: a cache takes what this says in place of what it has
    try:
        holds = _range_holds(request.get("if-range"), given.validators)
        part = range_of(request.get("range", ""), given.size) if holds else None
    except Unsatisfiable:
        headers = {**given.headers, "content-range": f"bytes */{given.size}"}
        headers["content-type"] = "text/plain; charset=utf-8"
        return Response("invalid range: failed to overlap\n", 416, headers)
    headers |= {"accept-ranges": "bytes", "content-type": given.mime}
    start, length = part or (0, given.size)
    status = 200
    if part is not None:
        status = 206
        headers["content-range"] = f"bytes {start}-{start + length - 1}/{given.size}"
    headers["content-length"] = str(length)
    if call.request.method == "HEAD":
        return Response(None, status, headers)
    parts = given.read(start, length)
    first = await anext(parts, b"")  # before the answer begins: a blob that is missing is an error, not a cut
    if length <= CHUNK:
        return Response(first, status, headers)
    return BlobResponse(first, while_heard(call, parts), status, headers)


def _placeholder(status: int, why: str) -> Response:
    return Response(_PLACEHOLDER, status, {_WHY: why, "cache-control": "no-store"}, "image/png")


def validators(node: Node, more: str = "") -> dict[str, str]:
    """Entity tag and date of a file's bytes."""
    found = {"etag": f'"{node.md5sum}{more}"'}
    changed = moment_of(node.fields.get("updated_at"))
    if changed is not None:
        found["last-modified"] = format_datetime(changed, usegmt=True)
    return found


def _unchanged(none_match: str | None, modified_since: str | None, validators: dict[str, str]) -> bool:
    """Whether the client has these bytes already; the date counts only where no tag is given (RFC 9110 13.1.3)."""
    if none_match is not None:
        tags = [tag.strip().removeprefix("W/") for tag in none_match.split(",")]
        return "*" in tags or validators["etag"] in tags
    if modified_since is None or "last-modified" not in validators:
        return False
    try:
        return parsedate_to_datetime(validators["last-modified"]) <= parsedate_to_datetime(modified_since)
    except (ValueError, TypeError):
        return False


def _range_holds(condition: str | None, validators: dict[str, str]) -> bool:
    """Whether a range may be given: not when `If-Range` speaks of other bytes than these."""
    return condition is None or condition in (validators["etag"], validators.get("last-modified"))


async def while_heard(call: Call, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The parts, as long as the client is there: every sixteenth time it is asked."""
    count = 0
    async for part in parts:
        yield part
        count += 1
        if count % 16 == 0 and await call.request.is_disconnected():
            return
