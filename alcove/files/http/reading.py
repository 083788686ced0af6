"""Routes that read the tree: by id, by path, contents, the trash, sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.base.errors import BadRequest
from alcove.base.jsonapi import answer, resource
from alcove.files.errors import NodeMissing, NotADirectory
from alcove.files.http.access import allow, allow_some, at_path, instance_of, page_of
from alcove.files.http.shapes import directory_answer, file_answer, list_answer, next_link
from alcove.files.model import FILES, TRASH, Node

if TYPE_CHECKING:
    from alcove.base.http import Call
    from alcove.files.http.shapes import Blank
    from alcove.files.service import Files


async def node_answer(files: Files, call: Call, node: Node, *, versions: bool = False, blank: Blank = None) -> Response:
    """A node as it is shown alone: a directory with a page of what it holds, a file with its old versions if asked."""
    instance, secret = instance_of(call), files.thumbnail_keys.of(call.instance.key)
    if not node.is_dir:
        old = await files.versions(instance, node.id) if versions else ()
        return file_answer(secret, node, versions=old, blank=blank)
    limit, skip, cursor = page_of(call)
    listing = await files.list(instance, node.id, limit=limit, skip=skip, cursor=cursor)
    return directory_answer(secret, node, listing, limit, blank=blank)


class Reading:
    """What is read."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def by_id(self, call: Call) -> Response:
        """GET /files/:id; HEAD only says whether it is there."""
        head = call.request.method == "HEAD"
        node = await self._files.find(instance_of(call), call.params["id"])
        if node is None:
            if head:
                return Response(status_code=404)
            if call.params["id"].startswith("_"):
                raise BadRequest("An id does not begin with an underscore: no such route answers GET")
            raise NodeMissing
        await allow(self._files, call, "GET", node)
        return Response() if head else await node_answer(self._files, call, node, versions=True)

    async def by_path(self, call: Call) -> Response:
        """GET /files/metadata?Path="""
        node = await at_path(self._files, call, "GET", call.query("Path"))
        return await node_answer(self._files, call, node, versions=True)

    async def contents(self, call: Call) -> Response:
        """GET /files/:id/relationships/contents: the children as a list."""
        node = await self._files.get(instance_of(call), call.params["id"])
        await allow(self._files, call, "GET", node)
        if not node.is_dir:
            raise NotADirectory
        return await self._list(call, node.id, f"/files/{node.id}/relationships/contents")

    async def trash(self, call: Call) -> Response:
        """GET /files/trash."""
        allow_some(call, "GET")
        node = await self._files.get(instance_of(call), TRASH)
        await allow(self._files, call, "GET", node)
        return await self._list(call, TRASH, "/files/trash")

    async def _list(self, call: Call, dir_id: str, path: str) -> Response:
        limit, skip, cursor = page_of(call)
        listing = await self._files.list(instance_of(call), dir_id, limit=limit, skip=skip, cursor=cursor)
        return list_answer(
            self._files.thumbnail_keys.of(call.instance.key), listing, next_link(path, listing.cursor, limit)
        )

    async def size(self, call: Call) -> Response:
        """GET /files/:id/size: bytes of all that lies in a directory."""
        node = await self._files.get(instance_of(call), call.params["id"])
        await allow(self._files, call, "GET", node)
        weight = await self._files.weight(instance_of(call), node)
        return answer(resource(f"{FILES}.sizes", node.id, {"size": str(weight)}))
