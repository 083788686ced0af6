"""Uploads in pieces: begun, gone on with after whatever stopped them, and made a file of with the last byte."""

from __future__ import annotations

import asyncio
import base64
from collections import OrderedDict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from alcove.base.errors import TooLarge
from alcove.base.ids import new_id
from alcove.files.blobs import Sums
from alcove.files.errors import TooManyUploads, UploadMissing, WrongDigest, WrongOffset, WrongPiece
from alcove.files.model import NOBODY, Author, Node
from alcove.files.model.arriving import FEW, MANY, Arriving
from alcove.files.service.content import Upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

    from alcove.base.clock import Clock
    from alcove.files.blobs import Blobs, Written
    from alcove.files.model.arriving import Check
    from alcove.files.parts import Part, Parts
    from alcove.files.service import Files
    from alcove.instances import Instance

BATCH = 1 << 20
"""Bytes that are gathered before they are written in a thread."""
IDLE = 30.0
"""Seconds without a byte after which a piece is taken for ended: its connection is dead, and others wait for it."""
GUEST = "share/"
"""How who came by a link is called: guests must not be able to keep the person from sending."""
SUMS = 64
"""Sums that are kept in memory: what a file adds up to need not be read again when its last byte has come."""


@dataclass(slots=True)
class Holder:
    """Who has an upload in this process now."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class Resuming:
    """The uploads in pieces of every instance."""

    def __init__(self, files: Files, blobs: Blobs, parts: Parts, clock: Clock) -> None:
        self._files = files
        self._blobs = blobs
        self._parts = parts
        self._clock = clock
        self._holders: dict[tuple[str, str], Holder] = {}
        self._sums: OrderedDict[tuple[str, str], Sums] = OrderedDict()

    async def begin(
        self, instance: Instance, maker: str, what: Upload, sha256: str = "", file_id: str = "", rev: str = ""
    ) -> Arriving:
        """Begins one; with `file_id` its bytes will replace those of that file.

        Raises what `Files.upload` or `Files.overwrite` would, `TooManyUploads` and `StorageFull`, before a byte comes.
        """
        size = what.size or 0
        await self._files.expect(instance, what, file_id, rev)
        waiting = [(one, there) for one, there in await self._parts.all(instance.key) if not one.done]
        own = sum(one.maker == maker for one, _ in waiting)
        if len(waiting) >= MANY or (maker.startswith(GUEST) and own >= FEW):
            raise TooManyUploads
        # What came of others and is no file yet takes space too.
        await self._files.expect(instance, replace(what, size=size + sum(there for _, there in waiting)), file_id, rev)
        now = self._now()
        arriving = Arriving(
            id=new_id(),
            maker=maker,
            size=size,
            blob=new_id(),
            file_id=file_id or new_id(),
            name=what.name,
            dir_id=what.dir_id,
            begun_at=now,
            touched_at=now,
            replaces=bool(file_id),
            rev=rev,
            numbered=what.numbered,
            content_type=what.content_type,
            md5=(what.md5 or b"").hex(),
            sha256=sha256,
            created_at=what.created_at,
            updated_at=what.updated_at,
            tags=tuple(what.tags),
            executable=what.executable,
            metadata=dict(what.metadata),
        )
        await self._parts.begin(instance.key, arriving)
        return arriving

    async def get(self, instance: Instance, ident: str) -> tuple[Arriving, int]:
        """What was announced, and how many bytes are here. Raises `UploadMissing`."""
        arriving, offset = await self._parts.get(instance.key, ident)
        if arriving.ends_at < self._now():
            raise UploadMissing
        return arriving, offset

    async def settled(self, instance: Instance, ident: str) -> tuple[Arriving, int]:
        """As `get`, after ending a piece that is still on its way: who asks this is about to send the next one."""
        await self._end_others(instance.key, ident)
        return await self.get(instance, ident)

    async def all(self, instance: Instance) -> list[tuple[Arriving, int]]:
        """Those that are not finished, the oldest first."""
        now = self._now()
        return [(one, at) for one, at in await self._parts.all(instance.key) if not one.done and one.ends_at >= now]

    async def append(
        self,
        instance: Instance,
        ident: str,
        offset: int,
        parts: AsyncIterable[bytes],
        *,
        check: Check | None = None,
        author: Author = NOBODY,
        name: str = "",
    ) -> tuple[int, Node | None]:
        """Takes the bytes from `offset` on; how many there are now, and the file when these were the last.

        What came stays, whatever stops the rest, unless it is checked and was not whole. With the last byte here and
        the file refused (a name that is taken meanwhile), an empty piece tries again; `name` is what it is called then.
        Raises `UploadMissing`, `UploadBusy`, `WrongOffset`, `WrongPiece`, `TooLarge`, `StorageFull`, `WrongDigest`, as
        `Files.upload`, and what `parts` raises.
        """
        arriving, there = await self.settled(instance, ident)
        if arriving.done:
            if offset != there:
                raise WrongOffset(there)
            return there, await self._files.get(instance, arriving.file_id)
        async with self._held(instance.key, ident) as (part, stop):
            if part.offset != offset:
                raise WrongOffset(part.offset)
            if name not in ("", part.arriving.name) and not arriving.replaces:
                await asyncio.to_thread(part.change, replace(part.arriving, name=name))
            await self._receive(instance.key, part, _while_alive(parts, stop), check)
            if part.offset < part.arriving.size:
                return part.offset, None
            return part.offset, await self._finish(instance, part, author)

    async def remove(self, instance: Instance, ident: str) -> None:
        """Gives one up, with its bytes. A file that it became stays. Raises `UploadMissing`."""
        await self.settled(instance, ident)
        self._sums.pop((instance.key, ident), None)
        await self._parts.remove(instance.key, ident)

    async def sweep(self, tenant: str) -> int:
        """Forgets those that are past their time; how many."""
        return await self._parts.sweep(tenant, self._now())

    def drop(self, tenant: str) -> None:
        """Forgets an instance."""
        self._parts.drop(tenant)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    async def _end_others(self, tenant: str, ident: str) -> None:
        """Ends the piece that this process still receives: its sender has come back on another connection."""
        while (holder := self._holders.get((tenant, ident))) is not None:
            holder.stop.set()
            await holder.gone.wait()

    @asynccontextmanager
    async def _held(self, tenant: str, ident: str) -> AsyncIterator[tuple[Part, asyncio.Event]]:
        await self._end_others(tenant, ident)
        holder = self._holders[tenant, ident] = Holder()
        part: Part | None = None
        try:
            part = await self._parts.open(tenant, ident)
            yield part, holder.stop
        finally:
            if part is not None:
                await asyncio.shield(asyncio.to_thread(part.close))
            del self._holders[tenant, ident]
            holder.gone.set()

    async def _receive(self, tenant: str, part: Part, parts: AsyncIterable[bytes], check: Check | None) -> None:
        summed, begun, whole = check.begin() if check else None, part.offset, False
        sums = self._sums_at(tenant, part)
        batch: list[bytes] = []
        gathered = 0
        try:
            async for piece in parts:
                gathered += len(piece)
                if part.offset + gathered > part.arriving.size:
                    raise TooLarge(f"More bytes came than the {part.arriving.size} that were announced")
                batch.append(piece)
                if gathered >= BATCH:
                    await asyncio.to_thread(part.add, batch, sums, summed)
                    batch, gathered = [], 0
            whole = True
        finally:
            try:
                if batch and (whole or part.offset + gathered <= part.arriving.size):
                    await asyncio.shield(asyncio.to_thread(part.add, batch, sums, summed))
            finally:
                if check and summed and not (whole and summed.digest() == check.digest):
                    self._sums.pop((tenant, part.arriving.id), None)
                    await asyncio.shield(asyncio.to_thread(part.take_back))
                if part.offset != begun:
                    await asyncio.shield(asyncio.to_thread(part.keep, self._now()))
        if check and summed and summed.digest() != check.digest:
            raise WrongPiece

    def _sums_at(self, tenant: str, part: Part) -> Sums | None:
        """The sums of what is there, if this process has seen all of it pass by."""
        key = tenant, part.arriving.id
        sums = self._sums.pop(key, None) if part.offset else Sums()
        if sums is None or sums.size != part.offset:
            return None
        self._sums[key] = sums
        while len(self._sums) > SUMS:
            self._sums.popitem(last=False)
        return sums

    async def _finish(self, instance: Instance, part: Part, author: Author) -> Node:
        """Makes the file, once: who was interrupted after it was made finds it."""
        arriving = part.arriving
        made = await self._files.find(instance, arriving.file_id)
        if made is None or made.blob != arriving.blob:
            written = await self._written(instance, part)
            await self._blobs.adopt(instance.key, part.path, arriving.blob)
            file_id = arriving.file_id if arriving.replaces else ""
            made = await self._files.accept(instance, upload_of(arriving), written, author, file_id, arriving.rev)
        await asyncio.to_thread(part.finish, self._now())
        self._sums.pop((instance.key, arriving.id), None)
        return made

    async def _written(self, instance: Instance, part: Part) -> Written:
        arriving = part.arriving
        sums = self._sums.get((instance.key, arriving.id))
        if sums is None or sums.size != arriving.size:
            sums = await asyncio.to_thread(part.sums)
        written = sums.written(arriving.blob)
        if arriving.md5 not in ("", written.md5.hex()) or arriving.sha256 not in ("", written.sha256):
            await self._parts.remove(instance.key, arriving.id)  # nobody can tell which of the bytes is wrong
            raise WrongDigest
        return written


def upload_of(arriving: Arriving) -> Upload:
    """What was announced, as other uploads say it."""
    return Upload(
        name=arriving.name,
        dir_id=arriving.dir_id,
        content_type=arriving.content_type,
        size=arriving.size,
        created_at=arriving.created_at,
        updated_at=arriving.updated_at,
        tags=arriving.tags,
        executable=arriving.executable,
        metadata=arriving.metadata,
        numbered=arriving.numbered,
        id="" if arriving.replaces else arriving.file_id,
    )


def base64_of(hexadecimal: str) -> str:
    """A digest as files say it."""
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()


async def _while_alive(parts: AsyncIterable[bytes], stop: asyncio.Event) -> AsyncIterator[bytes]:
    """The parts, until somebody else wants to go on, or none has come for long: what came until then stays."""
    source = aiter(parts)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        while True:
            following = asyncio.ensure_future(anext(source, None))
            try:
                await asyncio.wait({following, stopped}, timeout=IDLE, return_when=asyncio.FIRST_COMPLETED)
            except BaseException:
                following.cancel()
                raise
            if not following.done():
                following.cancel()
                return
            part = following.result()
            if part is None:
                return
            yield part
    finally:
        stopped.cancel()
