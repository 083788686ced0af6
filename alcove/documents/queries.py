"""Answering Mango queries from a store: along an index where one serves, else over all documents of the type."""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from alcove.documents import mango
from alcove.documents.collation import encode
from alcove.documents.errors import BadQuery, NoIndex, NoSortIndex
from alcove.documents.model import Document, Query
from alcove.documents.planner import Plan, choose, straight
from alcove.documents.store import Store, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alcove.documents.rows import Kind, Row

NEAR = 300
"""Documents that may be looked at on the event loop; a query that needs more goes to the pool."""
FIRST = 64
"""Documents that are read before it is counted how many more there are: most queries end sooner."""
NEAR_KEYS = 10_000
"""Keys of an index that may be counted or skipped on the event loop: half a millisecond."""


class TooFar(Exception):
    """The query looks at more documents than it may where it runs."""


@dataclass(slots=True)
class Page:
    """What a query found. `last` is the bookmark of the last document, empty when there is none."""

    documents: list[Document] = field(default_factory=list)
    last: str = ""
    examined: int = 0
    unindexed: bool = False


def find(store: Store, doctype: str, query: Query, *, strict: bool = False, reach: float = math.inf) -> Page:
    """A page of a query. `strict` refuses what no index serves, as clients expect; raises `BadQuery`, `NoDoctype`.

    Looks at `reach` documents at the most, then raises `TooFar`.
    """
    kind, plan, rest = _looked(store, doctype, query, strict)
    if kind is None:
        return Page()
    page = Page(unindexed=plan is None)
    source: Iterator[tuple[bytes, Document]]
    matches = mango.matcher(rest) if rest is not None else None
    skip, limit, may_be_long = query.skip, query.limit, False
    if plan is None:
        source = _scan(store, kind, query)
    elif matches is not None:
        source = _along(store, kind, plan, query.bookmark)
    elif reach < math.inf and skip > NEAR_KEYS:
        raise TooFar
    else:
        source, skip = _along(store, kind, plan, query.bookmark, skip, limit), 0
        may_be_long = reach < math.inf and (limit is None or limit > NEAR)
    found, examined, last = page.documents, 0, b""
    for key, document in source if limit != 0 else ():
        examined += 1
        if examined > reach or (examined == FIRST and may_be_long and plan is not None and _is_long(store, plan)):
            raise TooFar
        if matches is not None and not matches(fields_of(document)):
            continue
        if skip > 0:
            skip -= 1
            continue
        found.append(document)
        last = key
        if len(found) == limit:
            break
    page.examined, page.last = examined, base64.urlsafe_b64encode(last).decode()
    if query.fields:
        page.documents = [project(document, query.fields) for document in found]
    return page


def _looked(
    store: Store, doctype: str, query: Query, strict: bool
) -> tuple[Kind | None, Plan | None, mango.Node | None]:
    """The doctype, the stretch of an index to look at, and what is still to be asked of each document."""
    if query.use_index and not strict and (kind := store.kind(doctype)) is not None:
        short = straight(store.listings(kind), query.selector, query.sort, query.use_index)
        if short is not None:
            return kind, short, None
    kind = store.open_kind(doctype) if strict else store.kind(doctype)
    node = mango.parse(query.selector)
    plan = None if kind is None else _plan(store, kind, node, query, strict)
    return kind, plan, node if plan is None else plan.rest


def _plan(store: Store, kind: Kind, node: mango.Node, query: Query, strict: bool) -> Plan | None:
    use = [part for part in query.use_index.removeprefix("_design/").split("/", 1) if part]
    listings = store.listings(kind)
    try:
        plan = choose(listings, node, query.sort, use, internal=not strict)
    except NoSortIndex:
        if strict:
            raise
        return None
    if plan is None and strict:
        raise NoIndex
    return plan


def unbookmark(bookmark: str) -> bytes:
    """The place that a bookmark names; raises `BadQuery`."""
    try:
        return base64.urlsafe_b64decode(bookmark.encode())
    except (binascii.Error, ValueError):
        raise BadQuery(f"Invalid bookmark value: {orjson.dumps(bookmark).decode()}", "invalid_bookmark") from None


def _is_long(store: Store, plan: Plan) -> bool:
    """Whether there is more in a stretch than may be read on the event loop."""
    return store.rows.count_keys(plan.listing.number, plan.low, plan.high, NEAR + 1) > NEAR


def _along(
    store: Store, kind: Kind, plan: Plan, bookmark: str, skip: int = 0, limit: int | None = None
) -> Iterator[tuple[bytes, Document]]:
    low, high = plan.low, plan.high
    if bookmark:
        mark = unbookmark(bookmark)
        low, high = (low, min(high, mark)) if plan.descending else (max(low, mark + b"\x00"), high)
    if low >= high:
        return iter(())
    return store.rows.by_key(
        kind.name, plan.listing.number, low, high, descending=plan.descending, skip=skip, limit=limit
    )


def _scan(store: Store, kind: Kind, query: Query) -> Iterator[tuple[bytes, Document]]:
    """All living documents in the order asked for; like an index, without those that lack a field of the sort."""
    try:
        mark = unbookmark(query.bookmark).decode()
    except UnicodeDecodeError:
        mark = ""  # a bookmark of an index that is gone: from the start again
    if not query.sort or [name for name, _ in query.sort] == ["_id"]:
        descending = bool(query.sort) and query.sort[0][1]
        low, high = ("", mark or None) if descending else (mark, None)
        for row in store.rows.by_id(kind.number, low, high, descending=descending):
            if not row.id.startswith("_design/") and (row.id != mark or not mark):
                yield row.id.encode(), row.document(kind.name)
        return
    keyed = [(key, row) for row in store.living(kind) if (key := _sort_key(row, query)) is not None]
    keyed.sort(key=lambda pair: pair[0], reverse=query.sort[0][1])
    after = not mark
    for _key, row in keyed:
        if after:
            yield row.id.encode(), row.document(kind.name)
        after = after or row.id == mark


def _sort_key(row: Row, query: Query) -> tuple[bytes, str] | None:
    fields = fields_of(row)
    parts = list[bytes]()
    for name, _descending in query.sort:
        value = mango.lookup(fields, mango.split(name))
        if not mango.has(value):
            return None
        parts.append(encode(value))
    return b"".join(parts), row.id


def count(store: Store, doctype: str, query: Query | None, *, near: bool = False) -> int:
    """How many documents a query finds, without its limit; without a query, all of the type.

    `near` raises `TooFar` when that takes longer than the event loop can wait.
    """
    if query is None:
        kind = store.kind(doctype)
        return 0 if kind is None else kind.living - store.rows.count_ids(kind.number, "_design/", "_design0")
    kind, plan, rest = _looked(store, doctype, query, strict=False)
    if kind is None:
        return 0
    if plan is not None and rest is None:
        return max(0, _count_along(store, plan, near) - query.skip)
    unlimited = Query(query.selector, query.sort, (), None, query.skip, "", query.use_index)
    return len(find(store, doctype, unlimited, reach=NEAR if near else math.inf).documents)


def _count_along(store: Store, plan: Plan, near: bool) -> int:
    """How many keys lie in a stretch: no document has to be read."""
    if plan.low >= plan.high:
        return 0
    found = store.rows.count_keys(plan.listing.number, plan.low, plan.high, NEAR_KEYS + 1 if near else None)
    if near and found > NEAR_KEYS:
        raise TooFar
    return found


def project(document: Document, fields: Any) -> Document:
    """The document with only these fields (dotted paths)."""
    body = orjson.dumps(pick(document.fields(), fields))
    return Document(document.type, document.id, document.rev, body, document.seq)


def pick(value: dict[str, Any], fields: Any) -> dict[str, Any]:
    """Those fields of an object that are there, in their places."""
    picked = dict[str, Any]()
    for name in fields:
        path = mango.split(name)
        found = mango.lookup(value, path)
        if not mango.has(found):
            continue
        inner = picked
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
        inner[path[-1]] = found
    return picked
