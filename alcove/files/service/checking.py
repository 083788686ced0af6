"""Whether the tree of an instance fits together, and whether the bytes are what its documents say.

The names of the faults are those of the reference (contract-a section 10): tools of operators match them. The instance
may be used meanwhile: what looks wrong is read again, as it is now, before it is told.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcove.documents import Query
from alcove.files.blobs import BlobMissing
from alcove.files.model import FILES, FIXED, ROOT, TRASH, VERSIONS, locator_blob
from alcove.files.model.names import in_trash

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from alcove.documents import Document, Documents
    from alcove.files.blobs import Blobs
    from alcove.instances import Instance

BATCH = 1000
"""Documents that are read at once."""
LEFT_OUT = frozenset({"internal_vfs_id", "metadata", "cozyMetadata", "referenced_by", "_type"})
"""Members that are not told with a fault: long, or nobody's business."""
DEEPEST = 10_000
"""Directories above each other at the most: beyond that they are a circle."""


@dataclass(frozen=True, slots=True)
class Directory:
    """What has to be known of a directory to judge what is in it."""

    dir_id: str
    path: str


class Checking:
    """Looks at the files of an instance, and changes nothing."""

    def __init__(self, documents: Documents, blobs: Blobs) -> None:
        self._documents = documents
        self._blobs = blobs

    async def tree(self, instance: Instance) -> AsyncIterator[Mapping[str, Any]]:
        """What of the tree does not fit: directories, files, versions."""
        tenant, known, names = instance.key, dict[str, Directory](), set[int]()
        async for node in self._all(tenant, FILES):
            if node.get("type") == "directory":
                known[node["_id"]] = _directory(node)
        for ident, name in ((ROOT, "index_missing_root"), (TRASH, "index_missing_trash")):
            if ident not in known:
                yield {"type": name, "is_file": False, "is_version": False}
        async for node in self._all(tenant, FILES):
            if any(faults_of(node, known)):
                for again in await self._again(tenant, node["_id"]):
                    yield again
            place = hash((node.get("dir_id"), node.get("name")))
            if place in names and await self._twice(tenant, node):
                yield fault("index_duplicate_name", node)
            names.add(place)
        async for version in self._all(tenant, VERSIONS):
            if await self._documents.get(tenant, FILES, _file_of(version)) is None:
                yield fault("file_missing", version)

    async def content(self, instance: Instance) -> AsyncIterator[Mapping[str, Any]]:
        """Files and old versions whose bytes are missing or are others: every byte is read."""
        for doctype in (FILES, VERSIONS):
            async for fields in self._all(instance.key, doctype):
                found = None if fields.get("type") == "directory" else await self._bytes(instance.key, fields)
                if found is not None:
                    yield found

    async def _again(self, tenant: str, ident: str) -> list[Mapping[str, Any]]:
        """The faults of a node as it is now, with the directories above it as they are now."""
        document = await self._documents.get(tenant, FILES, ident)
        if document is None:
            return []
        node, known = _fields(document), dict[str, Directory]()
        above = str(node.get("dir_id", ""))
        while above and above not in known:
            found = await self._documents.get(tenant, FILES, above)
            if found is None or found.fields().get("type") != "directory":
                break
            known[above] = _directory(found.fields())
            above = known[above].dir_id
        return list(faults_of(node, known))

    async def _twice(self, tenant: str, node: Mapping[str, Any]) -> bool:
        same = Query({"dir_id": node.get("dir_id"), "name": node.get("name")}, limit=2)
        return len((await self._documents.find(tenant, FILES, same)).documents) > 1

    async def _bytes(self, tenant: str, fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What is wrong with the bytes of a file or a version, as it is at the end of the look."""
        while True:
            found = await self._compared(tenant, fields)
            if found is None:
                return None
            now = await self._documents.get(tenant, fields["_type"], fields["_id"])
            if now is None:
                return None
            if now.rev == fields["_rev"]:
                return found
            fields = _fields(now)

    async def _compared(self, tenant: str, fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
        size, md5 = 0, hashlib.md5(usedforsecurity=False)
        try:
            async for part in self._blobs.read(tenant, locator_blob(fields)):
                size += len(part)
                await asyncio.to_thread(md5.update, part)
        except BlobMissing:
            return fault("filesystem_missing", fields)
        told = str(fields.get("size", "0")), str(fields.get("md5sum", ""))
        if told == (str(size), found := base64.b64encode(md5.digest()).decode()):
            return None
        index = int(told[0]) if told[0].isascii() and told[0].isdigit() else 0
        numbers = {"size_index": index, "md5sum_index": told[1], "size_file": size, "md5sum_file": found}
        return {**fault("content_mismatch", fields), "content_mismatch": numbers}

    async def _all(self, tenant: str, doctype: str) -> AsyncIterator[dict[str, Any]]:
        """Every document of a type, some at a time."""
        bookmark = ""
        while True:
            found = await self._documents.find(tenant, doctype, Query({}, limit=BATCH, bookmark=bookmark))
            for document in found.documents:
                yield _fields(document)
            bookmark = found.bookmark
            if not bookmark:
                return


def faults_of(node: Mapping[str, Any], known: Mapping[str, Directory]) -> Iterator[Mapping[str, Any]]:
    """What is wrong with the place of a node among the directories that are known."""
    if node["_id"] == ROOT:
        return
    parent = known.get(str(node.get("dir_id", "")))
    if parent is None or not _leads_up(str(node["dir_id"]), known):
        yield fault("index_orphan_tree", node)
        return
    path = f"{parent.path.rstrip('/')}/{node.get('name', '')}"
    if node.get("type") == "directory":
        if node.get("path") != path and node["_id"] not in FIXED:
            yield {**fault("index_bad_fullpath", node), "expected_fullpath": path}
        return
    if "path" in node:
        yield fault("index_file_with_path", node)
    lies = in_trash(path)
    if lies != bool(node.get("trashed")):
        yield fault("not_trashed_in_trash" if lies else "trashed_not_in_trash", node)


def _leads_up(ident: str, known: Mapping[str, Directory]) -> bool:
    """Whether the way up from a directory ends at the root."""
    for _ in range(DEEPEST):
        if ident == ROOT:
            return True
        directory = known.get(ident)
        if directory is None:
            return False
        ident = directory.dir_id
    return False


def _directory(fields: Mapping[str, Any]) -> Directory:
    return Directory(str(fields.get("dir_id", "")), str(fields.get("path", "")))


def _fields(document: Document) -> dict[str, Any]:
    return {**document.fields(), "_id": document.id, "_rev": document.rev, "_type": document.type}


def _file_of(version: Mapping[str, Any]) -> str:
    related = version.get("relationships") or {}
    return str(((related.get("file") or {}).get("data") or {}).get("_id", ""))


def fault(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A fault as the operator's check tells it: its name, and the document that it is about."""
    version, directory = fields["_type"] == VERSIONS, fields.get("type") == "directory"
    member = "version_doc" if version else "dir_doc" if directory else "file_doc"
    told = {key: value for key, value in fields.items() if key not in LEFT_OUT}
    return {"type": name, member: told, "is_file": not version and not directory, "is_version": version}
