"""What there is: nodes by id and by path, what a directory holds, what it takes, the bytes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from alcove.documents import Query
from alcove.files.errors import NodeMissing, NotADirectory
from alcove.files.model import FILES, VERSIONS, node_from, sha256_of
from alcove.files.model.names import checked_path, join
from alcove.files.service.ground import Ground
from alcove.files.store import (
    BY_PATH,
    descendants,
    find_node,
    node_at,
    number_of_children,
    page,
    referring,
    versions_of,
    with_digest,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from alcove.documents import Document
    from alcove.files.model import Node
    from alcove.files.store import Listing
    from alcove.instances import Instance


class Reading(Ground):
    """The verbs that change nothing."""

    async def get(self, instance: Instance, node_id: str) -> Node:
        """The node of that id; raises `NodeMissing`."""
        document = await self._documents.get(instance.key, FILES, node_id)
        if document is None:
            raise NodeMissing
        return node_from(document)

    async def find(self, instance: Instance, node_id: str) -> Node | None:
        """The node of that id, or None."""
        return await find_node(self._now(instance), node_id)

    async def by_path(self, instance: Instance, path: str) -> Node:
        """The node of that path; raises `RelativePath`, `NodeMissing`."""
        node = await node_at(self._now(instance), checked_path(path))
        if node is None:
            raise NodeMissing
        return node

    async def path(self, instance: Instance, node: Node) -> str:
        """The path of a node; raises `NodeMissing` when its directory is gone."""
        if node.is_dir:
            return node.path
        return join((await self.get(instance, node.dir_id)).path, node.name)

    async def paths(self, instance: Instance, nodes: Iterable[Node]) -> dict[str, str]:
        """The paths of many nodes by id, each directory read once; nodes whose directory is gone are left out."""
        known: dict[str, str | None] = {}
        found = dict[str, str]()
        for node in nodes:
            if node.is_dir:
                found[node.id] = node.path
                continue
            if node.dir_id not in known:
                parent = await self.find(instance, node.dir_id)
                known[node.dir_id] = parent.path if parent is not None and parent.is_dir else None
            parent_path = known[node.dir_id]
            if parent_path is not None:
                found[node.id] = join(parent_path, node.name)
        return found

    async def list(
        self, instance: Instance, dir_id: str, *, limit: int | None = 30, skip: int = 0, cursor: str = ""
    ) -> Listing:
        """A page of what a directory holds, directories first, by name. `limit` None: all of it."""
        tenant = instance.key
        number = partial(self._counts.of, tenant, dir_id, partial(number_of_children, self._documents, tenant, dir_id))
        return await page(self._documents, tenant, dir_id, limit=limit, skip=skip, cursor=cursor, number=number)

    async def below(self, instance: Instance, top: Node) -> Sequence[Node]:
        """All that lies in a directory, at any depth; a directory comes before what it holds."""
        return await descendants(self._now(instance), top)

    async def weight(self, instance: Instance, top: Node) -> int:
        """Bytes of all files in a directory, at any depth."""
        if not top.is_dir:
            raise NotADirectory
        return sum(node.size for node in await self.below(instance, top))

    async def count(self, instance: Instance) -> int:
        """How many files there are, those in the trash too."""
        directories = Query({"path": {"$gt": None}}, use_index=BY_PATH)
        return await self._documents.count(instance.key, FILES) - await self._documents.count(
            instance.key, FILES, directories
        )

    async def usage(self, instance: Instance) -> tuple[int, int]:
        """Bytes taken by files, and by their old versions."""
        return await self._usage.of(instance.key)

    async def usage_by_kind(self, instance: Instance) -> dict[str, int]:
        """Bytes taken by files of each class; those in the trash are one kind, `trash`."""
        return await self._usage.kinds(instance.key)

    async def versions(self, instance: Instance, file_id: str) -> Sequence[Document]:
        """The old versions of a file, oldest first."""
        return sorted(await versions_of(self._now(instance), file_id), key=lambda v: v.id)

    async def version(self, instance: Instance, version_id: str) -> Document:
        """An old version; raises `NodeMissing`."""
        document = await self._documents.get(instance.key, VERSIONS, version_id)
        if document is None:
            raise NodeMissing
        return document

    async def same(self, instance: Instance, md5sum: str, size: int) -> Sequence[Node]:
        """The living files of that digest (in base64) and length."""
        return await with_digest(self._now(instance), md5sum, size)

    async def referring(
        self, instance: Instance, kind: str, doc_id: str, *, member: str = "referenced_by"
    ) -> Sequence[Node]:
        """The nodes that refer to a document."""
        return await referring(self._documents, instance.key, kind, doc_id, member)

    def read(self, instance: Instance, node: Node, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Bytes of a file, or of it as it was. Raises `BlobMissing`, and `BlobDamaged` before the last ones of all."""
        return self._integrity.read(instance.key, node.blob, sha256_of(node.fields), node.size, start, length)

    def open_range(
        self, instance: Instance, blob: str, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Bytes of a file (`Node.blob`) or of a version. Raises `BlobMissing` at the first step."""
        return self._blobs.read(instance.key, blob, start, length)
