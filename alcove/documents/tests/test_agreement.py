"""Whatever happens to documents, every database tells the same of them as memory does."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from alcove.documents import Index, Query
from alcove.documents.errors import DocumentsError
from alcove.documents.revisions import Leaf
from alcove.documents.testing import memory_documents, postgres_documents, sqlite_documents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alcove.base.postgres.testing import TestServer
    from alcove.documents.service import StoredDocuments
    from alcove.documents.store import Store

TYPES, IDS = ("a.b", "a.c"), ("x", "y", "é", "Z z", "_design/mine")
INDEXES = (Index("a.b", "by-n", ("n",)), Index("a.c", "odd", ("n", "s"), {"odd": True}))
VALUES: tuple[Any, ...] = (None, False, True, -1, 0, 2, 2.5, "a", "A", "é", "b", [], [1], {}, {"a": 1})
BY_S: dict[str, Any] = {
    "language": "query",
    "views": {"s": {"map": {"fields": {"s": "asc"}, "partial_filter_selector": {}}, "options": {"def": {}}}},
}
SEEDS = 6


@pytest.fixture(params=["sqlite", "postgres"])
async def documents(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StoredDocuments]:
    if request.param == "sqlite":
        made = sqlite_documents(tmp_path, INDEXES)
    else:
        server: TestServer = request.getfixturevalue("postgres")
        made = postgres_documents(await server.database(), INDEXES)
    yield made
    await made.close()


def body(dice: random.Random, doc_id: str) -> bytes:
    if doc_id.startswith("_design/"):
        return orjson.dumps(BY_S if dice.random() < 0.7 else {"language": "query", "views": {}})
    names = [name for name in ("n", "s") if dice.random() < 0.8]
    return orjson.dumps({**{name: dice.choice(VALUES) for name in names}, "odd": dice.random() < 0.5})


def edit(dice: random.Random) -> Callable[[Store], object]:
    """Something that may happen to a document: by its right revision, by any of its leaves, or by none that is."""
    doctype, doc_id, way = dice.choice(TYPES), dice.choice(IDS), dice.random()
    content, pick, name = body(dice, doc_id), dice.random(), f"{dice.randrange(16**4):04x}"

    def run(store: Store) -> object:
        kind = store.kind(doctype)
        leaves = store.leaves(kind, doc_id) if kind else []
        leaf = leaves[int(pick * len(leaves))] if leaves else None
        rev = leaf.rev if leaf and not leaf.deleted else ""
        if way < 0.45:
            return store.put(doctype, doc_id, content, rev)
        if way < 0.55:
            return store.put(doctype, doc_id, content, "1-00")
        if way < 0.7:
            return store.delete(doctype, doc_id, rev)
        if way < 0.97:
            line = (leaf.hash, *leaf.ancestors)[int(pick * 3) :] if leaf else ()
            return store.graft(doctype, doc_id, Leaf(len(line) + 1, name, line, pick > 0.8, content))
        store.drop(doctype)
        return None

    return run


def unit(edits: list[Callable[[Store], object]], fails: bool) -> Callable[[Store], None]:
    """Some edits at once, of which those that are refused change nothing; or all of them for nothing."""

    def run(store: Store) -> None:
        for each in edits:
            try:
                each(store)
            except DocumentsError:
                continue
        if fails:
            raise LookupError("on the way")

    return run


def told(store: Store) -> list[object]:
    """All that a store says of its documents."""
    said: list[object] = [store.rows.seq()]
    for doctype in TYPES:
        kind = store.kind(doctype)
        if kind is None:
            continue
        number = kind.number
        said.append((doctype, kind.open, kind.living, kind.dead, kind.seq))
        said.append([store.leaves(kind, doc_id) for doc_id in IDS])
        for descending in (False, True):
            said.append([row.id for row in store.rows.by_id(number, "", None, descending=descending)])
            said.append([(row.id, row.seq) for row in store.rows.by_seq(number, 3, descending=descending)])
        said.append((store.rows.count_ids(number, "a", "z"), store.rows.count_since(number, 3, 5)))
        for listing in sorted(store.listings(kind), key=lambda one: (one.ddoc, one.name)):
            keys = [
                (key, found.id, found.rev) for key, found in store.rows.by_key(doctype, listing.number, b"", b"\xff")
            ]
            said.append((listing.ddoc, listing.name, listing.fields, keys))
    return said


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_a_database_agrees_with_memory(documents: StoredDocuments, seed: int) -> None:
    dice, memory = random.Random(seed), memory_documents(INDEXES)
    for store in (documents, memory):
        await store.create("t")
    for _ in range(25):
        # One, or some that wait together and share a commit.
        works = [
            unit([edit(dice) for _ in range(dice.randrange(1, 7))], dice.random() < 0.15)
            for _ in range(dice.choice((1, 1, 4)))
        ]
        for store in (documents, memory):
            ended = await asyncio.gather(*(store.write("t", work) for work in works), return_exceptions=True)
            assert {type(one) for one in ended} <= {type(None), LookupError}
        assert await documents.scan("t", told) == await memory.scan("t", told)
    for query in (Query({"n": {"$gt": None}}, [("n", True)]), Query({"s": "a"}), Query({"odd": True, "n": {"$lt": 3}})):
        pages = [(await store.find("t", "a.b", query)).documents for store in (documents, memory)]
        assert [one.json() for one in pages[0]] == [one.json() for one in pages[1]]
    assert await documents.last_seq("t") > 25
