"""Files as they were: taken back, described, and forgotten."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from alcove.files.model import NOBODY, VERSIONS, locator_blob
from alcove.files.service import content
from alcove.files.service.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from alcove.documents import Document, Tx
    from alcove.files.model import Author, Node
    from alcove.instances import Instance


class Versions(Reading):
    """The verbs on old versions of files, and on what files say of themselves."""

    async def revert(self, instance: Instance, version_id: str, author: Author = NOBODY) -> Node:
        """Makes an old version the content again. Raises `NodeMissing`, `ParentInTrash`."""
        stamp = self._stamp(instance, author)
        return await self._work(instance, partial(content.revert, version_id=version_id, stamp=stamp))

    async def tag_version(self, instance: Instance, version_id: str, tags: Sequence[str]) -> Document:
        """Gives an old version tags. Raises `NodeMissing`."""
        return await self._work(instance, partial(content.tag_version, version_id=version_id, tags=tags))

    async def describe(
        self,
        instance: Instance,
        file_id: str,
        metadata: Mapping[str, Any],
        tags: Sequence[str] = (),
        author: Author = NOBODY,
    ) -> Node:
        """Replaces the metadata of a file. Raises `NodeMissing`, `ParentInTrash`."""
        stamp = self._stamp(instance, author)
        unit = partial(content.describe, file_id=file_id, metadata=metadata, tags=tags, stamp=stamp)
        return await self._work(instance, unit)

    async def destroy_version(self, instance: Instance, version_id: str) -> None:
        """Removes an old version. Raises `NodeMissing`."""

        async def unit(tx: Tx) -> str:
            version, _ = await content.need_version(tx, version_id)
            await tx.delete(VERSIONS, version.id, version.rev)
            return locator_blob(version.fields())

        await self._free(instance, [await self._work(instance, unit)])

    async def destroy_versions(self, instance: Instance) -> None:
        """Removes every old version there is."""
        for version in await self._documents.all(instance.key, VERSIONS):
            await self.destroy_version(instance, version.id)
