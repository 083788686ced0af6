"""Looks into files in a confined process, one at a time for the whole server: for their thumbnails, and their text."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from alcove.base.confined import Bind, Cause, Ending, Limits, Program, python_binds
from alcove.base.ids import new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence

    from alcove.base.confined import Confinement
    from alcove.base.confined import OnLine as Line

log = logging.getLogger("alcove.files")

MAY_PASS = frozenset((Cause.DEADLINE, Cause.QUIET, Cause.SIGNAL, Cause.CPU))
"""Endings that a busy machine may have caused."""
EACH = Path(__file__).parents[1] / "each.py"
MANY, MUCH = 100, 64 << 20
"""Files, and bytes in them, from which on a batch takes no more."""
PATIENCE = 5.0
"""Seconds after which no further file of a batch is begun: others wait for the same turn."""
HANDS = 8
"""Files at a time of which is kept what came of them."""
START = 10.0
"""Seconds that starting may take on a busy machine."""
MIME = 200
"""Characters of a media type that a program is told."""
One = TypeVar("One")
_PYTHON = (sys.executable, "-I", "-X", "utf8")
_CAUSES = {cause.value.encode(): cause for cause in (Cause.EXIT, Cause.MEMORY, Cause.CPU, Cause.SIGNAL, Cause.DEADLINE)}


@dataclass(frozen=True, slots=True)
class Subject:
    """One file of a batch: its media type, who takes the lines that the program writes about it, and who its end."""

    mime: str
    heard: Line
    ended: Callable[[Ending], Coroutine[Any, Any, None]]


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
            argv = (*_PYTHON, confinement.place(code), confinement.place(file), *words)
            return await confinement.run(Program(argv, {}, (file, code, *python_binds())), limits, heard)

    async def some(
        self, program: Path, limits: Limits, waiting: Sequence[One], add: Callable[[Batch, One], Awaitable[bool]]
    ) -> list[One]:
        """Has one process look into the first of those that wait, which are of one person: those that are left.

        `add` puts one into the batch and says whether it did. Raises `NoConfinement`, `OSError`, and what `add` raises.
        """
        added, rest = list[One](), list(waiting)
        with ExitStack() as places:
            batch = Batch(program, limits, self._confine, lambda: places.enter_context(self._place()))
            while rest and not batch.full:
                one = rest.pop(0)
                if await add(batch, one):
                    added.append(one)
            done = await batch.run()
        return [*added[done:], *rest]

    @contextmanager
    def _place(self) -> Iterator[Path]:
        """Where the bytes lie meanwhile. The folder is ours alone; a child sees the one file."""
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._scratch / new_id()
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


class Batch:
    """Files that one process looks into one after the other, each within the limits.

    All must be one person's: a decoder that was taken over sees those that are left. It can say of them what it likes,
    as of its own.
    """

    def __init__(
        self,
        program: Path,
        limits: Limits,
        confine: Callable[[], Awaitable[Confinement]],
        place: Callable[[], Path],
    ) -> None:
        self._program = program
        self._limits = limits
        self._confine = confine
        self._place = place
        self._files = list[tuple[Path, Subject]]()
        self._bytes = 0

    @property
    def full(self) -> bool:
        """Whether it takes no more."""
        return len(self._files) >= MANY or self._bytes >= MUCH

    async def add(self, parts: AsyncIterator[bytes], subject: Subject) -> None:
        """One more file. Raises `OSError`, and what `parts` raises."""
        path = self._place()
        await _copy(parts, path)
        self._bytes += path.stat().st_size
        self._files.append((path, subject))

    async def run(self) -> int:
        """Runs the program over the first files: how many have ended. The others are for the next process.

        That is one at least. Of a process that ends too early, the file is to blame that it was at. Raises
        `NoConfinement`, `OSError`.
        """
        if not self._files:
            return 0
        confinement = await self._confine()
        subjects = [subject for _, subject in self._files]
        seen = [Bind(path, f"/look/{number}") for number, (path, _) in enumerate(self._files)]
        code = [Bind(path, str(path)) for path in (EACH, self._program)]
        told = [(confinement.place(bind), one.mime[:MIME]) for bind, one in zip(seen, subjects, strict=True)]
        words = (*map(confinement.place, code), str(self._limits.wall), str(PATIENCE), orjson.dumps(told).decode())
        course = _Course(subjects, self._limits)
        program = Program((*_PYTHON, *words), {}, (*seen, *code, *python_binds()))
        try:
            ending = await confinement.run(program, self._whole(), course.line)
            if ending.stderr:
                said = ending.stderr[-2000:].decode(errors="replace")
                log.info("a program complained", extra={"program": self._program.name, "stderr": said})
            return await course.over(ending)
        finally:
            await course.stop()

    def _whole(self) -> Limits:
        """What the process may use that runs the others: each of those has the limits of its own."""
        wall = PATIENCE + self._limits.wall + START
        return replace(self._limits, wall=wall, output=self._limits.output * len(self._files))


class _Course:
    """How far a process has come with its files."""

    def __init__(self, subjects: Sequence[Subject], limits: Limits) -> None:
        self._subjects = subjects
        self._limits = limits
        self._done = 0
        self._hands = asyncio.Semaphore(HANDS)
        self._keeping = set[asyncio.Task[None]]()

    async def line(self, line: bytes) -> None:
        """Takes the next line of it."""
        if self._done == len(self._subjects):
            return
        if not line.startswith(b"#"):
            await self._subjects[self._done].heard(line)
        elif (ending := _ending(line, self._limits)) is not None:
            await self._end(ending)

    async def over(self, ending: Ending) -> int:
        """The process has ended: how many files have, once what came of them is kept."""
        if self._done < len(self._subjects) and not (ending.ok and self._done):
            await self._end(replace(ending, limits=self._limits))
        kept = await asyncio.gather(*self._keeping, return_exceptions=True)
        if failed := next((error for error in kept if error is not None), None):
            raise failed  # now that what could be kept is
        return self._done

    async def stop(self) -> None:
        """Ends what is not kept yet."""
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)

    async def _end(self, ending: Ending) -> None:
        """The next file has ended. Others are read while what came of it is kept; not many, as that lies in memory."""
        await self._hands.acquire()
        keeping = asyncio.ensure_future(self._subjects[self._done].ended(ending))
        self._done += 1
        self._keeping.add(keeping)
        keeping.add_done_callback(lambda _: self._hands.release())


def _ending(line: bytes, limits: Limits) -> Ending | None:
    """How the reader of one file ended, as `each` says it."""
    _, *said = line.split()
    if len(said) != 2 or said[0] not in _CAUSES or not said[1].isdigit() or len(said[1]) > 3:
        return None
    return Ending(_CAUSES[said[0]], int(said[1]), b"", 0.0, limits)


async def _copy(parts: AsyncIterator[bytes], path: Path) -> None:
    # Not the blob itself: the child may run as another user, and blobs may lie on another machine.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        async for part in parts:
            await asyncio.to_thread(os.write, file, part)
    finally:
        os.close(file)
