"""Files that come in chunks, in any order and several at once, until a MOVE makes one file of them.

Chunks lie in the data folder, each written aside, synced and renamed: what was acknowledged is whole. What nobody asks
for within a day is removed.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alcove.base.errors import BadRequest, Conflict, NotFound
from alcove.dav.errors import IllegalURL

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator
    from pathlib import Path

AGE = 24 * 3600.0
"""Seconds after which what came last for an upload is given up."""
MANY = 200
"""Uploads of an instance at the most, at once."""
PIECES = 20_000
"""Chunks of an upload at the most."""
BLOCK = 1 << 20
_UPLOAD = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}", re.ASCII)
_CHUNK = re.compile(r"\d{1,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk that is here: its name, which is a number, and its bytes."""

    name: str
    size: int


class Chunks:
    """The uploads of every instance that are not files yet, under `home`."""

    def __init__(self, home: Path) -> None:
        self._top = home / "chunks"

    async def begin(self, tenant: str, upload: str) -> bool:
        """Makes room for an upload; False when it was begun before."""
        return await asyncio.to_thread(self._begin, tenant, upload)

    async def all(self, tenant: str, upload: str) -> list[Chunk] | None:
        """The chunks of an upload by their numbers; None when it was not begun, or given up."""
        return await asyncio.to_thread(self._all, tenant, upload)

    async def put(self, tenant: str, upload: str, name: str, parts: AsyncIterable[bytes], size: int | None) -> None:
        """Keeps a chunk, in place of one of that name. Raises `NotFound`, `BadRequest` when it is not `size` long."""
        folder, name = self._folder(tenant, upload), _chunk(name)
        if not await asyncio.to_thread(folder.is_dir):
            raise NotFound("This upload was not begun, or it was given up")
        draft = folder / f".{secrets.token_hex(8)}"
        try:
            written = await self._write(draft, parts)
            if size is not None and written != size:
                raise BadRequest(f"{size} bytes were announced, {written} came")
            await asyncio.to_thread(_settle, draft, folder / name)
        except FileNotFoundError:
            raise NotFound("This upload was given up meanwhile") from None
        finally:
            with suppress(FileNotFoundError):
                await asyncio.to_thread(draft.unlink)

    async def read(self, tenant: str, upload: str, chunks: list[Chunk]) -> AsyncIterator[bytes]:
        """The bytes of these chunks, one after another."""
        folder = self._folder(tenant, upload)
        for chunk in chunks:
            with await asyncio.to_thread(open, folder / _chunk(chunk.name), "rb") as file:
                while block := await asyncio.to_thread(file.read, BLOCK):
                    yield block

    async def remove(self, tenant: str, upload: str, name: str = "") -> None:
        """Gives up an upload, or one chunk of it; nothing happens when there is none."""
        path = self._folder(tenant, upload)
        if name:
            with suppress(FileNotFoundError):
                await asyncio.to_thread((path / _chunk(name)).unlink)
        else:
            await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)

    async def sweep(self) -> int:
        """Gives up what has been left alone for long, in every instance; how many uploads that were."""
        return await asyncio.to_thread(self._sweep)

    def drop(self, tenant: str) -> None:
        """Forgets an instance."""
        shutil.rmtree(self._top / tenant, ignore_errors=True)

    def _folder(self, tenant: str, upload: str) -> Path:
        if not _UPLOAD.fullmatch(upload):
            raise IllegalURL
        return self._top / tenant / upload

    def _begin(self, tenant: str, upload: str) -> bool:
        folder = self._folder(tenant, upload)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if sum(1 for _ in os.scandir(folder.parent)) >= MANY:
            self._sweep()
            if sum(1 for _ in os.scandir(folder.parent)) >= MANY:
                raise Conflict("Too many uploads are under way: end or remove some")
        try:
            folder.mkdir()
        except FileExistsError:
            return False
        return True

    def _all(self, tenant: str, upload: str) -> list[Chunk] | None:
        try:
            entries = list(os.scandir(self._folder(tenant, upload)))
        except FileNotFoundError:
            return None
        found = [Chunk(one.name, one.stat().st_size) for one in entries if _CHUNK.fullmatch(one.name)]
        return sorted(found, key=lambda one: int(one.name))

    async def _write(self, draft: Path, parts: AsyncIterable[bytes]) -> int:
        size, held, waiting = 0, list[bytes](), 0
        with await asyncio.to_thread(open, draft, "xb", 0) as file:
            async for part in parts:
                size += len(part)
                waiting += len(part)
                held.append(part)
                if waiting >= BLOCK:
                    await asyncio.to_thread(file.write, b"".join(held))
                    held, waiting = [], 0
            if held:
                await asyncio.to_thread(file.write, b"".join(held))
            await asyncio.to_thread(os.fsync, file.fileno())
        return size

    def _sweep(self) -> int:
        count, before = 0, time.time() - AGE
        for tenant in self._top.iterdir() if self._top.is_dir() else ():
            for folder in list(tenant.iterdir()):
                with suppress(FileNotFoundError):
                    if folder.stat().st_mtime < before:
                        shutil.rmtree(folder, ignore_errors=True)
                        count += 1
        return count


def _chunk(name: str) -> str:
    """The name of a chunk, which is a number: counted from 1, or the place where it begins. Raises `IllegalURL`."""
    if not _CHUNK.fullmatch(name):
        raise IllegalURL
    return name


def _settle(draft: Path, final: Path) -> None:
    """Gives what was written its name, durably. The folder is touched by it: so it is known when a chunk came last."""
    draft.replace(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
