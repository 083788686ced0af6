"""The files of an instance as a tree that WebDAV serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.errors import Forbidden
from alcove.dav.errors import Fixed
from alcove.dav.model.paths import forms
from alcove.dav.service.tree import Resource, Tree, Trouble
from alcove.files import FILES, ROOT, BlobMissing, Node, Patch, Upload, check

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from alcove.dav.model.paths import Names
    from alcove.dav.service.dead import DeadProperties
    from alcove.dav.service.tree import Sent, View
    from alcove.files import Files

_TRASH_NAME = ".cozy_trash"


class FilesTree(Tree):
    """`io.cozy.files` from the root down, without the trash: what is removed goes there.

    A subclass may give folders an entity tag, and resources more to remember: see `resources`.
    """

    name = "files"

    def __init__(self, files: Files, dead: DeadProperties) -> None:
        self.files = files
        self.dead = dead

    async def resources(self, view: View, parent: Names, nodes: Sequence[Node]) -> list[Resource]:
        """Nodes of one directory as resources: the one place where they become such."""
        return [resource_of(parent, node) for node in nodes]

    async def _resource(self, view: View, names: Names, node: Node) -> Resource:
        return (await self.resources(view, names[:-1], [node]))[0]

    async def find(self, view: View, names: Names, *, exact: bool = False) -> Resource | None:
        """What the names lead to, or None."""
        if names[:1] == (_TRASH_NAME,):
            return None
        node = await self.files.at(view.instance, "/" + "/".join(names))
        if node is None and not all(name.isascii() for name in names):
            node = await self._alike(view, names, exact=exact)
        return None if node is None else await self._resource(view, names, node)

    async def _alike(self, view: View, names: Names, *, exact: bool) -> Node | None:
        """What the names lead to, where some of them are composed otherwise in the store than the client writes."""
        node = await self.files.get(view.instance, ROOT)
        for place, name in enumerate(names):
            others = () if exact and place == len(names) - 1 else forms(name)
            for form in (name, *others):
                found = await self.files.child(view.instance, node.id, form)
                if found is not None:
                    break
            if found is None:
                return None
            node = found
        return node

    async def place(self, view: View, names: Names) -> tuple[Resource | None, Resource | None]:
        """The folder that the names lie in, and what is there under exactly the last of them."""
        above = await self.find(view, names[:-1])
        if above is None or not above.collection or above.node is None:
            return None, None
        if above.node.id == ROOT and names[-1] == _TRASH_NAME:
            raise Fixed
        node = await self.files.child(view.instance, above.node.id, names[-1])
        held = None if node is None else (await self.resources(view, names[:-1], [node]))[0]
        return above, held

    async def members(self, view: View, top: Resource) -> AsyncIterator[Sequence[Resource]]:
        """What a folder holds, some at a time, folders first."""
        async for nodes in self.files.pages(view.instance, _node(top).id):
            if nodes:
                yield await self.resources(view, top.names, nodes)

    async def count(self, view: View, top: Resource, limit: int) -> int:
        """How many resources lie in a folder at any depth; it stops to count after `limit`."""
        total, rest = 0, [_node(top).id]
        while rest and total <= limit:
            dir_id = rest.pop()
            total += await self.files.entries(view.instance, dir_id)
            if total <= limit:
                rest += [node.id for node in await self.files.subdirectories(view.instance, dir_id)]
        return total

    def admit(self, view: View, verb: str) -> None:
        """Raises `Forbidden` for who may do that to no file at all."""
        if not view.caller.rules(verb, FILES):
            raise Forbidden

    async def allow(self, view: View, verb: str, resource: Resource) -> None:
        """Raises `Forbidden` unless the caller may do that to it."""
        await check(self.files, view.instance, view.caller, verb, _node(resource))

    def read(self, view: View, resource: Resource, start: int, length: int) -> AsyncIterator[bytes]:
        """Bytes of a file."""
        return self.files.read(view.instance, _node(resource), start, length)

    async def put(
        self, view: View, above: Resource, name: str, held: Resource | None, sent: Sent, *, sure: bool
    ) -> tuple[Resource, bool]:
        """Makes a file, or gives it new bytes; whether it is new."""
        parent = _node(above)
        if held is None:
            made = Node("", "", {"type": "file", "name": name, "dir_id": parent.id})
            await check(self.files, view.instance, view.caller, "POST", made)
        else:
            await self.allow(view, "PUT", held)
        what = Upload(
            name,
            parent.id,
            sent.mime,
            sent.size,
            sent.md5,
            created_at=sent.created,
            updated_at=sent.modified,
            backdates=True,
        )
        rev = None if not sure else "" if held is None else _node(held).rev
        node, new = await self.files.put(view.instance, what, sent.parts, view.author, rev)
        return await self._resource(view, (*above.names, name), node), new

    async def make(self, view: View, above: Resource, name: str, modified: str = "") -> Resource:
        """Makes a folder."""
        parent = _node(above)
        made = Node("", "", {"type": "directory", "name": name, "dir_id": parent.id})
        await check(self.files, view.instance, view.caller, "POST", made)
        more = {"created_at": modified, "updated_at": modified} if modified else {}
        node = await self.files.create_dir(view.instance, name, parent.id, view.author, more)
        return await self._resource(view, (*above.names, name), node)

    async def remove(self, view: View, resource: Resource) -> None:
        """Puts it into the trash, with all below it."""
        if not resource.names:
            raise Fixed
        await self.allow(view, "PATCH", resource)
        await self.files.trash(view.instance, _node(resource).id, view.author)

    async def copy(
        self,
        view: View,
        source: Resource,
        above: Resource,
        name: str,
        replaced: Resource | None,
        *,
        deep: bool,
        modified: str = "",
    ) -> Sequence[Trouble]:
        """Copies it, with its dead properties; what is in the way goes into the trash."""
        await self.allow(view, "GET", source)
        await self.allow(view, "POST", above)
        if replaced is not None:
            await self.allow(view, "PATCH", replaced)
        patch = Patch(name, _node(above).id, updated_at=modified or None)
        copied = await self.files.copy_all(
            view.instance, _node(source), patch, view.author, deep=deep, replacing=replaced is not None
        )
        await self.dead.copy(view.instance, copied.ids)
        if not copied.lost:
            return ()
        paths = await self.files.paths(view.instance, copied.lost)
        return [Trouble(tuple(paths[node.id].split("/")[1:]), BlobMissing()) for node in copied.lost]

    async def move(
        self, view: View, source: Resource, above: Resource, name: str, replaced: Resource | None, modified: str = ""
    ) -> Resource:
        """Moves it; what is in the way goes into the trash."""
        if not source.names:
            raise Fixed
        await self.allow(view, "PATCH", source)
        await self.allow(view, "PATCH", above)
        if replaced is not None:
            await self.allow(view, "PATCH", replaced)
        patch = Patch(name, _node(above).id, updated_at=modified or None, backdates=True)
        node, _ = await self.files.move(
            view.instance, _node(source).id, patch, view.author, replacing=replaced is not None
        )
        return await self._resource(view, (*above.names, name), node)

    async def touch(self, view: View, resource: Resource, modified: str) -> None:
        """Says when it was changed last."""
        await self.allow(view, "PATCH", resource)
        if resource.names:
            await self.files.change(
                view.instance, _node(resource).id, Patch(updated_at=modified, backdates=True), view.author
            )


def resource_of(parent: Names, node: Node) -> Resource:
    """A node as a resource. The entity tag of a file is that of its bytes, as in its download; a folder has none."""
    fields = node.fields
    names = () if node.id == ROOT else (*parent, node.name)
    modified, created = str(fields.get("updated_at") or ""), str(fields.get("created_at") or "")
    if node.is_dir:
        return Resource(names, True, node.id, "", 0, "", modified, created, node)
    return Resource(names, False, node.id, f'"{node.md5sum}"', node.size, node.mime, modified, created, node)


def _node(resource: Resource) -> Node:
    assert resource.node is not None, "a resource of another tree"
    return resource.node
