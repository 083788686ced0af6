"""An upload that comes in pieces: what was said of it, how far it is, when it is forgotten. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping


LIFE = timedelta(days=7)
"""How long an upload stays that nobody goes on with, from the last byte that came."""
FINISHED_LIFE = timedelta(days=1)
"""How long it is remembered which file an upload became: who heard no answer asks again within this time."""
MANY = 500
"""Unfinished uploads of one place at the most."""
FEW = 50
"""Those that came by one link at the most."""
SAID = 64 << 10
"""Bytes of `Upload-Metadata` at the most."""

CHECKSUMS = ("sha256", "sha1", "md5")
"""What one piece may be checked with (tus 1.0, checksum)."""


@dataclass(frozen=True, slots=True)
class Arriving:
    """An upload in pieces. `blob` and `file_id` are chosen at its beginning, so that it is finished once."""

    id: str
    maker: str
    """Who began it: nobody else may go on."""
    size: int
    """Bytes of the whole."""
    blob: str
    file_id: str
    """The id of the file that it becomes, or of the one whose bytes it replaces."""
    name: str
    dir_id: str
    begun_at: float
    touched_at: float
    """Seconds since the epoch when bytes came last."""
    replaces: bool = False
    rev: str = ""
    """The revision of the file it replaces, where the sender takes one for granted."""
    numbered: bool = False
    """Whether a name that is taken gets a number; else it is refused."""
    content_type: str = ""
    md5: str = ""
    sha256: str = ""
    """Digests of the whole in hexadecimal, where they were said: other bytes are refused."""
    created_at: str = ""
    updated_at: str = ""
    tags: tuple[str, ...] = ()
    executable: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    boot: str = ""
    """Of which start of the machine `synced` speaks."""
    synced: int = 0
    """Bytes that are on the disk for sure: after a power cut no others are believed."""
    done: bool = False

    @property
    def ends_at(self) -> float:
        """When it is forgotten."""
        return self.touched_at + (FINISHED_LIFE if self.done else LIFE).total_seconds()

    def kept(self) -> bytes:
        """As it lies on the disk."""
        return orjson.dumps(asdict(self))


def arriving_from(kept: bytes) -> Arriving | None:
    """What was kept, or None when it is no such thing."""
    try:
        fields = orjson.loads(kept)
        return Arriving(**{**fields, "tags": tuple(fields.get("tags", ()))})
    except (orjson.JSONDecodeError, TypeError):
        return None


def said_in(header: str) -> dict[str, str]:
    """The pairs of an `Upload-Metadata` header: names, and values in base64. Raises `BadRequest`.

    >>> said_in("name YS50eHQ=,executable")
    {'name': 'a.txt', 'executable': ''}
    """
    found = dict[str, str]()
    if len(header) > SAID:
        raise BadRequest(f"Upload-Metadata may have {SAID} bytes at the most", parameter="Upload-Metadata")
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            found[name] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            raise BadRequest(f"The value of {name} is not UTF-8 in base64", parameter="Upload-Metadata") from None
    return found


@dataclass(frozen=True, slots=True)
class Check:
    """What the bytes of one piece must add up to."""

    algorithm: str
    digest: bytes

    def begin(self) -> hashlib._Hash:
        """A fresh sum."""
        return hashlib.new(self.algorithm, usedforsecurity=False)


def check_in(header: str) -> Check | None:
    """What an `Upload-Checksum` header says (`sha1 <base64>`); None without one. Raises `BadRequest`."""
    if not header:
        return None
    algorithm, _, value = header.partition(" ")
    if algorithm not in CHECKSUMS:
        raise BadRequest(f"Upload-Checksum knows {', '.join(CHECKSUMS)}", parameter="Upload-Checksum")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("Upload-Checksum is not base64", parameter="Upload-Checksum") from None
    return Check(algorithm, digest)


def hexadecimal(text: str, length: int, name: str) -> str:
    """A digest of so many bytes in hexadecimal, from hexadecimal or base64; raises `BadRequest`."""
    if not text:
        return ""
    try:
        digest = bytes.fromhex(text) if len(text) == 2 * length else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != length:
        raise BadRequest(f"{name} must be a digest of {length} bytes, in hexadecimal or base64", parameter=name)
    return digest.hex()
