"""Uploads in chunks as a tree: a folder for each upload, in it the chunks (chunked upload version 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.errors import Forbidden
from alcove.dav.errors import Fixed, NotForThis
from alcove.dav.service.tree import Resource, Tree
from alcove.files import FILES, Upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from alcove.dav.model.paths import Names
    from alcove.dav.service.cloud.chunks import Chunks
    from alcove.dav.service.tree import Sent, View
    from alcove.files import Files

TARGET = ".file"
"""What is moved to make a file of an upload. It can be asked for, and holds nothing by itself."""


class UploadsTree(Tree):
    """`uploads/USER/UPLOAD/CHUNK`."""

    name = "uploads"

    def __init__(self, files: Files, chunks: Chunks) -> None:
        self._files = files
        self._chunks = chunks

    def admit(self, view: View, verb: str) -> None:
        """For who may make files."""
        if not view.caller.rules("POST" if verb != "GET" else "GET", FILES):
            raise Forbidden

    async def find(self, view: View, names: Names, *, exact: bool = False) -> Resource | None:
        """An upload that was begun, or one of its chunks."""
        if not names:
            return Resource((), collection=True)
        if len(names) > 2:
            return None
        found = await self._chunks.all(view.instance.key, names[0])
        if found is None:
            return None
        if len(names) == 1:
            return Resource(names, collection=True)
        size = sum(one.size for one in found) if names[1] == TARGET else None
        size = next((one.size for one in found if one.name == names[1]), None) if size is None else size
        return None if size is None else Resource(names, collection=False, size=size)

    async def members(self, view: View, top: Resource) -> AsyncIterator[Sequence[Resource]]:
        """The chunks of an upload. Which uploads there are is told to nobody: each client knows its own."""
        if top.names:
            found = await self._chunks.all(view.instance.key, top.names[0]) or []
            yield [Resource((*top.names, one.name), collection=False, size=one.size) for one in found]

    async def make(self, view: View, above: Resource, name: str, modified: str = "") -> Resource:
        """Begins an upload."""
        if above.names:
            raise NotForThis("An upload holds chunks, and no folders")
        if not await self._chunks.begin(view.instance.key, name):
            raise NotForThis("This upload was begun already")
        return Resource((name,), collection=True)

    async def put(
        self,
        view: View,
        above: Resource,
        name: str,
        held: Resource | None,
        sent: Sent,
        *,
        sure: bool,
    ) -> tuple[Resource, bool]:
        """Keeps a chunk. Raises `QuotaReached` and `StorageFull` before it comes, where there is no room for it."""
        if not above.names:
            raise NotForThis("A chunk lies in an upload")
        tenant, upload = view.instance.key, above.names[0]
        here = sum(one.size for one in await self._chunks.all(tenant, upload) or [] if one.name != name)
        await self._files.expect(view.instance, Upload("chunk", size=here + (sent.size or 0), numbered=True))
        await self._chunks.put(tenant, upload, name, sent.parts, sent.size)
        return Resource((*above.names, name), collection=False, size=sent.size or 0), held is None

    async def remove(self, view: View, resource: Resource) -> None:
        """Gives up an upload, or a chunk of it."""
        if not resource.names:
            raise Fixed
        await self._chunks.remove(view.instance.key, *resource.names)
