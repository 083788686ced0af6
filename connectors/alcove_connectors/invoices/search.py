"""Finding a printed value by its label: in the same row to the right, or in the rows below at the same place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .values import AMOUNT, DATE, MONTHS, amount_of, date_of, plain, printed_currency

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from decimal import Decimal

LONGEST_LINE = 1000
"""Characters of a line that are searched; longer ones are no rows of an invoice."""
MOST_LINES = 1000
"""Lines that are searched; six pages have about 500."""
BELOW = 3
"""Rows below a label in which its value may stand."""

_WIDE = re.compile(r" {2,}")
_LETTERS = re.compile(r"[a-z]{3,}")
_MONEY = re.compile(r"(?:eur|euros?|usd|gbp|chf|pln|inr|ttc|ht|tva|" + "|".join(MONTHS) + r")$")


@dataclass(frozen=True)
class Amount:
    """A printed amount: its value, its currency (may be empty), its line and its columns there."""

    value: Decimal
    currency: str
    line: int
    left: int
    right: int


@dataclass(frozen=True)
class Day:
    """A printed date and where it stands."""

    value: date
    line: int
    left: int
    right: int


class Sheet:
    """The text of an invoice as lines on a grid, with its amounts and dates found once."""

    def __init__(self, text: str) -> None:
        lines = text.replace("\t", "    ").splitlines()[:MOST_LINES]
        self.lines = [line[:LONGEST_LINE].rstrip() for line in lines if line.strip()]
        self.plain = [plain(line) for line in self.lines]

    @cached_property
    def whole(self) -> str:
        """All lines in plain letters."""
        return "\n".join(self.plain)

    @cached_property
    def month_first(self) -> bool:
        """Whether dates are written in the American order: an English invoice in dollars, or a 13th month."""
        impossible = [m for m in DATE.finditer(self.whole) if m["m2"] and int(m["m2"]) > 12 and int(m["d2"]) <= 12]
        other = [m for m in DATE.finditer(self.whole) if m["m2"] and int(m["d2"]) > 12]
        if impossible or other:
            return len(impossible) > len(other)
        return "$" in self.whole and "invoice" in self.whole

    @cached_property
    def amounts(self) -> list[list[Amount]]:
        """Per line, the amounts that have cents or a currency beside them."""
        return [list(_amounts(line, number)) for number, line in enumerate(self.plain)]

    @cached_property
    def days(self) -> list[list[Day]]:
        """Per line, the dates."""
        return [list(_days(line, number, self.month_first)) for number, line in enumerate(self.plain)]

    def segments(self, number: int) -> Iterator[tuple[int, str]]:
        """The parts of a line between wide gaps, each with its column."""
        at = 0
        for gap in _WIDE.finditer(self.lines[number]):
            if gap.start() > at:
                yield at, self.lines[number][at : gap.start()].strip()
            at = gap.end()
        if at < len(self.lines[number]):
            yield at, self.lines[number][at:].strip()

    def reach(self, number: int, start: int) -> int:
        """Where the row of a label that ends at `start` stops: before the next part that has words of its own."""
        line = self.plain[number]
        for gap in _WIDE.finditer(line, start):
            after = line[gap.end() :]
            part = after[: match.start()] if (match := _WIDE.search(after)) else after
            if any(not _MONEY.match(word) for word in _LETTERS.findall(part)):
                return gap.start()
        return len(line)

    def amounts_at(self, number: int, left: int, right: int) -> list[Amount]:
        """Amounts that belong to the label in these columns: in its row, else the nearest ones below it."""
        end = self.reach(number, right)
        row = [found for found in self.amounts[number] if right <= found.left + 1 and found.right <= end]
        if row:
            return row
        for below in range(number + 1, min(number + 1 + BELOW, len(self.lines))):
            under = [found for found in self.amounts[below] if found.left < right + 8 and found.right > left - 4]
            if under:
                return under[:1]
        return []

    def day_at(self, number: int, left: int, right: int) -> Day | None:
        """The date that belongs to the label in these columns, as `amounts_at` does it."""
        end = self.reach(number, right)
        for found in self.days[number]:
            if right <= found.left + 1 and found.left <= end:
                return found
        for below in range(number + 1, min(number + 1 + BELOW, len(self.lines))):
            for found in self.days[below]:
                if found.left < right + 6 and found.right > left - 4:
                    return found
        return None

    def labels(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str]]]:
        """Every place where the plain text shows `pattern`, with its line."""
        for number, line in enumerate(self.plain):
            for match in pattern.finditer(line):
                yield number, match


def _amounts(line: str, number: int) -> Iterator[Amount]:
    for match in AMOUNT.finditer(line):
        money = printed_currency(match)
        if not (match["cents"] or money):
            continue
        value = amount_of(match)
        if value is not None:
            yield Amount(value, money, number, match.start("whole"), match.end())


def _days(line: str, number: int, month_first: bool) -> Iterator[Day]:
    for match in DATE.finditer(line):
        value = date_of(match, month_first=month_first)
        if value:
            yield Day(value, number, match.start(), match.end())
