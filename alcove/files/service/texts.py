"""Reads the text in files in a confined process, some at a time, and keeps it or the reason why there is none.

The follower hears of every file whose bytes are new; search, which finds files by their text, asks for what is missing.
Bytes that are there already under another name are not read again: their text is copied.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from alcove.base.confined import Limits, NoConfinement
from alcove.base.errors import StorageFull
from alcove.files.blobs import BlobMissing
from alcove.files.model import FILES, Node, locator_blob, sha256_of
from alcove.files.model.texts import (
    HEAD,
    LARGEST,
    READER,
    Kept,
    read_kept,
    texts_of,
    wants_text,
    without_text,
    written,
)
from alcove.files.service.looking import MAY_PASS, Subject
from alcove.files.store import Snapshot, find_node, with_digest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from typing import Any

    from alcove.base.confined import Ending
    from alcove.documents import Change, Documents
    from alcove.files.blobs import Blobs
    from alcove.files.service.looking import Batch, Looking

    Renew = Callable[[str, str, str], Awaitable[None]]

log = logging.getLogger("alcove.files")

NAME = "files.texts"
"""The follower."""
BATCH = 500
"""Changes after which the follower's place is remembered: what a crash makes it look at again."""
ASKED = 2000
"""Files that may wait because somebody asked for their text: who asks beyond that asks again."""
BIGGEST = 128 << 20
"""Bytes of a file that is tried at the most."""
REMEMBERED = 2000
"""Files without text that are remembered."""
TWINS = 8
"""Files with the same bytes that are looked at for what is known of them: there may be hundreds, none of them read."""
PAUSE = 60.0
"""Seconds after which a file is tried again whose failure may have come from the machine."""
LIMITS = Limits(memory=1 << 30, cpu=60, wall=120.0, file_size=0, open_files=64, output=16 << 20)
PROGRAM = Path(__file__).parents[1] / "reader.py"


class Texts:
    """The texts in the files of every instance, as `alcove.search.Contents`; `renew` has a file found by its own."""

    def __init__(self, documents: Documents, blobs: Blobs, looking: Looking, renew: Renew) -> None:
        self._documents = documents
        self._blobs = blobs
        self._looking = looking
        self._renew = renew
        self._asked: dict[tuple[str, str], str] = {}
        self._bare = set[tuple[str, str]]()
        """What holds no text, by blob and type: search asks for a file, then the follower comes for it."""
        self._later = set[asyncio.TimerHandle]()
        self._reading: asyncio.Task[None] | None = None
        self._present: asyncio.Task[list[tuple[str, str]]] | None = None
        self._stopped = asyncio.Event()

    # -- what search asks

    def mark(self, fields: Mapping[str, Any]) -> str:
        """What stands for the text of a file: the digest of its bytes; empty where it is not looked into."""
        return f"{READER}.{sha256_of(fields)}" if wants_text(fields) else ""

    async def text(self, tenant: str, ident: str, fields: Mapping[str, Any]) -> str | None:
        """The text of a file; None where there is none. One that was not read yet is read as soon as may be."""
        if not wants_text(fields):
            return None
        node = Node(ident, "", fields)
        found = None if (node.blob, node.mime) in self._bare else await self._of(tenant, node.blob)
        if found is None and await self._is_bare(tenant, node):
            return None
        if found is None or not found.settled:
            self.ask(tenant, ident, node.blob)
        return found.text if found is not None else None

    def ask(self, tenant: str, ident: str, blob: str) -> None:
        """Has the text of a file read as soon as may be. Must be called on the event loop."""
        if len(self._asked) < ASKED and not self._stopped.is_set():
            self._asked.setdefault((tenant, blob), ident)
            if self._reading is None:
                self._reading = asyncio.create_task(self._read_asked())

    # -- when it is read

    def wants(self, _tenant: str, changes: Sequence[Change]) -> bool:
        """Whether a commit brought bytes that may hold text."""
        return any(_new_text(change) for change in changes)

    async def follow(self, tenant: str, changes: Sequence[Change]) -> None:
        """Reads what changed. The follower's handler: what is read already costs one look.

        Where nothing can hold the program back it goes no further: the files are read when something can, after the
        next start. A full disk is waited for.
        """
        new = (change.document for change in changes if _new_text(change))
        try:
            await self._make(tenant, [(document.id, locator_blob(document.fields())) for document in new])
        except NoConfinement as error:
            log.warning("files are not found by their content", extra={"reason": str(error)})
            await self._stopped.wait()
            raise asyncio.CancelledError from None

    async def settle(self) -> None:
        """Waits until nothing that was asked for is left to do."""
        while self._reading is not None:
            await asyncio.wait([self._reading])

    async def stop(self) -> None:
        """Ends at once. What was not read is read after the next start."""
        self._stopped.set()
        self._asked.clear()
        for handle in self._later:
            handle.cancel()
        if (present := self._present) is not None:
            present.cancel()
            await asyncio.wait([present])  # its program is gone then, and so are the pipes to it
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading

    async def _read_asked(self) -> None:
        try:
            while self._asked:
                tenant = next(iter(self._asked))[0]
                files = [(ident, blob) for (whose, blob), ident in self._asked.items() if whose == tenant][:BATCH]
                try:
                    await self._make(tenant, files)
                except (NoConfinement, StorageFull, OSError) as error:
                    log.debug("texts were not read", extra={"tenant": tenant, "reason": str(error)})
                except Exception:
                    log.exception("texts could not be read", extra={"tenant": tenant})
                finally:
                    for _, blob in files:
                        self._asked.pop((tenant, blob), None)
        finally:
            self._reading = None

    async def _of(self, tenant: str, blob: str) -> Kept | None:
        """What is kept of a file with that blob; None when nothing was tried yet."""
        try:
            content = b"".join([part async for part in self._blobs.read(tenant, texts_of(blob))])
        except BlobMissing:
            return None
        return read_kept(content) if len(content) <= LARGEST else None

    async def _make(self, tenant: str, files: Sequence[tuple[str, str]]) -> None:
        """Keeps the texts of files, by id and blob, and has them found: as many at a time as one process reads.

        What was tried enough is not read again, nor is a file that has other bytes now. Raises `NoConfinement`,
        `StorageFull`, `OSError`.
        """
        waiting = list(files)
        while waiting:
            async with self._looking.turn:
                if self._stopped.is_set():
                    raise asyncio.CancelledError  # as if they were read at this moment: the follower must not go on
                some = self._looking.some(PROGRAM, LIMITS, waiting, partial(self._add, tenant))
                self._present = asyncio.create_task(some)
                try:
                    waiting = await self._present
                finally:
                    self._present = None

    async def _add(self, tenant: str, batch: Batch, file: tuple[str, str]) -> bool:
        """Puts a file into a batch, unless its text is known without: then that is kept."""
        node = await self._wanted(tenant, *file)
        if node is None:
            return False
        found = None if (node.blob, node.mime) in self._bare else await self._of(tenant, node.blob)
        if found is not None and found.settled:
            await self._tell(tenant, node, found)
            return False
        if found is None and await self._is_bare(tenant, node):
            return False
        tries = found.tries if found else 0
        known = await self._known(tenant, node, tries)
        if known is not None:
            await self._keep(tenant, node, known)
            return False
        heard = _Heard()

        async def ended(ending: Ending) -> None:
            await self._keep(tenant, node, heard.kept(ending, tries + 1))

        subject = Subject(str(node.fields.get("mime") or ""), heard.line, ended)
        try:
            await batch.add(self._blobs.read(tenant, node.blob), subject)
        except BlobMissing:
            log.warning("the bytes of a file are missing", extra={"tenant": tenant, "file": node.id})
            return False
        return True

    async def _wanted(self, tenant: str, ident: str, blob: str) -> Node | None:
        node = await find_node(Snapshot(self._documents, tenant), ident)
        return node if node is not None and node.blob == blob and wants_text(node.fields) else None

    async def _is_bare(self, tenant: str, node: Node) -> bool:
        """Whether its first bytes say that a file holds no text. Nothing is kept of that: looking again is as quick."""
        if (node.blob, node.mime) in self._bare:
            return True
        try:
            head = b"".join([part async for part in self._blobs.read(tenant, node.blob, 0, min(HEAD, node.size))])
        except BlobMissing:
            return False  # whoever reads it says so
        found = without_text(head, node.mime)
        if found:
            if len(self._bare) >= REMEMBERED:
                self._bare.clear()
            self._bare.add((node.blob, node.mime))
        return found

    async def _known(self, tenant: str, node: Node, tries: int) -> Kept | None:
        """What can be said of a file without a program: of its size, or of the same bytes elsewhere."""
        if node.size > BIGGEST:
            return Kept(None, f"it is larger than {BIGGEST >> 20} MiB", tries + 1)
        return None if tries else await self._same(tenant, node)

    async def _same(self, tenant: str, node: Node) -> Kept | None:
        """The text of another file with the same bytes, where that was read; or that files of this type have none."""
        for other in await with_digest(Snapshot(self._documents, tenant), node.md5sum, node.size, TWINS):
            if other.id != node.id and sha256_of(other.fields) == sha256_of(node.fields):
                found = await self._of(tenant, other.blob)
                if found is not None and (found.text is not None or (not found.again and other.mime == node.mime)):
                    return found
        return None

    async def _keep(self, tenant: str, node: Node, found: Kept) -> None:
        """Keeps what is in a file, unless that has other bytes by now."""
        if found.text is None:
            log.info("no text", extra={"file": node.id, "reason": found.reason})
        content = await asyncio.to_thread(written, found)
        if await self._wanted(tenant, node.id, node.blob) is not None:
            await self._blobs.write(tenant, _once(content), name=texts_of(node.blob))
        await self._tell(tenant, node, found)

    async def _tell(self, tenant: str, node: Node, found: Kept) -> None:
        """Has a file found by its text; one that failed by bad luck is tried again later."""
        if found.text is not None:
            await self._renew(tenant, FILES, node.id)
        elif not found.settled:
            self._try_later(tenant, node.id, node.blob)

    def _try_later(self, tenant: str, ident: str, blob: str) -> None:
        def again() -> None:
            self._later.discard(handle)
            self.ask(tenant, ident, blob)

        handle = asyncio.get_running_loop().call_later(PAUSE, again)
        self._later.add(handle)


class _Heard:
    """What the program wrote, as far as it may be believed."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.reason = ""
        self.cut = False
        self._left = LARGEST

    def kept(self, ending: Ending, tries: int) -> Kept:
        """What is to be kept. What came before the end of time or memory is worth finding, or before the damage."""
        if self.text and (ending.ok or ending.cause not in MAY_PASS):
            return Kept("".join(self.text), cut=self.cut or not ending.ok)
        if ending.ok and not self.reason:
            return Kept("")
        return Kept(None, self.reason or ending.reason, tries, again=ending.cause in MAY_PASS)

    async def line(self, line: bytes) -> None:
        """Takes the next line."""
        try:
            said = orjson.loads(line)
        except ValueError:
            return
        if isinstance(said, str):
            self._left -= len(said.encode(errors="replace"))
            if self._left > 0:
                self.text.append(said)
        elif isinstance(said, dict):
            self.cut = self.cut or said.get("cut") is True
            self.reason = self.reason or "".join(
                c for c in str(said.get("none", "")) if c.isprintable() and c.isascii()
            )


def _new_text(change: Change) -> bool:
    """Whether a change brought bytes that may hold text, to a file that is not in the trash."""
    # A picture says so, and every commit is looked at: so nothing is decoded for those.
    if change.document.deleted or b'"class":"image"' in change.document.body:
        return False
    fields = change.document.fields()
    if fields.get("trashed") or not wants_text(fields):
        return False
    old = change.old.fields() if change.old is not None and not change.old.deleted else {}
    return locator_blob(old) != locator_blob(fields) or not wants_text(old) or bool(old.get("trashed"))


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
