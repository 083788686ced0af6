"""What can be read of a damaged file of documents is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.sqlite import Databases
from alcove.documents import StoredDocuments, salvaged
from alcove.documents.backends import sqlite

if TYPE_CHECKING:
    from pathlib import Path

    from alcove.documents import Tx

PAGE = 8192


async def test_whole_pages_of_a_damaged_file_are_read(tmp_path: Path) -> None:
    databases = Databases(tmp_path, sqlite.MIGRATIONS)
    documents = StoredDocuments(sqlite.SqliteBackend(databases))
    await documents.create("cozy1")

    async def fill(tx: Tx) -> None:
        for number in range(200):
            await tx.put("io.cozy.files", f"id{number:04}", {"name": f"n{number}", "padding": "x" * 1000})

    await documents.work("cozy1", fill)
    await databases.close()
    path = tmp_path / "instances/cozy1/documents.db"
    found = {ident: fields["name"] for _, ident, fields in salvaged(path, ("io.cozy.files",))}
    assert len(found) == 200
    content = bytearray(path.read_bytes())
    middle = content.rindex(b"n150") // PAGE * PAGE
    content[middle : middle + PAGE] = bytes(PAGE)
    path.write_bytes(content)
    left = {ident: fields["name"] for _, ident, fields in salvaged(path, ("io.cozy.files",))}
    assert 150 <= len(left) < 200
    assert left.items() <= found.items()
