"""What a sample household is made of: people, accounts, operations, bills and the true links between them.

Amounts are whole cents (int), signed from the account's point of view for operations and never negative for bills.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime

AccountKind = Literal["checking", "savings", "joint", "card"]
OperationKind = Literal[
    "credit card", "direct debit", "transfer", "internal transfer", "check", "cash", "financial fee", "deposit"
]
LinkKind = Literal["one", "combined", "instalments", "refund", "reimbursement"]
Fate = Literal["paid", "unpaid", "elsewhere", "third party", "outside"]


@dataclass(frozen=True, slots=True)
class Person:
    """An invented member of the household."""

    id: str
    first: str
    last: str
    born: datetime.date

    @property
    def name(self) -> str:
        """First and family name, as an invoice writes them."""
        return f"{self.first} {self.last}"


@dataclass(frozen=True, slots=True)
class Bank:
    """An invented bank and the way it words its labels (`style`) and writes its files (`layout`)."""

    id: str
    name: str
    style: Literal["wide", "narrow"]
    code: str
    bic: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a bank; `opening` is its balance in cents before the first operation.

    A deferred-debit card is an account of kind "card" whose purchases leave `settles` once a month.
    """

    id: str
    bank: Bank
    kind: AccountKind
    label: str
    number: str
    iban: str
    owners: tuple[str, ...]
    opening: int = 0
    card: str = ""
    settles: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """A line of a statement: `date` is when the money moves, `realised` when the person bought.

    `category` is the true category (an id of Cozy's tree); `foreign` the currency and cents a merchant
    abroad asked for.
    """

    account: str
    date: datetime.date
    realised: datetime.date
    amount: int
    label: str
    category: str
    kind: OperationKind
    foreign: tuple[str, int] | None = None
    currency: str = "EUR"
    id: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill as its document states it; `vendor` is the name printed, `vendor_id` who it truly is.

    `fate` says what became of it: paid from a known account, unpaid, paid from elsewhere, paid by a third
    party, or outside (settled before or after the months the statements cover). `already` is what was
    paid in advance of it: the bill's total is more than the `amount` left to pay.
    """

    vendor: str
    vendor_id: str
    sector: str
    amount: int
    date: datetime.date
    number: str
    vat_rate: int
    currency: str = "EUR"
    is_refund: bool = False
    contract: str = ""
    beneficiary: str = ""
    original_amount: int | None = None
    original_date: datetime.date | None = None
    group_amount: int | None = None
    already: int = 0
    fate: Fate = "paid"
    id: str = ""

    @property
    def vat(self) -> int:
        """The tax inside `amount`, in cents; `vat_rate` counts per mille (200 is 20 %)."""
        return self.amount - round(self.amount * 1000 / (1000 + self.vat_rate))


@dataclass(frozen=True, slots=True)
class Link:
    """One true settlement: which bills were settled by which operations.

    `shares` holds (bill id, operation id, cents of the bill's amount, in the bill's currency).
    `expenses` holds, for a reimbursement, (bill id, operation id of the expense paid back).
    """

    kind: LinkKind
    shares: tuple[tuple[str, str, int], ...]
    expenses: tuple[tuple[str, str], ...] = ()

    @property
    def bills(self) -> tuple[str, ...]:
        """The ids of the bills settled, each once."""
        return tuple(dict.fromkeys(bill for bill, _, _ in self.shares))

    @property
    def operations(self) -> tuple[str, ...]:
        """The ids of the operations that settled them, each once."""
        return tuple(dict.fromkeys(operation for _, operation, _ in self.shares))


@dataclass(frozen=True, slots=True)
class Vendor:
    """Someone who sends bills: the printed name, the registered name, and what bank labels show instead.

    In `labels`, `#` stands for a digit and `?` for a capital letter that differ at each payment.
    """

    id: str
    name: str
    legal: str
    labels: tuple[str, ...]
    sector: str
    city: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Household:
    """A whole invented household, everything about it known: the measure of connectors and of linking."""

    seed: int
    start: datetime.date
    end: datetime.date
    address: tuple[str, str]
    persons: tuple[Person, ...]
    accounts: tuple[Account, ...]
    vendors: tuple[Vendor, ...]
    operations: tuple[Operation, ...]
    bills: tuple[Bill, ...]
    truth: tuple[Link, ...]

    def balance(self, account: Account) -> int:
        """The closing balance of an account, in cents."""
        return account.opening + sum(o.amount for o in self.operations if o.account == account.id)
