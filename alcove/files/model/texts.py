"""The text in a file as it is kept: one blob beside the file's own, or the reason why there is none.

Its name follows from the name of the file's blob, as that of its thumbnails does. Its first line is a JSON object, the
compressed text follows.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from alcove.files.model import locator_blob
from alcove.files.model.thumbnails import REASON, thumbnails_of, wants_thumbnails

if TYPE_CHECKING:
    from collections.abc import Mapping

READER = 1
"""Raised when more can be read than what is kept: then it is read again."""
TRIES = 3
"""How often a file is tried whose failure may have come from the machine and not from the file."""
LARGEST = 4 << 20
"""Bytes of a kept text at the most, as UTF-8."""
UNKNOWN_SIZE = 1 << 20
"""Bytes of a file of no known kind that is looked into."""

CLASSES = ("text", "pdf", "code", "spreadsheet", "slide", "message")
MORE = ("application/epub+zip", "application/mbox", "application/xhtml+xml")
LIKELY = ("files", "application")
"""Classes of files that are looked into when they are small."""
WITHOUT = ("application/gpx+xml", "application/pgp-encrypted", "application/pkcs8")
"""Media types whose numbers and letters nobody looks for."""


HEAD = 8192
"""Bytes at the beginning of a file by which those without text are told."""
_OPENED = (b"PK\x03\x04", b"{\\rtf", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff", b"From ")
"""Beginnings of files that the reader opens whatever else is in them: documents, Unicode in two bytes, mailboxes."""
_MAILS = ("message/rfc822", "application/mbox")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a file: its text, or why there is none.

    `tries` counts how often it failed; with `again` the failure may pass.
    """

    text: str | None = None
    reason: str = ""
    tries: int = 0
    again: bool = False
    cut: bool = False
    """Whether the rest of a long text was left out."""

    @property
    def settled(self) -> bool:
        """Whether trying again would be of no use."""
        return self.text is not None or not self.again or self.tries >= TRIES


def texts_of(blob: str) -> str:
    """The name of the blob that holds the text of a file with that blob. They lie in one folder."""
    return blob[:2] + hashlib.blake2s(f"text.{READER}.{blob}".encode(), digest_size=15).hexdigest()


def made_from(blob: str) -> tuple[str, str]:
    """The blobs that hold what is made from that one: they leave with it."""
    return thumbnails_of(blob), texts_of(blob)


def made_of(fields: Mapping[str, Any]) -> list[str]:
    """Those of them that there may be for a file of these fields: most files are never looked into."""
    thumbnails, texts = made_from(locator_blob(fields))
    return [*([thumbnails] if wants_thumbnails(fields) else ()), *([texts] if wants_text(fields) else ())]


def wants_text(fields: Mapping[str, Any]) -> bool:
    """Whether a file of these fields is looked into for text. What is sealed for its person alone cannot be."""
    if fields.get("type") == "directory" or fields.get("encrypted") or not fields.get("internal_vfs_id"):
        return False
    kind, mime = fields.get("class"), fields.get("mime")
    if mime in WITHOUT or fields.get("size") in (None, "0"):
        return False
    return kind in CLASSES or mime in MORE or (kind in LIKELY and _small(fields))


def without_text(head: bytes, mime: str) -> bool:
    """Whether a file that begins so surely holds no text, so that no program is needed to say so (`reader.decoded`)."""
    known = head.startswith(_OPENED) or b"%PDF-" in head or mime in _MAILS
    return b"\0" in head[:HEAD] and not known


def _small(fields: Mapping[str, Any]) -> bool:
    size = str(fields.get("size"))
    return size.isdigit() and len(size) < 10 and int(size) <= UNKNOWN_SIZE


def written(found: Kept) -> bytes:
    """What is kept of a file, as bytes."""
    if found.text is None:
        return orjson.dumps({"reason": found.reason[:REASON], "tries": found.tries, "again": found.again}) + b"\n"
    return orjson.dumps({"cut": found.cut}) + b"\n" + zlib.compress(found.text.encode(errors="replace"), 6)


def read_kept(content: bytes) -> Kept | None:
    """What was kept; None when it is not what was written (a damaged disk)."""
    line, _, packed = content.partition(b"\n")
    try:
        said = orjson.loads(line)
        if "reason" in said:
            return Kept(None, str(said["reason"]), int(said.get("tries", 0)), bool(said.get("again")))
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(packed, LARGEST)
        if not unpacking.eof:
            return None
        return Kept(text.decode(), cut=bool(said.get("cut")))
    except (ValueError, TypeError, KeyError, zlib.error):
        return None
