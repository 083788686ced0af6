"""Where nodes were found by their names: asked for again by id, which is one question to the store instead of four.

What is remembered is never believed: the node is read, and it must lie there under that name still. So nothing has to
be forgotten when something moves, here or in another process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.files.model.names import split
from alcove.files.store import child, directory_at, find_node

if TYPE_CHECKING:
    from alcove.files.model import Node
    from alcove.files.store import Source

KEPT = 5000
"""Names that are remembered at the most."""

_PATH = "/"
"""Stands for the directory where a whole path is remembered: no id is a slash."""


class Places:
    """Ids by where they were found, in all instances."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str, str], str] = {}

    async def at(self, source: Source, tenant: str, path: str) -> Node | None:
        """The file or directory of a path."""
        if path == "/":
            return await directory_at(source, path)
        above, name = split(path)
        directory = await self.directory(source, tenant, above)
        return None if directory is None else await self.child(source, tenant, directory.id, name)

    async def directory(self, source: Source, tenant: str, path: str) -> Node | None:
        """The directory of a path."""
        key = (tenant, _PATH, path)
        known = self._ids.get(key)
        if known is not None:
            node = await find_node(source, known)
            if node is not None and node.is_dir and node.path == path:
                return node
        return self._keep(key, await directory_at(source, path))

    async def child(self, source: Source, tenant: str, dir_id: str, name: str) -> Node | None:
        """What a directory holds under that very name."""
        key = (tenant, dir_id, name)
        known = self._ids.get(key)
        if known is not None:
            node = await find_node(source, known)
            if node is not None and node.dir_id == dir_id and node.name == name:
                return node
        return self._keep(key, await child(source, dir_id, name))

    def _keep(self, key: tuple[str, str, str], node: Node | None) -> Node | None:
        if node is not None:
            if len(self._ids) >= KEPT and key not in self._ids:
                del self._ids[next(iter(self._ids))]
            self._ids[key] = node.id
        return node

    def put(self, tenant: str, node: Node) -> None:
        """Remembers a node that has just been written."""
        self._keep((tenant, node.dir_id, node.name), node)
