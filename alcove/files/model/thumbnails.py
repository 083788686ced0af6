"""The thumbnails of a file as they are kept: one blob holds all of them, or the reason why there are none.

A blob of bytes never changes, so neither does what is drawn from it: the name of the blob of thumbnails follows from
the name of the file's own, and nothing has to write it down. Its first line is a JSON object, the pictures follow.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from alcove.files.model.kinds import PICTURED

if TYPE_CHECKING:
    from collections.abc import Mapping

THUMBNAILS = "io.cozy.files.thumbnails"
"""The doctype of the events that tell of new ones; no document of it is ever stored."""
SIZES = ("tiny", "small", "medium", "large")
"""What a picture or the first page of a PDF is shown in: 96, 640, 1280 and 1920 pixels wide at the most."""

MAKER = 1
"""Raised when better thumbnails can be made than those that are kept: then they are made again, when asked for."""
HEAD = 512
"""Bytes that the first line has at the most."""
TRIES = 3
"""How often a file is tried whose failure may have come from the machine and not from the file."""
REASON = 200
"""Characters of a reason at the most."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the first line says: where each size lies after it, or why there are none.

    `tries` counts how often it failed; with `again` the failure may pass.
    """

    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    reason: str = ""
    tries: int = 0
    again: bool = False
    start: int = 0
    """Bytes of the first line, its end included."""

    @property
    def settled(self) -> bool:
        """Whether trying again would be of no use."""
        return bool(self.sizes) or not self.again or self.tries >= TRIES


def thumbnails_of(blob: str) -> str:
    """The name of the blob that holds the thumbnails of a file with that blob. They lie in one folder."""
    digest = hashlib.blake2s(f"{MAKER}.{blob}".encode(), digest_size=15).hexdigest()
    return blob[:2] + digest


def wants_thumbnails(fields: Mapping[str, Any]) -> bool:
    """Whether a file of these fields is shown by a picture. What is sealed for its person alone cannot be."""
    return fields.get("class") in PICTURED and not fields.get("encrypted") and bool(fields.get("internal_vfs_id"))


def drawn(pictures: Mapping[str, bytes]) -> bytes:
    """What is kept of pictures by size."""
    sizes, place = {}, 0
    for name, picture in pictures.items():
        sizes[name] = (place, len(picture))
        place += len(picture)
    return orjson.dumps({"sizes": sizes}) + b"\n" + b"".join(pictures.values())


def undrawn(reason: str, tries: int, *, again: bool) -> bytes:
    """What is kept where there are none."""
    return orjson.dumps({"reason": reason[:REASON], "tries": tries, "again": again}) + b"\n"


def read_drawn(head: bytes) -> Drawn | None:
    """What the first bytes say; None when they are not what was written (a damaged disk)."""
    line, end, _ = head.partition(b"\n")
    try:
        said = orjson.loads(line) if end else None
        if not isinstance(said, dict):
            return None
        sizes = {str(name): (int(start), int(length)) for name, (start, length) in said.get("sizes", {}).items()}
        tries = int(said.get("tries", 0))
    except (ValueError, TypeError, AttributeError):
        return None
    return Drawn(sizes, str(said.get("reason", "")), tries, bool(said.get("again")), len(line) + 1)
