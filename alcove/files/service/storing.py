"""Bytes that come: they become files, or other files' new bytes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from alcove.base.errors import Refusal
from alcove.files.blobs import BlobTooLarge
from alcove.files.errors import NodeMissing, ParentInTrash, ParentMissing, QuotaReached, WrongDigest, WrongLength
from alcove.files.model import NOBODY
from alcove.files.model.kinds import kind_of
from alcove.files.model.names import checked_name
from alcove.files.service import content
from alcove.files.service.extraction import extracted, is_extracted
from alcove.files.service.reading import Reading
from alcove.files.store import check_free

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from alcove.files.blobs import Written
    from alcove.files.model import Author, Node
    from alcove.files.service.content import Upload
    from alcove.instances import Instance

_PRECHECK = 256 << 10
"""Bytes of a body from which on it is refused before it comes, where that can be known."""


class Storing(Reading):
    """The verbs that bring bytes."""

    async def upload(
        self, instance: Instance, what: Upload, parts: AsyncIterable[bytes], author: Author = NOBODY
    ) -> Node:
        """Makes a file of the bytes that come.

        Raises `IllegalName`, `ParentMissing`, `ParentInTrash`, `NameTaken`, `QuotaReached`, `WrongLength`,
        `WrongDigest`, `StorageFull`; nothing is kept then.
        """
        checked_name(what.name)
        if what.size is None or what.size > _PRECHECK:
            await self._expect(instance, what, free=not what.numbered)
        return await self._make(instance, what, await self._receive(instance, what, parts), author)

    async def overwrite(
        self,
        instance: Instance,
        file_id: str,
        what: Upload,
        parts: AsyncIterable[bytes],
        author: Author = NOBODY,
        rev: str = "",
    ) -> Node:
        """Gives a file new bytes; what it was becomes a version. Raises as `upload`, and `StaleRevision`."""
        await content.need_living_file(self._now(instance), file_id, rev)
        return await self._replace(instance, what, await self._receive(instance, what, parts), author, file_id, rev)

    async def expect(self, instance: Instance, what: Upload, file_id: str = "", rev: str = "") -> None:
        """Refuses what could not be kept, before its bytes come: as `upload`, or as `overwrite` of that file."""
        if file_id:
            await content.need_living_file(self._now(instance), file_id, rev)
        else:
            checked_name(what.name)
            await self._expect(instance, what, free=not what.numbered)
        await self._limit(instance, what)

    async def accept(
        self,
        instance: Instance,
        what: Upload,
        written: Written,
        author: Author = NOBODY,
        file_id: str = "",
        rev: str = "",
    ) -> Node:
        """Makes a file, or new bytes of that file, of a blob that was written already.

        Raises as `upload` and `overwrite`; the blob is removed then, and whoever holds its bytes elsewhere has them.
        """
        try:
            await self._limit(instance, what)
        except Refusal:
            await self._free(instance, [written.id])
            raise
        if not file_id:
            return await self._make(instance, what, written, author)
        return await self._replace(instance, what, written, author, file_id, rev)

    async def copy(
        self, instance: Instance, source: Node, dir_id: str = "", name: str = "", author: Author = NOBODY
    ) -> Node:
        """Copies a file; without a name it is called a copy. Raises `NodeMissing`, `QuotaReached`, as `upload`."""
        if source.is_dir:
            raise NodeMissing
        left = await self.space(instance)
        if left is not None and source.size > left:
            raise QuotaReached
        name = name or content.copy_name(source.name, instance.locale)
        blob = await self._blobs.copy(instance.key, source.blob)
        stamp, dir_id = self._stamp(instance, author), dir_id or source.dir_id
        unit = partial(content.copy, source=source, blob=blob, name=name, dir_id=dir_id, stamp=stamp)
        return await self._commit(instance, blob, unit)

    async def _expect(self, instance: Instance, what: Upload, *, free: bool = True) -> None:
        """Refuses a long body before it comes, not after; for a short one the commit's own checks are soon enough."""
        parent = await self.find(instance, what.dir_id)
        if parent is None or not parent.is_dir:
            raise ParentMissing
        if parent.trashed:
            raise ParentInTrash
        if free:
            await check_free(self._now(instance), what.dir_id, what.name)

    async def _receive(self, instance: Instance, what: Upload, parts: AsyncIterable[bytes]) -> Written:
        """Writes the bytes of an upload, and checks what was said of them. Raises as `upload`."""
        limit = await self._limit(instance, what)
        try:
            written = await self._blobs.write(instance.key, parts, limit, size=what.size)
        except BlobTooLarge:
            raise QuotaReached from None
        refusal: Refusal | None = None
        if what.size is not None and what.size != written.size:
            refusal = WrongLength()
        elif what.md5 is not None and what.md5 != written.md5:
            refusal = WrongDigest()
        if refusal is not None:
            await self._free(instance, [written.id])
            raise refusal
        return written

    async def _make(self, instance: Instance, what: Upload, written: Written, author: Author) -> Node:
        received = await self._looked_into(instance, what, what.name, written)
        unit = partial(content.create, what=what, received=received, stamp=self._stamp(instance, author))
        return await self._commit(instance, written.id, unit)

    async def _replace(
        self, instance: Instance, what: Upload, written: Written, author: Author, file_id: str, rev: str
    ) -> Node:
        old = await self.find(instance, file_id)
        received = await self._looked_into(instance, what, old.name if old else "", written)
        unit = partial(content.overwrite, file_id=file_id, what=what, received=received, rev=rev)
        unit = partial(unit, stamp=self._stamp(instance, author), keeping=self._customs.keeping(instance))
        node, freed = await self._commit(instance, written.id, unit)
        await self._free(instance, freed)
        return node

    async def _looked_into(self, instance: Instance, what: Upload, name: str, written: Written) -> content.Received:
        """A blob with what it says of itself."""
        mime, _ = kind_of(name, what.content_type)
        if what.encrypted or not is_extracted(mime):
            return content.Received(written)
        read = partial(self._blobs.read, instance.key, written.id)
        found = await extracted(mime, written, read, await self._customs.zone(instance))
        return content.Received(written, found)
