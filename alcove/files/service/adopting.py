"""Takes a file that lies on the server's own disk as it is: its bytes get a second name and are not copied.

Whoever hands one over puts it under a random name into `$ALCOVE_HOME/adopting/` (the command line, by a hard link),
and takes it away once it is answered for. No other folder is ever looked into: an operator's port opens no file of the
machine. Done again after it was interrupted it finds the name taken: nothing is there twice.
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from alcove.base.errors import BadRequest, NotFound
from alcove.base.ids import new_id
from alcove.files.blobs import Sums

if TYPE_CHECKING:
    from pathlib import Path

    from alcove.files.blobs import Blobs, Written
    from alcove.files.model import Node
    from alcove.files.service import Files
    from alcove.files.service.content import Upload
    from alcove.instances import Instance

FOLDER = "adopting"
_NAME = re.compile(r"[0-9a-f]{32}")
_PIECE = 1 << 20


class NothingHanded(NotFound):
    """No file of that name lies where files are handed over."""

    def __init__(self) -> None:
        super().__init__("no file was handed over under this name")


class Adopting:
    """Files handed over on the server's disk."""

    def __init__(self, files: Files, blobs: Blobs, home: Path) -> None:
        self._files = files
        self._blobs = blobs
        self._folder = home / FOLDER

    async def adopt(self, instance: Instance, what: Upload, handed: str) -> Node:
        """Makes a file of what was handed over. Raises as `Files.upload`, and `NothingHanded`, `BadRequest`."""
        if not _NAME.fullmatch(handed):
            raise NothingHanded
        path = self._folder / handed
        await self._files.expect(instance, what)
        written = await asyncio.to_thread(_summed, path, new_id())
        try:
            await self._blobs.adopt(instance.key, path, written.id)
        except OSError as error:
            raise BadRequest(f"the server cannot take it: {error.strerror or error}") from None
        return await self._files.accept(instance, replace(what, size=written.size), written)


def _summed(path: Path, blob: str) -> Written:
    """The sums of a file. Raises `NothingHanded`, `BadRequest` for what is no file or cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise NothingHanded from None
    except OSError as error:
        raise BadRequest(f"the server cannot read it: {error.strerror}") from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise BadRequest("it is no file")
        sums = Sums()
        while piece := os.read(handle, _PIECE):
            sums.add(piece)
        return sums.written(blob)
    except OSError as error:
        raise BadRequest(f"the server cannot read it: {error.strerror}") from None
    finally:
        os.close(handle)
