"""Both backends keep the same contract; what SQLite alone promises is at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alcove.documents import Index, Query
from alcove.documents.store import Store
from alcove.documents.testing import (
    CONTRACT_INDEXES,
    DocumentsContract,
    each,
    memory_documents,
    postgres_documents,
    sqlite_documents,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from alcove.base.postgres.testing import TestServer
    from alcove.documents.rows import Row
    from alcove.documents.service import StoredDocuments


async def test_a_commit_between_two_types_hides_nothing() -> None:
    documents = memory_documents()
    await documents.create("t")
    await each(documents, "t", "a.b", {"x": {}})
    await each(documents, "t", "a.c", {"y": {}})
    rows = await documents.read("t", lambda store: store.rows)
    straight, late = rows.by_seq, iter([("a.b", "later"), ("a.c", "last")])

    def disturbed(kind: int, since: int, **_limit: int) -> Iterator[Row]:
        found = list(straight(kind, since))
        for name, doc_id in late:  # both types are written to after the first was read
            store = Store(rows, "t")
            store.put(name, doc_id, b"{}")
            store.finish()
        return iter(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "by_seq", disturbed)
        seen = [change.document.id for change in await documents.changes("t", 0, 10, frozenset({"a.b", "a.c"}))]
    rest = [change.document.id for change in await documents.changes("t", len(seen), 10)]
    assert (seen, rest) == (["x", "y"], ["later", "last"])


class TestMemory(DocumentsContract):
    @pytest.fixture
    async def documents(self) -> StoredDocuments:
        documents = memory_documents(CONTRACT_INDEXES)
        await documents.create("t")
        return documents


class TestSqlite(DocumentsContract):
    @pytest.fixture
    async def documents(self, tmp_path: Path) -> AsyncIterator[StoredDocuments]:
        documents = sqlite_documents(tmp_path, CONTRACT_INDEXES)
        await documents.create("t")
        yield documents
        await documents.close()

    async def test_everything_is_there_after_a_restart(self, documents: StoredDocuments, tmp_path: Path) -> None:
        await each(documents, "t", "a.b", {"x": {"n": 1, "m": 2}})
        await documents.close()
        again = sqlite_documents(tmp_path, CONTRACT_INDEXES)
        found = await again.find("t", "a.b", Query({"n": 1, "m": 2}, use_index="by-n"))
        assert [document.id for document in found.documents] == ["x"]
        assert await again.last_seq("t") == 1
        await again.close()

    async def test_an_index_declared_later_is_built_for_stores_that_are_there(
        self, documents: StoredDocuments, tmp_path: Path
    ) -> None:
        await each(documents, "t", "a.c", {f"d{n}": {"k": n} for n in range(5)})
        await documents.close()
        for fields in (("k",), ("k", "_id")):
            again = sqlite_documents(tmp_path, [Index("a.c", "by-k", fields)])
            query = Query({"k": {"$gt": 2}}, [("k", False)], use_index="by-k")
            page = await again.page("t", "a.c", query)
            assert [document.id for document in page.documents] == ["d3", "d4"]
            assert not page.unindexed
            await again.close()

    async def test_long_queries_are_read_in_the_pool(self, documents: StoredDocuments) -> None:
        await each(documents, "t", "a.b", {f"d{n:04}": {"n": n, "m": n % 2} for n in range(700)})
        odd = await documents.find("t", "a.b", Query({"m": 1}))
        assert len(odd.documents) == 350
        assert len(await documents.all("t", "a.b")) == 700
        assert len(await documents.changes("t", 0, 1000)) == 700


class TestPostgres(DocumentsContract):
    @pytest.fixture
    async def documents(self, postgres: TestServer) -> AsyncIterator[StoredDocuments]:
        documents = postgres_documents(await postgres.database(), CONTRACT_INDEXES)
        await documents.create("t")
        yield documents
        await documents.close()
