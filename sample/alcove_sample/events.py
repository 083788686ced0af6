"""Events of a household's life: what was bought, the bills it left, and the operations that paid them.

An `Event` holds unnumbered operations and bills; its ties name them by their place in the event.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from alcove_sample import labels
from alcove_sample.chance import fill
from alcove_sample.days import business, later, settlement
from alcove_sample.model import Bill, Operation
from alcove_sample.vendors import SECTORS

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from alcove_sample.model import Fate, LinkKind, Vendor
    from alcove_sample.world import World

Method = Literal["card", "debit", "transfer", "cheque", "paypal"]
_PAYPAL = ("PAYPAL EUROPE S.A.R.L. ET CIE S.C.A", "PayPal Europe")
UNPAID, ELSEWHERE = 0.08, 0.036  # shares of the bills that no known account ever pays


@dataclass(slots=True)
class Tie:
    """A true settlement, by the places of bills and operations in their event: (bill, operation, cents)."""

    kind: LinkKind
    shares: list[tuple[int, int, int]]
    expenses: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Event:
    """Something that happened, with all it left on paper and on the accounts."""

    operations: list[Operation] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)

    def forget(self) -> None:
        """Drop the paper: the operations stay, as those of a bill that was never gathered."""
        self.bills, self.ties = [], []


def pay(
    world: World,
    throw: Random,
    vendor: Vendor,
    account: str,
    method: Method,
    day: date,
    cents: int,
    *,
    reference: str = "",
    category: str = "",
    foreign: tuple[str, int] | None = None,
) -> Operation:
    """Return the operation of a payment (`cents` > 0 leaves the account, < 0 comes back) made on a day."""
    category = category or SECTORS[vendor.sector][1]
    bank = world.accounts[account].bank
    number = world.accounts[account].card
    name = throw.choice(vendor.labels)
    if method in ("debit", "transfer", "cheque") and account == "card-1":
        account = "current-1"
    if method == "paypal" and throw.random() < 0.55:
        method, name = "debit", throw.choice(_PAYPAL)
        account = "current-1" if account == "card-1" else account
        reference = fill("#############", throw)
    if method == "cheque":
        day = later(day, throw.randint(2, 26))
        label = labels.cheque(bank, throw.randrange(10**7))
        return Operation(account, business(day), business(day), -cents, label, category, "check")
    if method in ("debit", "transfer"):
        day = business(day)
        if cents < 0:
            label = labels.received(bank, throw, name, reference)
        elif method == "debit":
            label = labels.debit(bank, throw, name, reference)
        else:
            label = labels.sent(bank, throw, vendor.legal, reference)
        kind: Literal["transfer", "direct debit"] = "transfer" if method == "transfer" or cents < 0 else "direct debit"
        return Operation(account, day, day, -cents, label, category, kind)
    if method == "paypal":
        name = f"PAYPAL *{name.replace(' ', '')[:16]}"
    wording = labels.back(bank, throw, name, day, number) if cents < 0 else ""
    wording = wording or labels.card(bank, throw, name, day, number, foreign)
    posted = settlement(day) if account == "card-1" else business(later(day, throw.choice((1, 1, 2, 3))))
    return Operation(account, posted, day, -cents, wording, category, "credit card", foreign)


def bill(throw: Random, vendor: Vendor, day: date, cents: int, *, contract: str = "", currency: str = "EUR") -> Bill:
    """Return a vendor's bill; one vendor in eight prints its registered name rather than its brand."""
    printed = vendor.legal if sum(map(ord, vendor.id)) % 8 == 0 else vendor.name
    shape = ("{y}-######", "F{y}{m}####", "FA#######", "########", "{y}/{m}/#####", "INV-?#?####")[
        sum(map(ord, vendor.id)) % 6
    ]
    number = fill(shape.format(y=day.year, m=f"{day.month:02d}"), throw)
    vat, _ = SECTORS[vendor.sector]
    return Bill(printed, vendor.id, vendor.sector, cents, day, number, vat, currency, contract=contract)


def fate(throw: Random) -> Fate:
    """Draw what becomes of a bill."""
    draw = throw.random()
    return "unpaid" if draw < UNPAID else "elsewhere" if draw < UNPAID + ELSEWHERE else "paid"


def settled(claims: list[Bill], payment: Operation | None, destiny: Fate = "paid") -> Event:
    """Return the event of bills paid at once by one operation, or by none."""
    if payment is None:
        return Event([], [replace(claim, fate=destiny) for claim in claims])
    kind: LinkKind = "combined" if len(claims) > 1 else "refund" if claims[0].is_refund else "one"
    shares = [(place, 0, claim.amount) for place, claim in enumerate(claims)]
    return Event([payment], claims, [Tie(kind, shares)])


def rejected(throw: Random, payment: Operation) -> list[Operation]:
    """Return a direct debit that bounced: taken, given back, and taken again, which is the one that counts."""
    back = business(later(payment.date, throw.randint(2, 4)))
    again = business(later(back, throw.randint(8, 16)))
    return [
        payment,
        replace(payment, date=back, realised=back, amount=-payment.amount, label=f"REJET {payment.label}"),
        replace(payment, date=again, realised=again),
    ]
