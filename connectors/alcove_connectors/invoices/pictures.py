"""Pictures of invoices: checked within limits, never decoded; there is no reading of printed letters here."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from .model import Unreadable

if TYPE_CHECKING:
    from pathlib import Path

MOST_PIXELS = 200_000_000
"""Pixels of a picture that is kept; a page scanned at 1200 dpi has 139 million."""


def check(path: Path) -> tuple[int, int]:
    """The width and height of a picture, from its header alone.

    Raises `Unreadable` with code `broken_picture` or `picture_bomb`. A HEIC file that this machine cannot
    open passes with size (0, 0): its signature was right and other devices read it.
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as picture:
            width, height = picture.size
    except Image.DecompressionBombError:
        raise _bomb() from None
    except UnidentifiedImageError:
        with path.open("rb") as opened:
            if opened.read(12)[4:8] == b"ftyp":
                return 0, 0
        raise _broken() from None
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, OverflowError):
        raise _broken() from None
    if width * height > MOST_PIXELS:
        raise _bomb()
    return width, height


def _bomb() -> Unreadable:
    return Unreadable("picture_bomb", "The picture claims more than 200 million pixels and is not kept.", keep=False)


def _broken() -> Unreadable:
    return Unreadable("broken_picture", "The picture is damaged or cut off.", keep=True)
