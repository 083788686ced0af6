"""The route table of `/data`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.http import Guard, Route, data_errors
from alcove.documents.http.crud import Crud
from alcove.documents.http.doctypes import Policies
from alcove.documents.http.feed import Feed
from alcove.documents.http.indexes import Indexes
from alcove.documents.http.lists import Lists
from alcove.documents.http.replication import Replication

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alcove.base.house import Registry
    from alcove.base.http import Handler
    from alcove.documents.model import Index, Policy
    from alcove.documents.service import StoredDocuments


def routes(
    documents: StoredDocuments, policies: Registry[Policy], declared: Callable[[], Iterable[Index]]
) -> list[Route]:
    """The lines of the route table.

    A room that treats its doctype specially adds `/data/<its doctype>/...` itself: a literal segment wins.
    """
    known = Policies(policies)
    crud, lists, feed = Crud(documents, known), Lists(documents, known), Feed(documents, known)
    indexes, replication = Indexes(documents, known, declared), Replication(documents, known)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "_all_doctypes", crud.doctypes),
        ("PUT", ":doctype/", crud.create_doctype),
        ("GET", ":doctype/", crud.status),
        ("DELETE", ":doctype/", crud.drop_doctype),
        ("POST", ":doctype/", crud.create),
        ("GET", ":doctype/:docid", crud.get),
        ("PUT", ":doctype/:docid", crud.update),
        ("GET", ":doctype/_all_docs", lists.all_docs),
        ("POST", ":doctype/_all_docs", lists.all_docs),
        ("GET", ":doctype/_normal_docs", lists.normal_docs),
        ("POST", ":doctype/_find", lists.find),
        ("POST", ":doctype/_index", indexes.define),
        ("GET", ":doctype/_design_docs", indexes.designs),
        ("GET", ":doctype/_design/:designdocid", indexes.get),
        ("DELETE", ":doctype/_design/:designdocid", indexes.delete),
        ("GET", ":doctype/_changes", feed.changes),
        ("POST", ":doctype/_changes", feed.changes),
        ("POST", ":doctype/_bulk_docs", replication.bulk_docs),
        ("POST", ":doctype/_bulk_get", replication.bulk_get),
        ("POST", ":doctype/_revs_diff", replication.revs_diff),
        ("POST", ":doctype/_ensure_full_commit", replication.full_commit),
        ("GET", ":doctype/_local/:docid", replication.get_local),
        ("PUT", ":doctype/_local/:docid", replication.put_local),
    ]
    late: list[tuple[str, str, Handler]] = [
        ("DELETE", ":doctype/:docid", crud.delete),
        ("POST", ":doctype/_design/:designdocid/copy", indexes.copy),
    ]
    return [
        Route("GET", "/data/", crud.welcome, Guard.PUBLIC, data_errors),
        *(Route(method, f"/data/{path}", handler, Guard.TOKEN, data_errors) for method, path, handler in table),
        *(Route(method, f"/data/{path}", handler, Guard.LATE, data_errors) for method, path, handler in late),
    ]
