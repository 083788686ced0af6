"""What a file says of itself, taken out of its bytes before its document is written (contract-b 2.9)."""

from __future__ import annotations

import asyncio
import io
import logging
import struct
from typing import TYPE_CHECKING, Any

from alcove.base.errors import Refusal
from alcove.files.model import heif, pictures
from alcove.files.model.exif import read_exif
from alcove.files.model.kinds import SHORTCUT
from alcove.files.model.moov import moov_place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import tzinfo

    from alcove.files.blobs import Written

    Read = Callable[[int, int], AsyncIterator[bytes]]
    """Bytes of the blob: from a start, so many."""

log = logging.getLogger("alcove.files")

EXTRACTOR = 2
"""The version of the extraction as clients know it."""
LONGEST = 1 << 20
"""Bytes that are read beyond the beginning of a file at the most."""

_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/heic", "image/heif")
_BOXED = ("audio/mp4", "audio/m4a", "audio/x-m4a")
_SOUNDS = ("audio/mpeg", "audio/mp3", "audio/ogg", "audio/flac", "audio/x-flac", *_BOXED)
_SAID = ("album", "artist", "composer", "genre", "title", "year")
_TEXT = 1000
"""Characters of what a song says of itself at the most."""


async def extracted(mime: str, written: Written, read: Read, zone: tzinfo) -> dict[str, Any]:
    """The metadata that a file of this type gets by itself; empty for types that nothing is taken out of.

    What cannot be read is left out: no file is refused for what it says of itself.
    """
    try:
        if mime == SHORTCUT:
            return {"extractor_version": EXTRACTOR}
        if mime in _PICTURES:
            return {**await _picture(mime, written, read, zone), "extractor_version": EXTRACTOR}
        if mime in _SOUNDS:
            return {**await _sound(mime, written, read), "extractor_version": EXTRACTOR}
    except Refusal:  # the store does not give the bytes again now: the file is kept all the same
        log.warning("nothing could be taken out of a file", extra={"blob": written.id})
    return {}


def is_extracted(mime: str) -> bool:
    """Whether anything is taken out of files of this type."""
    return mime == SHORTCUT or mime in _PICTURES or mime in _SOUNDS


async def _picture(mime: str, written: Written, read: Read, zone: tzinfo) -> dict[str, Any]:
    head, tiff = written.head, b""
    size = pictures.size_of(head)
    if mime == "image/jpeg":
        tiff = pictures.exif_of_jpeg(head)
    elif heif.is_heif(head):
        size = heif.size_of(head)
        tiff = heif.exif_of(await _piece(heif.exif_place(head), written, read))
    said = read_exif(tiff, zone)
    found: dict[str, Any] = {}
    if said.taken is not None:
        found["datetime"] = said.taken.isoformat().replace("+00:00", "Z")
    if said.latitude is not None:
        found["gps"] = {"lat": said.latitude, "long": said.longitude}
    if said.flash:
        found["flash"] = said.flash
    if said.orientation is not None:
        found["orientation"] = said.orientation
    if size is None and said.width and said.height:
        size = said.width, said.height
    if size is not None:
        found["width"], found["height"] = size
    return found


async def _sound(mime: str, written: Written, read: Read) -> dict[str, Any]:
    content = written.head
    if mime in _BOXED:  # its words may lie behind the sound
        place = moov_place(content, written.size)
        content = content[:8192] if place is None else b"%b%b" % (_ftyp(content), await _piece(place, written, read))
    return await asyncio.to_thread(words_of, content)


def _ftyp(head: bytes) -> bytes:
    return head[: int.from_bytes(head[:4])]


async def _piece(place: tuple[int, int] | None, written: Written, read: Read) -> bytes:
    """Some bytes of the blob, from its head if they are there; empty when they are too many or outside."""
    if place is None or place[1] > LONGEST or place[0] + place[1] > written.size:
        return b""
    start, length = place
    if start + length <= len(written.head):
        return written.head[start : start + length]
    return b"".join([part async for part in read(start, length)])


def words_of(content: bytes) -> dict[str, Any]:
    """What a song says of itself: album, artist, composer, genre, title, track, year."""
    from tinytag import TinyTag, TinyTagException  # few files need it

    try:
        tag = TinyTag.get(file_obj=io.BytesIO(content), duration=False)
    except (TinyTagException, ValueError, KeyError, IndexError, OverflowError, TypeError, struct.error):
        return {}
    found: dict[str, Any] = {}
    for name in _SAID:
        value = getattr(tag, name)
        if isinstance(value, str) and value.strip():
            found[name] = value.strip().replace("\0", " ")[:_TEXT]
    if isinstance(tag.track, int):
        found["track"] = str(tag.track)
    return found
