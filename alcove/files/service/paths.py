"""What clients do that think in paths: WebDAV and its like."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from alcove.base.errors import Refusal
from alcove.files.blobs import BlobMissing
from alcove.files.errors import QuotaReached
from alcove.files.model import NOBODY, ROOT
from alcove.files.model.names import checked_name
from alcove.files.service import placing
from alcove.files.service.storing import Storing
from alcove.files.store import children, number_of_children, pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Sequence

    from alcove.files.model import Author, Node
    from alcove.files.service.content import Upload
    from alcove.files.service.placing import Copied
    from alcove.files.service.tree import Patch
    from alcove.instances import Instance


class Paths(Storing):
    """The verbs by directory and name, which make or replace whatever has that name."""

    async def at(self, instance: Instance, path: str) -> Node | None:
        """The node of a path that is written as it should be, or None."""
        return await self._places.at(self._now(instance), instance.key, path)

    async def child(self, instance: Instance, dir_id: str, name: str) -> Node | None:
        """What a directory holds under that very name, or None."""
        return await self._places.child(self._now(instance), instance.key, dir_id, name)

    def pages(self, instance: Instance, dir_id: str) -> AsyncIterator[Sequence[Node]]:
        """All that a directory holds, some at a time, directories first: what a listing is streamed from."""
        return pages(self._documents, instance.key, dir_id)

    async def entries(self, instance: Instance, dir_id: str) -> int:
        """How many nodes a directory holds itself."""
        tenant = instance.key
        count = partial(number_of_children, self._documents, tenant, dir_id)
        return await self._counts.of(tenant, dir_id, count) - (dir_id == ROOT)

    async def subdirectories(self, instance: Instance, dir_id: str) -> Sequence[Node]:
        """The directories in a directory."""
        return await children(self._now(instance), dir_id, "directory")

    async def put(
        self,
        instance: Instance,
        what: Upload,
        parts: AsyncIterable[bytes],
        author: Author = NOBODY,
        rev: str | None = None,
    ) -> tuple[Node, bool]:
        """Makes the file of that name in a directory, or gives it new bytes; whether it is new.

        With `rev` the file must have that revision, with "" there must be none.

        Raises as `upload`, and `StaleRevision`.
        """
        checked_name(what.name)
        written = await self._receive(instance, what, parts)
        received = await self._looked_into(instance, what, what.name, written)
        unit = partial(placing.put, what=what, received=received, rev=rev)
        unit = partial(unit, stamp=self._stamp(instance, author), keeping=self._customs.keeping(instance))
        placed = await self._commit(instance, written.id, unit)
        await self._free(instance, placed.freed)
        self._places.put(instance.key, placed.node)
        return placed.node, placed.new

    async def move(
        self, instance: Instance, node_id: str, patch: Patch, author: Author = NOBODY, *, replacing: bool = False
    ) -> tuple[Node, bool]:
        """Gives a node another name and directory; whether nothing was there.

        With `replacing` what was there is in the trash then. Raises as `change`.
        """
        by = await self._trasher(instance)
        unit = partial(
            placing.move, node_id=node_id, patch=patch, stamp=self._stamp(instance, author), by=by, replacing=replacing
        )
        placed = await self._work(instance, unit)
        return placed.node, placed.new

    async def copy_all(
        self,
        instance: Instance,
        source: Node,
        patch: Patch,
        author: Author = NOBODY,
        *,
        deep: bool = True,
        replacing: bool = False,
    ) -> Copied:
        """Copies a node with all below it to the name and directory of `patch`: all of it at once, or nothing.

        With `replacing` what has that name is in the trash then. Files whose bytes are missing are left out and told.
        Raises `QuotaReached`, `StorageFull`, `ParentMissing`, `NameTaken`.
        """
        nodes = [source, *(await self.below(instance, source) if deep else ())]
        left = await self.space(instance)
        if left is not None and sum(node.size for node in nodes) > left:
            raise QuotaReached
        blobs = dict[str, str]()
        by, stamp = await self._trasher(instance), self._stamp(instance, author)
        unit = partial(placing.copy, nodes=nodes, blobs=blobs, patch=patch, stamp=stamp, by=by, replacing=replacing)
        try:
            for node in nodes:
                if not node.is_dir:
                    with suppress(BlobMissing):
                        blobs[node.id] = await self._blobs.copy(instance.key, node.blob)
            if not source.is_dir and not blobs:
                raise BlobMissing
            return await self._work(instance, unit)
        except Refusal:
            await self._free(instance, list(blobs.values()))
            raise
