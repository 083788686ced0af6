"""Looks into files in a confined process, one at a time for the whole server: for their thumbnails, and their text."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alcove.base.confined import Bind, Cause, Program, python_binds
from alcove.base.ids import new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from alcove.base.confined import Confinement, Ending, Limits
    from alcove.base.confined import OnLine as Line

MAY_PASS = frozenset((Cause.DEADLINE, Cause.QUIET, Cause.SIGNAL, Cause.CPU))
"""Endings that a busy machine may have caused."""


class Looking:
    """Runs programs over bytes. `confine` answers what this machine can hold a process back with."""

    def __init__(self, confine: Callable[[], Awaitable[Confinement]], scratch: Path) -> None:
        self.turn = asyncio.Lock()
        """Held by who runs a program: there is one at a time, however many files come."""
        self._confine = confine
        self._scratch = scratch

    async def start(self) -> None:
        """Removes what a crash left of files that were looked into."""
        await asyncio.to_thread(shutil.rmtree, self._scratch, ignore_errors=True)

    async def run(
        self, program: Path, source: str, parts: AsyncIterator[bytes], limits: Limits, heard: Line, *words: str
    ) -> Ending:
        """Runs a Python program over a file of these bytes, which it sees at `source`; `words` are told it too.

        Raises `NoConfinement`, `OSError`, and what `parts` raises.
        """
        confinement = await self._confine()
        with self._place() as path:
            await _copy(parts, path)
            file, code = Bind(path, source), Bind(program, str(program))
            argv = (sys.executable, "-I", "-X", "utf8", confinement.place(code), confinement.place(file), *words)
            return await confinement.run(Program(argv, {}, (file, code, *python_binds())), limits, heard)

    @contextmanager
    def _place(self) -> Iterator[Path]:
        """Where the bytes lie meanwhile. The folder is ours alone; a child sees the one file."""
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._scratch / new_id()
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


async def _copy(parts: AsyncIterator[bytes], path: Path) -> None:
    # Not the blob itself: the child may run as another user, and blobs may lie on another machine.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        async for part in parts:
            await asyncio.to_thread(os.write, file, part)
    finally:
        os.close(file)
