"""The size of a picture, and its Exif, read from the first bytes of its file: no decoder runs, so none can be harmed.

PNG (ISO/IEC 15948, 11.2.2), GIF (GIF89a, 18) and JPEG (ITU-T T.81, B.2.2).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Start-of-frame markers hold the size; C4, C8 and CC in the same range are tables, not frames.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
_APP1, _SCAN = 0xE1, 0xDA


def size_of(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, or None when these are not the first bytes of a picture."""
    if head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR" and len(head) >= 24:
        width, height = struct.unpack_from(">II", head, 16)
        return width, height
    if head[:6] in (b"GIF87a", b"GIF89a") and len(head) >= 10:
        width, height = struct.unpack_from("<HH", head, 6)
        return width, height
    return _jpeg(head) if head[:2] == b"\xff\xd8" else None


def exif_of_jpeg(head: bytes) -> bytes:
    """The TIFF structure that a camera wrote into a JPEG; empty without one (Exif 4.7.2)."""
    for marker, place in _segments(head):
        if marker == _APP1 and head[place + 2 : place + 8] == b"Exif\0\0":
            (length,) = struct.unpack_from(">H", head, place)
            return head[place + 8 : place + length]
    return b""


def _jpeg(head: bytes) -> tuple[int, int] | None:
    for marker, place in _segments(head):
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", head, place + 3)
            return width, height
    return None


def _segments(head: bytes) -> Iterator[tuple[int, int]]:
    """The segments of a JPEG up to its picture: the marker, and where its length stands."""
    place = 2 if head[:2] == b"\xff\xd8" else len(head)
    while place + 9 <= len(head) and head[place] == 0xFF:
        marker = head[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _ALONE:
            place += 2
        elif marker == _SCAN:
            return
        else:
            yield marker, place + 2
            place += 2 + max(2, struct.unpack_from(">H", head, place + 2)[0])
