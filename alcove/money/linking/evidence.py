"""How much speaks for a bill being paid by an operation: log-odds, one reason at a time.

Each reason is the logarithm of "how often is it so for a bill and its payment" over "how often for any operation that
happens to be there"; the sum, with what was to be expected beforehand, are the log-odds that this is the payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from alcove.money.linking.labels import OPAQUE, OTHER, RIVAL, STRONG, WEAK, Naming, key_of, matches, naming

if TYPE_CHECKING:
    from alcove.money.model import Bill, Operation

BEFORE, AFTER = 4, 29
"""Days before and after a bill's date in which its payment is looked for (connectors.md 4.1)."""
BAND = 0.035
"""How far from a bill's amount, as a share of it, an operation may be: other currency, fees (connectors.md 4.1)."""
WINDOW = BEFORE + AFTER + 1
PAID = log(0.85 / 0.15)
"""How likely it is beforehand that a bill was paid by an operation that is there."""

_USUAL = [0.006] * 4 + [0.13, 0.12, 0.10, 0.08, 0.05, 0.05] + [0.032] * 5 + [0.019] * 10 + [0.009] * 9
"""How the payments of bills spread over the days of the window when nothing is known about the vendor."""
_NAMED = {"new": 0.72, "named": 0.97, "mixed": 0.5, "unnamed": 0.06}
_KEYED = {1: 0.45, 2: 0.75, 3: 0.88}


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence: its kind, what it weighs (log-odds), and the facts its sentence needs."""

    kind: str
    weight: float
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about how a vendor is paid, in coarse steps so that one more bill seldom changes it."""

    naming: str = "new"
    keys: tuple[tuple[str, int], ...] = ()
    """Labels under which it is paid, each with how sure that is (1 seen, 2 repeatedly, 3 often, or said so)."""
    lag: tuple[int, int] | None = None
    """The usual number of days from bill to payment, and by how many days it varies."""
    account: str = ""
    denied: tuple[str, ...] = ()
    """Labels that the person said are not this vendor."""

    def level(self, key: str) -> int:
        """How well a label is known as this vendor's: 0 (not) to 3."""
        return next((level for label, level in self.keys if label == key), 0) if key else 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """The log-odds that the operation pays the bill, and why."""

    value: float
    reasons: tuple[Reason, ...]
    exact: bool
    named: bool


def window(bill: Bill) -> tuple[int, int]:
    """First and last day on which the payment is looked for; a connector may know better."""
    before, after = bill.criteria.before, bill.criteria.after
    return bill.day - max(before or 0, BEFORE), bill.day + max(after or 0, AFTER)


def band(bill: Bill) -> tuple[int, int]:
    """The lowest and highest signed amount that is looked at, in cents."""
    wide = max(round(bill.due * BAND), 50)
    most = round(bill.due * 0.15)
    middle = bill.sign * bill.due
    low = middle - max(wide, min(bill.criteria.less, most))
    high = middle + max(wide, min(bill.criteria.more, most))
    return (low, min(high, -1)) if bill.sign < 0 else (max(low, 1), high)


def crowd(bill: Bill, near: int) -> float:
    """How many operations with exactly this amount chance alone puts into the window.

    `near` operations stand in the band beside the amount; round amounts draw more than their share.
    """
    low, high = band(bill)
    due = bill.due
    drawn = 20 if due % 500 == 0 else 6 if due % 100 == 0 else 2.5 if due % 10 in (0, 9) or due % 50 == 0 else 1
    return min((near + 0.5) / (high - low + 1) * drawn, 0.6)


def _amount(bill: Bill, operation: Operation, expected: float, name: Naming, trusted: bool) -> Reason | None:
    apart = abs(operation.cents) - bill.due
    facts = (str(bill.due), str(abs(operation.cents)), operation.currency)
    same = operation.currency == bill.currency
    if apart == 0:
        return Reason("amount", log((0.93 if same else 0.05) / expected), facts)
    signed = operation.cents - bill.sign * bill.due
    if -bill.criteria.less <= signed <= bill.criteria.more and abs(apart) <= bill.due * 0.15:
        return Reason("amount_allowed", log(0.5 / min(1.0, expected * 10)), facts)
    if abs(apart) > max(bill.due * BAND, 1.5):
        return None
    if not trusted and name.kind != STRONG:
        return None
    low, high = band(bill)
    likely = 0.9 if not same else 0.02 if abs(apart) <= 1 else 0.03
    return Reason("amount_near", log(likely / min(1.5, expected * (high - low) / 4 + 0.3)), facts)


def lag_weight(lag: int, known: Known) -> float:
    """What a number of days from bill to operation weighs, given how long this vendor usually takes."""
    usual = _USUAL[lag + BEFORE] if -BEFORE <= lag <= AFTER else 0.004
    if known.lag is None:
        return log(usual * WINDOW)
    middle, spread = known.lag
    off = abs(lag - middle)
    width = 2 * spread + 1
    core = 0.85 / width if off <= spread else 0.1 / (2 * width) if off <= 3 * spread + 2 else 0.0
    return log((core + 0.05 * usual + 0.0005) * WINDOW)


def name_weight(kind: str, level: int, known: Known) -> float:
    """What it weighs that a label stands so to the vendor (`level`: how well it is known as this vendor's)."""
    seen = _NAMED[known.naming]
    if kind == STRONG:
        return log(seen * 0.9 / 0.01)
    if level:
        ratio = (1 - seen) * _KEYED[level] if known.naming != "named" else 0.05 * _KEYED[level]
        return log(max(ratio, 0.01) / 0.004)
    if kind == OPAQUE:
        return log(0.45 if known.naming == "named" else 1.2)
    if kind == WEAK:
        return log(0.5 if known.naming == "named" else 3.0)
    sure = max((kept for _, kept in known.keys), default=0)
    other = (1 - seen) * (1.0, 0.6, 0.25, 0.12)[sure]
    return log(0.002) if kind == RIVAL else log(max(other, 0.015))


def account_weight(account: str, known: Known) -> float:
    """What the account weighs when this vendor was always paid from one."""
    if not known.account or not account:
        return 0.0
    return 0.2 if known.account == account else -1.2


def stand(bill: Bill, operation: Operation) -> Naming:
    """How the operation's label stands to the bill: the connector's own pattern first, then the vendor's names."""
    if matches(bill.criteria.pattern, operation.label):
        return Naming(STRONG, 1.0, bill.criteria.pattern)
    return naming(bill.vendor, operation.face)


def worth(bill: Bill, operation: Operation, known: Known) -> bool:
    """Whether the pair can come to anything: another amount needs a name, or a connector that allows for it.

    Quick, because most operations near an amount are somebody else's.
    """
    if operation.cents * bill.sign == bill.due or bill.criteria.pattern or bill.criteria.less or bill.criteria.more:
        return True
    return naming(bill.vendor, operation.face).kind == STRONG or known.level(key_of(operation.face)) >= 2


_NAME_KINDS = {STRONG: "name", OPAQUE: "name_absent", WEAK: "name_like", RIVAL: "name_other", OTHER: "name_differs"}


def weigh(bill: Bill, operation: Operation, expected: float, known: Known) -> Evidence | None:
    """The evidence for one pair; None when a rule forbids it: sign, window, amount, a missing name where it must stand.

    `expected` is what `crowd` answers for the bill.
    """
    first, last = window(bill)
    if operation.cents * bill.sign <= 0 or not first <= operation.day <= last or bill.third_party:
        return None
    name = stand(bill, operation)
    key = key_of(operation.face)
    level = known.level(key)
    amount = _amount(bill, operation, expected, name, level >= 2)
    if amount is None:
        return None
    lag = operation.day - bill.day
    usual = known.lag is not None and abs(lag - known.lag[0]) <= known.lag[1]
    label = "name_learnt" if level and name.kind != STRONG else _NAME_KINDS[name.kind]
    facts = (bill.vendor, operation.label, key if level else name.words)
    reasons = [
        amount,
        Reason("date_usual" if usual else "date", lag_weight(lag, known), (str(lag),)),
        Reason(label, name_weight(name.kind, level, known), facts),
    ]
    if bill.currency != operation.currency:
        reasons.append(Reason("currency", -0.4, (bill.currency, operation.currency)))
    if known.account and operation.account:
        weight = account_weight(operation.account, known)
        reasons.append(Reason("account" if weight > 0 else "account_other", weight))
    if key in known.denied and name.kind != STRONG:
        reasons.append(Reason("denied", -4.0, (bill.vendor, key)))
    value = PAID + sum(reason.weight for reason in reasons)
    return Evidence(value, tuple(reasons), abs(operation.cents) == bill.due, name.kind == STRONG or level >= 2)
