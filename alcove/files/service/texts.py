"""Reads the text in files in a confined process, one at a time, and keeps it or the reason why there is none.

The follower hears of every file whose bytes are new; search, which finds files by their text, asks for what is missing.
Bytes that are there already under another name are not read again: their text is copied.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from alcove.base.confined import Limits, NoConfinement
from alcove.base.errors import StorageFull
from alcove.files.blobs import BlobMissing
from alcove.files.model import FILES, locator_blob, sha256_of
from alcove.files.model.texts import LARGEST, READER, Kept, kept, read_kept, texts_of, unread, wants_text
from alcove.files.service.looking import MAY_PASS
from alcove.files.store import Snapshot, find_node, with_digest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from typing import Any

    from alcove.documents import Change, Documents
    from alcove.files.blobs import Blobs
    from alcove.files.model import Node
    from alcove.files.service.looking import Looking

    Renew = Callable[[str, str, str], Awaitable[None]]

log = logging.getLogger("alcove.files")

NAME = "files.texts"
"""The follower."""
BATCH = 20
"""Changes after which the follower's place is remembered: what a crash makes it look at again."""
ASKED = 2000
"""Files that may wait because somebody asked for their text: who asks beyond that asks again."""
BIGGEST = 128 << 20
"""Bytes of a file that is tried at the most."""
PAUSE = 60.0
"""Seconds after which a file is tried again whose failure may have come from the machine."""
LIMITS = Limits(memory=1 << 30, cpu=60, wall=120.0, file_size=0, open_files=64, output=16 << 20)
PROGRAM = Path(__file__).parents[1] / "reader.py"
SOURCE = "/text/file"


class Texts:
    """The texts in the files of every instance, as `alcove.search.Contents`; `renew` has a file found by its own."""

    def __init__(self, documents: Documents, blobs: Blobs, looking: Looking, renew: Renew) -> None:
        self._documents = documents
        self._blobs = blobs
        self._looking = looking
        self._renew = renew
        self._asked: dict[tuple[str, str], str] = {}
        self._later = set[asyncio.TimerHandle]()
        self._reading: asyncio.Task[None] | None = None
        self._present: asyncio.Task[tuple[bytes, Kept]] | None = None
        self._stopped = asyncio.Event()

    # -- what search asks

    def mark(self, fields: Mapping[str, Any]) -> str:
        """What stands for the text of a file: the digest of its bytes; empty where it is not looked into."""
        return f"{READER}.{sha256_of(fields)}" if wants_text(fields) else ""

    async def text(self, tenant: str, ident: str, fields: Mapping[str, Any]) -> str | None:
        """The text of a file; None where there is none. One that was not read yet is read as soon as may be."""
        if not wants_text(fields):
            return None
        found = await self._of(tenant, locator_blob(fields))
        if found is None or not found.settled:
            self.ask(tenant, ident, locator_blob(fields))
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
        for change in changes:
            if not _new_text(change):
                continue
            try:
                await self._make(tenant, change.document.id, locator_blob(change.document.fields()))
            except NoConfinement as error:
                log.warning("files are not found by their content", extra={"reason": str(error)})
                await self._stopped.wait()
                raise asyncio.CancelledError from None
            except BlobMissing:
                log.warning("the bytes of a file are missing", extra={"tenant": tenant, "file": change.document.id})

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
                (tenant, blob), ident = next(iter(self._asked.items()))
                try:
                    await self._make(tenant, ident, blob)
                except (NoConfinement, StorageFull, BlobMissing, OSError) as error:
                    log.debug("a text was not read", extra={"file": ident, "reason": str(error)})
                except Exception:
                    log.exception("a text could not be read", extra={"tenant": tenant, "file": ident})
                finally:
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

    async def _make(self, tenant: str, ident: str, blob: str) -> None:
        """Keeps the text of a file unless that was tried enough, or the file has other bytes now; has it found then."""
        async with self._looking.turn:
            if self._stopped.is_set():
                raise asyncio.CancelledError  # as if it were read at this moment: the follower must not go on
            node = await self._wanted(tenant, ident, blob)
            if node is None:
                return
            found = await self._of(tenant, blob)
            if found is None or not found.settled:
                found = await self._read(tenant, node, found.tries if found else 0)
        if found.text is not None:
            await self._renew(tenant, FILES, ident)
        elif not found.settled:
            self._try_later(tenant, ident, blob)

    async def _wanted(self, tenant: str, ident: str, blob: str) -> Node | None:
        node = await find_node(Snapshot(self._documents, tenant), ident)
        return node if node is not None and node.blob == blob and wants_text(node.fields) else None

    async def _read(self, tenant: str, node: Node, tries: int) -> Kept:
        """Keeps what is in a file, and answers it."""
        work = self._same(tenant, node) if not tries else self._looked(tenant, node, tries)
        self._present = asyncio.create_task(work)
        try:
            content, found = await self._present
        finally:
            self._present = None
        if await self._wanted(tenant, node.id, node.blob) is not None:
            await self._blobs.write(tenant, _once(content), name=texts_of(node.blob))
        return found

    async def _same(self, tenant: str, node: Node) -> tuple[bytes, Kept]:
        """The text of another file with the same bytes, where that was read; else what is in this one."""
        for other in await with_digest(Snapshot(self._documents, tenant), node.md5sum, node.size):
            if other.id != node.id and sha256_of(other.fields) == sha256_of(node.fields):
                found = await self._of(tenant, other.blob)
                if found is not None and found.text is not None:
                    return await asyncio.to_thread(kept, found.text, cut=found.cut), found
        return await self._looked(tenant, node, 0)

    async def _looked(self, tenant: str, node: Node, tries: int) -> tuple[bytes, Kept]:
        """What the program says of a file. Raises `NoConfinement`, `BlobMissing`, `OSError`."""
        if node.size > BIGGEST:
            return _without(Kept(None, f"it is larger than {BIGGEST >> 20} MiB", tries + 1))
        heard, mime = _Heard(), str(node.fields.get("mime") or "")
        parts = self._blobs.read(tenant, node.blob)
        ending = await self._looking.run(PROGRAM, SOURCE, parts, LIMITS, heard.line, mime)
        # What came before the end of time or memory is worth finding; so is what came before the damage.
        if heard.text and (ending.ok or ending.cause not in MAY_PASS):
            text, cut = "".join(heard.text), heard.cut or not ending.ok
            return await asyncio.to_thread(kept, text, cut=cut), Kept(text, cut=cut)
        if ending.ok and not heard.reason:
            return kept(""), Kept("")
        reason = heard.reason or ending.reason
        stderr = ending.stderr[-500:].decode(errors="replace")
        log.info("no text", extra={"file": node.id, "reason": reason, "stderr": stderr})
        return _without(Kept(None, reason, tries + 1, again=ending.cause in MAY_PASS))

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


def _without(found: Kept) -> tuple[bytes, Kept]:
    return unread(found.reason, found.tries, again=found.again), found


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
