"""Invoice PDFs of a household, drawn in several hands: the same words as a sheet, laid out as trades do."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportlab.lib.colors import Color, black, white
from reportlab.lib.pagesizes import A4, A5
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from alcove_sample.chance import dice
from alcove_sample.facturx import attach, invoice_xml
from alcove_sample.purchases import SECURITY
from alcove_sample.sheets import Sheet, habit, items, sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alcove_sample.model import Bill, Household, Vendor

MARK = "SPECIMEN – foyer d'exemple Alcove"
_COLOURS = ((0.05, 0.25, 0.55), (0.75, 0.1, 0.15), (0.95, 0.45, 0.0), (0.1, 0.45, 0.25), (0.35, 0.15, 0.5))


@dataclass(frozen=True, slots=True)
class Invoice:
    """A finished PDF: its name, its bytes, its bill, and whether Factur-X is inside."""

    name: str
    content: bytes
    bill: Bill
    facturx: bool


def invoices(household: Household) -> Iterator[Invoice]:
    """Yield the PDF of every bill, in order; each takes some milliseconds."""
    vendors = {vendor.id: vendor for vendor in household.vendors} | {SECURITY.id: SECURITY}
    for bill in household.bills:
        yield draw(household, bill, vendors[bill.vendor_id])


def draw(household: Household, bill: Bill, vendor: Vendor) -> Invoice:
    """Draw a bill in its vendor's hand; a vendor in four that charges VAT sends Factur-X."""
    paper = io.BytesIO()
    hand, size = _HANDS[_hand(bill, vendor)]
    canvas = Canvas(paper, pagesize=size, invariant=True, pageCompression=1)
    canvas.setTitle(f"{MARK} {bill.number}")
    colour = Color(*_COLOURS[habit(vendor.id, len(_COLOURS), "colour")])
    hand(canvas, sheet(household, bill, vendor), colour)
    canvas.setFont("Helvetica", 5.5)
    canvas.setFillColor(black)
    canvas.drawCentredString(size[0] / 2, 14, MARK)
    canvas.showPage()
    canvas.save()
    content = paper.getvalue()
    electronic = bill.vat_rate > 0 and not bill.already and habit(vendor.id, 4, "factur-x") == 0
    if electronic:
        content = attach(content, invoice_xml(household, bill, vendor, items(bill)))
    return Invoice(_name(household, bill), content, bill, electronic)


def _hand(bill: Bill, vendor: Vendor) -> str:
    fixed = {"doctor": "letter", "pharmacy": "slip", "drive": "slip", "train": "side", "rent": "letter"}
    if bill.sector in fixed:
        return fixed[bill.sector]
    if bill.original_amount is not None:
        return "classic"
    return ("band", "classic", "side")[habit(vendor.id, 3, "hand")]


def _name(household: Household, bill: Bill) -> str:
    """Return a file name as downloads have them: sometimes telling, sometimes not."""
    draw = dice(household.seed, "name", bill.id).random()
    number = "".join(sign if sign.isalnum() else "-" for sign in bill.number)
    serial = int(bill.id.rsplit("-", 1)[-1])
    if draw < 0.5:
        vendor = "".join(sign if sign.isalnum() else "-" for sign in bill.vendor.lower())
        return f"{bill.date:%Y-%m}-{vendor}-{number}-{serial}.pdf"
    return f"facture_{number}_{serial}.pdf" if draw < 0.8 else f"document-{serial:04d}.pdf"


def _text(
    canvas: Canvas, x: float, y: float, lines: tuple[str, ...], size: float = 9, font: str = "Helvetica"
) -> float:
    """Write lines downwards from `y`; return where the next would go."""
    canvas.setFont(font, size)
    for line in lines:
        canvas.drawString(x, y, line)
        y -= size * 1.35
    return y


def _facts(canvas: Canvas, x: float, y: float, words: Sheet, gap: float, size: float = 9) -> float:
    """Write each fact with its value `gap` points to the right; with no gap, after a colon."""
    for name, value in words.facts:
        canvas.setFont("Helvetica-Bold", size)
        canvas.drawString(x, y, name if gap else f"{name} :")
        canvas.setFont("Helvetica", size)
        canvas.drawString(x + (gap or stringWidth(f"{name} : ", "Helvetica-Bold", size)), y, value)
        y -= size * 1.5
    return y


def _table(canvas: Canvas, x: float, y: float, width: float, words: Sheet, *, ruled: bool = False) -> float:
    """Write the lines of the bill in three columns, figures to the right."""
    stops = (x, x + width * 0.72, x + width)
    canvas.setFont("Helvetica-Bold", 9)
    for place, name in enumerate(words.columns):
        (canvas.drawString if place == 0 else canvas.drawRightString)(stops[place], y, name)
    canvas.line(x, y - 4, x + width, y - 4)
    canvas.setFont("Helvetica", 9)
    for row in words.rows:
        y -= 16
        for place, value in enumerate(row):
            (canvas.drawString if place == 0 else canvas.drawRightString)(stops[place], y, value)
        if ruled:
            canvas.line(x, y - 4, x + width, y - 4)
    return y - 20


def _sums(canvas: Canvas, left: float, right: float, y: float, words: Sheet) -> float:
    """Write the sums, the one owed in bold."""
    for place, (name, value) in enumerate(words.totals):
        last = place == len(words.totals) - 1
        canvas.setFont("Helvetica-Bold" if last else "Helvetica", 11 if last else 9)
        canvas.drawString(left, y, name)
        canvas.drawRightString(right, y, value)
        y -= 16
    return y


def _band(canvas: Canvas, words: Sheet, colour: Color) -> None:
    """A coloured band with the brand, as telecoms and energy do; the sum owed stands twice."""
    canvas.setFillColor(colour)
    canvas.rect(0, 770, 595, 72, stroke=0, fill=1)
    canvas.setFillColor(white)
    _text(canvas, 40, 800, (words.issuer[0],), 22, "Helvetica-Bold")
    canvas.setFillColor(black)
    _text(canvas, 360, 730, words.customer, 10)
    _text(canvas, 40, 735, (words.title,), 16, "Helvetica-Bold")
    y = min(_facts(canvas, 40, 712, words, 120), 670)  # the customer's address stands above
    name, value = words.totals[-1]
    canvas.setFillColor(Color(0.93, 0.93, 0.93))
    canvas.rect(340, y - 8, 215, 30, stroke=0, fill=1)
    canvas.setFillColor(black)
    _text(canvas, 350, y + 2, (name,), 10, "Helvetica-Bold")
    canvas.drawRightString(545, y + 2, value)
    y = _table(canvas, 40, y - 50, 515, words)
    y = _sums(canvas, 330, 555, y - 6, words)
    _text(canvas, 40, y - 20, words.notes, 8)
    _text(canvas, 40, 70, words.issuer[1:], 7)


def _classic(canvas: Canvas, words: Sheet, colour: Color) -> None:
    """Issuer on the left, customer on the right, a ruled table."""
    canvas.setFillColor(colour)
    _text(canvas, 40, 795, words.issuer[:1], 15, "Helvetica-Bold")
    canvas.setFillColor(black)
    _text(canvas, 40, 775, words.issuer[1:], 8)
    _text(canvas, 350, 715, words.customer, 10)
    canvas.setFont("Times-Bold", 18)
    canvas.drawCentredString(297, 650, words.title.upper())
    y = _facts(canvas, 40, 620, words, 0)
    y = _table(canvas, 40, y - 25, 515, words, ruled=True)
    y = _sums(canvas, 340, 555, y - 6, words)
    _text(canvas, 40, y - 25, words.notes, 8, "Helvetica-Oblique")


def _side(canvas: Canvas, words: Sheet, colour: Color) -> None:
    """Facts in a tinted column on the left, the bill on the right."""
    canvas.setFillColor(Color(colour.red, colour.green, colour.blue, alpha=0.12))
    canvas.rect(0, 0, 180, 842, stroke=0, fill=1)
    canvas.setFillColor(black)
    _text(canvas, 200, 790, words.issuer[:1], 18, "Helvetica-Bold")
    _text(canvas, 200, 770, words.issuer[1:], 7.5)
    y = 780.0
    for name, value in words.facts:
        y = _text(canvas, 20, y, (name,), 8, "Helvetica-Bold")
        y = _text(canvas, 20, y, (value,), 8) - 6
    _text(canvas, 380, 700, words.customer, 9)
    _text(canvas, 200, 640, (words.title,), 16, "Helvetica-Bold")
    y = _table(canvas, 200, 605, 355, words)
    y = _sums(canvas, 330, 555, y - 6, words)
    _text(canvas, 200, y - 20, words.notes, 6.5)


def _slip(canvas: Canvas, words: Sheet, _: Color) -> None:
    """A till receipt on a small sheet, in a typewriter's face."""
    y = _text(canvas, 40, 560, words.issuer, 8, "Courier-Bold") - 8
    y = _text(canvas, 40, y, (words.title, *words.customer[:1]), 8, "Courier") - 8
    y = _text(canvas, 40, y, tuple(f"{name} : {value}" for name, value in words.facts), 8, "Courier") - 8
    for row in words.rows:
        canvas.drawString(40, y, f"{row[1]} x {row[0]}" if row[1].isdigit() else row[0])
        canvas.drawRightString(380, y, row[-1])
        y -= 12
    y -= 8
    for name, value in words.totals:
        canvas.drawString(40, y, name.upper())
        canvas.drawRightString(380, y, value)
        y -= 12
    _text(canvas, 40, y - 12, words.notes, 6, "Courier")


def _letter(canvas: Canvas, words: Sheet, _: Color) -> None:
    """A plain letter, as doctors and landlords write."""
    _text(canvas, 60, 780, words.issuer, 10, "Times-Roman")
    _text(canvas, 340, 690, words.customer, 10, "Times-Roman")
    _text(canvas, 60, 620, (words.title,), 15, "Times-Bold")
    y = _facts(canvas, 60, 595, words, 0, 10) - 10
    for row in words.rows:
        y = _text(canvas, 60, y, (f"{row[0]} : {row[-1]}",), 10, "Times-Roman")
    for name, value in words.totals:
        y = _text(canvas, 60, y - 6, (f"{name} : {value}",), 11, "Times-Bold")
    _text(canvas, 60, y - 20, words.notes, 8, "Times-Italic")


_HANDS: dict[str, tuple[Callable[[Canvas, Sheet, Color], None], tuple[float, float]]] = {
    "band": (_band, A4),
    "classic": (_classic, A4),
    "side": (_side, A4),
    "slip": (_slip, A5),
    "letter": (_letter, A4),
}
