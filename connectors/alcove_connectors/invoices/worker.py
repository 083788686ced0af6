"""The process that opens the files: it gets paths on standard input, answers facts as JSON lines, and may die.

A PDF can make any reader allocate a gigabyte or turn for an hour. Here that costs one process, not the run:
the parent (`reader.py`) waits so long and no longer, and starts another one.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

from .model import Unreadable
from .read import read_file
from .wire import packed

MEMORY = 512 * 1024 * 1024
"""Bytes of address space that the process may take; with all libraries and templates it has about 200 million."""


def answer(path: Path) -> dict[str, Any]:
    """The facts in a file, or why there are none, ready for JSON."""
    try:
        return {"facts": packed(read_file(path))}
    except Unreadable as problem:
        return {"code": problem.code, "sentence": problem.sentence, "keep": problem.keep}
    except (MemoryError, RecursionError):
        return {
            "code": "too_heavy",
            "sentence": "Reading the file needs more memory than one file may take.",
            "keep": True,
        }
    except Exception as error:
        print(f"{type(error).__name__} while reading a file", file=sys.stderr)
        return {"code": "broken", "sentence": f"The file could not be read ({type(error).__name__}).", "keep": True}


def main() -> None:
    """Answers one line per path until standard input ends."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        print(json.dumps(answer(Path(json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
