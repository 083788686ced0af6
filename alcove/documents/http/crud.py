"""One document: create, read, change, delete; and a doctype as a whole (contract-b section 1.3)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.errors import BadRequest, Forbidden
from alcove.base.http import Call, JSONResponse
from alcove.base.ids import ordered_id
from alcove.documents.errors import BadDocument, DoctypeExists, DocumentMissing, NoDoctype
from alcove.documents.http.bodies import check_id, content, read_object, text
from alcove.documents.http.replication import mark, passed_through, with_revisions
from alcove.documents.service import parted

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.documents.http.doctypes import Policies
    from alcove.documents.model import Document, Hooks
    from alcove.documents.service import StoredDocuments
    from alcove.documents.store import Store


class Crud:
    """The routes of single documents."""

    def __init__(self, documents: StoredDocuments, policies: Policies) -> None:
        self._documents = documents
        self._policies = policies

    async def welcome(self, call: Call) -> Response:
        """`GET /data/`: a greeting, which some replicators ask for first."""
        return JSONResponse({"message": "welcome to a cozy API"})

    async def doctypes(self, call: Call) -> Response:
        """`GET /data/_all_doctypes`: the doctypes that may be read."""
        call.caller.allow_type("GET", "io.cozy.doctypes")
        kinds = await self._documents.read(call.instance.key, lambda store: store.rows.kinds())
        return JSONResponse([kind.name for kind in kinds if kind.open and self._policies.of(kind.name).readable])

    async def create_doctype(self, call: Call) -> Response:
        """`PUT /data/:doctype/`; 412 when it is there."""
        doctype = self._type(call, "POST", write=True, whole=True)

        def unit(store: Store) -> None:
            kind = store.kind(doctype)
            if kind is not None and kind.open:
                raise DoctypeExists
            store.ensure(doctype)

        return await passed_through(self._written(call, unit, {"ok": True}, 201))

    async def drop_doctype(self, call: Call) -> Response:
        """`DELETE /data/:doctype/`: all of it, its history too."""
        doctype = self._type(call, "DELETE", write=True, whole=True)
        return await self._written(call, lambda store: store.drop(doctype), {"ok": True, "deleted": True}, 200)

    async def status(self, call: Call) -> Response:
        """`GET /data/:doctype/`: what PouchDB asks before it replicates."""
        doctype = self._type(call, "GET", whole=True)
        tenant = call.instance.key

        def read(store: Store) -> dict[str, Any]:
            kind = store.open_kind(doctype)
            name = f"{tenant}/{doctype.replace('.', '-')}"
            return {
                "db_name": name, "doc_count": kind.living, "doc_del_count": kind.dead,
                "update_seq": mark(store.rows.seq()), "purge_seq": mark(0), "compact_running": False,
                "disk_size": 0, "data_size": 0, "disk_format_version": 8, "instance_start_time": "0",
                "other": {"data_size": 0}, "sizes": {"active": 0, "external": 0, "file": 0},
            }  # fmt: skip

        return JSONResponse(await self._documents.read(tenant, read))

    async def get(self, call: Call) -> Response:
        """`GET /data/:doctype/:docid`, with `?revs=true` as CouchDB itself answers it."""
        doctype, doc_id = self._type(call, "GET"), call.params["docid"]
        if call.request.scope["query_string"] and call.query("revs") == "true":
            return await passed_through(self._get_with_revisions(call, doctype, doc_id))
        hooks = self._policies.of(doctype).hooks
        former = await self._former(call, hooks, doctype, doc_id) if hooks is not None and call.query("rev") else None
        document = former or await self._allowed(call, "GET", doctype, doc_id, "wrong_doctype")
        if hooks is not None:
            shown = await hooks.shown(call.instance.key, document, call.caller, call.query("include"))
            document = replace(document, body=shown)
        return JSONResponse(document.json(_type=doctype))

    async def _former(self, call: Call, hooks: Hooks, doctype: str, doc_id: str) -> Document | None:
        """A document that was deleted, for the program that clears up after it."""
        found = await hooks.former(call.instance.key, doc_id, call.query("rev"))
        if found is not None:
            call.caller.allow("GET", doctype, doc_id, found.fields())
        return found

    async def _get_with_revisions(self, call: Call, doctype: str, doc_id: str) -> Response:
        await self._allowed(call, "GET", doctype, doc_id)

        def read(store: Store) -> bytes:
            return with_revisions(doc_id, store.leaves(store.open_kind(doctype), doc_id)[0], revs=True)

        return JSONResponse(await self._documents.read(call.instance.key, read))

    async def create(self, call: Call) -> Response:
        """`POST /data/:doctype/`: a document with an id of our choice."""
        fields = await read_object(call)
        doctype = self._type(call, "POST", write=True)
        self._allow_new(call, "POST", doctype, "", fields)
        if text(fields, "_id"):
            raise BadDocument("document _id should be empty", "defined_id")
        body, doc_id = content(self._kept(call, doctype, fields, new=True)), ordered_id()
        made = await self._documents.write(call.instance.key, lambda store: store.add(doctype, doc_id, body))
        return _stored(made, 201)

    async def update(self, call: Call) -> Response:
        """`PUT /data/:doctype/:docid`: a change (with `_id` and `_rev`), or a creation under a chosen id (neither)."""
        fields = await read_object(call)
        doctype, doc_id = self._type(call, "PUT", write=True), call.params["docid"]
        self._policies.check_id(doctype, doc_id)
        named, rev = text(fields, "_id"), text(fields, "_rev")
        if bool(named) != bool(rev):
            said = "You must either provide an _id and _rev in document (update) or neither (create with fixed id)."
            raise BadRequest(said)
        if named and named != doc_id:
            raise BadRequest("document _id doesnt match url")
        if rev:
            await self._allow_change(call, doctype, doc_id, fields)
        else:
            self._allow_new(call, "POST", doctype, doc_id, fields)
        check_id(doc_id)
        body, deleted = content(self._kept(call, doctype, fields, new=not rev)), fields.get("_deleted") is True
        hooks = self._policies.of(doctype).hooks

        def unit(store: Store) -> Document:
            if rev:
                _open(store, doctype)
            write = partial(store.put, doctype, doc_id, body, rev, deleted=deleted)
            return parted(store, hooks if deleted else None, doctype, doc_id, write)

        return _stored(await self._documents.write(call.instance.key, unit), 200)

    async def delete(self, call: Call) -> Response:
        """`DELETE /data/:doctype/:docid` with the revision in `If-Match` or `?rev=`."""
        header, query = call.request.headers.get("if-match", ""), call.query("rev")
        if header and query and header != query:
            raise BadRequest("If-Match Header and rev query parameters mismatch")
        if not header and not query:
            raise BadRequest("delete without revision")
        await call.identify()
        doctype, doc_id = self._type(call, "DELETE", write=True), call.params["docid"]
        self._policies.check_id(doctype, doc_id)
        await self._allowed(call, "DELETE", doctype, doc_id)
        rev, hooks = header or query, self._policies.of(doctype).hooks

        def unit(store: Store) -> Document:
            return parted(store, hooks, doctype, doc_id, partial(store.delete, doctype, doc_id, rev))

        gone = await self._documents.write(call.instance.key, unit)
        return JSONResponse({"id": doc_id, "rev": gone.rev, "type": doctype, "ok": True, "deleted": True})

    # -- who may

    def _type(self, call: Call, verb: str, *, write: bool = False, whole: bool = False) -> str:
        doctype = call.params["doctype"]
        self._policies.check(doctype, write=write)
        if whole:
            call.caller.allow_type(verb, doctype)
        return doctype

    async def _allowed(self, call: Call, verb: str, doctype: str, doc_id: str, absent: str = "") -> Document:
        """The document, when the caller may: the whole type, or this one by its id or fields."""
        whole = _whole(call, verb, doctype)
        if not whole and not call.caller.rules(verb, doctype):
            raise Forbidden
        check_id(doc_id)
        try:
            document = await self._documents.read(call.instance.key, lambda store: store.demand(doctype, doc_id))
        except NoDoctype:
            if not whole:
                raise Forbidden from None
            raise NoDoctype(absent or "Database does not exist.") from None
        except DocumentMissing:
            if not whole:
                call.caller.allow(verb, doctype, doc_id, {})  # who may not see it must not learn that it is not there
            raise
        if not whole:
            call.caller.allow(verb, doctype, doc_id, document.fields())
        return document

    def _allow_new(self, call: Call, verb: str, doctype: str, doc_id: str, fields: dict[str, Any]) -> None:
        if not _whole(call, verb, doctype):
            call.caller.allow(verb, doctype, doc_id, fields)

    async def _allow_change(self, call: Call, doctype: str, doc_id: str, fields: dict[str, Any]) -> None:
        if not _whole(call, "PUT", doctype):
            await self._allowed(call, "PUT", doctype, doc_id)
            call.caller.allow("PUT", doctype, doc_id, fields)

    def _kept(self, call: Call, doctype: str, fields: dict[str, Any], *, new: bool) -> dict[str, Any]:
        hooks = self._policies.of(doctype).hooks
        return hooks.kept(call.instance.key, fields, call.caller, new=new) if hooks else fields

    async def _written(self, call: Call, unit: Any, answer: dict[str, Any], status: int) -> Response:
        await self._documents.write(call.instance.key, unit)
        return JSONResponse(answer, status)


def _whole(call: Call, verb: str, doctype: str) -> bool:
    return any(rule.whole for rule in call.caller.rules(verb, doctype))


def _open(store: Store, doctype: str) -> None:
    try:
        store.open_kind(doctype)
    except NoDoctype:
        raise NoDoctype("wrong_doctype") from None


def _stored(document: Document, status: int) -> Response:
    head = orjson.dumps({"id": document.id, "rev": document.rev, "type": document.type, "ok": True})
    return JSONResponse(head[:-1] + b',"data":' + document.json(_type=document.type) + b"}", status)
