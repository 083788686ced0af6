"""Routes over the whole doctype: Mango, and documents by id (contract-b 2.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from alcove.base.errors import BadRequest
from alcove.documents import Query
from alcove.files.http.access import instance_of, page_of
from alcove.files.http.shapes import child_resource, document
from alcove.files.model import FILES, TRASH, Node, node_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.files.service import Files
    from alcove.files.store import Strict

PAGE, MOST = 100, 1000
KEYS = 10_000
UNKNOWN_COUNT = 2147483646
"""What stands for the number of results before the last page."""

_FORCED = ("type", "class", "size", "trashed")
_HIDDEN = ("internal_vfs_id",)


class Searching:
    """Lists of files from everywhere in the tree: only for who may read the whole doctype."""

    def __init__(self, files: Files, strict: Strict) -> None:
        self._files = files
        self._strict = strict

    async def find(self, call: Call) -> Response:
        """POST /files/_find: a Mango query; files get their path unless fields are named without it."""
        call.caller.allow_type("GET", FILES)
        body = await call.json_object()
        fields = _fields(body.get("fields"))
        query = _query(call, body)
        found = await self._strict.page(call.instance.key, FILES, query, strict=True)
        limit, nodes = query.limit or PAGE, [node_from(document) for document in found.documents]
        shown = await self._shown(call, nodes, fields)
        full = len(nodes) >= limit
        links = {"next": f"/files/_find?page[cursor]={quote(found.last, safe='')}"} if full else {}
        count = UNKNOWN_COUNT if full else query.skip + len(nodes)
        return document({"data": shown, "links": links, "meta": {"count": count}})

    async def _shown(self, call: Call, nodes: Sequence[Node], fields: Sequence[str]) -> list[Any]:
        wants_path = not fields or "path" in fields
        paths = await self._files.paths(instance_of(call), nodes) if wants_path else {}
        shown, secret = list[Any](), self._files.thumbnail_keys.of(call.instance.key)
        for node in nodes:
            if node.id == TRASH and not fields:
                continue
            kept = {k: v for k, v in node.fields.items() if k not in _HIDDEN}
            if fields:
                wanted = {*fields, *_FORCED, *(("dir_id",) if wants_path else ())}
                kept = {k: v for k, v in kept.items() if k in wanted}
            if node.id in paths:
                kept["path"] = paths[node.id]
            shown.append(child_resource(secret, Node(node.id, node.rev, kept)))
        return shown

    async def by_ids(self, call: Call) -> Response:
        """POST /files/_all_docs {keys}: those that are there."""
        call.caller.allow_type("GET", FILES)
        keys = (await call.json_object()).get("keys")
        if not isinstance(keys, list) or len(keys) > KEYS or not all(isinstance(key, str) for key in keys):
            raise BadRequest(f"keys must be a list of at most {KEYS} ids")
        instance = instance_of(call)
        found = [await self._files.find(instance, key) for key in keys if key != TRASH]
        shown = await self._shown(call, [node for node in found if node is not None], ())
        return document({"data": shown, "meta": {"count": len(shown)}})


def _fields(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise BadRequest("fields must be a list of names")
    return value


def _query(call: Call, body: Mapping[str, Any]) -> Query:
    """The Mango query of a body. Its page comes from the query string, as the links of this route say, or the body."""
    selector = body.get("selector")
    if not isinstance(selector, dict):
        raise BadRequest("Missing required key: selector", title="missing_required_key")
    limit, skip, cursor = PAGE, body.get("skip") or 0, body.get("bookmark") or ""
    if call.query("page[limit]") or call.query("page[skip]") or call.query("page[cursor]"):
        limit, skip, cursor = page_of(call)
        limit = limit if call.query("page[limit]") else PAGE
    elif isinstance(body.get("limit"), int) and 0 < body["limit"] <= MOST:
        limit = body["limit"]
    if not isinstance(skip, int) or skip < 0 or not isinstance(cursor, str):
        raise BadRequest("skip must be a whole number, bookmark a text")
    use = body.get("use_index") or ""
    use = "/".join(str(part) for part in use) if isinstance(use, list) else str(use)
    return Query(selector, _sort(body.get("sort")), (), min(limit, MOST), skip, call.query("cursor") or cursor, use)


def _sort(value: object) -> list[tuple[str, bool]]:
    """Mango's `sort`: names, or objects of a name and a direction."""
    order = list[tuple[str, bool]]()
    for item in value if isinstance(value, list) else []:
        if isinstance(item, str):
            order.append((item, False))
        elif isinstance(item, dict) and len(item) == 1:
            name, way = next(iter(item.items()))
            if way not in ("asc", "desc"):
                raise BadRequest(f"Invalid sort direction: {way}", title="invalid_sort_json")
            order.append((str(name), way == "desc"))
        else:
            raise BadRequest("Invalid sort", title="invalid_sort_json")
    return order
