"""Whole numbers in what others send: digits of ASCII, and not more of them than a number may have."""

from __future__ import annotations


def whole(text: str, digits: int = 9) -> int | None:
    """The number that a text is, None when it is none. Python alone takes `²` for a digit, and fails on 5,000 of them.

    >>> whole("42"), whole("²"), whole("-1"), whole("9" * 5000)
    (42, None, None, None)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None
