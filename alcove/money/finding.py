"""What bills, operations and accounts say to who searches: names, amounts, categories, and when it was."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from alcove.money.categories import NAMES, UNCATEGORISED, name_of
from alcove.money.model import ACCOUNTS, BILLS, OPERATIONS, category_of, ordinal
from alcove.search import Findable, Said, amount_words, sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    Fields = Mapping[str, Any]

_MONTHS = (
    "janvier january",
    "février february",
    "mars march",
    "avril april",
    "mai may",
    "juin june",
    "juillet july",
    "août august",
    "septembre september",
    "octobre october",
    "novembre november",
    "décembre december",
)


def operation(ident: str, fields: Fields, beside: Fields | None, language: str) -> Said | None:  # noqa: ARG001
    """An operation under its label, with what the bank wrote and its category."""
    label, written = _text(fields, "label"), _text(fields, "originalBankLabel")
    category, day = category_of(fields), _day(fields)
    if not (label or written):
        return None
    known = category != UNCATEGORISED and category in NAMES
    return Said(
        label or written,
        name_of(category, language) if known else "",
        " ".join((written, *(NAMES[category] if known else ()), amount_words(fields.get("amount")), _when(day))),
        day,
        _sum(fields, "amount"),
        sources(fields),
    )


def bill(ident: str, fields: Fields, beside: Fields | None, language: str) -> Said | None:  # noqa: ARG001
    """A bill under its vendor, with its number and the name of its file."""
    vendor, number, file = (_text(fields, name) for name in ("vendor", "vendorRef", "filename"))
    day = _day(fields)
    if not (vendor or file):
        return None
    words = " ".join((number, file, amount_words(fields.get("amount")), _when(day)))
    shown = {**_sum(fields, "amount"), "isRefund": fields.get("isRefund") is True}
    return Said(vendor or file, number, words, day, shown, sources(fields))


def account(ident: str, fields: Fields, beside: Fields | None, language: str) -> Said | None:  # noqa: ARG001
    """An account under its label, with the name of its bank."""
    label, bank = _text(fields, "label"), _text(fields, "institutionLabel")
    return Said(label or bank, bank, shown=_sum(fields, "balance"), facets=sources(fields)) if label or bank else None


FINDABLES = {
    "bills": Findable(BILLS, bill, 2),
    "operations": Findable(OPERATIONS, operation, 2),
    "accounts": Findable(ACCOUNTS, account, 2),
}


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def _day(fields: Fields) -> str:
    day = ordinal(_text(fields, "date")[:13])
    return date.fromordinal(day).isoformat() if day else ""


def _when(day: str) -> str:
    """The year and the month's name, in both languages: "edf mars 2026" finds what was then."""
    year, month = day[:4], day[5:7]
    return f"{year} {_MONTHS[int(month) - 1]}" if month.isdecimal() and 1 <= int(month) <= 12 else year


def _sum(fields: Fields, name: str) -> dict[str, Any]:
    value = fields.get(name)
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    return {"amount": number, "currency": _text(fields, "currency") or "EUR"}
