"""Directories: made one by one or as a path, and those that every instance has."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from alcove.base.ids import new_id
from alcove.files.model import FILES, NOBODY, ROOT, SHARED_DRIVES, TRASH, node_from, stored
from alcove.files.model.names import checked_path, split
from alcove.files.service import tree
from alcove.files.service.changing import Changing
from alcove.files.store import referring

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from alcove.documents import Tx
    from alcove.files.model import Author, Node
    from alcove.instances import Instance

INITIAL_FOLDERS = {
    "administrative": {"en": "Administrative", "fr": "Administratif"},
    "photos": {"en": "Photos", "fr": "Photos"},
}
"""The directories of a new instance, by language (contract-b 2.2)."""
ADMINISTRATIVE = {"type": "io.cozy.apps", "id": "io.cozy.apps/administrative"}
"""What refers to the directory of administrative papers: it is found by this, whatever it is called."""


class Directories(Changing):
    """The verbs that make directories."""

    async def create_dir(
        self,
        instance: Instance,
        name: str,
        dir_id: str = ROOT,
        author: Author = NOBODY,
        more: Mapping[str, Any] | None = None,
    ) -> Node:
        """Makes a directory; `more` are further fields (tags, dates, metadata).

        Raises `IllegalName`, `IllegalPath`, `ParentMissing`, `NameTaken`.
        """
        return await self._work(
            instance,
            partial(tree.add_directory, name=name, dir_id=dir_id, stamp=self._stamp(instance, author), more=more or {}),
        )

    async def create_dir_at(self, instance: Instance, path: str, author: Author, more: Mapping[str, Any]) -> Node:
        """Makes the directory of a path, in one that is there. Raises `NodeMissing`, `NameTaken`."""
        parent, name = split(checked_path(path))
        found = await self.by_path(instance, parent)
        return await self.create_dir(instance, name, found.id, author, more)

    async def ensure_path(self, instance: Instance, path: str, author: Author = NOBODY) -> Node:
        """The directory of a path, made with all above it where missing. Raises `NameTaken` when a file is there."""
        stamp = replace(self._stamp(instance, author), url="")
        return await self._work(instance, partial(tree.ensure, path=checked_path(path), stamp=stamp))

    async def administrative(self, instance: Instance, author: Author = NOBODY) -> Node:
        """The directory of administrative papers, whatever it is called; made again when somebody destroyed it."""
        for node in await referring(self._documents, instance.key, ADMINISTRATIVE["type"], ADMINISTRATIVE["id"]):
            if node.is_dir and not node.trashed:
                return node
        names = INITIAL_FOLDERS["administrative"]
        path = "/" + names.get(instance.locale, names["en"])
        made = await self.ensure_path(instance, path, author)
        return await self.refer(instance, made.id, [ADMINISTRATIVE])

    async def shared_drives(self, instance: Instance, author: Author = NOBODY) -> Node:
        """The directory of shared drives, made when it is missing and taken out of the trash when it lies there."""
        stamp = self._stamp(instance, author)
        return await self._work(instance, partial(tree.fixed, node_id=SHARED_DRIVES, name="Drives", stamp=stamp))

    async def provision(self, instance: Instance, without: Collection[str] = ()) -> None:
        """Makes the root, the trash and the first directories but those named by `without`, unless they are there.

        Without a directory for them, administrative papers lie in the root.
        """
        stamp = self._stamp(instance)

        async def unit(tx: Tx) -> None:
            if await tx.get(FILES, ROOT) is not None:
                return
            dates = {"created_at": stamp.at, "updated_at": stamp.at}
            above = {"referenced_by": [ADMINISTRATIVE]} if "administrative" in without else {}
            root = node_from(await tx.put(FILES, ROOT, stored({"type": "directory", "path": "/", **dates, **above})))
            bin_ = {"type": "directory", "name": ".cozy_trash", "dir_id": ROOT, "path": "/.cozy_trash", **dates}
            await tx.put(FILES, TRASH, stored(bin_))
            for key, names in INITIAL_FOLDERS.items():
                if key in without:
                    continue
                more = {"referenced_by": [ADMINISTRATIVE]} if key == "administrative" else {}
                name = names.get(instance.locale, names["en"])
                fields = tree.directory_fields(name, root, stamp, more)
                await tx.put(FILES, new_id(), stored(fields))

        await self._work(instance, unit)
