"""Routes that change the tree without bytes: directories, attributes, trash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from alcove.base.errors import BadRequest, Refusal, Unprocessable
from alcove.base.jsonapi import read
from alcove.files.errors import NodeMissing
from alcove.files.http.access import allow, allow_some, at_path, author_of, instance_of, revision_of
from alcove.files.http.reading import node_answer
from alcove.files.http.shapes import document
from alcove.files.model import FILES, TRASH, Node
from alcove.files.service.tree import Patch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.http import Call
    from alcove.files.service import Files

BATCH = 1000
"""Changes in one request at the most."""

_FIELDS: Mapping[str, tuple[str, type]] = {
    "name": ("name", str),
    "dir_id": ("dir_id", str),
    "tags": ("tags", list),
    "updated_at": ("updated_at", str),
    "executable": ("executable", bool),
    "encrypted": ("encrypted", bool),
    "metadata": ("metadata", dict),
}


def patch_of(data: Mapping[str, Any]) -> Patch:
    """What the body of a PATCH asks for; raises `Unprocessable` for a value of a wrong type."""
    attributes = data.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise BadRequest("data.attributes must be an object")
    found: dict[str, Any] = {}
    for key, (name, kind) in _FIELDS.items():
        value = attributes.get(key)
        if value is None:
            continue
        if not isinstance(value, kind):
            raise Unprocessable(f"{key} has a wrong type", title="Invalid Attribute", pointer=f"/data/attributes/{key}")
        found[name] = value
    parent = _inside(data, "relationships", "parent", "data", "id")
    if isinstance(parent, str):
        found["dir_id"] = parent
    favorite = _inside(attributes, "cozyMetadata", "favorite")
    if isinstance(favorite, bool):
        found["favorite"] = favorite
    return Patch(**found, classify="class" in attributes)


def _inside(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


class Changing:
    """What `PATCH`, `DELETE` and the trash do."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def by_id(self, call: Call) -> Response:
        """PATCH /files/:id."""
        data = await read(call)
        return await self._change(call, await self._files.get(instance_of(call), call.params["id"]), data)

    async def by_path(self, call: Call) -> Response:
        """PATCH /files/metadata?Path="""
        data = await read(call)
        return await self._change(call, await at_path(self._files, call, "PATCH", call.query("Path")), data)

    async def _change(self, call: Call, node: Node, data: Mapping[str, Any]) -> Response:
        said = _inside(data, "meta", "rev")
        rev = revision_of(call) or (said if isinstance(said, str) else "")
        changed = await self._apply(call, node, data, rev)
        if changed is None:
            return Response(status_code=204)
        return await node_answer(self._files, call, changed)

    async def _apply(self, call: Call, node: Node, data: Mapping[str, Any], rev: str = "") -> Node | None:
        """Does what one object of a body asks for; None when the node is gone then."""
        instance, author = instance_of(call), author_of(call)
        attributes = data.get("attributes") or {}
        if _inside(attributes, "permanent_delete") is True:
            await allow(self._files, call, "DELETE", node)
            await self._files.destroy(instance, node.id, rev)
            return None
        await allow(self._files, call, "PATCH", node)
        if _inside(attributes, "move_to_trash") is True:
            return await self._files.trash(instance, node.id, author, rev)
        patch = patch_of(data)
        if patch.dir_id and patch.dir_id != node.dir_id:
            target = await self._files.find(instance, patch.dir_id)
            if target is not None:
                await allow(self._files, call, "PATCH", target)
        return await self._files.change(instance, node.id, patch, author, rev)

    async def many(self, call: Call) -> Response:
        """PATCH /files/: each change on its own; 204, or the errors of those that failed."""
        items = changes_of(await call.json_object())
        allow_some(call, "PATCH")
        errors = list[dict[str, Any]]()
        for item in items:
            node_id = item.get("id") if isinstance(item, dict) else None
            try:
                if not isinstance(node_id, str):
                    raise NodeMissing
                await self._apply(call, await self._files.get(instance_of(call), node_id), item)
            except Refusal as refusal:
                errors.append(_batch_error(refusal, str(node_id)))
        if not errors:
            return Response(status_code=204)
        return document({"errors": errors}, int(errors[0]["status"]))

    async def trash(self, call: Call) -> Response:
        """DELETE /files/:id: into the trash. It is a change, not a removal: verb PATCH (contract-b section 0)."""
        node = await self._files.get(instance_of(call), call.params["id"])
        await allow(self._files, call, "PATCH", node)
        trashed = await self._files.trash(instance_of(call), node.id, author_of(call), revision_of(call))
        return await node_answer(self._files, call, trashed, blank=[])

    async def restore(self, call: Call) -> Response:
        """POST /files/trash/:id."""
        node = await self._files.get(instance_of(call), call.params["id"])
        await allow(self._files, call, "PATCH", node)
        restored = await self._files.restore(instance_of(call), node.id, author_of(call))
        return await node_answer(self._files, call, restored, blank=[])

    async def destroy(self, call: Call) -> Response:
        """DELETE /files/trash/:id."""
        node = await self._files.get(instance_of(call), call.params["id"])
        await allow(self._files, call, "DELETE", node)
        await self._files.destroy(instance_of(call), node.id, revision_of(call))
        return Response(status_code=204)

    async def shared_drives(self, call: Call) -> Response:
        """POST /files/shared-drives: the directory of what others share as drives, made if it is missing."""
        call.caller.allow_type("POST", FILES)
        return await node_answer(self._files, call, await self._files.shared_drives(instance_of(call), author_of(call)))

    async def empty(self, call: Call) -> Response:
        """DELETE /files/trash: destroys all that is in it."""
        allow_some(call, "DELETE")
        await allow(self._files, call, "DELETE", await self._files.get(instance_of(call), TRASH))
        await self._files.empty_trash(instance_of(call))
        return Response(status_code=204)


def changes_of(body: Mapping[str, Any]) -> list[Any]:
    """The changes of a body that brings several; raises `BadRequest`."""
    items = body.get("data")
    if not isinstance(items, list) or len(items) > BATCH:
        raise BadRequest(f"data must be a list of at most {BATCH} changes")
    return items


def _batch_error(refusal: Refusal, node_id: str) -> dict[str, Any]:
    return {
        "status": str(refusal.status),
        "title": refusal.heading,
        "detail": refusal.detail,
        "source": {"parameter": "_id", "pointer": node_id},
    }
