"""Reads documents out of a SQLite file that no server works on, as far as it can be read: for `alcove rescue`."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import orjson

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_ALL = (
    "select doctype.name, doc.id, cast(doc.body as blob) from doc join doctype on doctype.n = doc.type"
    " where not doc.deleted and doctype.open"
)
_ONE = f"{_ALL} and doc.n = ?"


def salvaged(path: Path, doctypes: Collection[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Type, id and fields of every live document of these types that can be read; of a damaged file, what is whole.

    The file is copied first, with its log: its folder may be one that nothing can be written to. Raises `OSError`,
    and `apsw.Error` when nothing at all can be read.
    """
    with tempfile.TemporaryDirectory(prefix="alcove-rescue-") as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{path}-wal", f"{copy}-wal")
        connection = apsw.Connection(str(copy))
        try:
            for doctype, ident, body in _rows(connection):
                if doctype in doctypes:
                    with suppress(orjson.JSONDecodeError):
                        yield doctype, ident, orjson.loads(body)
        finally:
            connection.close()


def _rows(connection: apsw.Connection) -> Iterator[tuple[str, str, bytes]]:
    seen = set[tuple[str, str]]()
    try:
        for row in connection.execute(_ALL):
            seen.add((str(row[0]), str(row[1])))
            yield _row(row)
    except apsw.Error:
        yield from _one_by_one(connection, seen)


def _one_by_one(connection: apsw.Connection, seen: set[tuple[str, str]]) -> Iterator[tuple[str, str, bytes]]:
    """Rows by their number, those on pages that cannot be read left out."""
    last = connection.execute("select max(n) from doc").fetchone()
    for number in range(1, (last[0] or 0) + 1 if last else 1):
        with suppress(apsw.Error):
            for row in connection.execute(_ONE, (number,)).fetchall():
                if (str(row[0]), str(row[1])) not in seen:
                    yield _row(row)


def _row(row: tuple[Any, ...]) -> tuple[str, str, bytes]:
    return str(row[0]), str(row[1]), bytes(row[2] or b"")
