"""What a file is, by its first bytes: PDF, picture, XML of an electronic invoice, or text."""

from __future__ import annotations

import re

from .mark import looks_electronic

HEAD = 64 * 1024
"""Bytes that are looked at."""

PICTURES = frozenset({"jpeg", "png", "webp", "tiff", "heic", "gif"})
"""Kinds that are pictures."""

_HEIF = (b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1", b"avif")
_INVOICE = re.compile(r"\b(factur|invoice|rechnung|faktura|factuur|quittance|re[cç]u\b|receipt|avoir\b)", re.IGNORECASE)
_MONEY = re.compile(r"\d[.,]\d{2}\s?(?:€|EUR|\$|USD|£|GBP|CHF|PLN|zł)|(?:€|EUR|\$|£)\s?\d", re.IGNORECASE)


def kind_of(head: bytes) -> str:
    """`pdf`, a kind of `PICTURES`, `xml` (an electronic invoice), `text`, or empty for anything else."""
    if b"%PDF-" in head[:1024]:
        return "pdf"
    picture = _picture(head)
    if picture:
        return picture
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] == b"<":
        return "xml" if looks_electronic(head) else ""
    if head.lstrip()[:1] in (b"{", b"["):
        return ""  # data of some program: a text that speaks of invoices without being one
    return "text" if head and is_text(head) else ""


def _picture(head: bytes) -> str:
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:4] in (b"II*\x00", b"MM\x00*"):
        return "tiff"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF:
        return "heic"
    return "gif" if head[:6] in (b"GIF87a", b"GIF89a") else ""


def is_text(head: bytes) -> bool:
    """Whether bytes are text in UTF-8 or in a Western code page: no control characters but blanks."""
    return not re.search(rb"[\x00-\x08\x0e-\x1f\x7f]", head)


def decode(data: bytes) -> str:
    """Text in UTF-8, else in Windows-1252 (whose few holes become signs of replacement)."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def recognise(head: bytes, name: str) -> float:
    """How surely a file is one for this connector, between 0 and 1; the content decides, the name only breaks ties.

    A PDF is 0.8 (other connectors may know a PDF of their own better), a picture 0.3, an electronic invoice 1,
    and a text that reads like an invoice 0.4: bank files of text kinds are surer of themselves.
    """
    kind = kind_of(head[:HEAD])
    if kind == "pdf":
        return 0.8
    if kind == "xml":
        return 1.0
    if kind in PICTURES:
        return 0.3
    if kind == "text":
        text = decode(head)
        rows = text.splitlines()
        separated = sum(row.count(";") >= 3 or row.count("\t") >= 3 or row.count(",") >= 4 for row in rows)
        if _INVOICE.search(text) and _MONEY.search(text) and separated <= len(rows) / 3:
            return 0.4
    return 0.2 if not head and name.lower().endswith(".pdf") else 0.0
