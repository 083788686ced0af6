"""The order of JSON values in CouchDB, as bytes: `encode(a) < encode(b)` when a comes before b.

null < false < true < numbers < strings < arrays < objects. Strings follow the root collation of Unicode, CLDR's order:
spaces, punctuation, symbols, currencies, digits, letters; then accents; then lower before upper case. Only the base
letters, accents and case of Latin text are weighed exactly; other scripts follow their code points, which keeps every
script together and in its usual order.
"""

from __future__ import annotations

import math
import struct
import unicodedata
from functools import lru_cache
from typing import Any

DEPTH = 100
"""Levels of nesting of a value that take part in the order."""
LENGTH = 1024
"""Characters of a string that take part in a stored key: enough to sort, small enough to page."""

END = b"\x01"
NULL, FALSE, TRUE, NUMBER, STRING, ARRAY, OBJECT = (bytes([n]) for n in (0x10, 0x20, 0x28, 0x30, 0x40, 0x50, 0x60))
AFTER = b"\xff"
"""Greater than the encoding of any value."""

# Weights of one byte, in the order of the root collation; 0 ends a string, 1 ends a level. The groups are followed by
# a byte that leads those of their characters that have no weight of their own.
_SPACES, _PUNCTUATION, _SYMBOLS, _CURRENCIES = "\t\n\v\f\r ", "_-,;:!?.'\"()[]{}@*/\\&#%", "`^+<=>|~", "$"
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
_GROUPS = (_SPACES, _PUNCTUATION, _SYMBOLS, _CURRENCIES, _LETTERS)
_COMMON, _LIGATURE, _FIRST_ACCENT, _OTHER_ACCENT = 0x05, 0x08, 0x10, 0x30
_ACCENTS = "\u0301\u0300\u0306\u0302\u030c\u030a\u0308\u030b\u0303\u0307\u0338\u0327\u0328\u0304"
_LOWER, _COMPAT, _UPPER, _UPPER_COMPAT = 2, 4, 8, 10


def _weights() -> tuple[dict[str, int], list[int]]:
    weights, leads, weight = dict[str, int](), list[int](), 2
    for group in _GROUPS:
        for char in group:
            weights[char] = weight
            weight += 1
        leads.append(weight)
        weight += 1
    return weights, leads


_WEIGHTS, _LEADS = _weights()
_PRIMARY = bytes(_WEIGHTS.get(chr(code).lower(), 0) for code in range(256))
_TERTIARY = bytes(_UPPER if 0x41 <= code <= 0x5A else _LOWER for code in range(256))
_IGNORED = bytes(code for code in range(128) if chr(code).lower() not in _WEIGHTS)
_HAS_UPPER = frozenset(range(0x41, 0x5B))
# Letters that Unicode does not decompose but collates as others, with a difference of the second level.
_STROKED = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t"}
_LIGATURES = {"æ": "ae", "œ": "oe", "ß": "ss"}


def encode(value: Any, limit: int | None = None) -> bytes:
    """The bytes that sort as the value does. No encoding is the beginning of another one.

    `limit` cuts strings for stored keys.
    """
    return _encode(value, limit, 0)


def _encode(value: Any, limit: int | None, depth: int) -> bytes:
    if isinstance(value, str):
        return STRING + _text(value if limit is None else value[:limit])
    if value is None:
        return NULL
    if value is True:
        return TRUE
    if value is False:
        return FALSE
    if isinstance(value, int | float):
        return NUMBER + _number(value)
    if depth > DEPTH:
        return ARRAY + END  # what lies deeper takes no part in the order: one odd document must not stop a query
    if isinstance(value, list | tuple):
        return ARRAY + b"".join([_encode(item, limit, depth + 1) for item in value]) + END
    parts = [
        part for key in sorted(value) for part in (_encode(key, limit, depth), _encode(value[key], limit, depth + 1))
    ]
    return OBJECT + b"".join(parts) + END


def _number(value: float) -> bytes:
    """Eight bytes of the double at or below the value, then what an integer exceeds it by."""
    rest = 0
    double = float(value)
    if isinstance(value, int) and abs(value) > 1 << 53:
        if int(double) > value:
            double = math.nextafter(double, -math.inf)
        rest = value - int(double)
    bits = struct.unpack(">Q", struct.pack(">d", double + 0.0))[0]  # adding 0.0 makes -0.0 the same number as 0.0
    bits = bits ^ 0xFFFFFFFFFFFFFFFF if bits >> 63 else bits | 1 << 63
    return struct.pack(">QH", bits, rest)


def _text(text: str) -> bytes:
    if not text.isascii():
        return _unicode_text(text)
    raw = text.encode()
    primary = raw.translate(_PRIMARY, _IGNORED)
    if text.islower() or _HAS_UPPER.isdisjoint(raw):
        return primary + b"\x01\x01\x00"
    return primary + b"\x01\x01" + raw.translate(_TERTIARY, _IGNORED).rstrip(b"\x02") + b"\x00"


def _unicode_text(text: str) -> bytes:
    primary, secondary, tertiary = bytearray(), bytearray(), bytearray()
    for char in text:
        for first, second, third in _elements(char):
            primary += first
            secondary += second
            tertiary.append(third)
    # The lightest weights at the end of a level change no comparison: a shorter level comes first anyway.
    return bytes(primary + b"\x01" + secondary.rstrip(b"\x05") + b"\x01" + tertiary.rstrip(b"\x02") + b"\x00")


@lru_cache(maxsize=4096)
def _elements(char: str) -> tuple[tuple[bytes, bytes, int], ...]:
    """What one character adds to the three levels, element by element."""
    elements = list[tuple[bytes, bytes, int]]()
    compat = unicodedata.decomposition(char).startswith("<")
    for part in unicodedata.normalize("NFKD", char):
        category = unicodedata.category(part)
        lower = part.lower()
        upper = lower != part
        third = (_UPPER_COMPAT if compat else _UPPER) if upper else (_COMPAT if compat else _LOWER)
        if category.startswith("M"):
            elements.append((b"", _mark(part), _LOWER))
        elif lower in _LIGATURES or lower in _STROKED:
            letters, second = _LIGATURES.get(lower) or _STROKED[lower], _LIGATURE
            if lower in _STROKED:
                second = _FIRST_ACCENT + _ACCENTS.index("\u0338")
            elements.extend((bytes([_WEIGHTS[letter]]), bytes([_COMMON]), third) for letter in letters)
            elements.append((b"", bytes([second]), _LOWER))
        elif category in ("Cc", "Cf", "Cs") and part not in _WEIGHTS:
            continue
        else:
            elements.append((_base(lower, category), bytes([_COMMON]), third))
    return tuple(elements)


def _mark(part: str) -> bytes:
    if part in _ACCENTS:
        return bytes([_FIRST_ACCENT + _ACCENTS.index(part)])
    return bytes([_OTHER_ACCENT]) + _four(part)


def _base(lower: str, category: str) -> bytes:
    if category == "Nd":
        return bytes([_WEIGHTS[str(unicodedata.digit(lower))]])
    weight = _WEIGHTS.get(lower)
    if weight is not None:
        return bytes([weight])
    kinds = ("Z", "P", "S", "Sc")
    lead = _LEADS[3] if category == "Sc" else _LEADS[kinds.index(category[0])] if category[0] in kinds else _LEADS[4]
    return bytes([lead]) + _four(lower[0])


def _four(char: str) -> bytes:
    """A code point in four bytes, none of them 0 or 1 (which end a level) nor the lightest of its level."""
    code = ord(char)
    return bytes(0x10 + (code >> shift & 0x3F) for shift in (18, 12, 6, 0))
