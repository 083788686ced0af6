"""The files that a command is given: folders are walked, and what is no file gets its reason."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KINDS = (
    (stat.S_ISFIFO, "it is a pipe, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)


@dataclass(frozen=True, slots=True)
class Given:
    """One file: where it is, the name it is told by, its size; or (`reason`) why it cannot be handed over."""

    path: Path
    name: str
    size: int = 0
    reason: str = ""


def find_files(paths: Iterable[Path], *, hidden: bool = False) -> Iterator[Given]:
    """The files of these paths, folders walked in order; `hidden` ones inside of folders are left, unless wanted.

    A link to a folder inside of a folder is told and not followed: it may lead back to where it lies.
    """
    for path in paths:
        if not os.path.lexists(path):
            yield Given(path, shown(str(path)), reason="there is no such file")
            continue
        waiting = [(path, Path(path.name or path))]
        while waiting:  # a stack of its own, since folders can be deeper than calls
            here, name = waiting.pop()
            try:
                if here.is_dir() and (here is path or not here.is_symlink()):
                    entries = sorted(entry for entry in os.listdir(here) if hidden or not entry.startswith("."))
                    waiting += [(here / entry, name / entry) for entry in reversed(entries)]
                else:
                    yield _file(here, shown(str(name)))
            except OSError as error:
                yield Given(here, shown(str(name)), reason=_why(here, error))


def shown(name: str) -> str:
    r"""The name as it can be told: what a terminal would obey, or no text can hold, is replaced.

    >>> shown("a\nb")
    'a�b'
    """
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)


def _file(path: Path, name: str) -> Given:
    """What is at the end of a walk. Raises `OSError`."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        return Given(path, name, reason="it is a link to a folder: name that folder to gather what is in it")
    reason = next((words for is_kind, words in KINDS if is_kind(status.st_mode)), "")
    return Given(path, name, 0 if reason else status.st_size, reason)


def _why(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "the link leads nowhere" if path.is_symlink() else "there is no such file"
    if error.errno == errno.ELOOP:
        return "the link leads back to itself"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "you are not allowed to read it"
    return error.strerror or str(error)
