"""Single pages of PDF files, taken out in a confined process when somebody asks for one."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING

from alcove.base.confined import Limits
from alcove.files.errors import NoPage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.files.service.looking import Looking

LARGEST = 256 << 20
"""Bytes of a PDF that is looked into at the most."""
PAGE = 16 << 20
"""Bytes of a page at the most: it is held in memory."""
LIMITS = Limits(memory=1 << 30, cpu=20, wall=60.0, file_size=0, open_files=64, output=2 * PAGE)
PROGRAM = Path(__file__).parents[1] / "pager.py"
SOURCE = "/document/file"


class Pages:
    """Takes pages out of documents, one document at a time for the whole server."""

    def __init__(self, looking: Looking) -> None:
        self._looking = looking

    async def page(self, parts: AsyncIterator[bytes], size: int, number: int) -> bytes:
        """A PDF of that one page, counted from 1, of a PDF of so many bytes.

        Raises `NoPage`, `NoConfinement`, and what `parts` raises.
        """
        if size > LARGEST:
            raise NoPage(f"it is larger than {LARGEST >> 20} MiB")
        heard = _Heard()
        async with self._looking.turn:
            ending = await self._looking.run(PROGRAM, SOURCE, parts, LIMITS, heard.line, str(number))
        if not (ending.ok and heard.complete):
            raise NoPage(heard.reason or (ending.reason if not ending.ok else "what was taken out is no PDF"))
        return bytes(heard.content)


class _Heard:
    """What the program wrote, as far as it may be believed."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.reason = ""
        self._length = 0

    @property
    def complete(self) -> bool:
        """Whether a PDF came whole."""
        return 0 < self._length == len(self.content) and self.content.startswith(b"%PDF-")

    async def line(self, line: bytes) -> None:
        """Takes the next line."""
        if self._length:
            try:
                self.content += base64.b64decode(line, validate=True)[: self._length - len(self.content)]
            except binascii.Error:
                self._length = 0
        elif line.startswith(b"none "):
            said = line[5:].decode("ascii", "replace")
            self.reason = "".join(c for c in said if c.isprintable() and c.isascii())[:200]
        elif line.startswith(b"page ") and line[5:].isdigit() and len(line) < 14:
            self._length = min(int(line[5:]), PAGE)
