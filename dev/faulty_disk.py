"""The system's calls on files as a module sees them: written down, or made to fail at the n-th."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from alcove.base import folders
from alcove.files.blobs import local

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLS = (
    "open",
    "write",
    "rename",
    "fsync",
    "fdatasync",
    "unlink",
    "link",
    "mkdir",
    "copy_file_range",
    "pread",
    "preadv",
)
"""What `FailingDisk` counts."""


class Disk(ModuleType):
    """Stands for the module `os`, and hands everything on."""

    def __init__(self) -> None:
        super().__init__("os")

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


class FailingDisk(Disk):
    """Fails with this error at the n-th call, counted from 1, and at none after it."""

    def __init__(self, n: int, error: int) -> None:
        super().__init__()
        self._left = n
        self._error = error
        self._lock = threading.Lock()
        self.failed = False

    def __getattr__(self, name: str) -> Any:
        call = getattr(os, name)
        if name not in CALLS:
            return call

        def counted(*given: Any, **more: Any) -> Any:
            with self._lock:
                self._left -= 1
                fails = self._left == 0
                self.failed = self.failed or fails
            if fails:
                raise OSError(self._error, os.strerror(self._error))
            return call(*given, **more)

        return counted


@contextmanager
def disk(stand_in: Disk) -> Iterator[None]:
    """Blobs and folders work on that disk."""
    before = [(module, vars(module)["os"]) for module in (folders, local)]
    try:
        for module, _ in before:
            setattr(module, "os", stand_in)  # noqa: B010 - mypy takes a module's module for a constant
        yield
    finally:
        for module, system in before:
            setattr(module, "os", system)  # noqa: B010
