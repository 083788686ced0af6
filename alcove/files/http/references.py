"""Routes of what refers to a file, and of what a directory is not synchronised on (contract-b 1.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from alcove.base.errors import BadRequest
from alcove.files.http.access import allow, instance_of
from alcove.files.http.shapes import child_resource, document
from alcove.files.model import FILES, Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.base.http import Call
    from alcove.files.service import Files

PAGE, MOST = 100, 1000
LIMIT = 10_000
"""References in one request at the most."""


async def _identifiers(call: Call, kind: str = "") -> list[dict[str, str]]:
    """The `{type, id}` objects of a body; raises `BadRequest`.

    Where all of them can only be of one type, it need not be said: cozy-desktop leaves it out.
    """
    data = (await call.json_object()).get("data")
    items: list[Any] = data if isinstance(data, list) else [data]
    if len(items) > LIMIT:
        raise BadRequest(f"At most {LIMIT} references fit in one request")
    for item in items:
        said = item if isinstance(item, dict) else {}
        if not isinstance(said.get("type", kind or None), str) or not isinstance(said.get("id"), str):
            raise BadRequest("data must be a list of objects with type and id")
    return items


class References:
    """References, from the side of the file and from the side of what refers to it."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def add(self, call: Call) -> Response:
        """POST /files/:id/relationships/referenced_by."""
        return await self._change(call, "referenced_by", add=True)

    async def remove(self, call: Call) -> Response:
        """DELETE /files/:id/relationships/referenced_by."""
        return await self._change(call, "referenced_by", add=False)

    async def keep_off(self, call: Call) -> Response:
        """POST /files/:id/relationships/not_synchronized_on."""
        return await self._change(call, "not_synchronized_on", add=True)

    async def let_on(self, call: Call) -> Response:
        """DELETE /files/:id/relationships/not_synchronized_on."""
        return await self._change(call, "not_synchronized_on", add=False)

    async def _change(self, call: Call, member: str, *, add: bool) -> Response:
        node = await self._files.get(instance_of(call), call.params["id"])
        await allow(self._files, call, "DELETE" if member == "referenced_by" and not add else "PATCH", node)
        _check_kind(node, member)
        items = await _identifiers(call)
        added, removed = (items, []) if add else ([], items)
        changed = await self._files.refer(instance_of(call), node.id, added, removed, member=member)
        kept: Sequence[Any] = changed.fields.get(member) or []
        return document({"data": kept, "meta": {"rev": changed.rev, "count": len(kept)}})

    async def of_document(self, call: Call) -> Response:
        """GET /data/:doctype/:id/relationships/references: the files that this document refers to."""
        return await self._list(call, "referenced_by")

    async def kept_off_document(self, call: Call) -> Response:
        """GET /data/:doctype/:id/relationships/not_synchronizing: the directories that this client keeps off."""
        return await self._list(call, "not_synchronized_on")

    async def _list(self, call: Call, member: str) -> Response:
        _allow_document(call, "GET", "GET")
        nodes = await self._files.referring(instance_of(call), call.params["doctype"], call.params["id"], member=member)
        nodes = sorted(nodes, key=_ORDERS.get(call.query("sort").lstrip("-"), _by_id))
        if call.query("sort").startswith("-"):
            nodes.reverse()
        page, links = _page(call, nodes)
        body: dict[str, Any] = {
            "data": [{"type": FILES, "id": node.id} for node in page],
            "links": links,
            "meta": {"count": len(nodes)},
        }
        if call.query("include") == "files" and page:
            for node in page:
                await allow(self._files, call, "GET", node)
            secret = self._files.thumbnail_keys.of(call.instance.key)
            body["included"] = [child_resource(secret, node) for node in page]
        return document(body)

    async def add_to_document(self, call: Call) -> Response:
        """POST /data/:doctype/:id/relationships/references."""
        return await self._from_document(call, "referenced_by", add=True)

    async def remove_from_document(self, call: Call) -> Response:
        """DELETE /data/:doctype/:id/relationships/references."""
        return await self._from_document(call, "referenced_by", add=False)

    async def keep_off_document(self, call: Call) -> Response:
        """POST /data/:doctype/:id/relationships/not_synchronizing: directories that this client is not to see."""
        return await self._from_document(call, "not_synchronized_on", add=True)

    async def let_on_document(self, call: Call) -> Response:
        """DELETE /data/:doctype/:id/relationships/not_synchronizing."""
        return await self._from_document(call, "not_synchronized_on", add=False)

    async def _from_document(self, call: Call, member: str, *, add: bool) -> Response:
        items = await _identifiers(call, FILES)
        await call.identify()
        _allow_document(call, "PUT" if add else "DELETE", "PATCH")
        nodes = [await self._files.get(instance_of(call), item["id"]) for item in items]
        for node in nodes:
            await allow(self._files, call, "PATCH", node)
            _check_kind(node, member)
        doctype, ident = call.params["doctype"], call.params["id"]
        reference = [{"type": doctype, "id": ident}]
        old = [*reference, {"type": doctype, "id": ident.replace("/", "%2F")}]
        for node in nodes:
            added, removed = (reference, []) if add else ([], old)
            await self._files.refer(instance_of(call), node.id, added, removed, member=member)
        return Response(status_code=204)


def _check_kind(node: Node, member: str) -> None:
    if member == "not_synchronized_on" and not node.is_dir:
        raise BadRequest("Only a directory can be left out of a synchronisation")


def _by_id(node: Node) -> str:
    return node.id


def _by_datetime(node: Node) -> str:
    return str((node.fields.get("metadata") or {}).get("datetime") or "")


_ORDERS = {"id": _by_id, "datetime": _by_datetime}


def _page(call: Call, nodes: Sequence[Node]) -> tuple[Sequence[Node], dict[str, str]]:
    """A page of a list, and the link to the next one. The cursor is the place in the list."""
    limit = _number(call.query("page[limit]"), PAGE, MOST)
    start = _number(call.query("page[cursor]") or call.query("page[skip]"), 0, LIMIT * LIMIT)
    rest = len(nodes) - start - limit
    path = call.request.url.path
    links = {"next": f"{path}?page[limit]={limit}&page[cursor]={start + limit}"} if rest > 0 else {}
    return nodes[start : start + limit], links


def _number(text: str, default: int, most: int) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadRequest("page[limit], page[skip] and page[cursor] must be whole numbers")
    return min(int(text), most)


def _allow_document(call: Call, verb: str, files_verb: str) -> None:
    """Raises `Forbidden` unless the caller may do this to the document, or to all files.

    Of files that it refers to, each is asked for as well: a reference opens a file to who may see what it refers to.
    """
    if not any(rule.whole for rule in call.caller.rules(files_verb, FILES)):
        call.caller.allow(verb, call.params["doctype"], call.params["id"])
