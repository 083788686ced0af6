"""Lists of documents and Mango queries (contract-b section 1.4)."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.digits import whole
from alcove.base.http import Call, JSONResponse
from alcove.documents import mango
from alcove.documents.designs import DESIGN
from alcove.documents.errors import BadQuery
from alcove.documents.http.bodies import decode, read_bare, read_object
from alcove.documents.http.replication import passed_through
from alcove.documents.model import Query
from alcove.documents.queries import pick, unbookmark
from alcove.documents.store import fields_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from alcove.documents.http.doctypes import Policies
    from alcove.documents.model import Document
    from alcove.documents.rows import Kind, Row
    from alcove.documents.service import StoredDocuments
    from alcove.documents.store import Store

PAGE, LARGEST_PAGE = 100, 1000
NEAR = 200
"""Rows that are read on the event loop; longer lists are read in the pool."""
KEYS = 10_000
COUNTED = 250
"""Rows before the first one that are counted for `offset`, which is null from there on, as it is with `keys`: nobody
goes by it, and counting made the end of a long list dearer than its beginning."""


@dataclass(frozen=True, slots=True)
class Range:
    """What `_all_docs` is asked for. `low` and `high` are ids; `exclusive` leaves the far end out."""

    low: str
    high: str | None
    descending: bool
    exclusive: bool
    skip: int
    limit: int | None
    docs: bool
    nothing: bool = False


class Lists:
    """The routes of lists; each needs a permission on the whole doctype."""

    def __init__(self, documents: StoredDocuments, policies: Policies) -> None:
        self._documents = documents
        self._policies = policies

    def _type(self, call: Call) -> str:
        doctype = call.params["doctype"]
        self._policies.check(doctype)
        call.caller.allow_type("GET", doctype)
        return doctype

    async def all_docs(self, call: Call) -> Response:
        """`GET` and `POST _all_docs`: CouchDB's list by id; `Fields` and `DesignDocs=false` are the reference's own."""
        doctype = self._type(call)
        return await passed_through(self._all_docs(call, doctype))

    async def _all_docs(self, call: Call, doctype: str) -> Response:
        tenant = call.instance.key
        query: dict[str, Any] = dict(call.request.query_params)
        keys = _json(query["keys"]) if "keys" in query else None
        if call.request.method == "POST":
            body = await read_bare(call)
            keys = body.get("keys", keys)
            query |= {name: orjson.dumps(value).decode() for name, value in body.items() if name != "keys"}
        docs = query.get("include_docs") == "true"
        if keys is not None:
            if not isinstance(keys, list) or len(keys) > KEYS:
                raise BadQuery(f"`keys` body member must be an array of {KEYS} keys at the most.")
            return JSONResponse(await self._documents.scan(tenant, lambda store: _by_keys(store, doctype, keys, docs)))
        asked = _range(query, docs)
        if "Fields" in query or query.get("DesignDocs") == "false":
            fields = [name for name in query.get("Fields", "").split(",") if name]
            bare = query.get("DesignDocs") == "false"
            return JSONResponse(
                await self._documents.scan(tenant, lambda store: _projected(store, doctype, asked, fields, bare))
            )
        if asked.limit is not None and asked.limit + asked.skip <= NEAR:
            return JSONResponse(await self._documents.read(tenant, lambda store: _listed(store, doctype, asked)))
        return JSONResponse(await self._documents.scan(tenant, lambda store: _listed(store, doctype, asked)))

    async def normal_docs(self, call: Call) -> Response:
        """`GET _normal_docs`: pages of documents, design documents left out."""
        doctype = self._type(call)
        limit, skip = _number(call.query("limit"), PAGE), _number(call.query("skip"), 0)
        limit = PAGE if limit > LARGEST_PAGE else limit
        after, begin = _unbookmark(call.query("bookmark")), time.perf_counter()

        def read(store: Store) -> tuple[list[Row], int]:
            kind = store.open_kind(doctype)
            rows = (
                row
                for row in store.rows.by_id(kind.number, after, None)
                if not row.id.startswith(DESIGN) and (not after or row.id != after)
            )
            designs = store.rows.count_ids(kind.number, DESIGN, "_design0")
            return list(islice(rows, skip, skip + limit)), kind.living - designs

        rows, total = await self._documents.scan(call.instance.key, read)
        last = base64.urlsafe_b64encode(rows[-1].id.encode()).decode() if rows else call.query("bookmark")
        answer: dict[str, Any] = {"rows": [_fragment(row) for row in rows], "total_rows": total, "bookmark": last}
        if call.query("execution_stats").lower() in ("true", "1", "t"):
            examined = len(rows) + skip
            answer["execution_stats"] = _stats(examined, len(rows), begin)
        return JSONResponse(answer)

    async def find(self, call: Call) -> Response:
        """`POST _find`: a Mango query; refused when no index serves it, and clients then make one."""
        request = await read_object(call)
        doctype = self._type(call)
        begin = time.perf_counter()
        given = request.get("limit")
        limit = given if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= LARGEST_PAGE else PAGE
        tenant = call.instance.key
        try:
            query = read_query(request, limit)
        except BadQuery:  # that the doctype is not there weighs more
            await self._documents.read(tenant, lambda store: store.open_kind(doctype))
            raise
        page = await self._documents.page(tenant, doctype, query, strict=True)
        answer: dict[str, Any] = {
            "docs": [_shown(document, query.fields) for document in page.documents],
            "limit": limit,
            "next": len(page.documents) >= limit,
            "bookmark": page.last or query.bookmark,
        }
        if request.get("execution_stats") is True:
            answer["execution_stats"] = _stats(page.examined, len(page.documents), begin)
        return JSONResponse(answer)


# -- reading requests


def read_query(request: Mapping[str, Any], limit: int) -> Query:
    """A Mango query from its JSON; raises `BadQuery` in CouchDB's words."""
    if "selector" not in request:
        raise BadQuery("Missing required key: selector", "missing_required_key")
    skip, bookmark, use = request.get("skip", 0), request.get("bookmark") or "", request.get("use_index") or ""
    if not isinstance(skip, int) or isinstance(skip, bool) or skip < 0:
        reason = f"{mango.erlang(skip)} is not an integer greater than or equal to zero"
        raise BadQuery(reason, "invalid_non_neg_integer")
    if not isinstance(bookmark, str):
        raise BadQuery(f"Invalid bookmark value: {orjson.dumps(bookmark).decode()}", "invalid_bookmark")
    if isinstance(use, list) and all(isinstance(part, str) for part in use):
        use = "/".join(part.removeprefix("_design/") for part in use)
    if not isinstance(use, str):
        raise BadQuery(f"Invalid index name: {mango.erlang(use)}", "invalid_index_name")
    fields = request.get("fields") or ()
    if fields == "all_fields":
        fields = ()
    if not isinstance(fields, list | tuple) or not all(isinstance(name, str) for name in fields):
        raise BadQuery(f"Fields must be an array of strings, not: {mango.erlang(fields)}", "invalid_fields")
    bookmark = "" if bookmark == "nil" else bookmark
    return Query(request["selector"], _sort(request.get("sort") or []), fields, limit, skip, bookmark, use)


def _sort(given: Any) -> list[tuple[str, bool]]:
    if not isinstance(given, list):
        raise BadQuery(f"Sort must be an array of sort specs, not: {mango.erlang(given)}", "invalid_sort_json")
    sort = list[tuple[str, bool]]()
    for spec in given:
        name, direction = next(iter(spec.items()), ("", "")) if isinstance(spec, dict) else (spec, "asc")
        if not isinstance(name, str) or not name or (isinstance(spec, dict) and len(spec) != 1):
            raise BadQuery(f"Invalid sort field: {mango.erlang(spec)}", "invalid_sort_field")
        if direction not in ("asc", "desc"):
            raise BadQuery(f"Invalid sort direction: {mango.erlang(direction)}", "invalid_sort_dir")
        sort.append((name, direction == "desc"))
    return sort


def _json(text: str) -> Any:
    try:
        return decode(text)
    except orjson.JSONDecodeError:
        raise BadQuery("invalid UTF-8 JSON") from None


def _range(query: Mapping[str, str], docs: bool) -> Range:
    descending = query.get("descending") == "true"
    start = query.get("startkey", query.get("start_key"))
    end = query.get("endkey", query.get("end_key"))
    if "key" in query:
        start = end = query["key"]
    low, empty_low = _bound(end if descending else start, lower=True)
    high, empty_high = _bound(start if descending else end, lower=False)
    limit = query.get("limit", "")
    if limit and not (limit.isascii() and limit.isdigit()):
        raise BadQuery(f"Invalid value for integer: {limit!r}", "query_parse_error")
    return Range(
        low or "",
        high,
        descending,
        query.get("inclusive_end") == "false" and end is not None,
        _number(query.get("skip", ""), 0),
        whole(limit),  # a number that is too long for one is more than anybody has: all
        docs,
        empty_low or empty_high,
    )


def _bound(text: str | None, *, lower: bool) -> tuple[str | None, bool]:
    """An end of a range of ids, and whether nothing can lie on its side: ids come after numbers and before lists."""
    if text is None:
        return None, False
    value = _json(text)
    if isinstance(value, str):
        return value, False
    before = value is None or isinstance(value, bool | int | float)
    return None, before != lower


def _number(text: str, default: int) -> int:
    number = whole(text)
    return default if number is None else number


def _unbookmark(text: str) -> str:
    try:
        return unbookmark(text).decode()
    except UnicodeDecodeError:
        raise BadQuery(f"Invalid bookmark value: {orjson.dumps(text).decode()}", "invalid_bookmark") from None


# -- writing answers


def _rows(store: Store, kind: Kind, asked: Range) -> list[Row]:
    if asked.nothing or asked.limit == 0:
        return []
    most = None if asked.limit is None else asked.limit + asked.skip + asked.exclusive
    rows = store.rows.by_id(kind.number, asked.low, asked.high, descending=asked.descending, limit=most)
    if asked.exclusive:
        far = asked.low if asked.descending else asked.high
        rows = (row for row in rows if row.id != far)
    return list(islice(rows, asked.skip, None if asked.limit is None else asked.skip + asked.limit))


def _listed(store: Store, doctype: str, asked: Range) -> bytes:
    kind = store.open_kind(doctype)
    rows = _rows(store, kind, asked)
    before = _before(store, kind, asked)
    lines = b",".join([_line(row, asked.docs) for row in rows])
    offset = b"null" if before > COUNTED else b"%d" % (before + asked.skip)
    return b'{"total_rows":%d,"offset":%b,"rows":[%b]}' % (kind.living, offset, lines)


def _before(store: Store, kind: Kind, asked: Range) -> int:
    """How many rows come before those of the range; more than `COUNTED` are not counted any further."""
    if asked.descending:
        low, high = ("", "") if asked.high is None else (asked.high + "\0", None)
    else:
        low, high = "", asked.low
    return 0 if high == "" else store.rows.count_ids(kind.number, low, high, COUNTED + 1)


def _line(row: Row, docs: bool) -> bytes:
    key, rev, body = orjson.dumps(row.id), row.rev.encode(), row.body
    if not docs:
        return b'{"id":%b,"key":%b,"value":{"rev":"%b"}}' % (key, key, rev)
    rest = b"," + body[1:] if len(body) > 2 else b"}"
    said = (key, key, rev, key, rev, rest)
    return b'{"id":%b,"key":%b,"value":{"rev":"%b"},"doc":{"_id":%b,"_rev":"%b"%b}' % said


def _shown_row(row: Row) -> bytes:
    head = orjson.dumps({"_id": row.id, "_rev": row.rev})
    return head[:-1] + b"," + row.body[1:] if len(row.body) > 2 else head


def _fragment(row: Row) -> orjson.Fragment:
    return orjson.Fragment(_shown_row(row))


def _by_keys(store: Store, doctype: str, keys: list[Any], docs: bool) -> bytes:
    kind = store.open_kind(doctype)
    lines = list[bytes]()
    store.rows.expect(kind.number, (key for key in keys if isinstance(key, str)))
    for key in keys:
        row = store.rows.row(kind.number, key) if isinstance(key, str) else None
        if row is None:
            lines.append(orjson.dumps({"key": key, "error": "not_found"}))
        elif row.deleted:
            line: dict[str, Any] = {"id": key, "key": key, "value": {"rev": row.rev, "deleted": True}}
            lines.append(orjson.dumps({**line, "doc": None} if docs else line))
        else:
            lines.append(_line(row, docs))
    return b'{"total_rows":%d,"offset":null,"rows":[%b]}' % (kind.living, b",".join(lines))


def _projected(store: Store, doctype: str, asked: Range, fields: list[str], bare: bool) -> bytes:
    kind = store.open_kind(doctype)
    lines = [
        orjson.dumps({"id": row.id, "rev": row.rev, "doc": pick(fields_of(row), fields)})
        for row in _rows(store, kind, asked)
        if not (bare and row.id.startswith(DESIGN))
    ]
    return b'{"total_rows":%d,"offset":%d,"rows":[%b]}' % (len(lines), asked.skip, b",".join(lines))


def _shown(document: Document, fields: Any) -> orjson.Fragment:
    if not fields:
        return orjson.Fragment(document.json())
    own = {name: value for name, value in (("_id", document.id), ("_rev", document.rev)) if name in fields}
    head, body = orjson.dumps(own), document.body
    if len(body) <= 2 or len(head) <= 2:
        return orjson.Fragment(head if len(body) <= 2 else body)
    return orjson.Fragment(head[:-1] + b"," + body[1:])


def _stats(examined: int, returned: int, begin: float) -> dict[str, Any]:
    return {
        "total_keys_examined": examined,
        "total_docs_examined": examined,
        "results_returned": returned,
        "execution_time_ms": round((time.perf_counter() - begin) * 1e3, 3),
    }
