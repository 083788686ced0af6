"""Draws thumbnails in a confined process, some files at a time, and keeps them or the reason why there are none.

Two ways lead here. The follower hears of every new picture and PDF, so that thumbnails are there before somebody looks;
and who asks for one that is missing has it made. Both wait for the same turn: however many files come, one process
draws, at the lowest priority.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from alcove.base.confined import Limits, NoConfinement
from alcove.base.errors import StorageFull
from alcove.files.blobs import BlobMissing
from alcove.files.errors import NoPicture
from alcove.files.model import locator_blob
from alcove.files.model.kinds import PICTURED
from alcove.files.model.thumbnails import (
    HEAD,
    SIZES,
    THUMBNAILS,
    Drawn,
    drawn,
    read_drawn,
    thumbnails_of,
    undrawn,
    wants_thumbnails,
)
from alcove.files.service.looking import MANY, MAY_PASS, Subject
from alcove.files.store import Snapshot, find_node

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from typing import Any

    from alcove.base.confined import Ending
    from alcove.documents import Change, Documents
    from alcove.files.blobs import Blobs
    from alcove.files.model import Node
    from alcove.files.service.looking import Batch, Looking

    Publish = Callable[[str, str, str, str, bytes], None]

log = logging.getLogger("alcove.files")

NAME = "files.thumbnails"
"""The follower."""
BATCH = 500
"""Changes after which the follower's place is remembered: what a crash makes it look at again."""
ASKED = 2000
"""Files that may wait because somebody asked for their thumbnails: who asks beyond that asks again."""
LARGEST = 256 << 20
"""Bytes of a file that is tried at the most."""
PICTURE = 4 << 20
"""Bytes of one thumbnail at the most."""
LIMITS = Limits(memory=1 << 30, cpu=30, wall=90.0, file_size=0, open_files=64, output=4 * 2 * PICTURE)
PROGRAM = Path(__file__).parents[1] / "shrinker.py"
_MARKS = tuple(f'"class":"{kind}"'.encode() for kind in PICTURED)


class Thumbnails:
    """The thumbnails of every instance."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        looking: Looking,
        publish: Publish,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._looking = looking
        self._publish = publish
        self._asked: dict[tuple[str, str], str] = {}
        self._drawing: asyncio.Task[None] | None = None
        self._present: asyncio.Task[list[tuple[str, str]]] | None = None
        self._stopped = False
        self._warned = False

    async def of(self, tenant: str, node: Node) -> Drawn | None:
        """What is kept for a file; None when nothing was tried yet."""
        try:
            head = b"".join([part async for part in self._blobs.read(tenant, thumbnails_of(node.blob), 0, HEAD)])
        except BlobMissing:
            return None
        return read_drawn(head)

    def open(self, tenant: str, node: Node, start: int, length: int) -> AsyncIterator[bytes]:
        """Bytes of what is kept for a file. Raises `BlobMissing` at the first step."""
        return self._blobs.read(tenant, thumbnails_of(node.blob), start, length)

    def ask(self, tenant: str, node: Node) -> None:
        """Has the thumbnails of a file made as soon as may be. Must be called on the event loop."""
        if len(self._asked) < ASKED:
            self._asked.setdefault((tenant, node.blob), node.id)
        if self._drawing is None and not self._stopped:
            self._drawing = asyncio.create_task(self._draw_asked())

    async def renew(self, tenant: str, node_id: str) -> None:
        """Makes the thumbnails of a file now, unless they are there; does nothing for what is no picture."""
        node = await find_node(Snapshot(self._documents, tenant), node_id)
        if node is not None and not node.is_dir:
            await self._make(tenant, [(node_id, node.blob)])

    async def settle(self) -> None:
        """Waits until nothing that was asked for is left to do."""
        while self._drawing is not None:
            await asyncio.wait([self._drawing])

    async def _draw_asked(self) -> None:
        try:
            while self._asked:
                tenant = next(iter(self._asked))[0]
                files = [(ident, blob) for (whose, blob), ident in self._asked.items() if whose == tenant][:MANY]
                try:
                    await self._make(tenant, files)
                except Exception:
                    log.exception("thumbnails could not be made", extra={"tenant": tenant})
                finally:
                    for _, blob in files:
                        self._asked.pop((tenant, blob), None)
        finally:
            self._drawing = None

    async def stop(self) -> None:
        """Ends at once. What was not made is made after the next start, or when it is asked for again."""
        self._stopped = True
        self._asked.clear()
        if (present := self._present) is not None:
            present.cancel()
            await asyncio.wait([present])  # its program is gone then, and so are the pipes to it
        if self._drawing is not None:
            self._drawing.cancel()
            with suppress(asyncio.CancelledError):
                await self._drawing

    def wants(self, _tenant: str, changes: Sequence[Change]) -> bool:
        """Whether a commit brought bytes that are shown by a picture."""
        return any(_new_picture(change) for change in changes)

    async def follow(self, tenant: str, changes: Sequence[Change]) -> None:
        """Makes the thumbnails of what changed. The follower's handler: what is made already costs one look."""
        new = (change.document for change in changes if _new_picture(change))
        await self._make(tenant, [(document.id, locator_blob(document.fields())) for document in new])

    async def _make(self, tenant: str, files: Sequence[tuple[str, str]]) -> None:
        """Makes the thumbnails of files, by id and blob: as many at a time as one process draws.

        Not of those that have them, were tried enough, or have other bytes now. Where this machine makes none, nothing
        more is tried.
        """
        waiting = list(files)
        while waiting:
            async with self._looking.turn:
                if self._stopped:
                    raise asyncio.CancelledError  # as if they were drawn at this moment: the follower must not go on
                some = self._looking.some(PROGRAM, LIMITS, waiting, partial(self._add, tenant))
                self._present = asyncio.create_task(some)
                try:
                    waiting = await self._present
                except (NoConfinement, StorageFull, OSError) as error:
                    self._cannot(error)
                    return
                finally:
                    self._present = None

    async def _wanted(self, tenant: str, ident: str, blob: str) -> Node | None:
        node = await find_node(Snapshot(self._documents, tenant), ident)
        return node if node and not node.is_dir and node.blob == blob and wants_thumbnails(node.fields) else None

    async def _add(self, tenant: str, batch: Batch, file: tuple[str, str]) -> bool:
        """Puts a file into a batch, unless it is known without what comes of it."""
        node = await self._wanted(tenant, *file)
        if node is None:
            return False
        before = await self.of(tenant, node)
        if before is not None and before.settled:
            return False
        tries = before.tries + 1 if before else 1
        if node.size > LARGEST:
            await self._keep(tenant, node, undrawn(f"it is larger than {LARGEST >> 20} MiB", tries, again=False))
            return False
        heard = _Heard()

        async def ended(ending: Ending) -> None:
            if ending.ok and heard.complete:
                await self._keep(tenant, node, drawn(heard.pictures), SIZES)
                return
            reason = heard.why(ending)
            log.info("no thumbnail", extra={"file": node.id, "reason": reason})
            await self._keep(tenant, node, undrawn(reason, tries, again=ending.cause in MAY_PASS))

        try:
            await batch.add(self._blobs.read(tenant, node.blob), Subject(_mime(node), heard.line, ended))
        except BlobMissing as error:
            self._cannot(error)
            return False
        return True

    async def _keep(self, tenant: str, node: Node, content: bytes, made: Sequence[str] = ()) -> None:
        """Keeps what came of a file, unless that has other bytes by now; tells of the sizes that were made."""
        if await self._wanted(tenant, node.id, node.blob) is None:
            return
        await self._blobs.write(tenant, _once(content), name=thumbnails_of(node.blob))
        for size in made:
            body = orjson.dumps({"_id": node.id, "format": size})
            self._publish(tenant, "CREATED", THUMBNAILS, node.id, body)

    def _cannot(self, error: Exception) -> None:
        """Says once why this machine makes none: the next file would be no better off."""
        level = logging.DEBUG if self._warned else logging.WARNING
        self._warned = True
        log.log(level, "thumbnails are not made", extra={"reason": str(error)})

    async def shrink(self, parts: AsyncIterator[bytes]) -> Mapping[str, bytes]:
        """A picture that is no file here, in every size as JPEG without any description.

        Raises `NoPicture`, and `NoConfinement` where nothing can hold the program back.
        """
        heard = _Heard()

        async def ended(ending: Ending) -> None:
            if not (ending.ok and heard.complete):
                raise NoPicture(heard.why(ending))

        async def add(batch: Batch, parts: AsyncIterator[bytes]) -> bool:
            await batch.add(parts, Subject("", heard.line, ended))
            return True

        async with self._looking.turn:
            await self._looking.some(PROGRAM, LIMITS, [parts], add)
        return heard.pictures


class _Heard:
    """What the program wrote, as far as it may be believed."""

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}
        self.reason = ""
        self._name = ""
        self._left = 0
        self._parts = bytearray()

    @property
    def complete(self) -> bool:
        """Whether every size came whole, each a JPEG."""
        return set(self.pictures) == set(SIZES) and not self._left

    def why(self, ending: Ending) -> str:
        """Why there is no picture."""
        return self.reason or (ending.reason if not ending.ok else "what was drawn is no picture")

    async def line(self, line: bytes) -> None:
        """Takes the next line."""
        if self._left:
            self._take(line)
        elif line.startswith(b"none "):
            said = line[5:].decode("ascii", "replace")
            self.reason = self.reason or "".join(c for c in said if c.isprintable() and c.isascii())
        else:
            self._begin(line.split(b" "))

    def _begin(self, words: Sequence[bytes]) -> None:
        if len(words) != 3 or words[0] != b"size" or not words[2].isdigit() or len(words[2]) > 9:
            return
        name, length = words[1].decode("ascii", "replace"), int(words[2])
        if name in SIZES and name not in self.pictures and 0 < length <= PICTURE:
            self._name, self._left, self._parts = name, length, bytearray()

    def _take(self, line: bytes) -> None:
        try:
            part = base64.b64decode(line, validate=True)
        except binascii.Error:
            part = b""
        self._parts += part[: self._left]
        self._left -= min(len(part), self._left)
        if not self._left and self._parts.startswith(b"\xff\xd8\xff"):
            self.pictures[self._name] = bytes(self._parts)


def _new_picture(change: Change) -> bool:
    """Whether a change brought bytes that are shown by a picture, to a file that is not in the trash."""
    # Most files are none, and every commit is looked at: so nothing is decoded for them.
    if change.document.deleted or not any(mark in change.document.body for mark in _MARKS):
        return False
    fields: Mapping[str, Any] = change.document.fields()
    if fields.get("trashed") or not wants_thumbnails(fields):
        return False
    old = change.old.fields() if change.old is not None and not change.old.deleted else {}
    return locator_blob(old) != locator_blob(fields) or not wants_thumbnails(old)


def _mime(node: Node) -> str:
    return str(node.fields.get("mime") or "")


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
