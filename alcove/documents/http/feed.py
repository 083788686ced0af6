"""The feed of changes of a doctype: `_changes` (contract-b section 1.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.errors import BadRequest
from alcove.base.http import Call, JSONResponse
from alcove.documents import mango
from alcove.documents.designs import DESIGN
from alcove.documents.http.bodies import read_object
from alcove.documents.http.replication import mark, unmark
from alcove.documents.store import fields_of, leaves_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from alcove.documents.http.doctypes import Policies
    from alcove.documents.rows import Row
    from alcove.documents.service import StoredDocuments
    from alcove.documents.store import Store

NEAR = 200
"""Results that are read on the event loop; longer feeds are read in the pool."""
PENDING = 2000
"""What `pending` says at the most: clients ask whether there is more, and counting all of it would cost each page."""
_PARAMETERS = frozenset(
    (
        "feed",
        "style",
        "since",
        "limit",
        "timeout",
        "include_docs",
        "heartbeat",
        "_nonce",
        "seq_interval",
        "descending",
        "filter",
    )
)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request wants of the feed."""

    doctype: str
    since: str
    limit: int | None
    descending: bool
    docs: bool
    leaves: bool
    keep: Callable[[Row], bool] | None
    by_ids: bool


class Feed:
    """The route of the feed."""

    def __init__(self, documents: StoredDocuments, policies: Policies) -> None:
        self._documents = documents
        self._policies = policies

    async def changes(self, call: Call) -> Response:
        """`GET` and `POST _changes`: writes since a mark, each document once, with its last revision."""
        _check(call)
        doctype = call.params["doctype"]
        self._policies.check(doctype)
        call.caller.allow_type("GET", doctype)
        ask = await _ask(call, doctype)
        tenant = call.instance.key
        if ask.limit is not None and ask.limit <= NEAR and ask.keep is None:
            return JSONResponse(await self._documents.read(tenant, lambda store: _answer(store, ask)))
        return JSONResponse(await self._documents.scan(tenant, lambda store: _answer(store, ask)))


def _check(call: Call) -> None:
    query = call.request.query_params
    for name in query:
        if name not in _PARAMETERS or (name == "filter" and call.request.method != "POST"):
            raise BadRequest(f"Unsupported query parameter '{name}'")
    if query.get("feed", "normal") not in ("normal", ""):
        raise BadRequest(f"Unsuported feed value '{query['feed']}'")
    if query.get("style", "main_only") not in ("main_only", "all_docs", ""):
        raise BadRequest(f"Unsuported style value '{query['style']}'")
    for name in ("limit", "seq_interval"):
        given = query.get(name, "")
        if given and not (given.isascii() and given.isdigit() and len(given) < 10):
            raise BadRequest(f"Invalid {name} value '{given}': strconv.Atoi: parsing \"{given}\": invalid syntax")


async def _ask(call: Call, doctype: str) -> Ask:
    keep, by_ids = None, False
    if call.request.method == "POST" and call.query("filter"):
        keep = _filter(call.query("filter"), await read_object(call))
        by_ids = call.query("filter") == "_doc_ids"
    return Ask(
        doctype,
        call.query("since"),
        int(call.query("limit") or 0) or None,
        call.query("descending") == "true",
        call.query("include_docs") == "true",
        call.query("style") == "all_docs",
        keep,
        by_ids,
    )


def _filter(name: str, body: dict[str, Any]) -> Callable[[Row], bool]:
    if name == "_doc_ids":
        ids = body.get("doc_ids")
        if not isinstance(ids, list):
            raise BadRequest("`doc_ids` filter parameter is not a list of doc ids.")
        wanted = {doc_id for doc_id in ids if isinstance(doc_id, str)}
        return lambda row: row.id in wanted
    if name == "_selector":
        matches = mango.matcher(mango.parse(body.get("selector")))
        return lambda row: matches(fields_of(row))
    if name == "_design":
        return lambda row: row.id.startswith(DESIGN)
    raise BadRequest(f"Unsupported filter '{name}'")


def _answer(store: Store, ask: Ask) -> bytes:
    kind = store.open_kind(ask.doctype)
    last = store.rows.seq()
    since = last if ask.since == "now" else unmark(ask.since) if ask.since else 0
    results, shown = list[bytes](), since
    after, plain = 0 if ask.descending else since, ask.keep is None
    most, brief = ask.limit if plain else None, plain and not ask.docs
    for row in store.rows.by_seq(kind.number, after, descending=ask.descending, limit=most, brief=brief):
        if ask.keep is not None and not ask.keep(row):
            continue
        results.append(_result(row, ask))
        shown = row.seq
        if len(results) == ask.limit:
            break
    full = len(results) == ask.limit
    # CouchDB counts from the last one shown when it looks ids up one by one.
    counted = (full or ask.by_ids) and not ask.descending
    pending = store.rows.count_since(kind.number, shown, PENDING) if counted else 0
    reached = shown if full and not ask.descending else max(last, since)
    head = b'{"results":[' + b",".join(results)
    return head + b'],"last_seq":"' + mark(reached).encode() + b'","pending":' + str(pending).encode() + b"}"


def _result(row: Row, ask: Ask) -> bytes:
    revs = [leaf.rev for leaf in leaves_of(row)] if ask.leaves and row.branches else [row.rev]
    key, rest = orjson.dumps(row.id), b',"deleted":true}' if row.deleted else b"}"
    doc = _document(row, key) if ask.docs else b"null"
    changes = '"},{"rev":"'.join(revs).encode()
    said = (key, mark(row.seq).encode(), doc, changes, rest)
    return b'{"id":%b,"seq":"%b","doc":%b,"changes":[{"rev":"%b"}]%b' % said


def _document(row: Row, key: bytes) -> bytes:
    deleted = b',"_deleted":true' if row.deleted else b""
    rest = b"," + row.body[1:] if len(row.body) > 2 else b"}"
    return b'{"_id":%b,"_rev":"%b"%b%b' % (key, row.rev.encode(), deleted, rest)
