"""Draws a portrait as PNG. Nothing that somebody sent is decoded here: only letters and colours of our own."""

from __future__ import annotations

import io
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

    from alcove.contacts.model import Portrait

SMOOTH = 2
"""How much larger it is drawn than it is given: that makes its edges smooth."""


@lru_cache(maxsize=512)
def as_png(drawn: Portrait, size: int) -> bytes:
    """The portrait as PNG of `size` points a side. Letters that no font here has are left for a head and shoulders."""
    from PIL import Image, ImageDraw  # slow to load, and most servers draw few

    side = size * SMOOTH
    face = Image.new("RGB", (side, side), drawn.ground)
    pen = ImageDraw.Draw(face)
    font = _font(side * 0.37)
    if drawn.letters and all(_has(font, letter) for letter in drawn.letters):
        pen.text((side / 2, side * 0.51), drawn.letters, drawn.ink, font, anchor="mm")
    else:
        for x, y, radius in ((0.5, 0.38, 0.17), (0.5, 0.92, 0.32)):
            pen.ellipse([side * (x - radius), side * (y - radius), side * (x + radius), side * (y + radius)], drawn.ink)
    round_off = Image.new("L", (side, side), 0)
    ImageDraw.Draw(round_off).ellipse([0, 0, side - 1, side - 1], 128 if drawn.translucent else 255)
    face.putalpha(round_off)
    written = io.BytesIO()
    face.resize((size, size), Image.Resampling.LANCZOS).save(written, "PNG", optimize=True)
    return written.getvalue()


def _font(size: float) -> FreeTypeFont:
    from PIL import ImageFont

    # Bitstream Vera, which reportlab brings along for the bills of the sample person.
    return ImageFont.truetype(io.BytesIO((files("reportlab") / "fonts" / "VeraBd.ttf").read_bytes()), size)


def _has(font: FreeTypeFont, letter: str) -> bool:
    return bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))
