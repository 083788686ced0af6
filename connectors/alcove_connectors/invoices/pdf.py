"""Opening a PDF within limits: its pages as glyphs, and the XML attached to it."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pypdfium2
import pypdfium2.raw as pdfium

from .einvoice import LARGEST_XML
from .layout import Glyph, Page
from .model import Unreadable

if TYPE_CHECKING:
    from pathlib import Path

FIRST_PAGES = 4
"""Pages read from the start; the facts of an invoice stand on its first or its last pages."""
LAST_PAGES = 2
"""Pages read from the end, after the first ones."""
MOST_SIGNS = 40_000
"""Characters read in one document; a dense page has about 6,000."""
MOST_ATTACHMENTS = 50
"""Attachments looked at by name."""

_XML_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml", "cii.xml", "ubl.xml")


@dataclass(frozen=True)
class Paper:
    """What was read of a PDF: pages from both ends, how many it has, and its attached XML files, likeliest first."""

    pages: tuple[Page, ...]
    count: int
    xml: tuple[bytes, ...]

    @property
    def skipped(self) -> int:
        """How many pages in the middle were not read."""
        return self.count - len(self.pages)


def open_pdf(path: Path, *, pages: bool = True) -> Paper:
    """Read a PDF's attached XML, and its pages unless `pages` is false.

    Raises `Unreadable`: `encrypted` (a password is needed), `broken_pdf`, `empty_pdf` (no page).
    """
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            sentence = "The PDF is protected by a password; save a copy without one and add that."
            raise Unreadable("encrypted", sentence, keep=True) from None
        raise Unreadable("broken_pdf", "The PDF is damaged or cut off and cannot be opened.", keep=True) from None
    try:
        count = len(document)
        if count < 1:
            raise Unreadable("empty_pdf", "The PDF has no page.", keep=False)
        return Paper(_pages(document, count) if pages else (), count, _attached(document))
    finally:
        document.close()


def _pages(document: pypdfium2.PdfDocument, count: int) -> tuple[Page, ...]:
    wanted = sorted({*range(min(FIRST_PAGES, count)), *range(max(0, count - LAST_PAGES), count)})
    left = MOST_SIGNS
    found: list[Page] = []
    for index in wanted:
        try:
            page = document[index]
        except pypdfium2.PdfiumError:
            continue  # One broken page does not take the others with it.
        try:
            found.append(_glyphs(page, left))
            left -= len(found[-1].glyphs)
        except pypdfium2.PdfiumError:
            continue
        finally:
            page.close()
        if left <= 0:
            break
    return tuple(found)


def _glyphs(page: pypdfium2.PdfPage, most: int) -> Page:
    """The visible characters of a page in points, read glyph by glyph through pdfium's text page."""
    turned = _Turn(page.get_cropbox(), page.get_rotation())
    text = page.get_textpage()
    try:
        found: list[Glyph] = []
        box, x, y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
        spaced = False
        for index in range(text.count_chars()):
            code = _TYPED.get(unicode := pdfium.FPDFText_GetUnicode(text, index), unicode)
            if code <= 32 or code in _BLANKS:
                spaced = True
                continue
            if not pdfium.FPDFText_GetLooseCharBox(text, index, box) or code > 0x10FFFF or 0xD800 <= code < 0xE000:
                continue
            pdfium.FPDFText_GetCharOrigin(text, index, x, y)
            left, bottom, right, top = turned.box(box.left, box.bottom, box.right, box.top)
            if right > max(left, 0) and top > max(bottom, 0) and left < turned.width and bottom < turned.height:
                base = turned.point(x.value, y.value)[1]
                found.append(Glyph(chr(code), left, bottom, right, top, base, len(found), spaced))
                spaced = False
            if len(found) >= most:
                break
        return Page(turned.width, turned.height, tuple(found))
    finally:
        text.close()


class _Turn:
    """From a page's own coordinates to those of its reader: the visible box from (0, 0), turned as the page says."""

    def __init__(self, box: tuple[float, float, float, float], degrees: int) -> None:
        self._left, self._bottom, self._right, self._top = box
        self._degrees = degrees
        size = (self._right - self._left, self._top - self._bottom)
        self.width, self.height = size if degrees % 180 == 0 else size[::-1]

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point is seen."""
        if self._degrees == 90:
            return y - self._bottom, self._right - x
        if self._degrees == 180:
            return self._right - x, self._top - y
        if self._degrees == 270:
            return self._top - y, x - self._left
        return x - self._left, y - self._bottom

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """Where a box is seen: left, bottom, right, top."""
        one, other = self.point(left, bottom), self.point(right, top)
        return min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1])


_BLANKS = frozenset({0x7F, 0xA0, 0xAD, 0x2007, 0x2009, 0x200B, 0x202F, 0xFEFF, 0xFFFE, 0xFFFF})
_TYPED = {0x02: 0x2D}
"""pdfium writes a hyphen at the end of a line as U+0002."""


def _attached(document: pypdfium2.PdfDocument) -> tuple[bytes, ...]:
    """The attached files whose name ends in .xml, the names that the standards prescribe first."""
    found: list[tuple[int, bytes]] = []
    for index in range(min(document.count_attachments(), MOST_ATTACHMENTS)):
        try:
            attachment = document.get_attachment(index)
            name = attachment.get_name().lower()
            if name.endswith(".xml"):
                rank = _XML_NAMES.index(name) if name in _XML_NAMES else len(_XML_NAMES)
                data = bytes(attachment.get_data())
                found.append((rank, data[: LARGEST_XML + 1]))
        except pypdfium2.PdfiumError:
            continue
    return tuple(data for _, data in sorted(found, key=lambda one: one[0]))
