"""What the room knows of bills, operations and the links between them, read with care from whatever was stored."""

from __future__ import annotations

import hashlib
import math
import re
import sys
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from alcove.money.linking.labels import face

if TYPE_CHECKING:
    from collections.abc import Mapping

OPERATIONS = "io.cozy.bank.operations"
BILLS = "io.cozy.bills"
ACCOUNTS = "io.cozy.bank.accounts"
LINKS = "org.alcove.money.links"
VENDORS = "org.alcove.money.vendors"
MODELS = "org.alcove.money.models"
PAGES = "org.alcove.money.pages"
RECURRENCES = "io.cozy.bank.recurrence"

LINKED, TO_CONFIRM, REFUSED = "linked", "to_confirm", "refused"
ALCOVE, PERSON, OTHER = "alcove", "person", "other"
PAYMENT, EXPENSE = "payment", "expense"
"""What an operation is to a bill: its payment, or the expense that a refund pays back."""

_LIMIT = 10**13
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d))?")


@dataclass(frozen=True, slots=True)
class Operation:
    """A bank operation. `cents` is signed (a debit is negative); `day` is the day it was made, as an ordinal."""

    id: str
    day: int
    cents: int
    label: str
    currency: str = "EUR"
    account: str = ""
    category: str = "0"
    bills: tuple[str, ...] = ()
    """Ids of bills that the operation names and that others than this room wrote there: they are taken as they are."""
    repaid: int = 0
    """Cents of reimbursements that the stored operation names and that no bill of ours explains."""
    face: str = field(default="", compare=False)
    """What stays the same in its label from one time to the next (`labels.face`)."""

    def __post_init__(self) -> None:
        # Interned: a hundred thousand operations share a few hundred faces.
        object.__setattr__(self, "face", sys.intern(face(self.label)))


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a connector knows about how its bills are paid (`matchingCriterias`): days, cents, and a pattern."""

    pattern: str = ""
    before: int | None = None
    after: int | None = None
    less: int = 0
    more: int = 0


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill. `cents` is positive; `sign` is -1 when the person pays, +1 when the person is paid (`isRefund`)."""

    id: str
    vendor: str
    day: int
    cents: int
    sign: int = -1
    currency: str = "EUR"
    kind: str = ""
    group: int = 0
    """Cents of the one transfer that pays several refunds together; 0 for none."""
    original: int = 0
    """Cents of the expense that a refund pays back; 0 when unknown."""
    original_day: int = 0
    third_party: bool = False
    criteria: Criteria = Criteria()

    @property
    def due(self) -> int:
        """The cents that should be seen on the account."""
        return self.group or self.cents

    @property
    def health(self) -> bool:
        """Whether it pays back an expense of health."""
        return self.sign > 0 and self.kind in ("health_costs", "healthExpenses")


@lru_cache(maxsize=65536)
def ordinal(text: str) -> int:
    """The day of an ISO date, as `date.toordinal` counts; 0 when there is none.

    A moment after 22:00 UTC is a midnight written by a program in France: it belongs to the next day.
    """
    found = _DATE.match(text)
    if not found:
        return 0
    try:
        day = date(int(found[1]), int(found[2]), int(found[3])).toordinal()
    except ValueError:
        return 0
    return day + 1 if found[4] and int(found[4]) >= 22 else day


def cents(value: Any) -> int | None:
    """An amount in cents; None for what is no number, not finite or beyond any account."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(value * 100) if abs(value) < _LIMIT else None


def _text(value: Any, limit: int = 400) -> str:
    return value[:limit] if isinstance(value, str) else ""


def _day(value: Any) -> int:
    return ordinal(value[:13]) if isinstance(value, str) else 0


def _number(value: Any, limit: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(int(abs(value)), limit)


def category_of(fields: Mapping[str, Any]) -> str:
    """The category that counts: the person's, else ours, else the model's of Cozy, else the bank's ("0": none)."""
    for name in ("manualCategoryId", "localCategoryId", "cozyCategoryId", "automaticCategoryId"):
        value = fields.get(name)
        if isinstance(value, str) and value not in ("", "0"):
            return value
    return "0"


def bare(reference: Any) -> str:
    """The id in a reference such as `io.cozy.bills:1234`."""
    return _text(reference).removeprefix(f"{BILLS}:")


def operation_from(ident: str, fields: Mapping[str, Any]) -> Operation | None:
    """An operation as stored; None when it has no usable amount or date (it is then left alone)."""
    amount = cents(fields.get("amount"))
    day = _day(fields.get("realisationDate")) or _day(fields.get("date"))
    if amount is None or not day:
        return None
    claims, repaid = fields.get("bills"), fields.get("reimbursements")
    back = [r for r in repaid if isinstance(r, dict) and not r.get("billId")] if isinstance(repaid, list) else []
    return Operation(
        id=ident,
        day=day,
        cents=amount,
        label=_text(fields.get("originalBankLabel")) or _text(fields.get("label")),
        currency=_text(fields.get("currency"), 3).upper() or "EUR",
        account=_text(fields.get("account")),
        category=category_of(fields),
        bills=tuple(sorted({bare(c) for c in claims if isinstance(c, str)})) if isinstance(claims, list) else (),
        repaid=sum(abs(cents(r.get("amount")) or 0) for r in back),
    )


def _criteria(value: Any) -> Criteria:
    if not isinstance(value, dict):
        return Criteria()
    return Criteria(
        pattern=_text(value.get("labelRegex"), 200),
        before=_number(value.get("dateLowerDelta"), 60),
        after=_number(value.get("dateUpperDelta"), 60),
        less=abs(cents(value.get("amountLowerDelta")) or 0),
        more=abs(cents(value.get("amountUpperDelta")) or 0),
    )


def bill_from(ident: str, fields: Mapping[str, Any]) -> Bill | None:
    """A bill as stored; None when it has no usable amount, date or vendor (nothing could prove a link)."""
    amount, day = cents(fields.get("amount")), _day(fields.get("date"))
    vendor = _text(fields.get("vendor"), 120)
    criteria = _criteria(fields.get("matchingCriterias"))
    if not amount or not day or not (vendor.strip() or criteria.pattern):
        return None
    refund = fields.get("isRefund")
    paid = refund if isinstance(refund, bool) else amount < 0 or fields.get("type") in ("pay", "income")
    return Bill(
        id=ident,
        vendor=vendor,
        day=day,
        cents=abs(amount),
        sign=1 if paid else -1,
        currency=_text(fields.get("currency"), 3).upper().replace("€", "EUR") or "EUR",
        kind=_text(fields.get("type"), 40),
        group=abs(cents(fields.get("groupAmount")) or 0),
        original=abs(cents(fields.get("originalAmount")) or 0),
        original_day=_day(fields.get("originalDate")),
        third_party=fields.get("isThirdPartyPayer") is True,
        criteria=criteria,
    )


def link_id(bill: str, operation: str, role: str = PAYMENT) -> str:
    """The id of the link between a bill and an operation: always the same, so that writing twice changes nothing."""
    return hashlib.sha256(f"{bill}\0{operation}\0{role}".encode()).hexdigest()[:32]


def vendor_id(key: str) -> str:
    """The id of the document that holds what is known about a vendor."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def recurrence_of(fields: Mapping[str, Any]) -> str:
    """The id of what an operation is one time of, as Cozy's bank app relates them; empty for none."""
    relations = fields.get("relationships")
    relation = relations.get("recurrence") if isinstance(relations, dict) else None
    data = relation.get("data") if isinstance(relation, dict) else None
    return _text(data.get("_id"), 200) if isinstance(data, dict) else ""
