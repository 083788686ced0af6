"""Another name, another place, other references; into the trash, out of it, and gone."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from alcove.files.errors import NodeMissing, StaleRevision
from alcove.files.model import NOBODY, TRASH, moment_of
from alcove.files.service import tree
from alcove.files.service.reading import Reading
from alcove.files.store import children, need_node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.documents import Tx
    from alcove.files.model import Author, Node
    from alcove.files.service.tree import Patch
    from alcove.instances import Instance


class Changing(Reading):
    """The verbs that change nodes which are there, whatever bytes they have."""

    async def change(
        self, instance: Instance, node_id: str, patch: Patch, author: Author = NOBODY, rev: str = ""
    ) -> Node:
        """Renames, moves, tags... Raises what contract-b 2.2 and 2.4 say for each."""
        stamp = self._stamp(instance, author)
        return await self._work(instance, partial(tree.change, node_id=node_id, patch=patch, stamp=stamp, rev=rev))

    async def refer(
        self,
        instance: Instance,
        node_id: str,
        add: Sequence[Mapping[str, str]] = (),
        remove: Sequence[Mapping[str, str]] = (),
        *,
        member: str = "referenced_by",
    ) -> Node:
        """Adds and removes references `{type, id}` of a node. Raises `NodeMissing`."""
        gone = {(str(r.get("type")), str(r.get("id"))) for r in remove}

        async def unit(tx: Tx) -> Node:
            node = await need_node(tx, node_id)
            kept = [r for r in node.fields.get(member) or [] if (r["type"], r["id"]) not in gone]
            kept += [{"type": r["type"], "id": r["id"]} for r in add]
            return await tree.save(tx, node, {**node.fields, member: kept})

        return await self._work(instance, unit)

    async def trash(self, instance: Instance, node_id: str, author: Author = NOBODY, rev: str = "") -> Node:
        """Puts a node into the trash. Raises `NodeMissing`, `AlreadyInTrash`, `StaleRevision`, `ForbiddenMove`."""
        by, stamp = await self._trasher(instance), self._stamp(instance, author)
        node = await self._work(instance, partial(tree.trash, node_id=node_id, stamp=stamp, by=by, rev=rev))
        await self._marking.below(instance.key, node.id)
        return node

    async def restore(self, instance: Instance, node_id: str, author: Author = NOBODY) -> Node:
        """Takes a node out of the trash, to where it was. Raises `NodeMissing`, `NotInTrash`."""
        stamp = self._stamp(instance, author)
        node = await self._work(instance, partial(tree.restore, node_id=node_id, stamp=stamp))
        await self._marking.below(instance.key, node.id)
        return node

    async def destroy(self, instance: Instance, node_id: str, rev: str = "") -> None:
        """Removes a node and all below it, for ever. Raises `NodeMissing`, `StaleRevision`, `ForbiddenMove`."""
        done = False
        while not done:
            # Some at a time: nobody else can write meanwhile, and a folder may hold a hundred thousand files.
            freed, done = await self._work(instance, partial(tree.destroy, node_id=node_id, rev=rev))
            await self._remove(instance, freed)
            rev = ""

    async def empty_trash(self, instance: Instance) -> None:
        """Destroys all that is in the trash, one thing after the other."""
        for node in await children(self._now(instance), TRASH):
            await self.destroy(instance, node.id)

    async def clean_trash(self, instance: Instance) -> int:
        """Destroys what lies in the trash for longer than the context lets it; how many things there were."""
        after = self._customs.emptied_after(instance)
        if after is None:
            return 0
        gone, before = 0, self._clock.now() - after
        for node in await children(self._now(instance), TRASH):
            trashed = moment_of((node.fields.get("cozyMetadata") or {}).get("trashedAt"))
            if trashed is None or trashed > before:
                continue
            with suppress(NodeMissing, StaleRevision):  # restored or destroyed in the meantime
                await self.destroy(instance, node.id, node.rev)
                gone += 1
        return gone
