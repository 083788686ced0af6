"""Indexes of clients: made by `_index`, seen and copied as design documents (contract-b section 1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.http import Call, JSONResponse
from alcove.documents.designs import DESIGN, design
from alcove.documents.errors import BadDocument
from alcove.documents.http.bodies import read_object
from alcove.documents.http.replication import passed_through

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.responses import Response

    from alcove.documents.http.doctypes import Policies
    from alcove.documents.model import Document, Index
    from alcove.documents.service import StoredDocuments
    from alcove.documents.store import Store

OWNED = frozenset(
    [
        "dir-children",
        "dir-by-path",
        "by-mime-updated-at",
        "with-conflicts",
        "by-sharing-status",
        "by-dir-id-updated-at",
        "by-worker-and-state",
        "by-trigger-id",
        "by-queued-at",
    ]
)
"""Names of the reference's own indexes, which clients cannot delete."""


class Indexes:
    """The routes of indexes; reading rights on the whole doctype are enough."""

    def __init__(self, documents: StoredDocuments, policies: Policies, declared: Callable[[], Iterable[Index]]) -> None:
        self._documents = documents
        self._policies = policies
        self._declared = declared

    def _type(self, call: Call) -> str:
        doctype = call.params["doctype"]
        self._policies.check(doctype)
        call.caller.allow_type("GET", doctype)
        return doctype

    async def define(self, call: Call) -> Response:
        """`POST _index`: `created`, or `exists` when the same one is there."""
        request = await read_object(call)
        doctype = self._type(call)
        ddoc, name, view = design(request)

        def unit(store: Store) -> bool:
            store.ensure(doctype)
            found = store.get(doctype, ddoc)
            body: dict[str, Any] = found.fields() if found else {"language": "query", "views": {}}
            views = body.get("views")
            if body.get("language") != "query" or not isinstance(views, dict):
                raise BadDocument("Existing design doc has an invalid language", "invalid_ddoc_lang")
            if views.get(name) == view:
                return False
            views[name] = view
            store.put(doctype, ddoc, orjson.dumps(body), found.rev if found else "")
            return True

        created = await self._documents.write(call.instance.key, unit)
        return JSONResponse({"result": "created" if created else "exists", "id": ddoc, "name": name})

    async def designs(self, call: Call) -> Response:
        """`GET _design_docs`: the design documents of a doctype."""
        doctype = self._type(call)
        docs = call.query("include_docs") == "true"

        def read(store: Store) -> dict[str, Any]:
            kind = store.open_kind(doctype)
            rows = list[dict[str, Any]]()
            for row in store.rows.by_id(kind.number, DESIGN, "_design/\U0010ffff"):
                line: dict[str, Any] = {"id": row.id, "key": row.id, "value": {"rev": row.rev}}
                if docs:
                    line["doc"] = orjson.Fragment(row.document(doctype).json())
                rows.append(line)
            return {"total_rows": len(rows), "offset": 0, "rows": rows}

        async def answer() -> Response:
            return JSONResponse(await self._documents.read(call.instance.key, read))

        return await passed_through(answer())

    async def get(self, call: Call) -> Response:
        """`GET _design/:designdocid`: one of them."""
        doctype, ddoc = self._type(call), DESIGN + call.params["designdocid"]

        async def answer() -> Response:
            found = await self._documents.read(call.instance.key, lambda store: store.demand(doctype, ddoc))
            return JSONResponse(found.json())

        return await passed_through(answer())

    async def copy(self, call: Call) -> Response:
        """`POST _design/:designdocid/copy` with the new name in `Destination`: how clients rename an index."""
        destination = call.request.headers.get("destination", "")
        if not destination:
            return JSONResponse(b'"You must set a Destination header"', 400)
        await call.identify()
        doctype, ddoc = self._type(call), DESIGN + call.params["designdocid"]
        target, _, rev = destination.partition("?rev=")
        if not target.startswith(DESIGN):
            raise BadDocument("Destination must be a design document")

        def unit(store: Store) -> Document:
            return store.put(doctype, target, store.demand(doctype, ddoc).body, rev)

        made = await self._documents.write(call.instance.key, unit)
        return JSONResponse({"id": target, "ok": True, "rev": made.rev}, 201)

    async def delete(self, call: Call) -> Response:
        """`DELETE _design/:designdocid?rev=`: removes its indexes; not those that the server itself needs."""
        doctype, name, rev = self._type(call), call.params["designdocid"], call.query("rev")
        if not rev:
            return JSONResponse({"error": "You must pass a rev param"}, 400)
        if name in OWNED or any(index.type == doctype and index.name == name for index in self._declared()):
            return JSONResponse({"error": "This design doc cannot be deleted"}, 403)

        async def answer() -> Response:
            unit = lambda store: store.delete(doctype, DESIGN + name, rev)  # noqa: E731
            gone = await self._documents.write(call.instance.key, unit)
            return JSONResponse({"id": gone.id, "ok": True, "rev": gone.rev})

        return await passed_through(answer())
