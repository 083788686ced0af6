"""Routes over the whole doctype: Mango, documents by id, the change feed (contract-b 2.4, 2.8)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from alcove.base.errors import BadRequest
from alcove.base.http import JSONResponse
from alcove.documents import Query
from alcove.files.http.access import instance_of, page_of
from alcove.files.http.shapes import child_resource, document
from alcove.files.model import FILES, TRASH, Node, node_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.documents import Change, Documents
    from alcove.files.service import Files
    from alcove.files.store import Strict

PAGE, MOST = 100, 1000
KEYS = 10_000
CHANGES = 10_000
CLIENTS = "io.cozy.oauth.clients"
UNKNOWN_COUNT = 2147483646
"""What stands for the number of results before the last page."""

_FORCED = ("type", "class", "size", "trashed")
_FLAGS = ("include_docs", "include_file_path", "skip_deleted", "skip_trashed")
_PARAMETERS = {"since", "limit", "fields", *_FLAGS}
_HIDDEN = ("internal_vfs_id",)


class Searching:
    """Lists of files from everywhere in the tree: only for who may read the whole doctype."""

    def __init__(self, files: Files, documents: Documents, strict: Strict) -> None:
        self._files = files
        self._documents = documents
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

    async def changes(self, call: Call) -> Response:
        """GET /files/_changes: what sync clients read, a page at a time."""
        call.caller.allow_type("GET", FILES)
        said = call.request.query_params
        for name in said:
            if name not in _PARAMETERS:
                raise BadRequest(f"Unsupported query parameter '{name}'")
        flags = {name for name in _FLAGS if name in said}  # their presence counts, whatever they say
        docs = said.get("include_docs") == "true"
        if not docs and flags & {"include_file_path", "skip_trashed"}:
            raise BadRequest("Invalid options: include_docs should be set to true")
        tenant, since = call.instance.key, _since(said.get("since", ""))
        limit = min(_limit(said.get("limit", "")), CHANGES)
        found = await self._documents.changes(tenant, since, limit, frozenset((FILES,)))
        last = found[-1].seq if found else since
        full = len(found) == limit
        pending = await self._documents.count_changes(tenant, last, FILES, CHANGES) if full else 0
        fields = [name for name in said.get("fields", "").split(",") if name]
        if fields and "include_file_path" in flags:
            fields.append("path")
        results = await self._results(call, found, flags, docs, fields)
        body = {"last_seq": sequence(tenant, last), "pending": pending, "results": results}
        return JSONResponse(body)

    async def _results(
        self, call: Call, found: Sequence[Change], flags: set[str], docs: bool, fields: Sequence[str]
    ) -> list[dict[str, Any]]:
        living = [node_from(change.document) for change in found if not change.document.deleted]
        paths = await self._files.paths(instance_of(call), living) if "include_file_path" in flags else {}
        gone = await self._kept_off(call, living)
        results = []
        for change in found:
            stored, deleted = change.document, change.document.deleted or change.document.id in gone
            if stored.id.startswith("_design/") or (deleted and "skip_deleted" in flags):
                continue
            shown: Any = None
            if docs and stored.id in gone:
                shown = {"_id": stored.id, "_rev": stored.rev, "_deleted": True}
            elif docs:
                node = node_from(stored)
                if "skip_trashed" in flags and not deleted and (node.id == TRASH or node.trashed):
                    continue
                path = "" if node.is_dir else paths.get(stored.id, "")  # a directory has its own
                shown = _changed(stored.json(), fields, path)
            line = {
                "id": stored.id,
                "seq": sequence(call.instance.key, change.seq),
                "doc": shown,
                "changes": [{"rev": stored.rev}],
            }
            results.append({**line, "deleted": True} if deleted else line)
        return results

    async def _kept_off(self, call: Call, nodes: Sequence[Node]) -> set[str]:
        """The ids of those that lie in directories which the sync client keeps off: gone, for it (contract-b 3)."""
        if call.caller.audience != "access":
            return set()
        instance, client = instance_of(call), call.caller.subject
        kept = await self._files.referring(instance, CLIENTS, client, member="not_synchronized_on")
        tops = tuple(f"{node.path}/" for node in kept if node.is_dir)
        paths = await self._files.paths(instance, nodes) if tops else {}
        return {node_id for node_id, path in paths.items() if f"{path}/".startswith(tops)}


def _changed(body: bytes, fields: Sequence[str], path: str) -> orjson.Fragment:
    """The document of a line: as it is stored, or some fields of it, with the file's path if one is given."""
    if path:
        body = body[:-1] + b',"path":' + orjson.dumps(path) + b"}"
    if not fields:
        return orjson.Fragment(body)
    shown = orjson.loads(body)
    return orjson.Fragment(orjson.dumps({k: v for k, v in shown.items() if k in fields}))


def sequence(tenant: str, seq: int) -> str:
    """A place in the feed as clients get it: opaque, but its number comes first."""
    return f"{seq}-g{hashlib.blake2s(f'{tenant}/{seq}'.encode(), digest_size=16).hexdigest()}"


def _since(text: str) -> int:
    number = text.partition("-")[0] or "0"
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise BadRequest("since must be a sequence of this feed", parameter="since")
    return int(number)


def _limit(text: str) -> int:
    if not text:
        return CHANGES
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) == 0:
        raise BadRequest("limit must be a whole number from 1 on", parameter="limit")
    return int(text)


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
