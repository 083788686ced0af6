"""Where the box `moov` of an MPEG-4 file lies, which says what the file is about (ISO/IEC 14496-12, 8.2.1)."""

from __future__ import annotations

import struct


def moov_place(head: bytes, size: int) -> tuple[int, int] | None:
    """Start and length of the box, found from the boxes whose beginnings are in the first bytes of the file.

    Behind a `mdat` that reaches beyond them it is taken to begin right there and to reach to the end: that is how
    recorders write it.
    """
    place = 0
    while place + 16 <= len(head):
        length, kind = struct.unpack_from(">L4s", head, place)
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, place + 8)
        if length < 8:
            return None
        if kind == b"moov":
            return place, length
        place += length
        if kind == b"mdat" and place > len(head):
            return (place, size - place) if place < size else None
    return None
