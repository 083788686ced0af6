"""The size of a picture, read from the first bytes of its file: no decoder runs, so no picture can harm.

PNG (ISO/IEC 15948, 11.2.2), GIF (GIF89a, 18) and JPEG (ITU-T T.81, B.2.2).
"""

from __future__ import annotations

import struct

from alcove.files.model.kinds import SHORTCUT

EXTRACTOR = 2
"""The version of the extraction as clients know it (contract-b 2.9)."""

_EXTRACTED = {"image/jpeg", "image/png", "image/gif", "image/heic", "image/heif"}

# Start-of-frame markers hold the size; C4, C8 and CC in the same range are tables, not frames.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))


def extracted(mime: str, head: bytes, created_at: str) -> dict[str, object]:
    """The metadata that an upload of this type gets by itself; empty for types that nothing is extracted from."""
    if mime == SHORTCUT:
        return {"extractor_version": EXTRACTOR}
    if mime not in _EXTRACTED:
        return {}
    found: dict[str, object] = {"datetime": created_at, "extractor_version": EXTRACTOR}
    size = size_of(head)
    if size:
        found["width"], found["height"] = size
    return found


def size_of(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, or None when these are not the first bytes of a picture."""
    if head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR" and len(head) >= 24:
        width, height = struct.unpack_from(">II", head, 16)
        return width, height
    if head[:6] in (b"GIF87a", b"GIF89a") and len(head) >= 10:
        width, height = struct.unpack_from("<HH", head, 6)
        return width, height
    return _jpeg(head) if head[:2] == b"\xff\xd8" else None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 <= len(head) and head[place] == 0xFF:
        marker = head[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _ALONE:
            place += 2
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", head, place + 5)
            return width, height
        else:
            place += 2 + max(2, struct.unpack_from(">H", head, place + 2)[0])
    return None
