"""The names of files beside their bytes: `$ALCOVE_HOME/instances/<key>/names.jsonl`, for the day the database is lost.

A blob has a random name and holds nothing but bytes. So a follower of the change feed appends a line of JSON for each
change: what a file is called, where it lies, its dates, its blob and hash. The last line of an id counts. A line is
synced before the follower's cursor moves, so none is ever missing for what the database says was followed; it comes a
fraction of a second after the commit (decision 10).
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.folders import make_folder, sync_folder
from alcove.files.model import FILES, VERSIONS, locator_blob, sha256_of
from alcove.files.store import files_after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from alcove.documents import Change, Documents

NAME = "files.manifest"
FILE = "names.jsonl"
PAUSE = 0.2
"""Seconds between two appends: a burst of uploads costs a few syncs of the disk, not one each."""
WALK = 1000
LEAST = 1 << 20
"""Bytes under which a manifest is not worth writing anew."""
LINE = 300
"""Bytes of a line, about."""
WASTE = 4
"""How many times longer than what counts in it a manifest may be."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a manifest, or a document, says of a file, a directory (no blob) or an old version (`of` a file)."""

    id: str
    type: str
    name: str = ""
    dir: str = ""
    blob: str = ""
    sha256: str = ""
    size: int = 0
    created: str = ""
    updated: str = ""
    of: str = ""


def named_from(doctype: str, ident: str, fields: Mapping[str, Any]) -> Named:
    """What the fields of a document say."""
    version = doctype == VERSIONS
    return Named(
        ident,
        "version" if version else str(fields.get("type", "file")),
        str(fields.get("name", "")),
        str(fields.get("dir_id", "")),
        locator_blob(fields),
        sha256_of(fields),
        int(fields.get("size") or 0),
        str(fields.get("created_at", "")),
        str(fields.get("updated_at", "")),
        ident.partition("/")[0] if version else "",
    )


def line_of(named: Named) -> bytes:
    """A line of the manifest; what is empty is left out."""
    said = {key: value for key in Named.__slots__ if (value := getattr(named, key)) not in ("", 0)}
    return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


def gone_line(ident: str) -> bytes:
    """The line of something that is there no more."""
    return orjson.dumps({"id": ident, "gone": True}, option=orjson.OPT_APPEND_NEWLINE)


def read_manifest(path: Path) -> tuple[str, dict[str, Named]]:
    """The domain that a manifest is of (empty: unknown), and what it names by id. Torn lines are passed over."""
    domain, found = "", dict[str, Named]()
    for said in _lines(path):
        domain = str(said.get("instance") or domain)
        ident = said.get("id")
        if not isinstance(ident, str):
            continue
        if said.get("gone"):
            found.pop(ident, None)
            continue
        with suppress(TypeError, ValueError):
            known = {key: str(said[key]) for key in Named.__slots__ if key in said and key != "size"}
            found[ident] = Named(**{"type": "file", **known}, size=int(said.get("size", 0)))
    return domain, found


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            for line in file:
                try:
                    said = orjson.loads(line)
                except orjson.JSONDecodeError:
                    continue
                if isinstance(said, dict):
                    yield said
    except FileNotFoundError:
        return


class Manifest:
    """Keeps the manifests of all instances. `domain_of` tells the domain of an instance's key."""

    def __init__(self, documents: Documents, home: Path, domain_of: Callable[[str], str], pause: float = PAUSE) -> None:
        self._documents = documents
        self._home = home
        self._domain_of = domain_of
        self._pause = pause
        self._grown: dict[str, int] = {}

    async def follow(self, tenant: str, changes: Sequence[Change]) -> None:
        """Appends what changed, durably."""
        lines = b"".join(_line_of_change(change) for change in changes)
        size = await asyncio.to_thread(_append, self._path(tenant), lines, self._head(tenant))
        self._grown[tenant] = self._grown.get(tenant, LEAST) + len(lines)
        if size > LEAST and self._grown[tenant] >= LEAST:
            self._grown[tenant] = 0
            await self._shorten(tenant, size)
        await asyncio.sleep(self._pause)

    def drop(self, tenant: str) -> None:
        """Removes the manifest of an instance."""
        self._grown.pop(tenant, None)
        self._path(tenant).unlink(missing_ok=True)

    async def _shorten(self, tenant: str, size: int) -> None:
        """Writes a manifest anew when most of its lines count no more.

        Nothing is appended meanwhile: both are done by the one follower. What is newer than its cursor may stand in it
        already, and comes once more.
        """
        living = await self._documents.count(tenant, FILES) + await self._documents.count(tenant, VERSIONS)
        if size < WASTE * LINE * living:
            return
        path = self._path(tenant)
        draft = path.with_name(path.name + ".new")
        file = await asyncio.to_thread(draft.open, "wb")
        try:
            file.write(self._head(tenant))
            async for lines in self._all(tenant):
                await asyncio.to_thread(file.write, lines)
            await asyncio.to_thread(_settle, file, draft, path)
        finally:
            file.close()

    async def _all(self, tenant: str) -> AsyncIterator[bytes]:
        for doctype in (FILES, VERSIONS):
            after = ""
            while page := await files_after(self._documents, tenant, doctype, after, WALK):
                after = page[-1][0]
                yield b"".join(line_of(named_from(doctype, ident, fields)) for ident, fields in page)

    def _path(self, tenant: str) -> Path:
        return self._home / "instances" / tenant / FILE

    def _head(self, tenant: str) -> bytes:
        return orjson.dumps({"instance": self._domain_of(tenant), "key": tenant}, option=orjson.OPT_APPEND_NEWLINE)


def _line_of_change(change: Change) -> bytes:
    document = change.document
    if document.deleted:
        return gone_line(document.id)
    return line_of(named_from(document.type, document.id, document.fields()))


def _append(path: Path, lines: bytes, head: bytes) -> int:
    """Appends lines, durably; how long the file is then. A torn line before them stays one line of its own."""
    handle = _opened(path)
    try:
        size = os.fstat(handle).st_size
        start = head if size == 0 else b"" if os.pread(handle, 1, size - 1) == b"\n" else b"\n"
        view = memoryview(start + lines)
        while view:
            view = view[os.write(handle, view) :]
        os.fdatasync(handle)
        if size == 0:
            sync_folder(path.parent)
        return os.fstat(handle).st_size
    finally:
        os.close(handle)


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        make_folder(path.parent)
        return os.open(path, flags, 0o600)


def _settle(file: Any, draft: Path, path: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)
