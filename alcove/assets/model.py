"""A file of the operator: whose it is, what it is called, where it came from (contract-a section 10)."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from typing import Any

from alcove.assets.errors import AssetRefused

MOST = 100
"""Files that are added at once at the most."""
SIZE = 1 << 20
"""Bytes of a file at the most: it lies in a document."""
KINDS = re.compile(r"image/.*|font/.*|text/css|text/plain|application/(json|manifest\+json)")
"""What may be shown on people's hosts: no page and no script."""

_CONTEXT = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_NAME = re.compile(r"(/?[A-Za-z0-9_-][A-Za-z0-9_.-]*){1,20}")
_HASHED = re.compile(r"(.*)\.[0-9a-f]{10,64}(\.[A-Za-z0-9]+)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch: `shasum` is its SHA-256 in hexadecimal digits."""

    context: str
    name: str
    url: str
    shasum: str

    @property
    def id(self) -> str:
        """The id of its document."""
        return f"{self.context}/{self.name}"


def read_wanted(said: Any) -> list[Wanted]:
    """The files of a body; raises `AssetRefused`."""
    if not isinstance(said, list) or not 0 < len(said) <= MOST:
        raise AssetRefused(f"A list of 1 to {MOST} objects is needed, each with context, name, url and shasum")
    return [_read(one) for one in said]


def _read(said: Any) -> Wanted:
    fields = said if isinstance(said, dict) else {}
    context, name, url, shasum = (str(fields.get(key) or "") for key in ("context", "name", "url", "shasum"))
    if not _CONTEXT.fullmatch(context):
        raise AssetRefused(f"{context[:80]!r} is no name of a context")
    if not _NAME.fullmatch(name) or len(name) > 200:
        raise AssetRefused(f"{name[:80]!r} is no name of a file, such as images/logo.svg")
    if not KINDS.fullmatch(kind_of(name)):
        raise AssetRefused(f"{name[:80]} is neither picture, font, style, text nor JSON by its name")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", shasum):
        raise AssetRefused(f"{name[:80]}: shasum must be a SHA-256 in hexadecimal digits")
    return Wanted(context, name.lstrip("/"), url, shasum.lower())


def kind_of(name: str) -> str:
    """The media type that a name promises."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def plain_name(name: str) -> tuple[str, bool]:
    """A name without the mark of its content, by which clients keep it, and whether it had one.

    >>> plain_name("images/logo.0123456789ab.svg")
    ('images/logo.svg', True)
    """
    found = _HASHED.fullmatch(name)
    return (found[1] + found[2], True) if found else (name, False)
