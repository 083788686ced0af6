"""Reads files in a process of its own (`worker.py`) with a budget of time and memory for each."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from .model import Facts, Unreadable
from .wire import unpacked

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

SECONDS = 20.0
"""Time that one file may take; a usual one takes 0.02 s."""
START_SECONDS = 30.0
"""Time on top for the first file of a process, which loads the libraries (0.3 s on an idle machine)."""

COMMAND = ("-m", f"{__package__}.worker")
"""What Python runs in the process."""


class Reader:
    """Use it in a `with`: the process is started at the first file and ended at the end.

    The process gets no environment but its search path: it has no use for the run's token.
    """

    def __init__(self, seconds: float = SECONDS, start_seconds: float = START_SECONDS) -> None:
        self._seconds = seconds
        self._start_seconds = start_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._slow = False

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, path: Path, at_most: float = float("inf")) -> Facts:
        """The facts of one file, read in `at_most` seconds and the budget of a file, whichever is less.

        Raises `Unreadable`: what `read_file` raises, `too_slow`, or `too_heavy` when the process died of it.
        """
        until = time.monotonic() + at_most
        fresh = self._process is None
        said = self._try(path, until)
        if said is None and not fresh and not self._slow:
            said = self._try(path, until)  # It may have died of all the files before: a new process tells.
        if said is None and self._slow:
            raise Unreadable("too_slow", "Reading the file takes longer than one file may take.", keep=True)
        if said is None:
            raise Unreadable("too_heavy", "Reading the file needs more memory than one file may take.", keep=True)
        if "facts" in said:
            return unpacked(said["facts"])
        raise Unreadable(said["code"], said["sentence"], keep=said["keep"])

    def _try(self, path: Path, until: float) -> dict[str, Any] | None:
        """What the process says of a file; None when it died, or was ended because it is too slow."""
        allowed = self._seconds
        if self._process is None:
            self._process = self._start()
            allowed += self._start_seconds
        line = json.dumps(str(path)).encode() + b"\n"
        said = self._ask(self._process, line, min(until, time.monotonic() + allowed))
        if said is None:
            self._slow = self._process.poll() is None
            self.close()
        return said

    def close(self) -> None:
        """Ends the process, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None
            self._rest = b""

    def _start(self) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join(path for path in sys.path if path)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME") if name in os.environ}
        return subprocess.Popen(
            [sys.executable, *COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**kept, "PYTHONPATH": paths},
            bufsize=0,
        )

    def _ask(self, process: subprocess.Popen[bytes], line: bytes, until: float) -> dict[str, Any] | None:
        """One line there, one line back; None when the process died or the time is over."""
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(line)
        except BrokenPipeError:
            process.wait()
            return None
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                return None
            more = os.read(process.stdout.fileno(), 1 << 16)
            if not more:
                process.wait()
                return None
            self._rest += more
        answer, _, self._rest = self._rest.partition(b"\n")
        said: dict[str, Any] = json.loads(answer)
        return said
