"""Operations out of a CSV whose table has been found: one statement per account and currency in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from . import labels, table, values
from .charset import decode
from .errors import NotStatement, StatementError
from .identity import iban_in, rib_iban
from .model import Account, Balance, Operation, Reading, Statement, distinct_references
from .profiles import institution_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from .table import Ask, Row, Table

_PENDING = re.compile(r"pending|reverted|declined|failed|en attente|annul|refus|a venir", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:compte|account|rib)\b[^0-9;]{0,40};?[^0-9;]{0,5}(\d(?:[ .]?\d){5,22}(?:[A-Z]\d{0,5})?)\b", re.IGNORECASE
)
_SLASHED = re.compile(r"\d{2}/\d{2}/\d{2,4}")
_TOLD = re.compile(r"[-+]?\s?\d[\d\s\u00a0\u202f.]*[.,]\d{2}(?!\d)")
_OTHER_SUM = re.compile(r"debut|initial|francs|plafond|encours|decouvert")
_BARE_NUMBER = re.compile(r"\d{10,23}")
_BANK = re.compile(r"code (?:de la )?banque\D{0,5}(\d{5})", re.IGNORECASE)
_ACCOUNT_NAME = re.compile(r"(?:nom du compte|intitul[ée] du compte|type)\s*:\s*;?([^;\n]{2,60})", re.IGNORECASE)
_SYMBOL = re.compile(r"\b(EUR|USD|GBP|CHF)")
_SIGNS = {"d": -1, "debit": -1, "-": -1, "out": -1, "c": 1, "credit": 1, "+": 1, "in": 1}


def looks_like_table(head: bytes) -> bool:
    """Whether the beginning of a file has lines with a date and an amount in columns."""
    text = head.replace(b"\x00", b"").decode("cp1252", "replace")
    try:
        return any(map(table.is_data, table.split("\n".join(text.splitlines()[:60]) + "\n")))
    except StatementError:
        return False


def read(data: bytes, ask: Ask) -> Reading:
    """Read a CSV; raises a ``StatementError`` when nothing can be taken, ``AskPerson`` for an unclear column."""
    found = table.find(decode(data), ask)
    form = _Form.of(found)
    problems: list[str] = []
    left_out = 0
    groups: dict[tuple[str, str, str], list[_Line]] = {}
    for number, row in enumerate(found.rows, start=1):
        if _PENDING.search(found.cell(row, "state")):
            left_out += 1
            continue
        try:
            line = form.line(row)
        except ValueError as error:
            problems.append(f"Line {number} of the table was left out: {error}.")
            continue
        if line is not None:
            groups.setdefault(line.group, []).append(line)
    if not groups:
        raise NotStatement(f"None of the lines of this file can be read. {problems[0] if problems else ''}".strip())
    notes = (f"{left_out} pending or cancelled operations are left out.",) if left_out else ()
    statements = tuple(_statement(found, group, lines, len(groups), notes) for group, lines in groups.items())
    return Reading("csv", statements, tuple(problems), found.key)


@dataclass(frozen=True)
class _Line:
    """One row understood: its operation, its account (number, name, currency), the balance after it."""

    group: tuple[str, str, str]
    operation: Operation
    balance: Decimal | None


@dataclass(frozen=True)
class _Form:
    """How the columns of one table are written: order of dates, decimal mark, sign of the debit column."""

    table: Table
    order: str
    marks: dict[str, str]
    debit_sign: int
    references: bool
    currency: str

    @classmethod
    def of(cls, found: Table) -> _Form:
        """Decide from the whole columns; French banks write the day first when the dates alone cannot tell."""
        dated = [row for row in found.rows if table.is_date(found.cell(row, "date"))]
        days = [found.cell(row, "date") for row in dated]
        order = values.likely_order([day for day in days if values.day_orders([day])]) or "dmy"
        marks = {
            role: values.decimal_mark(found.cell(row, role) for row in found.rows)
            for role in ("amount", "debit", "credit", "balance", "fee")
        }
        debits = [cell for row in found.rows if (cell := found.cell(row, "debit"))]
        negative = sum(cell.startswith(("-", "\u2212", "(")) for cell in debits)
        names = [found.cell(row, "reference") for row in dated]
        unique = len(set(names)) == len(names) and all(names)
        money = " ".join(found.header[at] for role in ("amount", "debit") if (at := found.roles.get(role, -1)) >= 0)
        symbol = _SYMBOL.search(money.upper())
        return cls(found, order, marks, 1 if negative * 2 > len(debits) else -1, unique, symbol[1] if symbol else "")

    def line(self, row: Row) -> _Line | None:
        """Read one row; None for a blank line or a line of totals. Raises ``ValueError`` when it is damaged."""
        cell = self.table.cell
        written = cell(row, "date")
        if not written or not table.is_date(written):
            if any(map(table.is_date, row)) and any(map(table.is_amount, row)) and len(row) >= len(self.table.header):
                raise ValueError("it has no date" if not written else f"{written[:40]!r} is not a date")
            return None
        day = values.day(written, self.order)
        amount = self._amount(row)
        if amount is None:
            raise ValueError("it has no amount")
        label = labels.join(cell(row, "label"), cell(row, "extra"))
        currency = cell(row, "currency").upper()[:3] or self.currency
        operation = Operation(
            day=day,
            amount=amount,
            label=label or "-",
            currency=currency,
            reference=cell(row, "reference") if self.references else "",
            value_day=self._day(cell(row, "value")),
            real_day=self._day(cell(row, "real")) or labels.real_day(label, day),
            kind=labels.kind_of(label),
        )
        group = (cell(row, "account"), cell(row, "account_label"), currency)
        return _Line(group, operation, self._number(row, "balance"))

    def _day(self, written: str) -> date | None:
        return values.day(written, self.order) if table.is_date(written) else None

    def _number(self, row: Row, role: str) -> Decimal | None:
        written = self.table.cell(row, role)
        return values.amount(written, self.marks[role]) if written else None

    def _amount(self, row: Row) -> Decimal | None:
        debit, credit = self._number(row, "debit"), self._number(row, "credit")
        if debit is not None or credit is not None:
            return (credit or Decimal(0)) + self.debit_sign * (debit or Decimal(0))
        amount = self._number(row, "amount")
        if amount is None:
            return None
        sign = _SIGNS.get(values.fold(self.table.cell(row, "sign")), 1)
        fee = self._number(row, "fee") or Decimal(0)
        return (-abs(amount) if sign < 0 else amount) - abs(fee)


def _statement(
    found: Table, group: tuple[str, str, str], lines: list[_Line], groups: int, notes: tuple[str, ...]
) -> Statement:
    number, name, currency = group
    account = _account(found, number, name, currency)
    operations = distinct_references(tuple(line.operation for line in lines))
    closing = _running(lines)
    if closing is None and groups == 1:
        closing = _told_balance(found, lines)
    return Statement(account, operations, None, closing, notes)


def _running(lines: list[_Line]) -> Balance | None:
    """The balance beside the newest operation: the first line when the file runs backwards in time, else the last."""
    first, last = lines[0], lines[-1]
    newest = first if first.operation.day > last.operation.day else last
    if first.operation.day == last.operation.day and len(lines) > 1 and _backwards(lines):
        newest = first
    return None if newest.balance is None else Balance(newest.balance, newest.operation.day)


def _backwards(lines: list[_Line]) -> bool:
    one, two = lines[0], lines[1]
    return one.balance is not None and two.balance is not None and one.balance == two.balance + one.operation.amount


def _told_balance(found: Table, lines: list[_Line]) -> Balance | None:
    """``Solde au 12/03/2024;1 234,56`` above or below the table; without a date it is that of the newest operation."""
    newest = max(line.operation.day for line in lines)
    outside = [row for row in found.rows if not table.is_date(found.cell(row, "date"))]
    for row in (*found.above, *outside):
        text = values.fold(" ; ".join(row))
        told = "solde" in text or (row in found.above and table.is_data(row))
        if not told or _OTHER_SUM.search(text):
            continue
        days = _SLASHED.findall(text)
        amounts = _TOLD.findall(_SLASHED.sub(" ; ", text))
        if amounts:
            try:
                day = values.day(days[-1]) if days else newest
                return Balance(values.amount(amounts[-1]), max(day, newest))
            except ValueError:
                continue
    return None


def _account(found: Table, number: str, name: str, currency: str) -> Account:
    above = "\n".join(";".join(row) for row in found.above)
    institution = found.profile.institution if found.profile else institution_in(above)
    if not number:
        number = _number_in(found.above)
    bank = next(iter(_BANK.findall(above)), "")
    iban = iban_in(number) or iban_in(above) or rib_iban(number)
    told = _ACCOUNT_NAME.search(above)
    name = name or (labels.tidy(told[1]) if told else "")
    return Account(number, iban, bank, "", "", name, institution, currency)


def _number_in(above: Iterable[Row]) -> str:
    for row in above:
        line = ";".join(row)
        found = _NUMBER.search(line) or next((m for cell in row if (m := _BARE_NUMBER.fullmatch(cell))), None)
        if found:
            return re.sub(r"[ .]", "", found[found.lastindex or 0])
    return ""
