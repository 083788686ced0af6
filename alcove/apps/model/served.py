"""Names of files that are served: what they hold, and how long a browser may keep them."""

from __future__ import annotations

import re

_HEX = re.compile(r"\.[0-9a-f]{10,}\.")
_BUILT = re.compile(r"-[A-Za-z0-9_-]{8}\.[a-z0-9]+$")

_TEXT = "; charset=utf-8"
_KINDS = {
    "html": f"text/html{_TEXT}",
    "js": f"text/javascript{_TEXT}",
    "mjs": f"text/javascript{_TEXT}",
    "css": f"text/css{_TEXT}",
    "txt": f"text/plain{_TEXT}",
    "md": f"text/plain{_TEXT}",
    "json": "application/json",
    "map": "application/json",
    "webapp": "application/json",
    "webmanifest": "application/manifest+json",
    "wasm": "application/wasm",
    "pdf": "application/pdf",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "ico": "image/x-icon",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "ttf": "font/ttf",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "mp4": "video/mp4",
    "webm": "video/webm",
}


def media_type(name: str) -> str:
    """The media type of a file by the end of its name: the same on every machine."""
    return _KINDS.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def is_hashed(name: str, *, built: bool = False) -> bool:
    """Whether the name changes with the content: a part of ten or more hexadecimal digits between dots.

    `built` names come from our own build, which ends them by a hyphen and eight characters of the hash.
    """
    base = name.rpartition("/")[2]
    return bool(_HEX.search(base)) or (built and bool(_BUILT.search(base)))


def accepted_encodings(header: str) -> list[str]:
    """Which of our compressed twins a client takes, the smallest first (RFC 9110 section 12.5.3)."""
    weights: dict[str, bool] = {}
    for part in header.lower().split(",")[:20]:
        coding, _, weight = part.partition(";")
        weights[coding.strip()] = not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return [coding for coding in ("br", "gzip") if weights.get(coding)]
