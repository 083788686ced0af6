"""Old versions of files as a tree: a folder for each file, by its number, and one into which a version is moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.errors import Forbidden, NotFound
from alcove.dav.errors import Fixed, NotForThis
from alcove.dav.model.numbers import number_in
from alcove.dav.service.tree import Resource, Tree
from alcove.files import FILES, check, locator_blob

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from alcove.dav.model.paths import Names
    from alcove.dav.service.cloud.numbers import Numbers
    from alcove.dav.service.tree import View
    from alcove.documents import Document
    from alcove.files import Files, Node

HELD, BACK = "versions", "restore"


class VersionsTree(Tree):
    """`versions/NUMBER/VERSION` and `restore`."""

    name = "versions"

    def __init__(self, files: Files, numbers: Numbers) -> None:
        self._files = files
        self._numbers = numbers

    def admit(self, view: View, verb: str) -> None:
        """For who may read, or change, files."""
        if not view.caller.rules(verb, FILES):
            raise Forbidden

    async def find(self, view: View, names: Names, *, exact: bool = False) -> Resource | None:
        """The versions of a file, or one of them."""
        if len(names) < 2:
            return Resource(names, collection=True) if names[:1] in ((), (HELD,), (BACK,)) else None
        number = number_in(names[1])
        if names[0] != HELD or number is None or len(names) > 3:
            return None
        node = await self._numbers.node(view.instance, number)
        if node is None or node.is_dir:
            return None
        if len(names) == 2:
            return Resource(names, collection=True, node=node)
        versions = await self._files.versions(view.instance, node.id)
        found = next((one for one in versions if _name(one) == names[2]), None)
        return None if found is None else _resource(names[:2], node, found)

    async def members(self, view: View, top: Resource) -> AsyncIterator[Sequence[Resource]]:
        """The versions of a file, the oldest first. Which files have some is not listed."""
        if top.node is not None:
            node = top.node
            yield [_resource(top.names, node, one) for one in await self._files.versions(view.instance, node.id)]

    async def allow(self, view: View, verb: str, resource: Resource) -> None:
        """By what the caller may do to the file."""
        if resource.node is not None:
            await check(self._files, view.instance, view.caller, verb, resource.node)

    def read(self, view: View, resource: Resource, start: int, length: int) -> AsyncIterator[bytes]:
        """Bytes of an old version."""
        return self._files.open_range(view.instance, resource.more["blob"], start, length)

    async def remove(self, view: View, resource: Resource) -> None:
        """Removes an old version."""
        if "version" not in resource.more:
            raise Fixed
        await self.allow(view, "DELETE", resource)
        await self._files.destroy_version(view.instance, resource.more["version"])

    async def move(
        self,
        view: View,
        source: Resource,
        above: Resource,
        name: str,
        replaced: Resource | None,
        modified: str = "",
    ) -> Resource:
        """Makes an old version hold again; that of now becomes an old one."""
        if above.names != (BACK,) or "version" not in source.more:
            raise NotForThis("A version is moved to `restore` alone")
        if source.node is None:
            raise NotFound("There is no such version")
        await check(self._files, view.instance, view.caller, "POST", source.node)
        await self._files.revert(view.instance, source.more["version"], view.author)
        return Resource((BACK, name), collection=False)


def _name(version: Document) -> str:
    return version.id.rpartition("/")[2]


def _resource(above: Names, node: Node, version: Document) -> Resource:
    fields = version.fields()
    return Resource(
        (*above, _name(version)),
        collection=False,
        etag=f'"{fields.get("md5sum", "")}"',
        size=int(fields.get("size") or 0),
        mime=node.mime,
        modified=str(fields.get("updated_at") or ""),
        node=node,
        more={"version": version.id, "blob": locator_blob(fields)},
    )
