"""Where a HEIF picture says its size, and where its Exif lies (ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BOXES = 4096
"""Boxes and items that are looked at, at the most."""


def is_heif(head: bytes) -> bool:
    """Whether these are the first bytes of a file made of boxes."""
    return head[4:8] == b"ftyp"


def size_of(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels: of its pictures the largest, the others are parts or thumbnails of it."""
    sizes = [
        struct.unpack_from(">LL", box, 4)
        for kind, box in _boxes(_inside(head, b"meta", b"iprp", b"ipco"))
        if kind == b"ispe" and len(box) >= 12
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def exif_place(head: bytes) -> tuple[int, int] | None:
    """Start and length of the Exif item in the file; None without one, or when it lies in more than one piece."""
    meta = _inside(head, b"meta")
    items = {number for number, kind in _items(_inside(meta, b"iinf")) if kind == b"Exif"}
    return next((place for number, place in _places(_inside(meta, b"iloc")) if number in items), None)


def exif_of(item: bytes) -> bytes:
    """The TIFF structure in an Exif item, which says first how many bytes lie before it."""
    if len(item) < 4:
        return b""
    return item[4 + struct.unpack_from(">L", item)[0] :]


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of some bytes: kind and content. One that is cut off is the last."""
    place = 0
    for _ in range(BOXES):
        if place + 8 > len(data):
            return
        length, kind = struct.unpack_from(">L4s", data, place)
        start = 8
        if length == 1 and place + 16 <= len(data):
            (length,), start = struct.unpack_from(">Q", data, place + 8), 16
        end = len(data) if length == 0 else place + length
        if length and length < start:
            return
        yield kind, data[place + start : end]
        place = end


def _inside(data: bytes, *path: bytes) -> bytes:
    """The content of the box at a path; `meta` has a version and flags in front of its boxes."""
    for name in path:
        data = next((content for kind, content in _boxes(data) if kind == name), b"")
        if name == b"meta":
            data = data[4:]
    return data


def _items(iinf: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and kind of each item."""
    if len(iinf) < 6:
        return
    for kind, entry in _boxes(iinf[6 if iinf[0] == 0 else 8 :]):
        if kind != b"infe" or len(entry) < 12:
            continue
        if entry[0] == 2:
            yield struct.unpack_from(">H", entry, 4)[0], entry[8:12]
        elif entry[0] == 3 and len(entry) >= 14:
            yield struct.unpack_from(">L", entry, 4)[0], entry[10:14]


def _places(iloc: bytes) -> Iterator[tuple[int, tuple[int, int]]]:
    """Number, start and length of each item that lies in the file in one piece (14496-12, 8.11.3)."""
    try:
        version, sizes = iloc[0], struct.unpack_from(">H", iloc, 4)[0]
        offset, length, base, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15 if version else 0
        wide = 4 if version == 2 else 2
        count, place = _whole(iloc, 6, wide), 6 + wide
        for _ in range(min(count, BOXES)):
            number, place = _whole(iloc, place, wide), place + wide
            method = 0
            if version:
                method, place = _whole(iloc, place, 2) & 15, place + 2
            start, pieces = _whole(iloc, place + 2, base), _whole(iloc, place + 2 + base, 2)
            place += 4 + base
            if pieces == 1 and method == 0:
                at = place + index
                yield number, (start + _whole(iloc, at, offset), _whole(iloc, at + offset, length))
            place += pieces * (index + offset + length)
    except (struct.error, IndexError):
        return


def _whole(data: bytes, place: int, size: int) -> int:
    """The number of so many bytes at a place; raises `IndexError` when they are not there."""
    if place + size > len(data):
        raise IndexError
    return int.from_bytes(data[place : place + size])
