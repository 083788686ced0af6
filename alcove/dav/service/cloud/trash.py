"""The trash as a tree: what is in it, and a folder into which things are moved to come back to where they were."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from alcove.base.errors import Forbidden
from alcove.dav.errors import Fixed, NotForThis
from alcove.dav.model.xml import text
from alcove.dav.service.cloud.properties import nc
from alcove.dav.service.properties import Property
from alcove.dav.service.tree import Resource, Tree
from alcove.files import FILES, TRASH, check, plain_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from alcove.dav.model.paths import Names
    from alcove.dav.service.tagged import TaggedTree
    from alcove.dav.service.tree import View
    from alcove.files import Node

HELD, BACK = "trash", "restore"


class TrashTree(Tree):
    """`trash/NAME...` and `restore`. DELETE destroys for ever; of `trash` itself, all that is in it."""

    name = "trash"

    def __init__(self, tree: TaggedTree) -> None:
        self._tree = tree
        self._files = tree.files

    def admit(self, view: View, verb: str) -> None:
        """For who may read, or change, files."""
        if not view.caller.rules(verb, FILES):
            raise Forbidden

    async def find(self, view: View, names: Names, *, exact: bool = False) -> Resource | None:
        """Something in the trash, at any depth."""
        if len(names) < 2:
            return Resource(names, collection=True) if names[:1] in ((), (HELD,), (BACK,)) else None
        if names[0] != HELD:
            return None
        node, dir_id = None, TRASH
        for name in names[1:]:
            node = await self._files.child(view.instance, dir_id, name)
            if node is None:
                return None
            dir_id = node.id
        return None if node is None else (await self._tree.resources(view, names[:-1], [node]))[0]

    async def members(self, view: View, top: Resource) -> AsyncIterator[Sequence[Resource]]:
        """What a folder of it holds."""
        if not top.names:
            yield [Resource((name,), collection=True) for name in (HELD, BACK)]
        elif top.names[0] == HELD:
            dir_id = TRASH if top.node is None else top.node.id
            async for nodes in self._files.pages(view.instance, dir_id):
                yield await self._tree.resources(view, top.names, nodes)

    async def allow(self, view: View, verb: str, resource: Resource) -> None:
        """By what the caller may do to the file."""
        node = resource.node or await self._files.get(view.instance, TRASH)
        await check(self._files, view.instance, view.caller, verb, node)

    def read(self, view: View, resource: Resource, start: int, length: int) -> AsyncIterator[bytes]:
        """Bytes of a file."""
        if resource.node is None:
            raise NotForThis("A folder has no bytes")
        return self._files.open_range(view.instance, resource.node.blob, start, length)

    async def remove(self, view: View, resource: Resource) -> None:
        """Destroys something for ever, or all there is."""
        await self.allow(view, "DELETE", resource)
        if resource.node is not None:
            await self._files.destroy(view.instance, resource.node.id)
        elif resource.names == (HELD,):
            await self._files.empty_trash(view.instance)
        else:
            raise Fixed

    async def move(
        self,
        view: View,
        source: Resource,
        above: Resource,
        name: str,
        replaced: Resource | None,
        modified: str = "",
    ) -> Resource:
        """Takes something out of the trash."""
        if above.names != (BACK,) or source.node is None:
            raise NotForThis("What is in the trash is moved to `restore` alone")
        node = await self._files.restore(view.instance, source.node.id, view.author)
        return Resource((BACK, name), collection=node.is_dir)


def properties() -> Sequence[Property]:
    """What is told of something in the trash: its name and its place before, and when it came there."""
    return (
        Property(nc("trashbin-filename"), lambda _, one: _known(one, lambda node: plain_name(node.name))),
        Property(nc("trashbin-title"), lambda _, one: _known(one, lambda node: plain_name(node.name)), usual=False),
        Property(nc("trashbin-original-location"), lambda _, one: _known(one, _origin)),
        Property(nc("trashbin-deletion-time"), lambda _, one: _known(one, _since)),
    )


def _known(resource: Resource, told: Callable[[Node], str]) -> bytes | None:
    return None if resource.node is None else text(told(resource.node))


def _origin(node: Node) -> str:
    place = str(node.fields.get("restore_path") or "").strip("/")
    return "/".join(part for part in (place, plain_name(node.name)) if part)


def _since(node: Node) -> str:
    cozy = node.fields.get("cozyMetadata") or {}
    try:
        return str(int(datetime.fromisoformat(str(cozy.get("trashedAt"))).timestamp()))
    except ValueError:
        return "0"
