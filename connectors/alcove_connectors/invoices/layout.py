"""Text as it lies on the page: glyphs with their places, set on a grid of characters.

Templates and rules read "label, then value in the same row" or "value below its label"; the order in
which a PDF draws its words says nothing about that. This does for us what a layout mode of a
PDF-to-text program does, without needing one on the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

WIDEST_LINE = 400
"""Columns of the grid at most; a page drawn across metres of paper is squeezed into it."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One visible character with its box in points, y growing upwards.

    `base` is the height of its base line, `order` its place in the order of drawing, and `spaced` says
    that the document itself has a blank before it.
    """

    sign: str
    left: float
    bottom: float
    right: float
    top: float
    base: float
    order: int
    spaced: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The glyphs of one page with its size in points."""

    width: float
    height: float
    glyphs: tuple[Glyph, ...]

    def text(self) -> str:
        """The page on its grid; rows are separated by line breaks, wide gaps by several spaces."""
        return set_on_grid(self.glyphs)

    def area(self, left: float, top: float, width: float, height: float) -> str:
        """The text within a rectangle in points, its corner counted from the top left of the page."""
        right, low, high = left + width, self.height - top - height, self.height - top
        inside = (
            glyph
            for glyph in self.glyphs
            if left <= (glyph.left + glyph.right) / 2 <= right and low <= (glyph.bottom + glyph.top) / 2 <= high
        )
        return set_on_grid(tuple(inside))


def set_on_grid(glyphs: tuple[Glyph, ...]) -> str:
    """Rows of glyphs as lines of text whose columns keep their places."""
    if not glyphs:
        return ""
    origin = min(glyph.left for glyph in glyphs)
    reach = max(glyph.right for glyph in glyphs) - origin
    step = max(median(glyph.right - glyph.left for glyph in glyphs), reach / WIDEST_LINE, 0.1)
    return "\n".join(_set_row(row, origin, step) for row in _rows(glyphs))


def _rows(glyphs: tuple[Glyph, ...]) -> list[list[Glyph]]:
    """Glyphs grouped by their base line, rows from top to bottom, each row from left to right."""
    rows: list[list[Glyph]] = []
    base = size = 0.0
    for glyph in sorted(glyphs, key=lambda one: -one.base):
        height = max(glyph.top - glyph.bottom, 0.1)
        if rows and base - glyph.base <= 0.3 * max(size, height):
            rows[-1].append(glyph)
            size = max(size, height)
        else:
            rows.append([glyph])
            base, size = glyph.base, height
    for row in rows:
        row.sort(key=lambda one: (one.left, one.order))
    return rows


def _set_row(row: list[Glyph], origin: float, step: float) -> str:
    """One row as text: a gap of a fifth of the type's height is a space, a wider one moves to its column."""
    text: list[str] = []
    length = 0
    last: Glyph | None = None
    for glyph in row:
        if last is not None:
            if _printed_twice(glyph, last):
                continue
            gap, height = glyph.left - last.right, last.top - last.bottom
            blanks = 0
            if gap > 0.9 * height:
                blanks = max(2, round((glyph.left - origin) / step) - length)
            elif gap > 0.13 * height or (glyph.spaced and glyph.order == last.order + 1):
                blanks = 1
        else:
            blanks = max(0, round((glyph.left - origin) / step))
        text.append(" " * min(blanks, WIDEST_LINE))
        text.append(glyph.sign)
        length += blanks + len(glyph.sign)
        last = glyph
    return "".join(text)


def _printed_twice(glyph: Glyph, last: Glyph) -> bool:
    """Whether both are one character drawn again a hair apart to look bold; a ligature's halves follow each other."""
    near = glyph.left - last.left < 0.25 * (last.right - last.left)
    return near and glyph.sign == last.sign and abs(glyph.order - last.order) > 1
