"""Amounts and days as banks write them: pure readings of one cell, and of a whole column where one cell is unclear."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’`]+")
_CURRENCY = re.compile(r"^(?:EUR|USD|GBP|CHF|€|\$|£)|(?:EUR|EUROS?|USD|GBP|CHF|€|\$|£)$", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d[\d.,]*|[.,]\d+)")
_MAX_DIGITS = 18
_FIRST_YEAR, _LAST_YEAR = 1950, 2100

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan janv janvier january",
            "feb fev fevr fevrier february",
            "mar mars march",
            "apr avr avril april",
            "mai may",
            "jun juin june",
            "jul juil juillet july",
            "aug aou aout august",
            "sep sept septembre september",
            "oct octobre october",
            "nov novembre november",
            "dec decembre december",
        ),
        start=1,
    )
    for name in names.split()
}
"""French and English month names without accents, and their number."""


def amount(text: str, decimal: str = "") -> Decimal:
    """Read one amount; ``decimal`` is the column's decimal mark, guessed from this value alone when empty.

    Accepts spaces and apostrophes between thousands, a currency, a minus before or after, parentheses.
    Raises ``ValueError`` when the text is not one finite number of at most 18 digits.
    """
    bare = _SPACES.sub("", text).replace("\u2212", "-").replace("\u2013", "-")
    negative = bare.startswith("(") and bare.endswith(")")
    bare = _CURRENCY.sub("", bare.strip("()"))
    if bare.endswith(("-", "+")):
        bare = bare[-1] + bare[:-1]
    if not _NUMBER.fullmatch(bare) or not bare.isascii() or sum(map(str.isdigit, bare)) > _MAX_DIGITS:
        raise ValueError(f"{text.strip()[:40]!r} is not an amount")
    mark = decimal or decimal_mark([bare])
    thousands = "." if mark == "," else ","
    plain = bare.replace(thousands, "").replace(mark, ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise ValueError(f"{text.strip()[:40]!r} is not an amount") from None
    return -number if negative else number


def decimal_mark(samples: Iterable[str]) -> str:
    """The decimal mark of a column, ``,`` or ``.``: what stands last in a value with both, else what is not
    followed by exactly three digits; a mark always followed by three digits separates thousands."""
    thousands = ""
    for sample in samples:
        marks = [character for character in sample if character in ",."]
        if not marks:
            continue
        last = marks[-1]
        if len(set(marks)) == 2:
            return last
        digits = len(re.findall(r"\d", sample.rpartition(last)[2]))
        if len(marks) == 1 and digits != 3:
            return last
        thousands = last
    return "," if thousands == "." else "."


@lru_cache(maxsize=4096)  # a statement has many operations on few days
def day(text: str, order: str = "dmy") -> date:
    """Read one day written in ``order`` (``dmy``, ``mdy`` or ``ymd``), any separator, years of two or four digits.

    A year in front (``2024-03-15``, ``20240315``, a time after it or not) needs no order; month names may be French
    or English. Raises ``ValueError`` when the text is not a day between 1950 and 2100.
    """
    bare = text.strip().replace("' ", "'0").replace("’", "'")
    for form, group in ((_ISO, "ymd"), (_COMPACT, "ymd"), (_SHORT, order), (_TIGHT, order), (_WORDS, "dmy")):
        found = form.fullmatch(bare)
        if found:
            return _day_of(found.groups(), group, text)
    raise ValueError(f"{text.strip()[:40]!r} is not a date")


_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].{0,24})?")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_SHORT = re.compile(r"(\d{1,2})\s?[-/. ]\s?(\d{1,2})\s?[-/. ']\s?(\d{4}|\d{2})(?:[T ,].{0,24})?")
_TIGHT = re.compile(r"(\d{2})(\d{2})((?:19|20)\d{2})")
_WORDS = re.compile(r"(\d{1,2})[-/. ]{1,2}([^\W\d]{3,9})[-/. ]{1,2}(\d{4}|\d{2})(?:[ ,].{0,24})?")


def _day_of(parts: tuple[str, ...], order: str, text: str) -> date:
    try:
        numbers = {name: _number(part) for name, part in zip(order, parts, strict=True)}
        year = numbers["y"]
        if year < 100:
            year += 1900 if year >= 70 else 2000
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise ValueError
        return date(year, numbers["m"], numbers["d"])
    except (ValueError, KeyError):
        raise ValueError(f"{text.strip()[:40]!r} is not a date") from None


def _number(part: str) -> int:
    return int(part) if part.isdecimal() and part.isascii() else MONTHS[fold(part)]


def day_orders(samples: Iterable[str]) -> tuple[str, ...]:
    """The orders in which every sample is a day: two of them mean that the samples cannot tell."""
    values = list(samples)
    return tuple(order for order in ("dmy", "mdy") if all(_is_day(value, order) for value in values))


def _is_day(text: str, order: str) -> bool:
    try:
        day(text, order)
    except ValueError:
        return False
    return True


def likely_order(samples: list[str]) -> str:
    """The one order that fits, or, of several, the only one in which the file runs forwards or backwards in time.

    Empty when the samples cannot tell: then a person must.
    """
    orders = day_orders(samples)
    readings = {order: [day(sample, order) for sample in samples] for order in orders}
    if len(orders) <= 1 or len({tuple(days) for days in readings.values()}) == 1:
        return orders[0] if orders else ""
    moving = [order for order, days in readings.items() if len(set(days)) > 2 and _runs(days)]
    return moving[0] if len(moving) == 1 else ""


def _runs(days: list[date]) -> bool:
    return days == sorted(days) or days == sorted(days, reverse=True)


_FOLD = str.maketrans("àâäáãåçèéêëìíîïñòóôöõùúûüýÿœæ", "aaaaaaceeeeiiiinooooouuuuyy" + "oa")


def fold(text: str) -> str:
    """The text in lower case without French accents, for comparisons."""
    return text.lower().translate(_FOLD)
