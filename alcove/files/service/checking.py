"""Whether the tree of an instance fits together, and whether the bytes are what its documents say.

The names of the faults are those of the reference (contract-a section 10): tools of operators match them.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alcove.documents import Query
from alcove.files.blobs import BlobMissing
from alcove.files.model import FILES, FIXED, ROOT, TRASH, VERSIONS, locator_blob
from alcove.files.model.names import in_trash

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from alcove.documents import Documents
    from alcove.files.blobs import Blobs
    from alcove.instances import Instance

BATCH = 1000
"""Documents that are read at once."""
LEFT_OUT = ("internal_vfs_id", "metadata", "cozyMetadata", "referenced_by")
"""Members that are not told with a fault: long, or nobody's business."""


class Checking:
    """Looks at the files of an instance, and changes nothing."""

    def __init__(self, documents: Documents, blobs: Blobs) -> None:
        self._documents = documents
        self._blobs = blobs

    async def tree(self, instance: Instance) -> AsyncIterator[Mapping[str, Any]]:
        """What of the tree does not fit: directories, files, versions."""
        seen = _Tree()
        async for fields in self._all(instance.key, FILES):
            seen.add(fields)
        for fault in seen.faults():
            yield fault
        async for version in self._all(instance.key, VERSIONS):
            if _file_of(version) not in seen.files:
                yield _fault("file_missing", version)

    async def content(self, instance: Instance) -> AsyncIterator[Mapping[str, Any]]:
        """Files and old versions whose bytes are missing or are others: every byte is read."""
        for doctype in (FILES, VERSIONS):
            async for fields in self._all(instance.key, doctype):
                if fields.get("type") != "directory":
                    fault = await self._bytes(instance.key, fields)
                    if fault is not None:
                        yield fault

    async def _bytes(self, tenant: str, fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
        size, md5 = 0, hashlib.md5(usedforsecurity=False)
        try:
            async for part in self._blobs.read(tenant, locator_blob(fields)):
                size += len(part)
                await asyncio.to_thread(md5.update, part)
        except BlobMissing:
            return _fault("filesystem_missing", fields)
        told = str(fields.get("size", "0")), str(fields.get("md5sum", ""))
        found = str(size), base64.b64encode(md5.digest()).decode()
        if told == found:
            return None
        names = ("size_index", "md5sum_index", "size_file", "md5sum_file")
        numbers = dict(zip(names, (int(told[0]), told[1], size, found[1]), strict=True))
        return {**_fault("content_mismatch", fields), "content_mismatch": numbers}

    async def _all(self, tenant: str, doctype: str) -> AsyncIterator[dict[str, Any]]:
        """Every document of a type with its `_id`, some at a time."""
        bookmark = ""
        while True:
            found = await self._documents.find(tenant, doctype, Query({}, limit=BATCH, bookmark=bookmark))
            for document in found.documents:
                yield {**document.fields(), "_id": document.id, "_rev": document.rev, "_type": doctype}
            bookmark = found.bookmark
            if not bookmark:
                return


@dataclass
class _Tree:
    """What was read of the tree: enough to see whether it is one."""

    dirs: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, fields: dict[str, Any]) -> None:
        kept = {name: value for name, value in fields.items() if name not in LEFT_OUT}
        (self.dirs if fields.get("type") == "directory" else self.files)[fields["_id"]] = kept
        if fields["_id"] != ROOT:
            self.names[str(fields.get("dir_id", "")), str(fields.get("name", ""))].append(fields["_id"])

    def faults(self) -> Iterator[Mapping[str, Any]]:
        for ident, name in ((ROOT, "index_missing_root"), (TRASH, "index_missing_trash")):
            if ident not in self.dirs:
                yield {"type": name, "is_file": False, "is_version": False}
        for node in [*self.dirs.values(), *self.files.values()]:
            yield from self._of(node)
        for ids in self.names.values():
            for ident in ids[1:]:
                yield _fault("index_duplicate_name", self.dirs.get(ident) or self.files[ident])

    def _of(self, node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        if node["_id"] == ROOT:
            return
        is_file = node.get("type") != "directory"
        above = self._way(node)
        if above is None:
            yield _fault("index_orphan_tree", node)
            return
        path = f"{above.rstrip('/')}/{node.get('name', '')}"
        if is_file:
            if "path" in node:
                yield _fault("index_file_with_path", node)
            lies = in_trash(path)
            if lies != bool(node.get("trashed")):
                yield _fault("not_trashed_in_trash" if lies else "trashed_not_in_trash", node)
        elif node.get("path") != path and node["_id"] not in FIXED:
            yield {**_fault("index_bad_fullpath", node), "expected_fullpath": path}

    def _way(self, node: Mapping[str, Any]) -> str | None:
        """The path that the directory of a node says it has; None when the way up does not end at the root."""
        parent = self.dirs.get(str(node.get("dir_id", "")))
        found, steps = parent, 0
        while found is not None and found["_id"] != ROOT and steps <= len(self.dirs):
            found, steps = self.dirs.get(str(found.get("dir_id", ""))), steps + 1
        return None if parent is None or found is None or found["_id"] != ROOT else str(parent.get("path", ""))


def _file_of(version: Mapping[str, Any]) -> str:
    related = version.get("relationships") or {}
    return str(((related.get("file") or {}).get("data") or {}).get("_id", ""))


def _fault(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    version, directory = fields["_type"] == VERSIONS, fields.get("type") == "directory"
    member = "version_doc" if version else "dir_doc" if directory else "file_doc"
    told = {key: value for key, value in fields.items() if key not in LEFT_OUT and key != "_type"}
    return {"type": name, member: told, "is_file": not version and not directory, "is_version": version}
