"""Files on their way in: received in a stream, kept until their gathering has ended."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcove.base.clock import Clock, rfc3339
from alcove.base.folders import full_disk
from alcove.base.ids import new_id
from alcove.connectors.errors import BadName, InputTooLarge, IntakeFull, IntakeMissing
from alcove.connectors.model import RunInput, clean_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from alcove.base.http import Tenant
    from alcove.connectors.store import Shelf

BLOCK = 1 << 20
"""Bytes that are written at once, in a thread."""


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """What may wait in one instance: bytes of one file, files, bytes of all."""

    size: int = 2 << 30
    files: int = 10_000
    total: int = 8 << 30


class Intake:
    """The files of every instance that wait to be gathered, in a folder of the instance."""

    def __init__(self, home: Path, shelf: Shelf, clock: Clock, limits: IntakeLimits | None = None) -> None:
        self._home = home
        self._shelf = shelf
        self._clock = clock
        self._limits = limits or IntakeLimits()
        self._sums: dict[str, dict[str, int]] = {}

    def folder(self, tenant: str) -> Path:
        """Where an instance's files wait."""
        return self._home / "instances" / tenant / "intake"

    def workspace(self, tenant: str, gathering_id: str) -> Path:
        """Where one gathering works."""
        return self._home / "instances" / tenant / "gatherings" / gathering_id

    async def used(self, tenants: Sequence[str]) -> set[str]:
        """Those of these instances that ever handed something over on this machine; no document is read for it."""
        return await asyncio.to_thread(lambda: {tenant for tenant in tenants if self.folder(tenant).is_dir()})

    async def receive(
        self, tenant: Tenant, name: str, parts: AsyncIterator[bytes], size: int | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Takes one file in; gives its id and what is known of it.

        Raises `BadName`, `InputTooLarge` (as soon as it is), `IntakeFull` and `StorageFull`; then nothing stays.
        """
        name = clean_name(name)
        if not name:
            raise BadName
        room = await self._room(tenant.key, size or 0)
        intake_id = new_id()
        path = self.folder(tenant.key) / intake_id
        try:
            with full_disk():
                digest, length = await self._write(path, parts, room)
            fields = {
                "name": name,
                "size": length,
                "md5sum": digest,
                "created_at": rfc3339(self._clock.now()),
            }
            await self._shelf.put_intake(tenant.key, intake_id, fields)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        (await self._known(tenant.key))[intake_id] = length
        return intake_id, fields

    async def _room(self, tenant: str, size: int) -> int:
        """The bytes that the next file may have."""
        if size > self._limits.size:
            raise InputTooLarge(self._limits.size)
        known = await self._known(tenant)
        if len(known) >= self._limits.files:
            raise IntakeFull(f"{self._limits.files} files")
        left = self._limits.total - sum(known.values())
        if left <= size:
            raise IntakeFull(f"{self._limits.total} bytes")
        return min(left, self._limits.size)

    async def _known(self, tenant: str) -> dict[str, int]:
        """Sizes of the files that wait, by id; counted once, then kept up to date."""
        if tenant not in self._sums:
            waiting = await self._shelf.waiting(tenant)
            self._sums.setdefault(tenant, {key: int(fields["size"]) for key, fields in waiting.items()})
        return self._sums[tenant]

    async def _write(self, path: Path, parts: AsyncIterator[bytes], room: int) -> tuple[str, int]:
        digest, length = hashlib.md5(usedforsecurity=False), 0
        opened = await asyncio.to_thread(_create, path)
        try:
            async for block in _blocks(parts):
                length += len(block)
                if length > room:
                    raise InputTooLarge(room)
                await asyncio.to_thread(_append, opened, digest, block)
        finally:
            await asyncio.to_thread(opened.close)
        return base64.b64encode(digest.digest()).decode(), length

    async def check(self, tenant: Tenant, ids: Sequence[str]) -> list[dict[str, Any]]:
        """What is known of these files; raises `IntakeMissing` for one that is not there."""
        waiting = await self._shelf.waiting(tenant.key)
        for intake_id in ids:
            if intake_id not in waiting:
                raise IntakeMissing(intake_id)
        return [waiting[intake_id] for intake_id in ids]

    async def link(self, tenant: str, ids: Iterable[str], folder: Path) -> tuple[list[RunInput], list[tuple[str, str]]]:
        """Links files into a run's folder; gives the inputs, and (id, name) of those whose bytes are gone."""
        waiting = await self._shelf.waiting(tenant)

        def run() -> tuple[list[RunInput], list[tuple[str, str]]]:
            inputs, lost = [], []
            for intake_id in ids:
                fields = waiting.get(intake_id)
                name = str(fields["name"]) if fields else intake_id
                source, target = self.folder(tenant) / intake_id, folder / intake_id
                if fields is None or not source.is_file() or source.stat().st_size != fields["size"]:
                    lost.append((intake_id, name))
                    continue
                target.hardlink_to(source)
                inputs.append(RunInput(intake_id, name, target))
            return inputs, lost

        return await asyncio.to_thread(run)

    async def discard(self, tenant: str, ids: Sequence[str]) -> None:
        """Removes files; those that are gone already are no error."""
        await self._shelf.forget_intake(tenant, list(ids))
        known = await self._known(tenant)
        for intake_id in ids:
            known.pop(intake_id, None)
        folder = self.folder(tenant)
        await asyncio.to_thread(_remove, [folder / intake_id for intake_id in ids])

    async def tidy(self, tenant: str, wanted: set[str], live: set[str]) -> None:
        """Removes what no gathering wants any more: files that wait but for `wanted`, workspaces but `live` ones."""
        waiting = await self._shelf.waiting(tenant)
        await self.discard(tenant, [intake_id for intake_id in waiting if intake_id not in wanted])
        keep = wanted & waiting.keys()
        folder, workspaces = self.folder(tenant), self.workspace(tenant, "x").parent

        def run() -> None:
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.name not in keep:
                    path.unlink(missing_ok=True)
            for path in workspaces.iterdir() if workspaces.is_dir() else ():
                if path.name not in live:
                    shutil.rmtree(path, ignore_errors=True)

        await asyncio.to_thread(run)

    def forget(self, tenant: str) -> None:
        """Removes everything of an instance that is gone."""
        self._sums.pop(tenant, None)
        shutil.rmtree(self.folder(tenant), ignore_errors=True)
        shutil.rmtree(self.workspace(tenant, "x").parent, ignore_errors=True)


async def _blocks(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in blocks of a size that is worth a thread."""
    gathered, size = [], 0
    async for part in parts:
        gathered.append(part)
        size += len(part)
        if size >= BLOCK:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def _create(path: Path) -> BinaryIO:
    """An empty file. Its folder keeps others out; the file itself can be read by the user that a child becomes."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    opened = path.open("xb")
    path.chmod(0o644)
    return opened


def _append(opened: BinaryIO, digest: Any, block: bytes) -> None:
    digest.update(block)
    opened.write(block)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
