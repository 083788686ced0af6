"""Runs a program over many files, each in a process of its own: started once, it knows what all of them need.

It runs confined, beside the program, and is never imported by the server. It opens no file itself: it forks, and the
child does. So the limits of a process are those of one file, and whatever a file does to its reader, the others do not
suffer. What the program writes goes through; after each file comes the line `# CAUSE STATUS`.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

MEMORY = 86
"""The status of a child that had not enough memory."""


def main(path: str, seconds: float, patience: float, files: Sequence[Sequence[str]]) -> None:
    """Runs `main` of the program at a path over files, with the words of each: a place and a media type.

    `prepare` is told all media types before. Each file may take so many seconds; once `patience` is over no further
    file is begun, as others wait for their turn.
    """
    program = load(path)
    program.prepare([words[-1] for words in files])
    gc.freeze()  # what is never collected is never copied for a child either
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    began = time.monotonic()
    for words in files:
        cause, status = alone(program, words, seconds)
        print(f"\n# {cause} {status}", flush=True)
        if time.monotonic() - began > patience:
            break


def load(path: str) -> Any:
    """The program at a path."""
    spec = importlib.util.spec_from_file_location("program", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def alone(program: Any, words: Sequence[str], seconds: float) -> tuple[str, int]:
    """Runs a program in a child; why that ended, and its status, as the server's `Ending` has them."""
    child = os.fork()
    if not child:
        work(program, words)
    late = signal.sigtimedwait({signal.SIGCHLD}, seconds) is None
    if late:
        os.kill(child, signal.SIGKILL)
    _, ended, used = os.wait4(child, 0)
    if late:
        signal.sigtimedwait({signal.SIGCHLD}, 0)
        return "deadline", 128 + signal.SIGKILL
    if os.WIFSIGNALED(ended):
        number = os.WTERMSIG(ended)
        spent = round(used.ru_utime + used.ru_stime) >= resource.getrlimit(resource.RLIMIT_CPU)[0]
        return "cpu" if spent else "signal", 128 + number
    status = os.WEXITSTATUS(ended)
    return "memory" if status == MEMORY else "exit", status


def work(program: Any, words: Sequence[str]) -> None:
    """The child: never returns."""
    status = 1
    try:
        program.main(*words)
        status = 0
    except MemoryError:
        status = MEMORY
    except BaseException as error:  # it must never go on as if it were the parent
        sys.stderr.write(f"{words[0]}: {type(error).__name__}: {error}\n")
    finally:
        with suppress(Exception):  # what was read before it ended is worth something
            sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    os.nice(19)
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), json.loads(sys.argv[4]))
