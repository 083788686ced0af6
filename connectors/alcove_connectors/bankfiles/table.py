"""Where the table is in a CSV and which column is what: by profile, by the header's words, by content, or by asking."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from . import values
from .errors import NotStatement, Question, StatementError, TooLarge, Truncated
from .model import MAX_OPERATIONS
from .profiles import Profile, column_name, profile_of

if TYPE_CHECKING:
    from decimal import Decimal

Ask = Callable[[Question], str]
"""Gives the person's answer to a question, or raises ``AskPerson``."""

Row = list[str]

MAX_COLUMNS = 200
_SAMPLE = 300
_DATE = re.compile(
    r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ,].{0,20})?\s*"
    r"|\s*\d{1,2}[-/. ][^\W\d]{3,9}\.?[-/. ]\d{2,4}\s*|(?:19|20)\d{6}"
)
_AMOUNT = re.compile(r"[\s(]*[-+\u2212]?\s*(?:€|EUR)?\s*\d[\d\s.,'\u00a0\u202f]*\s*(?:€|EUR|[-+)])*\s*", re.IGNORECASE)

# The words of a header, strongest first: the first rule that matches gives the column its role and its rank.
VOCABULARY: tuple[tuple[str, str], ...] = (
    ("value", r"date (de )?val(eur)?|dateval|value date|valuta"),
    ("real", r"started date|date de debut|date d achat|date (de )?(la )?transaction|transaction date|date reelle"),
    ("date", r"date (de )?compta(bilisation|ble)?|booking date|date d ecriture|completed date|date de fin"),
    ("date", r"date|date op|dateop|date (d |de l )?operation|posted|jour|date.*operation"),
    ("debit", r"debit.*|retraits?|sorties?|depenses?|money out|paid out|montant (au )?debit.*|withdrawals?"),
    ("credit", r"credit.*|versements?|depots?|entrees?|recettes?|money in|paid in|montant (au )?credit.*|deposits?"),
    ("amount", r"montant|amount|montant (de l |d |de )?operation|montant eur(os?)?|amount eur|montant en (eur|euros?)"),
    ("amount", r"montant .*|amount .*|somme|valeur|betrag|total"),
    ("balance", r"solde.*|balance|account ?balance|.*balance"),
    ("currency", r"devise|currency|monnaie|code devise"),
    ("account_label", r"account ?label|nom (du )?compte|libelle (du )?compte|account name|intitule (du )?compte"),
    ("account", r"account ?num(ber)?|numero (de |du )?compte|n compte|no compte|compte|account|iban|rib"),
    ("label", r"libelle (de l |d )?operation|libelle|label|description|intitule|designation|nature.*"),
    ("label", r"libelle.*|payee|beneficiaire|partner name|tiers|motif|communication|name|memo|objet|operation"),
    ("extra", r"detail.*|informations? complementaires?|payment reference|reference de paiement|commentaire|details"),
    ("reference", r"reference|ref|numero d operation|transaction id|id|identifiant|fitid|numero de piece"),
    ("fee", r"fees?|frais|commission"),
    ("state", r"state|etat|statut|status"),
    ("sign", r"sens|d c|debit credit|direction|signe"),
)
_RULES = tuple((role, re.compile(pattern)) for role, pattern in VOCABULARY)


@dataclass(frozen=True)
class Table:
    """A CSV seen as a table: lines above it, header, rows, and the role of each column that has one."""

    above: list[Row]
    header: Row
    rows: list[Row]
    roles: dict[str, int]
    profile: Profile | None
    key: str

    def cell(self, row: Row, role: str) -> str:
        """The text of a row in the column of this role; empty when there is none."""
        at = self.roles.get(role, -1)
        return row[at].strip() if 0 <= at < len(row) else ""


def find(text: str, ask: Ask) -> Table:
    """Find the table and its columns; raises ``AskPerson`` (through ``ask``) when a column cannot be decided."""
    rows = split(text)
    first = _first(rows)
    if first < 0:
        raise NotStatement("No line of this file has both a date and an amount: it is no list of bank operations.")
    at, header = _header(rows, first)
    body = [row for row in rows[first:] if any(cell.strip() for cell in row)]
    profile = profile_of(header)
    # A header of ours counts by its names, a missing one by the number of columns.
    key = hashlib.sha256("\x1f".join(map(column_name, header)).encode()).hexdigest()[:16]
    finder = _Finder(header, list(islice(filter(is_data, body), _SAMPLE)), profile, key, ask)
    return Table(rows[: max(at, 0)], header, body, finder.roles(), profile, key)


def split(text: str) -> list[Row]:
    """The rows of the delimiter that gives most lines with a date and an amount, then most columns."""
    if text.startswith("sep="):
        text = text.partition("\n")[2]
    best: tuple[tuple[int, int], str] | None = None
    head = "\n".join(text.split("\n")[:_SAMPLE])
    for delimiter in ";,\t|":
        rows = _rows(head, delimiter, whole=False)
        data = [row for row in rows if is_data(row)]
        score = (len(data), sum(map(len, data)))
        if data and (best is None or score > best[0]):
            best = (score, delimiter)
    return _rows(text, best[1] if best else ";", whole=True)


def _rows(text: str, delimiter: str, *, whole: bool) -> list[Row]:
    rows: list[Row] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False):
            rows.append([cell.strip().removeprefix("=").strip('"').strip() for cell in row])
            if len(rows) > MAX_OPERATIONS or len(row) > MAX_COLUMNS:
                raise TooLarge(f"The file has more than {MAX_OPERATIONS} lines or {MAX_COLUMNS} columns.")
    except csv.Error as error:
        if whole:
            raise NotStatement(f"The file is damaged: a cell cannot be read ({error}).") from None
    if whole:
        _check_end(text, rows)
    return rows


def _check_end(text: str, rows: list[Row]) -> None:
    """A file cut in the middle of its last line shows it by fewer cells, or by a quote that stays open."""
    if text.endswith(("\n", "\r")) or len(rows) < 2:
        return
    widths = Counter(len(row) for row in rows[:-1] if is_data(row))
    cut = len(widths) == 1 and len(rows[-1]) < next(iter(widths)) and any(map(is_date, rows[-1]))
    if cut or (text.count('"') % 2 and text.rfind('"') > len(text) - 2000):
        raise Truncated("The file ends in the middle of a line: download it again.")


def is_date(cell: str) -> bool:
    """Whether a cell looks like a day."""
    return len(cell) <= 40 and _DATE.fullmatch(cell) is not None


def is_amount(cell: str) -> bool:
    """Whether a cell looks like an amount of money."""
    return len(cell) <= 40 and _AMOUNT.fullmatch(cell) is not None and not is_date(cell)


def is_data(row: Row) -> bool:
    """Whether a row has a date, an amount and one cell more."""
    return len(row) > 2 and any(map(is_date, row)) and any(map(is_amount, row))


def _first(rows: list[Row]) -> int:
    """The first operation: a line above the table may hold a date and a balance too, but in other columns."""
    seen: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        if is_data(row):
            for at in (at for at, cell in enumerate(row) if is_date(cell)):
                seen.setdefault(at, []).append(number)
    if not seen:
        return -1
    column = max(seen, key=lambda at: (len(seen[at]), seen[at][-1], -at))
    return seen[column][0]


def _header(rows: list[Row], first: int) -> tuple[int, Row]:
    """The nearest line above the first operation that is made of words only; else names by number."""
    width = len(rows[first])
    for number in range(first - 1, max(first - 6, -1), -1):
        cells = [cell for cell in rows[number] if cell]
        if len(cells) >= min(3, width) and not any(is_date(cell) or is_amount(cell) for cell in cells):
            return number, rows[number]
    return first, [f"column {number}" for number in range(1, width + 1)]


class _Finder:
    """Gives each column its role. What is decided by a stronger ground is not touched by a weaker one."""

    def __init__(self, header: Row, sample: list[Row], profile: Profile | None, key: str, ask: Ask) -> None:
        self._header = header
        self._names = [column_name(cell) for cell in header]
        self._sample = sample
        self._profile = profile
        self._key = key
        self._ask = ask
        self._found: dict[str, int] = {}
        self._free = set(range(max(len(header), max(map(len, sample), default=0))))

    def roles(self) -> dict[str, int]:
        """The role of each column; raises ``AskPerson`` when date, amount or label stay open."""
        self._by_profile()
        self._by_words()
        self._date()
        self._money()
        self._label()
        return self._found

    def _give(self, role: str, column: int) -> None:
        self._found[role] = column
        self._free.discard(column)

    def _by_profile(self) -> None:
        if self._profile is None:
            return
        for role, name in self._profile.roles.items():
            if name in self._names:
                self._give(role, self._names.index(name))
        self._free -= {at for at, name in enumerate(self._names) if name in self._profile.ignored}

    def _by_words(self) -> None:
        """The rules from the strongest to the weakest; of two columns of equal rank the left one, money excepted."""
        for role, pattern in _RULES:
            if role in self._found or (role == "amount" and {"debit", "credit"} <= self._found.keys()):
                continue
            fitting = [at for at in sorted(self._free) if at < len(self._names) and self._fits(role, pattern, at)]
            if fitting and not (role == "amount" and len(fitting) > 1):
                self._give(role, fitting[0])
        if "date" not in self._found and "real" in self._found:
            self._found["date"] = self._found.pop("real")
        if ("debit" in self._found) != ("credit" in self._found):
            self._free.add(self._found.pop("debit", self._found.pop("credit", -1)))

    def _fits(self, role: str, pattern: re.Pattern[str], at: int) -> bool:
        if not pattern.fullmatch(self._names[at]):
            return False
        if role in ("date", "value", "real"):
            return self._share(at, is_date) > 0.9
        if role in ("amount", "debit", "credit", "balance", "fee"):
            return self._share(at, is_amount) > 0.9
        if role in ("label", "extra"):
            return self._share(at, lambda cell: not is_date(cell) and not is_amount(cell)) > 0.5
        if role in ("account", "account_label"):
            # The person's own account hardly changes from line to line; the other party's does.
            return 0 < len(set(self._cells(at))) <= max(1, len(self._sample) // 3)
        return any(self._cells(at))

    def _cells(self, at: int) -> list[str]:
        return [row[at] for row in self._sample if at < len(row) and row[at]]

    def _share(self, at: int, test: Callable[[str], bool]) -> float:
        cells = self._cells(at)
        return sum(map(test, cells)) / len(cells) if cells else 0.0

    def _date(self) -> None:
        if "date" in self._found:
            return
        days = [at for at in sorted(self._free) if self._share(at, is_date) > 0.9]
        if not days:
            if "value" not in self._found:
                raise NotStatement("No column of this file holds dates: it is no list of bank operations.")
            self._found["date"] = self._found.pop("value")
        elif len(days) == 1:
            self._give("date", days[0])
        else:
            self._give("date", self._choose("date", "Which column is the date of the operation?", days))

    def _money(self) -> None:
        if "amount" in self._found or {"debit", "credit"} <= self._found.keys():
            return
        sums = [at for at in sorted(self._free) if self._share(at, is_amount) > 0.9 and self._is_money(at)]
        if not sums:
            sums = [at for at in sorted(self._free) if self._share(at, is_amount) > 0.9]
        if not sums:
            raise NotStatement("No column of this file holds amounts: it is no list of bank operations.")
        if len(sums) == 1:
            self._give("amount", sums[0])
        elif len(sums) == 2 and self._either(sums):
            self._sides(sums)
        elif len(sums) == 2 and (chained := self._chain(sums)):
            self._give("amount", chained[0])
            self._give("balance", chained[1])
        else:
            self._give("amount", self._choose("amount", "Which column is the amount of the operation?", sums))

    def _is_money(self, at: int) -> bool:
        return any(re.search(r"[.,]\d{1,2}\D*$", cell) for cell in self._cells(at))

    def _either(self, pair: list[int]) -> bool:
        """Whether each row has an amount in exactly one of two columns: money out and money in."""
        return all(sum(1 for at in pair if at < len(row) and row[at]) == 1 for row in self._sample)

    def _sides(self, pair: list[int]) -> None:
        negative = [at for at in pair if self._share(at, lambda cell: cell.lstrip().startswith(("-", "\u2212"))) > 0.9]
        if len(negative) == 1:
            out = negative[0]
        else:
            out = self._choose("debit", "Which column is the money that went out?", pair)
        self._give("debit", out)
        self._give("credit", next(at for at in pair if at != out))

    def _chain(self, pair: list[int]) -> tuple[int, int] | None:
        """The (amount, balance) columns, told by each balance being the one before plus the amount."""
        for amount_at, balance_at in (tuple(pair), tuple(reversed(pair))):
            moves, held = self._numbers(amount_at), self._numbers(balance_at)
            if len(moves) < 3 or len(moves) != len(self._sample) or len(held) != len(moves):
                continue
            forwards = all(held[i] == held[i - 1] + moves[i] for i in range(1, len(held)))
            if forwards or all(held[i - 1] == held[i] + moves[i - 1] for i in range(1, len(held))):
                return amount_at, balance_at
        return None

    def _numbers(self, at: int) -> list[Decimal]:
        cells = self._cells(at)
        mark = values.decimal_mark(cells)
        try:
            return [values.amount(cell, mark) for cell in cells]
        except ValueError:
            return []

    def _label(self) -> None:
        if "label" in self._found:
            return
        words = [at for at in sorted(self._free) if self._share(at, _is_words) > 0.8]
        telling = [at for at in words if len(set(self._cells(at))) > max(1, len(self._sample) // 4)] or words
        telling.sort(key=self._length, reverse=True)
        if len(telling) == 1 or (telling and self._length(telling[0]) > 1.5 * self._length(telling[1])):
            self._give("label", telling[0])
        elif telling:
            self._give("label", self._choose("label", "Which column says what the operation was?", sorted(telling)))
        elif "extra" in self._found:
            self._found["label"] = self._found.pop("extra")
        else:
            raise NotStatement(
                "No column of this file says what the operations were: it is no list of bank operations."
            )

    def _length(self, at: int) -> float:
        cells = self._cells(at)
        return sum(map(len, cells)) / len(cells)

    def _choose(self, field: str, text: str, among: list[int]) -> int:
        columns = tuple(self._header[at] if at < len(self._header) else f"column {at + 1}" for at in among)
        rows = tuple(tuple(cell[:60] for cell in row) for row in (self._header, *self._sample[:3]))
        answer = self._ask(Question(field, text, columns, rows, self._key))
        for at, column in zip(among, columns, strict=True):
            if column_name(answer) == column_name(column):
                return at
        raise StatementError(f"The answer {answer[:60]!r} is none of the columns {', '.join(columns)}.")


def _is_words(cell: str) -> bool:
    return not is_date(cell) and not is_amount(cell) and any(map(str.isalpha, cell))
