"""Names and paths (contract-b 2.2): what can stand in a directory, and how a clash is avoided."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from alcove.files.errors import IllegalName, IllegalPath, RelativePath

if TYPE_CHECKING:
    from collections.abc import Callable

DEPTH = 512
"""Directories in one another at the most."""
TRASH_PATH = "/.cozy_trash"
NAME_BYTES = 4096
"""A name longer than this many bytes of UTF-8 is refused: no file system a sync client writes to takes it."""

_ILLEGAL = re.compile("[/\x00\n\r]")
_NUMBERED = re.compile(r"^(.*) \((\d{1,9})\)$", re.DOTALL)
_RANDOM = re.compile(r"^(.+) \([1-9]\d{11}\)$", re.DOTALL)


def checked_name(name: object) -> str:
    """The name, if something can be called so; raises `IllegalName`."""
    if not isinstance(name, str) or name in ("", ".", "..") or _ILLEGAL.search(name):
        raise IllegalName
    try:
        if len(name.encode()) > NAME_BYTES:
            raise IllegalName
    except UnicodeEncodeError:  # a lone surrogate out of JSON
        raise IllegalName from None
    return name


def checked_path(path: str) -> str:
    """The path without empty parts, `.` and `..`, which nothing is called; raises `RelativePath`.

    >>> checked_path("/a//./b/../c/")
    '/a/c'
    """
    if not path.startswith("/") or "\x00" in path:
        raise RelativePath
    parts = list[str]()
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def join(parent: str, name: str) -> str:
    """The path of something in a directory; raises `IllegalPath` when it lies too deep."""
    path = f"{parent.rstrip('/')}/{name}"
    if path.count("/") >= DEPTH:
        raise IllegalPath
    return path


def split(path: str) -> tuple[str, str]:
    """The path of the directory, and the name in it.

    >>> split("/a/b")
    ('/a', 'b')
    """
    parent, _, name = path.rpartition("/")
    return parent or "/", name


def below(path: str, top: str) -> bool:
    """Whether a path is that of a directory or of something in it."""
    return path == top or path.startswith(top.rstrip("/") + "/")


def in_trash(path: str) -> bool:
    """Whether a path leads into the trash."""
    return below(path, TRASH_PATH)


def extension(name: str) -> tuple[str, str]:
    """The name and its extension with the dot; a dot at the beginning makes none.

    >>> extension("report.pdf"), extension(".hidden")
    (('report', '.pdf'), ('.hidden', ''))
    """
    stem, dot, last = name.rpartition(".")
    return (stem, dot + last) if stem else (name, "")


def next_free(name: str, taken: Callable[[str], bool]) -> str:
    """The name with ` (2)`, ` (3)`... before its extension, the first one not taken; a number there is raised.

    >>> next_free("report.pdf", {"report.pdf", "report (2).pdf"}.__contains__)
    'report (3).pdf'
    """
    if not taken(name):
        return name
    stem, last = extension(name)
    numbered = _NUMBERED.match(stem)
    number = 2
    if numbered:
        stem, number = numbered[1], int(numbered[2]) + 1
    while taken(f"{stem} ({number}){last}"):
        number += 1
    return f"{stem} ({number}){last}"


def random_suffix(name: str) -> str:
    """The name with random digits at its very end: what the trash and restoring do with a clash.

    After the extension, so that restoring can take it off again; twelve digits, so that neither a copy's number nor a
    date or telephone number that somebody wrote is taken for it.
    """
    return f"{plain_name(name)} ({10**11 + secrets.randbelow(9 * 10**11)})"


def plain_name(name: str) -> str:
    """The name without the digits that `random_suffix` added."""
    added = _RANDOM.match(name)
    return added[1] if added else name
