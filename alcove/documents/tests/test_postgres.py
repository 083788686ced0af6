"""What PostgreSQL alone does: commits that units share, and what is kept in memory of tenants that others write to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alcove.base.errors import BadRequest
from alcove.base.postgres import wait
from alcove.documents import Index, Query, Tx
from alcove.documents.backends.postgres import PostgresBackend
from alcove.documents.testing import each, postgres_documents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.base.postgres.testing import TestServer
    from alcove.documents.service import StoredDocuments
    from alcove.documents.store import Store


@pytest.fixture
async def both(postgres: TestServer) -> AsyncIterator[tuple[StoredDocuments, StoredDocuments]]:
    """Two processes on one database, with a tenant `t`."""
    url = await postgres.database()
    one, other = postgres_documents(url), postgres_documents(url)
    await one.create("t")
    yield one, other
    await one.close()
    await other.close()


async def ask(documents: StoredDocuments, sql: str) -> list[tuple[object, ...]]:
    backend = documents._backend
    assert isinstance(backend, PostgresBackend)
    return [tuple(row) for row in await backend.postgres.fetch(sql)]


async def test_units_that_wait_together_share_a_transaction(both: tuple[StoredDocuments, StoredDocuments]) -> None:
    documents, _ = both
    await asyncio.gather(*(each(documents, "t", "a.b", {f"d{n}": {"n": n}}) for n in range(200)))
    assert await ask(documents, "select count(*), count(distinct xmin::text) <= 2 from doc") == [(200, True)]
    assert await documents.last_seq("t") == 200


async def test_what_the_database_refuses_only_one_hears_of(both: tuple[StoredDocuments, StoredDocuments]) -> None:
    documents, _ = both
    ids = ["a", "b\0", "c", "d" * 9000]
    ended = await asyncio.gather(*(each(documents, "t", "a.b", {one: {}}) for one in ids), return_exceptions=True)
    assert [type(one) for one in ended][:3] == [type(None), BadRequest, type(None)]
    assert [document.id for document in await documents.all("t", "a.b")][:2] == ["a", "c"]
    changes = await documents.changes("t", 0, 10)
    assert [change.seq for change in changes] == list(range(1, len(changes) + 1))


async def test_what_another_process_wrote_is_seen_at_once(both: tuple[StoredDocuments, StoredDocuments]) -> None:
    one, other = both
    for n in range(3):
        await each(one, "t", f"a.t{n}", {"x": {"n": n}})
        assert await other.last_seq("t") == n + 1
        assert [document.id for document in await other.all("t", f"a.t{n}")] == ["x"]
        assert await one.count("t", f"a.t{n}") == 1
        assert [kind.name for kind in await other.read("t", lambda store: store.rows.kinds())].count(f"a.t{n}") == 1
    await one.write("t", lambda store: store.declare([Index("a.t0", "by-n", ("n",))]))
    assert not (await other.page("t", "a.t0", Query({"n": 0}, use_index="by-n"))).unindexed
    await one.write("t", lambda store: store.drop("a.t0"))
    assert await other.count("t", "a.t0") == 0
    assert await other.get("t", "a.t0", "x") is None
    await each(other, "t", "a.t0", {"x": {"n": 5}})
    assert [document.fields() for document in await one.all("t", "a.t0")] == [{"n": 5}]


async def test_a_read_that_is_overtaken_is_begun_again(both: tuple[StoredDocuments, StoredDocuments]) -> None:
    one, other = both
    await each(one, "t", "a.b", {"x": {"n": 0}, "y": {"n": 0}})
    backend, looked = other._backend, list[int]()
    assert isinstance(backend, PostgresBackend)

    async def change(tx: Tx) -> None:
        for name in "xy":
            document = await tx.get("a.b", name)
            assert document is not None
            await tx.put("a.b", name, {"n": document.fields()["n"] + 1}, document.rev)

    def pair(store: Store) -> tuple[int, int]:
        x, y = store.get("a.b", "x"), None
        if len(looked) < 4:  # somebody writes in the middle of each look that has no snapshot, and of the last one
            looked.append(len(looked))
            wait(one.work("t", change))
        y = store.get("a.b", "y")
        assert x is not None
        assert y is not None
        return x.fields()["n"], y.fields()["n"]

    x, y = await other.read("t", pair)
    assert x == y
    assert len(looked) == 3


async def test_who_was_overtaken_writes_all_the_same(both: tuple[StoredDocuments, StoredDocuments]) -> None:
    one, other = both
    await each(one, "t", "a.b", {"x": {"n": 0}})
    await other.last_seq("t")

    async def add(documents: StoredDocuments) -> None:
        async def unit(tx: Tx) -> None:
            document = await tx.get("a.b", "x")
            assert document is not None
            await tx.put("a.b", "x", {"n": document.fields()["n"] + 1}, document.rev)

        await documents.work("t", unit)

    for _ in range(10):
        await asyncio.gather(*(add(documents) for documents in both for _ in range(10)))
    document = await one.get("t", "a.b", "x")
    assert document is not None
    assert document.fields() == {"n": 200}
    assert document.rev.startswith("201-")
    assert await other.last_seq("t") == 201


async def test_long_keys_that_begin_alike_are_exchanged(both: tuple[StoredDocuments, StoredDocuments]) -> None:
    """An index holds only their heads: what is dropped and what is added must not be taken for each other."""
    documents, _ = both
    long = [["x" * 150] * 12 + [name] for name in "abc"]
    fields = tuple(f"f{n}" for n in range(13))
    await documents.write("t", lambda store: store.declare([Index("a.b", "long", fields)]))
    await each(documents, "t", "a.b", {str(n): dict(zip(fields, one, strict=True)) for n, one in enumerate(long)})

    async def turn(tx: Tx) -> None:
        for n in range(3):
            document = await tx.get("a.b", str(n))
            assert document is not None
            await tx.put("a.b", str(n), dict(zip(fields, long[n - 2], strict=True)), document.rev)

    await documents.work("t", turn)
    query = Query({"f0": "x" * 150}, [(name, False) for name in fields], use_index="long")
    assert [document.id for document in (await documents.find("t", "a.b", query)).documents] == ["2", "0", "1"]
    assert await ask(documents, "select count(*) from key k join listing l on l.n = k.listing") == [(3,)]
