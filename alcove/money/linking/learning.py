"""What the person's own data teaches about a vendor: the labels under which it is paid, and after how many days.

Nobody needs to confirm anything for it: a vendor whose bills agree again and again with one label, to the cent and
after the same number of days, is paid under that label. What the person confirmed or refused counts for more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import exp
from typing import TYPE_CHECKING

from alcove.money.linking.evidence import PAID, Known, account_weight, crowd, lag_weight, name_weight, stand, weigh
from alcove.money.linking.labels import OPAQUE, STRONG, key_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.money.model import Bill, Operation

LAST = 36
"""How many of a vendor's last bills teach: enough for three years of months, and a bound on the work."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """An operation that agrees with a bill to the cent: what can be learnt from it if it is the payment."""

    bill: str
    day: int
    amount: float
    """What the equal amount weighs."""
    key: str
    kind: str
    lag: int
    account: str


def glimpses(bill: Bill, near: Sequence[Operation]) -> tuple[Glimpse, ...]:
    """What the operations near a bill's amount and date can teach; at most eight, the nearest in time."""
    expected = crowd(bill, sum(1 for o in near if abs(o.cents) != bill.due))
    seen = []
    for operation in near:
        evidence = weigh(bill, operation, expected, Known()) if abs(operation.cents) == bill.due else None
        if evidence:
            amount, lag = round(evidence.reasons[0].weight, 3), operation.day - bill.day
            kind = stand(bill, operation).kind
            seen.append((lag, operation.id, amount, key_of(operation.face), kind, operation.account))
    seen.sort(key=lambda s: (abs(s[0]), s[0], s[1]))
    return tuple(Glimpse(bill.id, bill.day, amount, key, kind, lag, acc) for lag, _, amount, key, kind, acc in seen[:8])


@dataclass(frozen=True)
class Profile:
    """What was seen of a vendor, and what the person said about its labels."""

    vendor: str
    seen: tuple[tuple[Glimpse, float], ...] = ()
    """Glimpses, each with how likely it was the payment (0..1)."""
    confirmed: Mapping[str, int] = field(default_factory=dict)
    denied: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def bills(self) -> frozenset[str]:
        """The bills that taught something."""
        return frozenset(glimpse.bill for glimpse, _ in self.seen)

    @cached_property
    def overall(self) -> Known:
        """What all its bills taught."""
        return self.known()

    def known(self, bill: str = "") -> Known:
        """What may be held against a bill: everything but what that bill itself shows."""
        return _sum_up([(g, s) for g, s in self.seen if g.bill != bill], self.confirmed, self.denied)


def learn(
    vendor: str,
    seen: Sequence[Glimpse],
    confirmed: Mapping[str, int] | None = None,
    denied: Mapping[str, int] | None = None,
) -> Profile:
    """The profile that the glimpses of a vendor's last bills give.

    Three rounds: first every bill by itself, then each in the light of the others, so that a label seen once by
    chance loses against the one that is always there.
    """
    by_bill: dict[tuple[int, str], list[Glimpse]] = {}
    for glimpse in seen:
        by_bill.setdefault((glimpse.day, glimpse.bill), []).append(glimpse)
    last = sorted(by_bill)[-LAST:]
    profile = Profile(vendor, (), confirmed or {}, denied or {})
    for _ in range(3):
        shared = [pair for at in last for pair in _share(by_bill[at], profile.known(at[1]))]
        profile = Profile(vendor, tuple(shared), profile.confirmed, profile.denied)
    return profile


def _share(seen: Sequence[Glimpse], known: Known) -> list[tuple[Glimpse, float]]:
    odds = [exp(min(_value(glimpse, known), 30.0)) for glimpse in seen]
    total = 1.0 + sum(odds)
    return [(glimpse, round(odd / total, 3)) for glimpse, odd in zip(seen, odds, strict=True)]


def _value(glimpse: Glimpse, known: Known) -> float:
    name = name_weight(glimpse.kind, known.level(glimpse.key), known)
    denied = -4.0 if glimpse.key in known.denied and glimpse.kind != STRONG else 0.0
    return (
        PAID + glimpse.amount + lag_weight(glimpse.lag, known) + name + denied + account_weight(glimpse.account, known)
    )


def _level(weight: float) -> int:
    return 3 if weight >= 4 else 2 if weight >= 1.7 else 1 if weight >= 0.8 else 0


def _naming(named: float, total: float) -> str:
    if total < 1.5:
        return "new"
    ratio = named / total
    return "named" if ratio >= 0.7 else "unnamed" if ratio <= 0.15 else "mixed"


def _median(values: list[tuple[int, float]], total: float) -> int:
    reached = 0.0
    for value, share in sorted(values):
        reached += share
        if reached * 2 >= total:
            return value
    return 0


def _lag(seen: Sequence[tuple[Glimpse, float]]) -> tuple[int, int] | None:
    total = sum(share for _, share in seen)
    if total < 2.5:
        return None
    middle = _median([(g.lag, share) for g, share in seen], total)
    spread = _median([(abs(g.lag - middle), share) for g, share in seen], total)
    return None if spread > 5 else (middle, 1 if spread <= 1 else 3 if spread <= 3 else 5)


def _sum_up(seen: Sequence[tuple[Glimpse, float]], confirmed: Mapping[str, int], denied: Mapping[str, int]) -> Known:
    named = 0.0
    labels: dict[str, float] = {}
    accounts: dict[str, float] = {}
    for glimpse, share in seen:
        accounts[glimpse.account] = accounts.get(glimpse.account, 0.0) + share
        if glimpse.kind == STRONG:
            named += share
        elif glimpse.kind != OPAQUE:
            labels[glimpse.key] = labels.get(glimpse.key, 0.0) + share
    others = sum(labels.values())
    for key, times in confirmed.items():
        labels[key] = labels.get(key, 0.0) + 4 * times
    levels = [(k, _level(w)) for k, w in sorted(labels.items()) if k and w >= 0.25 * others and k not in denied]
    total = sum(accounts.values())
    account, most = max(sorted(accounts.items()), key=lambda pair: pair[1], default=("", 0.0))
    return Known(
        naming=_naming(named, named + others),
        keys=tuple((k, level) for k, level in levels if level),
        lag=_lag(seen),
        account=account if total >= 3 and most >= 0.9 * total else "",
        denied=tuple(sorted(k for k in denied if k not in confirmed)),
    )
