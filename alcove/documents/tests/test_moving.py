"""A store is moved whole: every revision, deleted documents, conflicts, indexes, checkpoints, cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alcove.base.errors import Conflict, NotFound
from alcove.documents import Query, moving
from alcove.documents.moving import CopyDiffers, copy_store
from alcove.documents.revisions import Leaf
from alcove.documents.testing import CONTRACT_INDEXES, each, postgres_documents, sqlite_documents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from alcove.base.postgres.testing import TestServer
    from alcove.documents.model import Found
    from alcove.documents.service import StoredDocuments
    from alcove.documents.store import Store

DESIGN = b'{"language":"query","views":{"by-k":{"map":{"fields":{"k":"asc"}},"options":{"def":{"fields":["k"]}}}}}'


@pytest.fixture
async def stores(postgres: TestServer, tmp_path: Path) -> AsyncIterator[tuple[StoredDocuments, StoredDocuments]]:
    stores = (
        sqlite_documents(tmp_path, CONTRACT_INDEXES),
        postgres_documents(await postgres.database(), CONTRACT_INDEXES),
    )
    await stores[0].create("t")
    await fill(stores[0])
    yield stores
    for store in stores:
        await store.close()


async def fill(documents: StoredDocuments) -> None:
    await each(documents, "t", "a.b", {f"d{n:03}": {"n": n, "m": 1, "é": "\0"} for n in range(600)})
    await each(documents, "t", "a.c", {"_design/d": {}, "x": {"k": 1}})

    def write(store: Store) -> None:
        gone = store.get("a.b", "d001")
        assert gone is not None
        store.delete("a.b", "d001", gone.rev)
        store.graft("a.b", "d002", Leaf(1, "f" * 32, (), False, b'{"n":99}'))
        design = store.get("a.c", "_design/d")
        assert design is not None
        store.put("a.c", "_design/d", DESIGN, design.rev)
        store.put("a.gone", "x", b"{}")
        store.drop("a.gone")
        store.rows.save_local(store.ensure("a.b").number, "p", 3, b'{"at":1}')

    await documents.write("t", write)
    await documents.move_cursors("t", {"f": 7})


async def asked(documents: StoredDocuments) -> tuple[Found, Found, int]:
    first = await documents.find("t", "a.b", Query({"n": {"$gt": 590}, "m": 1}, use_index="by-n"))
    return first, await documents.find("t", "a.c", Query({"k": 1})), await documents.last_seq("t")


async def test_a_store_goes_to_postgres_and_back(
    stores: tuple[StoredDocuments, StoredDocuments], tmp_path: Path
) -> None:
    files, database = stores
    there = await copy_store(files, database, "t")
    assert there.documents == 602
    assert await asked(database) == await asked(files)
    await each(database, "t", "a.b", {"later": {"n": 1000}})
    assert await database.last_seq("t") == await files.last_seq("t") + 1
    with pytest.raises(Conflict, match="already"):
        await copy_store(files, database, "t")
    home = sqlite_documents(tmp_path / "again", CONTRACT_INDEXES)
    await copy_store(database, home, "t")
    assert await asked(home) == await asked(database)
    await home.close()


async def test_a_copy_that_differs_is_not_left_behind(
    stores: tuple[StoredDocuments, StoredDocuments], monkeypatch: pytest.MonkeyPatch
) -> None:
    files, database = stores
    copied = moving._adopt
    monkeypatch.setattr(moving, "_adopt", lambda store, kind, rows: copied(store, kind, rows[:-1]))
    with pytest.raises(CopyDiffers):
        await copy_store(files, database, "t")
    with pytest.raises(NotFound):
        await database.last_seq("t")
