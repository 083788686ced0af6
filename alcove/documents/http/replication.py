"""What replicators need: bulk reads and writes, differences of revisions, checkpoints (contract-b section 1.5)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.http import Call, JSONResponse
from alcove.base.ids import ordered_id
from alcove.documents.designs import DESIGN
from alcove.documents.errors import BadDocument, DocumentMissing, DocumentsError, NotJson, RevisionConflict
from alcove.documents.http.bodies import content, read_bare, text
from alcove.documents.revisions import LIMIT, Leaf, next_hash, parse
from alcove.documents.service import parted

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.responses import Response

    from alcove.documents.http.doctypes import Policies
    from alcove.documents.model import Hooks
    from alcove.documents.service import StoredDocuments
    from alcove.documents.store import Store

BULK = 10_000
"""Documents in one bulk request at the most."""
NEAR = 50
"""Documents of a bulk request that are read on the event loop; longer ones are read in a thread."""
_MARK = "-g1AAAAAlcoveAAAAAAAAAAAA"


def mark(seq: int) -> str:
    """A sequence number as clients see it: opaque, and shaped like CouchDB's, for those that look at it."""
    return f"{seq}{_MARK}"


def unmark(text: str) -> int:
    """The sequence number of a mark; raises `BadDocument`."""
    number = text.split("-", 1)[0]
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise BadDocument(f"Malformed sequence supplied in 'since' parameter: {text[:100]}")
    return int(number)


async def passed_through(answer: Awaitable[Response]) -> Response:
    """The answer of a route that the reference leaves to CouchDB: errors are CouchDB's own, without `ok`."""
    try:
        return await answer
    except DocumentsError as error:
        return JSONResponse(error.bare(), error.status, error.headers)


@dataclass(frozen=True, slots=True)
class Edit:
    """One document of a bulk write, read and checked."""

    id: str
    rev: str
    body: bytes
    deleted: bool
    leaf: Leaf | None
    made: bool
    """Whether the id was made here."""


class Replication:
    """The routes of replicators; each needs a permission on the whole doctype."""

    def __init__(self, documents: StoredDocuments, policies: Policies) -> None:
        self._documents = documents
        self._policies = policies

    def _type(self, call: Call, verb: str, *, write: bool = False) -> str:
        doctype = call.params["doctype"]
        self._policies.check(doctype, write=write)
        call.caller.allow_type(verb, doctype)
        return doctype

    async def bulk_docs(self, call: Call) -> Response:
        """`POST _bulk_docs`: many writes, each with its own outcome; `new_edits: false` takes revisions over."""
        doctype = self._type(call, "POST", write=True)
        return await passed_through(self._bulk_docs(call, doctype))

    async def _bulk_docs(self, call: Call, doctype: str) -> Response:
        request = await read_bare(call, rewritten=True)
        docs, grafted = request.get("docs"), request.get("new_edits") is False
        if not isinstance(docs, list):
            raise BadDocument("POST body must include `docs` parameter.")
        if len(docs) > BULK:
            raise BadDocument(f"A request may hold {BULK} documents at the most")
        hooks = self._policies.of(doctype).hooks
        if hooks is not None:
            docs = [_kept(hooks, call, fields) for fields in docs]
        near = len(docs) <= NEAR
        edits = _edits(docs, grafted) if near else await asyncio.to_thread(_edits, docs, grafted)
        ids = [edit.id for edit in edits if not edit.made]
        for edit in edits:
            self._policies.check_id(doctype, edit.id)

        def unit(store: Store) -> list[bytes]:
            store.rows.expect(store.ensure(doctype).number, ids)
            if hooks is None:
                return [outcome for edit in edits if (outcome := _apply(store, doctype, edit))]
            done = [parted(store, hooks, doctype, one.id, partial(_apply, store, doctype, one)) for one in edits]
            return [outcome for outcome in done if outcome]

        outcomes = await self._documents.write(call.instance.key, unit)
        return JSONResponse(b"[" + b",".join(outcomes) + b"]", 201)

    async def bulk_get(self, call: Call) -> Response:
        """`POST _bulk_get`: many revisions at once."""
        doctype = self._type(call, "GET")
        return await passed_through(self._bulk_get(call, doctype))

    async def _bulk_get(self, call: Call, doctype: str) -> Response:
        request = await read_bare(call)
        wanted = request.get("docs")
        if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
            raise BadDocument("Missing JSON list of 'docs'.")
        if len(wanted) > BULK:
            raise BadDocument(f"A request may ask for {BULK} documents at the most")
        revs, latest = call.query("revs") == "true", call.query("latest") == "true"

        def read(store: Store) -> bytes:
            kind = store.open_kind(doctype)
            store.rows.expect(kind.number, (text(one, "id") for one in wanted))
            parts = list[bytes]()
            for one in wanted:
                doc_id, rev = text(one, "id"), text(one, "rev")
                found = _revisions(store.leaves(kind, doc_id), rev, latest=latest)
                docs = [b'{"ok":' + with_revisions(doc_id, leaf, revs=revs) + b"}" for leaf in found]
                if not docs:
                    missing = {"id": doc_id, "rev": rev or "undefined", "error": "not_found", "reason": "missing"}
                    docs = [orjson.dumps({"error": missing})]
                parts.append(b'{"id":' + orjson.dumps(doc_id) + b',"docs":[' + b",".join(docs) + b"]}")
            return b'{"results":[' + b",".join(parts) + b"]}"

        return JSONResponse(await self._documents.scan(call.instance.key, read))

    async def revs_diff(self, call: Call) -> Response:
        """`POST _revs_diff`: which of these revisions are not known here."""
        doctype = self._type(call, "GET")
        return await passed_through(self._revs_diff(call, doctype))

    async def _revs_diff(self, call: Call, doctype: str) -> Response:
        request = await read_bare(call)
        for revs in request.values():
            if not isinstance(revs, list) or not all(isinstance(rev, str) for rev in revs):
                raise BadDocument("Each document must have a list of revisions")

        def read(store: Store) -> dict[str, Any]:
            kind = store.open_kind(doctype)
            answer = dict[str, Any]()
            store.rows.expect(kind.number, request)
            for doc_id, revs in request.items():
                missing = _missing(store.leaves(kind, doc_id), revs)
                if missing:
                    answer[doc_id] = missing
            return answer

        return JSONResponse(await self._documents.scan(call.instance.key, read))

    async def get_local(self, call: Call) -> Response:
        """`GET _local/:docid`: a checkpoint."""
        doctype = self._type(call, "GET")
        name = call.params["docid"]

        async def answer() -> Response:
            def read(store: Store) -> tuple[int, bytes] | None:
                return store.rows.local(store.open_kind(doctype).number, name)

            found = await self._documents.read(call.instance.key, read)
            if found is None:
                raise DocumentMissing
            head = orjson.dumps({"_id": f"_local/{name}", "_rev": f"0-{found[0]}"})
            return JSONResponse(head[:-1] + b"," + found[1][1:] if len(found[1]) > 2 else head)

        return await passed_through(answer())

    async def put_local(self, call: Call) -> Response:
        """`PUT _local/:docid`: writes a checkpoint; reading rights are enough."""
        doctype = self._type(call, "GET")
        name = call.params["docid"]

        async def answer() -> Response:
            fields = await read_bare(call)
            generation, _, number = text(fields, "_rev").partition("-")
            rev = int(number) + 1 if generation == "0" and number.isascii() and number.isdigit() else 1
            body = content(fields)
            gone = fields.get("_deleted") is True

            def unit(store: Store) -> None:
                store.rows.save_local(store.open_kind(doctype).number, name, rev, b"" if gone else body)

            await self._documents.write(call.instance.key, unit)
            return JSONResponse({"ok": True, "id": f"_local/{name}", "rev": f"0-{rev}"}, 201)

        return await passed_through(answer())

    async def full_commit(self, call: Call) -> Response:
        """`POST _ensure_full_commit`: nothing to do, every answered write is durable already."""
        self._type(call, "GET", write=True)

        async def answer() -> Response:
            if not call.request.headers.get("content-type", "").startswith("application/json"):
                raise NotJson
            return JSONResponse({"ok": True, "instance_start_time": "0"}, 201)

        return await passed_through(answer())


def with_revisions(doc_id: str, leaf: Leaf, *, revs: bool) -> bytes:
    """A revision as CouchDB shows it to replicators."""
    head: dict[str, Any] = {"_id": doc_id, "_rev": leaf.rev}
    if leaf.deleted:
        head["_deleted"] = True
    if revs:
        head["_revisions"] = {"start": leaf.generation, "ids": (leaf.hash, *leaf.ancestors)}
    dumped = orjson.dumps(head)
    return dumped[:-1] + b"," + leaf.body[1:] if len(leaf.body) > 2 else dumped


def _kept(hooks: Hooks, call: Call, fields: Any) -> Any:
    if not isinstance(fields, dict):
        return fields
    return hooks.kept(call.instance.key, fields, call.caller, new=not text(fields, "_rev"))


def _edits(docs: list[Any], grafted: bool) -> list[Edit]:
    return [_edit(fields, grafted) for fields in docs]


def _edit(fields: Any, grafted: bool) -> Edit:
    if not isinstance(fields, dict):
        raise BadDocument("Document must be a JSON object")
    doc_id, rev = fields.get("_id"), text(fields, "_rev")
    if doc_id is not None and (not isinstance(doc_id, str) or not doc_id):
        raise BadDocument("Document id must be a non-empty string", "illegal_docid")
    if doc_id and doc_id[0] == "_" and not doc_id.startswith(DESIGN):
        raise BadDocument("Only reserved document ids may start with underscore.", "illegal_docid")
    if "_rev" in fields:
        parse(rev)
    body, deleted = content(fields), fields.get("_deleted") is True
    leaf = _leaf(fields, rev, body, deleted) if grafted else None
    made = not doc_id and not rev and not deleted and leaf is None
    return Edit(doc_id or ordered_id(), rev, body, deleted, leaf, made)


def _leaf(fields: dict[str, Any], rev: str, body: bytes, deleted: bool) -> Leaf:
    if not rev:
        return Leaf(1, next_hash("", deleted, body), (), deleted, body)
    generation, name = parse(rev)
    given = fields.get("_revisions")
    ids = given.get("ids") if isinstance(given, dict) else None
    if not isinstance(ids, list) or not ids or ids[0] != name:
        return Leaf(generation, name, (), deleted, body)
    ancestors = ids[1:generation][: LIMIT - 1]
    for ancestor in ancestors:
        parse(f"1-{ancestor}")
    return Leaf(generation, name, tuple(ancestors), deleted, body)


def _apply(store: Store, doctype: str, edit: Edit) -> bytes:
    if edit.leaf is not None:
        store.graft(doctype, edit.id, edit.leaf)
        return b""
    try:
        if edit.made:
            made = store.add(doctype, edit.id, edit.body)
        else:
            made = store.put(doctype, edit.id, edit.body, edit.rev, deleted=edit.deleted)
    except RevisionConflict as conflict:
        return orjson.dumps({"id": edit.id, **conflict.bare()})
    return orjson.dumps({"ok": True, "id": edit.id, "rev": made.rev})


def _revisions(leaves: list[Leaf], rev: str, *, latest: bool) -> list[Leaf]:
    if not rev:
        return leaves[:1]
    if latest:
        return [leaf for leaf in leaves if rev in leaf.line]
    return [leaf for leaf in leaves if leaf.rev == rev]


def _missing(leaves: list[Leaf], revs: list[str]) -> dict[str, Any]:
    known = {rev for leaf in leaves for rev in leaf.line}
    missing = [rev for rev in revs if rev not in known]
    if not missing:
        return {}
    highest = max(parse(rev)[0] for rev in missing)
    ancestors = [leaf.rev for leaf in leaves if leaf.generation < highest]
    return {"missing": missing, **({"possible_ancestors": ancestors} if ancestors else {})}
