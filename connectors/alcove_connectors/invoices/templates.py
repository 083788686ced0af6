"""The templates of invoice2data (MIT): 215 descriptions of invoices, tried after the embedded XML.

They were written for the layout of a PDF-to-text program; ours (`layout.py`) is near enough, and fields
that are read from an area of the page are served from the glyphs. Nothing is loaded until an invoice
without XML comes by, and a template is only applied when all its keywords are in the text.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from invoice2data.extract.invoice_template import InvoiceTemplate
from invoice2data.extract.loader import read_templates

from .model import Facts
from .values import DATE, clean, date_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .layout import Page

logging.getLogger("invoice2data").setLevel(logging.CRITICAL)

TEMPLATE_CONFIDENCE = 0.9
"""Of a template that found all its required fields; it rises when the rules read the same total."""
LONGEST_TEXT = 60_000
"""Characters that templates see: their expressions were not written for more."""


@dataclass(frozen=True)
class Reading:
    """What a template read: any fact but the issuer may be missing."""

    name: str
    issuer: str
    total: Decimal | None
    issued: date | None
    number: str
    currency: str
    due: date | None
    net: Decimal | None
    tax: Decimal | None
    fields: dict[str, Any]


class _Template(InvoiceTemplate):
    """A template whose dates are first read by our own tables: the library loads a large parser for each language."""

    def parse_date(self, value: str) -> Any:
        formats = tuple(self.options["date_formats"] or ())
        for form in formats:
            try:
                return datetime.strptime(value.strip(), form)  # noqa: DTZ007 - invoices print days, not moments
            except (ValueError, TypeError):
                continue
        found = DATE.search(value)
        day = date_of(found, month_first=any(form.startswith("%m") for form in formats)) if found else None
        return datetime(day.year, day.month, day.day) if day else super().parse_date(value)  # noqa: DTZ001


class _Area:
    """Stands in for one of the library's readers: it gives the text within an area of the first pages."""

    SUPPORTS_AREA = True

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = pages

    def to_text(self, _path: str, area: dict[str, Any]) -> str:
        """The text of an area in pixels at `r` dots per inch, on the pages `f` to `l`."""
        scale = 72 / float(area.get("r", 100))
        box = (float(area[name]) * scale for name in ("x", "y", "W", "H"))
        left, top, width, height = box
        pages = self.pages[int(area.get("f", 1)) - 1 : int(area.get("l", 1))]
        return "\n".join(page.area(left, top, width, height) for page in pages)


@lru_cache(maxsize=1)
def _templates() -> tuple[_Template, ...]:
    found = [_Template(template) for template in read_templates()]
    return tuple(sorted(found, key=lambda template: -int(template.get("priority", 5))))


def apply(text: str, pages: Sequence[Page]) -> Reading | None:
    """What the first fitting template reads; None when none fits, or none that fits finds its fields."""
    text = text[:LONGEST_TEXT]
    for template in _templates():
        if not template.matches_input(text):
            continue
        try:
            fields = template.extract(template.prepare_input(text), "", _Area(pages))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, AssertionError, re.error, ArithmeticError):
            continue  # A template for another year's layout: the next one, or the rules, may do better.
        return _reading(template, fields)
    return None


def _reading(template: _Template, fields: dict[str, Any]) -> Reading:
    return Reading(
        name=str(template.get("template_name", "")),
        issuer=clean(str(fields.get("issuer", ""))),
        total=_money(fields.get("amount")),
        issued=_day(fields.get("date")),
        number=clean(str(fields.get("invoice_number", "")))[:60],
        currency=clean(str(fields.get("currency", ""))).upper()[:3],
        due=_day(fields.get("date_due")),
        net=_money(fields.get("amount_untaxed")),
        tax=_money(fields.get("amount_tax")),
        fields=fields,
    )


def _money(value: Any) -> Decimal | None:
    if isinstance(value, list):
        value = value[0] if len(set(map(str, value))) == 1 else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return Decimal(str(value)).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None


def _day(value: Any) -> date | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return value.date() if isinstance(value, datetime) else None


def merge(reading: Reading, rules: Facts | None) -> Facts | None:
    """A template's reading completed by the rules; None when a total or a date is missing in both.

    Where both have a total and it differs, the one that net and tax prove wins; else the template, with a doubt.
    """
    total = reading.total if reading.total is not None else rules.total if rules else None
    issued = reading.issued or (rules.issued if rules else None)
    if total is None or issued is None:
        return None
    confidence = TEMPLATE_CONFIDENCE
    doubts: tuple[str, ...] = ()
    if rules and reading.total is not None:
        if abs(reading.total) == rules.total:
            confidence = 0.98
        elif rules.net is not None and rules.tax is not None and abs(reading.total) in (rules.net, rules.tax):
            total = rules.total
        else:
            confidence, doubts = 0.75, ("total",)
    base = rules or Facts("", total, "EUR", issued, "", 0.0)
    number = reading.number
    if rules and rules.number and (len(number) < 3 or not any(sign.isdigit() for sign in number)):
        number = rules.number  # A number cut at its first blank would make all invoices of an issuer one.
    same = total == base.total
    return replace(
        base,
        issuer=reading.issuer or base.issuer,
        total=abs(total),
        issued=issued,
        currency=reading.currency or base.currency,
        source=f"template:{reading.name}",
        confidence=confidence,
        number=number,
        refund=base.refund or total < 0,
        due=reading.due or base.due,
        net=reading.net if reading.net is not None else base.net if same else None,
        tax=reading.tax if reading.tax is not None else base.tax if same else None,
        taxes=base.taxes if same else (),
        doubts=doubts,
    )
