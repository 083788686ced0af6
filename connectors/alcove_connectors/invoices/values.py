"""Reading amounts, currencies and dates as the invoices of Europe print them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

SPACES = "\u00a0\u202f\u2007\u2009"
"""Blanks that typography puts between thousands or before a sign; all are read as one space."""

_DIGITS = r"\d{1,3}(?:[ .,'’]\d{3})+|\d+"
_SIGNS = r"€|EUROS?|EUR|\$|USD|£|GBP|CHF|zł|zl|PLN|₹|Rs\.?|INR|CAD|SEK|DKK|NOK"
AMOUNT = re.compile(
    rf"(?<![\w.,/])(?P<before>{_SIGNS})?\s?(?P<minus>[-−–])?\s?(?P<before2>{_SIGNS})?\s?"
    rf"(?P<whole>{_DIGITS})(?:[.,](?P<cents>\d{{2}}))?(?![\d/%]|[.,:]\d|\s?%)"
    rf"(?:\s?(?P<after>{_SIGNS})(?!\w)\s?(?P<odd>\d\d(?!\d))?)?(?P<credit>\s?-(?=\s|$)|\s?CR\b)?",
    re.IGNORECASE,
)
"""One printed amount, with its sign, currency on either side, `12€50`, and the trailing minus of old printers."""

_CODES = {
    "€": "EUR", "EURO": "EUR", "EUROS": "EUR", "$": "USD", "£": "GBP", "ZŁ": "PLN", "ZL": "PLN",
    "₹": "INR", "RS": "INR", "RS.": "INR",
}  # fmt: skip

_MONTHS = (
    ("january janvier januari januar jan janv enero gennaio janeiro stycznia", 1),
    ("february fevrier februari februar feb fevr fev febrero febbraio fevereiro lutego", 2),
    ("march mars maart marz maerz mar mrt mrz marzo marco marca", 3),
    ("april avril apr avr abril aprile kwietnia", 4),
    ("may mai mei mayo maggio maio maja", 5),
    ("june juin juni jun junio giugno junho czerwca", 6),
    ("july juillet juli jul juil julio luglio julho lipca", 7),
    ("august aout augustus aug agosto sierpnia", 8),
    ("september septembre sept sep septiembre settembre setembro wrzesnia", 9),
    ("october octobre oktober oct okt octubre ottobre outubro pazdziernika", 10),
    ("november novembre nov noviembre novembro listopada", 11),
    ("december decembre dezember dec dez diciembre dicembre dezembro grudnia", 12),
)
MONTHS = {name: number for names, number in _MONTHS for name in names.split()}
"""Month names and their abbreviations, without accents, in the languages of the invoices we meet."""

_NAME = r"[A-Za-zÀ-ÿśźńół]{3,12}"
DATE = re.compile(
    r"(?<![\d.,])(?:"
    r"(?P<y1>(?:19|20)\d\d)[-/.](?P<m1>\d{1,2})[-/.](?P<d1>\d{1,2})"
    r"|(?P<d2>\d{1,2})\s?[-/.]\s?(?P<m2>\d{1,2})\s?[-/.]\s?(?P<y2>(?:19|20)\d\d|\d\d)"
    rf"|(?P<d3>\d{{1,2}})(?:er|st|nd|rd|th|\.)?[ -]{{1,3}}(?:de )?(?P<m3>{_NAME})\.?,?(?: de)?[ -]{{1,3}}"
    r"(?P<y3>(?:19|20)\d\d|\d\d(?!\d|[:h.,]\d))"
    rf"|(?P<m4>{_NAME})\.?[ ]{{1,3}}(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?,?[ ]{{1,3}}(?P<y4>(?:19|20)\d\d)"
    r")(?!\d)"
)
"""One printed date: ISO, day first, or with the month in letters."""


def plain(text: str) -> str:
    """The text without accents and in lower case, one character for one, so that positions still fit."""
    return "".join(_bare(sign) for sign in text)


@lru_cache(maxsize=4096)
def _bare(sign: str) -> str:
    if sign < "\x80":
        return sign.lower()
    if sign in SPACES:
        return " "
    if sign in "’‘`´":
        return "'"
    if sign in "–—−‐‑":
        return "-"
    if sign == "ł":
        return "l"
    base = unicodedata.normalize("NFD", sign)[0].lower()
    return base if len(base) == 1 else sign


def clean(text: str) -> str:
    """One line of text with every kind of blank as one space, and no control characters."""
    return " ".join("".join(" " if sign in SPACES or not sign.isprintable() else sign for sign in text).split())


def currency(sign: str) -> str:
    """The ISO 4217 code of a printed sign or code; empty when there is none."""
    sign = sign.strip().upper()
    return _CODES.get(sign, sign if len(sign) == 3 else "")


def decimal(text: str | None) -> Decimal | None:
    """A number of an XML document (`xs:decimal`), or None when it is none, or absurdly long."""
    if text is None or not re.fullmatch(r"\s*[-+]?(\d{1,15}(\.\d{0,12})?|\.\d{1,12})\s*", text):
        return None
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def amount_of(match: re.Match[str]) -> Decimal | None:
    """The value of an `AMOUNT` match, rounded to cents; None when thousands and decimals contradict."""
    whole = match["whole"]
    if len(set(re.findall(r"[ .,'’]", whole))) > 1:
        return None
    digits = re.sub(r"\D", "", whole)
    if len(digits) > 12:
        return None
    value = Decimal(f"{digits}.{match['cents'] or match['odd'] or '00'}")
    return -value if match["minus"] or match["credit"] else value


def printed_currency(match: re.Match[str]) -> str:
    """The ISO code of the currency printed beside an `AMOUNT` match; empty when there is none."""
    return currency(match["before"] or match["before2"] or match["after"] or "")


def date_of(match: re.Match[str], *, month_first: bool = False) -> date | None:
    """The day of a `DATE` match, or None when it does not exist; `month_first` settles 03/04/2024."""
    if match["y1"]:
        return _day(match["y1"], int(match["m1"]), int(match["d1"]))
    if match["y2"]:
        day, month = int(match["d2"]), int(match["m2"])
        if month > 12 or (month_first and day <= 12):
            day, month = month, day
        return _day(match["y2"], month, day)
    group = "3" if match["y3"] else "4"
    number = MONTHS.get(plain(match["m" + group]))
    return _day(match["y" + group], number, int(match["d" + group])) if number else None


def _day(year: str, month: int, day: int) -> date | None:
    full = int(year) if len(year) == 4 else 2000 + int(year)
    try:
        return date(full, month, day) if 1990 <= full <= 2079 else None
    except ValueError:
        return None


def read_date(text: str, *, month_first: bool = False) -> date | None:
    """The first date in `text`, or None."""
    for match in DATE.finditer(text):
        found = date_of(match, month_first=month_first)
        if found:
            return found
    return None
