"""The files as clients need them that keep a folder in step: folders have entity tags, and sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.dav.service.files import FilesTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.dav.model.paths import Names
    from alcove.dav.service.dead import DeadProperties
    from alcove.dav.service.tree import Resource, View
    from alcove.files import Files, FolderTags, Node


class TaggedTree(FilesTree):
    """The tree of files, its folders with what rises from below: locks and dead properties are those of `FilesTree`."""

    def __init__(self, files: Files, dead: DeadProperties, tags: FolderTags) -> None:
        super().__init__(files, dead)
        self._tags = tags

    async def resources(self, view: View, parent: Names, nodes: Sequence[Node]) -> list[Resource]:
        """Nodes of one directory as resources."""
        found = await super().resources(view, parent, nodes)
        for resource, folder in zip(found, await self._tags.of(view.instance.key, nodes), strict=True):
            if folder is not None:
                resource.etag, resource.size = folder.tag, folder.size
        return found
