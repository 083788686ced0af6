"""QIF of bank, cash and credit card accounts: one letter per line, a record ends with ``^`` (Quicken, 1990s).

The form has neither encoding, currency, account number nor date order: they are decided from the whole file or asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from . import labels, values
from .charset import decode
from .errors import NotStatement, Question, TooLarge, Truncated
from .model import MAX_OPERATIONS, Account, Balance, Operation, Reading, Statement

_KINDS = {"bank": "Checkings", "cash": "cash", "ccard": "credit card", "oth a": "bank", "oth l": "Loan"}
_HEAD = re.compile(rb"^\s*!(?:Type|Account|Option|Clear)", re.IGNORECASE)
_ORDERS = {"dmy": "day/month/year", "mdy": "month/day/year"}

Ask = Callable[[Question], str]
"""Gives the person's answer to a question, or raises ``AskPerson``."""


@dataclass
class _Section:
    """The records of one account: each a list of (letter, text)."""

    kind: str
    name: str = ""
    records: list[list[tuple[str, str]]] = field(default_factory=list)


def is_qif(head: bytes) -> bool:
    """Whether the beginning of a file is QIF."""
    return _HEAD.match(head.replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe")) is not None


def read(data: bytes, ask: Ask, key: str = "qif") -> Reading:
    """Read a QIF file; ``key`` names its kind in a question.

    Raises a ``StatementError`` when nothing can be taken, ``AskPerson`` when the order of its dates is unclear.
    """
    sections, notes = _sections(decode(data))
    records = [record for section in sections for record in section.records]
    if not records:
        raise NotStatement("This QIF file holds no operation of a bank, cash or card account." + "".join(notes))
    if len(records) > MAX_OPERATIONS:
        raise TooLarge(f"The file holds more than {MAX_OPERATIONS} operations: export a shorter period.")
    order = _order([text for record in records for letter, text in record if letter == "D"], ask, key)
    mark = values.decimal_mark(text for record in records for letter, text in record if letter in "TU")
    problems: list[str] = []
    statements = tuple(_statement(section, order, mark, problems, notes) for section in sections if section.records)
    if problems and not any(statement.operations for statement in statements):
        raise NotStatement(f"None of the operations of this file can be read. {problems[0]}")
    return Reading("qif", statements, tuple(problems))


def _sections(text: str) -> tuple[list[_Section], tuple[str, ...]]:
    reader = _Lines()
    for line in text.splitlines():
        if line.strip():
            reader.line(line)
    if any(letter in "DTUPM" for letter, _ in reader.record) and reader.bank:
        raise Truncated("The file ends in the middle: its last record is not closed by ^; download it again.")
    notes = tuple(f"Its part {name} is left out." for name in dict.fromkeys(reader.left_out))
    return reader.sections, notes


class _Lines:
    """Follows a QIF text line by line."""

    def __init__(self) -> None:
        self.sections: list[_Section] = []
        self.record: list[tuple[str, str]] = []
        self.left_out: list[str] = []
        self.bank = False
        self._listing = False
        self._name = ""

    def line(self, line: str) -> None:
        """One line that is not blank."""
        if line.startswith("!"):
            self._mark(line[1:].strip().lower())
        elif line.lstrip().startswith("^"):
            self._end()
        else:
            self.record.append((line[0].upper(), line[1:].strip()))

    def _mark(self, mark: str) -> None:
        self.record = []
        if mark.startswith("account"):
            self.bank, self._listing = False, True
        elif mark.startswith("type:"):
            kind = mark[5:].strip()
            self.bank, self._listing = kind in _KINDS, False
            if self.bank:
                self.sections.append(_Section(kind, self._name))
            else:
                self.left_out.append(f"!Type:{kind[:20]}")

    def _end(self) -> None:
        if self._listing:
            self._name = next((text for letter, text in self.record if letter == "N"), self._name)
        elif self.bank and self.record:
            self.sections[-1].records.append(self.record)
        self.record = []


def _order(samples: list[str], ask: Ask, key: str) -> str:
    plain = [sample for sample in samples if values.day_orders([sample])]
    if not plain:
        return "dmy"
    order = values.likely_order(plain)
    if order:
        return order
    if not values.day_orders(plain):
        return max(_ORDERS, key=lambda order: sum(order in values.day_orders([sample]) for sample in plain))
    rows = tuple((sample, *(str(values.day(sample, order)) for order in _ORDERS)) for sample in plain[:3])
    text = "Is the day or the month written first in the dates of this file?"
    answer = ask(Question("date_order", text, tuple(_ORDERS.values()), rows, key))
    return next((order for order, words in _ORDERS.items() if answer in (order, words)), "dmy")


def _statement(section: _Section, order: str, mark: str, problems: list[str], notes: tuple[str, ...]) -> Statement:
    account = Account(label=section.name, kind=_KINDS[section.kind])
    operations: list[Operation] = []
    opening: Balance | None = None
    for number, record in enumerate(section.records, start=1):
        try:
            operation = _operation(record, order, mark)
        except ValueError as error:
            problems.append(f"Record {number} was left out: {error}.")
            continue
        said = dict(reversed(record))
        target = said.get("L", "")
        if said.get("P", "").lower() == "opening balance" and target.startswith("["):
            opening = Balance(operation.amount, operation.day)
            account = Account(label=section.name or target.strip("[]"), kind=account.kind)
        else:
            operations.append(operation)
    return Statement(account, tuple(operations), opening, None, notes)


def _operation(record: list[tuple[str, str]], order: str, mark: str) -> Operation:
    said = dict(reversed(record))  # a split repeats letters: the first of each is the whole operation's
    if not said.get("D"):
        raise ValueError("it has no date")
    written = said.get("T") or said.get("U")
    if not written:
        raise ValueError("it has no amount")
    check = said.get("N", "")
    label = labels.join(said.get("P", ""), said.get("M", "")) or (f"Cheque {check}" if check.isdigit() else check)
    return Operation(
        day=values.day(said["D"], order),
        amount=values.amount(written, mark),
        label=label or "-",
        kind="check" if check.isdigit() else labels.kind_of(label),
    )
