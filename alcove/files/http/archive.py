"""Routes that give many files as one ZIP, packed while it is sent: never whole in memory nor on the disk."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from alcove.base.errors import BadRequest
from alcove.base.http import JSONResponse
from alcove.base.jsonapi import read, resource
from alcove.files.errors import NodeMissing, WrongSecret
from alcove.files.http.access import allow, allow_some, at_path, instance_of
from alcove.files.http.downloads import BlobResponse, disposition, while_heard
from alcove.files.http.shapes import document
from alcove.files.model import FILES
from alcove.files.model.names import checked_name, extension, next_free
from alcove.files.service.links import ArchiveLink
from alcove.files.service.packing import Packed, whole, zipped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.files.service import Files
    from alcove.files.service.links import Links
    from alcove.files.service.paging import Pages
    from alcove.instances import Instance


class Archives:
    """What packs files together."""

    def __init__(self, files: Files, links: Links, pages: Pages) -> None:
        self._files = files
        self._links = links
        self._pages = pages

    async def make(self, call: Call) -> Response:
        """POST /files/archive: a link to a ZIP of some files and directories, or the ZIP for who accepts one."""
        attributes = (await read(call))["attributes"]
        name, ids, paths = attributes.get("name"), attributes.get("ids"), attributes.get("files")
        if not isinstance(name, str) or "/" in name:
            return JSONResponse("The archive filename can't contain a /", 400)
        pages = _pages(attributes.get("pages"))
        if not (ids or paths or pages):
            return JSONResponse("Can't create an archive with no files", 400)
        if not _texts(ids) or not _texts(paths):
            raise BadRequest("data.attributes.ids and files must be lists of texts")
        name = checked_name(name or "archive")  # it is the folder in the ZIP: nothing that could climb out of one
        allow_some(call, "GET")
        instance = instance_of(call)
        nodes = [await self._files.get(instance, ident) for ident in ids or ()]
        nodes += [await at_path(self._files, call, "GET", path) for path in paths or ()]
        for node in (*nodes, *[await self._files.get(instance, ident) for ident, _ in pages]):
            await allow(self._files, call, "GET", node)
        wanted = ArchiveLink(name, tuple(node.id for node in nodes), pages)
        if "application/zip" in call.request.headers.get("accept", ""):
            return await self._packed(call, wanted)
        secret = self._links.make(instance.key, wanted)
        shown = {"name": name, "ids": ids, "files": paths, "pages": attributes.get("pages") or None}
        link = {"related": f"/files/archive/{secret}/{quote(name, safe='')}.zip"}
        return document({"data": resource(f"{FILES}.archives", secret, shown), "links": link})

    async def follow(self, call: Call) -> Response:
        """GET /files/archive/:secret/:name: the ZIP, packed while it is sent."""
        meaning = self._links.read(call.instance.key, call.params["secret"])
        if not isinstance(meaning, ArchiveLink):
            raise WrongSecret
        return await self._packed(call, meaning)

    async def _packed(self, call: Call, wanted: ArchiveLink) -> Response:
        headers = {
            "content-type": "application/zip",
            "content-disposition": disposition(f"{wanted.name}.zip", attachment=True),
        }
        instance = instance_of(call)
        parts = zipped(self._files, self._pages, instance, _entries(self._files, instance, wanted))
        return BlobResponse(await anext(parts, b""), while_heard(call, parts), 200, headers)


async def _entries(files: Files, instance: Instance, wanted: ArchiveLink) -> AsyncIterator[Packed]:
    """What a link stands for: files and directories with all below them, then single pages."""
    taken = set[str]()
    for ident in wanted.ids:
        try:
            top = await files.get(instance, ident)
        except NodeMissing:
            continue
        name = next_free(top.name or wanted.name, taken.__contains__)
        taken.add(name)
        for packed in await whole(files, instance, top, f"{wanted.name}/{name}"):
            yield packed
    for ident, number in wanted.pages:
        with suppress(NodeMissing):
            node = await files.get(instance, ident)
            stem, last = extension(node.name)
            yield Packed(f"{wanted.name}/{stem} ({number}){last}", node, number)


def _pages(value: object) -> tuple[tuple[str, int], ...]:
    """The single pages that an archive is to hold; raises `BadRequest`."""
    found = list[tuple[str, int]]()
    for one in value if isinstance(value, list) else [value] if value is not None else []:
        ident, number = (one.get("id"), one.get("page")) if isinstance(one, dict) else (None, None)
        if not isinstance(ident, str) or not isinstance(number, int) or not 0 < number < 1_000_000:
            raise BadRequest("data.attributes.pages must be a list of objects with id and page")
        found.append((ident, number))
    return tuple(found)


def _texts(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value))
