"""What an invoice says, as plain values, and the reasons for which a file says nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

TRUSTED = 0.6
"""Confidence from which a bill is made without asking; below it the file is only kept."""


class Unreadable(Exception):
    """The file holds no invoice that this connector can read.

    `code` is stable and never translated; `sentence` is one English sentence for the person; `keep`
    says whether the file is a plausible document that must be kept all the same.
    """

    def __init__(self, code: str, sentence: str, *, keep: bool) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.keep = keep


@dataclass(frozen=True)
class Tax:
    """One line of the VAT summary: the rate in percent, the taxed basis and the tax itself."""

    rate: Decimal | None
    basis: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True)
class Care:
    """Of a reimbursement of care: what it had cost, its day, the transfer it was paid in, and the person."""

    cost: Decimal | None = None
    day: date | None = None
    group: Decimal | None = None
    person: str = ""


@dataclass(frozen=True)
class Facts:
    """The facts of one invoice.

    `total` is the amount with tax that the person pays, never negative: `refund` says that the money
    flows back (credit note). `source` names the reader: `cii`, `ubl`, `template:<name>` or `rules`.
    `confidence` lies between 0 and 1; an embedded XML is 1. `kind` is a key of `issuers.KINDS`; `payable` is
    what remains to be paid where a part was paid before.
    """

    issuer: str
    total: Decimal
    currency: str
    issued: date
    source: str
    confidence: float
    number: str = ""
    refund: bool = False
    due: date | None = None
    start: date | None = None
    end: date | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    taxes: tuple[Tax, ...] = ()
    payable: Decimal | None = None
    iban: str = ""
    payee: str = ""
    means: str = ""
    buyer: str = ""
    contract: str = ""
    customer: str = ""
    vat_number: str = ""
    siren: str = ""
    profile: str = ""
    kind: str = "other"
    care: Care = field(default=Care())
    doubts: tuple[str, ...] = field(default=())
