"""A bank statement as every reader hands it over: account, balances, operations, and what could not be read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

MAX_BYTES = 32 * 1024 * 1024
"""Largest file read, in bytes: some 100,000 operations; a household's ten years are a tenth of it."""

MAX_OPERATIONS = 100_000
"""Most operations taken from one file."""

MAX_PROBLEMS = 5
"""Unreadable items that are told one by one; the rest is counted."""


@dataclass(frozen=True)
class Account:
    """Who holds the money, as far as the file says it; empty strings where it says nothing.

    ``kind`` is an account type of Cozy's (``Checkings``, ``Savings``, ``credit card``, ``cash``, ``Market``...).
    """

    number: str = ""
    iban: str = ""
    bank: str = ""
    branch: str = ""
    kind: str = ""
    label: str = ""
    institution: str = ""
    currency: str = ""

    @property
    def named(self) -> bool:
        """Whether the file itself says which account this is."""
        return bool(self.iban or self.number)


@dataclass(frozen=True)
class Balance:
    """An amount of money held at the end of a day."""

    amount: Decimal
    day: date


@dataclass(frozen=True)
class Operation:
    """One movement: ``amount`` is negative when money leaves the account.

    ``day`` is the booking day, ``value_day`` the value day, ``real_day`` the day the person acted (card at a till).
    ``reference`` is the bank's own name for the movement, unique on the account, or empty.
    """

    day: date
    amount: Decimal
    label: str
    currency: str = ""
    reference: str = ""
    value_day: date | None = None
    real_day: date | None = None
    kind: str = ""


@dataclass(frozen=True)
class Statement:
    """One account's part of a file. ``notes`` tell what was left out on purpose or does not add up."""

    account: Account
    operations: tuple[Operation, ...] = ()
    opening: Balance | None = None
    closing: Balance | None = None
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        """The exact sum of the operations."""
        return sum((operation.amount for operation in self.operations), Decimal(0))

    @property
    def gap(self) -> Decimal:
        """Closing minus opening minus operations: zero when the statement adds up or does not say."""
        if self.opening is None or self.closing is None:
            return Decimal(0)
        return self.closing.amount - self.opening.amount - self.total


@dataclass(frozen=True)
class Reading:
    """All that one file gives: statements, and beside them one sentence for each item that could not be read."""

    format: str
    statements: tuple[Statement, ...]
    problems: tuple[str, ...] = ()
    layout: str = ""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the person should know: unreadable items, parts left out, balances that do not add up."""
        told = list(self.problems[:MAX_PROBLEMS])
        if len(self.problems) > MAX_PROBLEMS:
            told.append(f"{len(self.problems) - MAX_PROBLEMS} more items could not be read.")
        for statement in self.statements:
            told += statement.notes
            if statement.gap:
                told.append(_gap_sentence(statement))
        return tuple(dict.fromkeys(told))


def _gap_sentence(statement: Statement) -> str:
    opening, closing = statement.opening, statement.closing
    assert opening is not None
    assert closing is not None
    return (
        f"The balances do not add up: {opening.amount} on {opening.day} and the operations make "
        f"{opening.amount + statement.total}, but the statement closes with {closing.amount} on {closing.day}; "
        "operations may be missing from this file."
    )


def distinct_references(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """Keep a reference only where it names one operation for good.

    Some banks repeat one for a whole batch, and some number the lines of each export anew (1, 2, 3...).
    """
    seen = Counter(operation.reference for operation in operations if operation.reference)
    numbered = all(reference.isdecimal() and int(reference[-9:]) <= 2 * len(operations) for reference in seen)
    return tuple(
        replace(operation, reference="")
        if operation.reference and (numbered or seen[operation.reference] > 1)
        else operation
        for operation in operations
    )
