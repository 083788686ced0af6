"""What is bought now and then and leaves a bill: shops, trains, travel, doctors, craftsmen, merchants abroad."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from alcove_sample import labels
from alcove_sample.chance import fill, price
from alcove_sample.days import business, later
from alcove_sample.events import Event, Tie, bill, fate, pay, settled
from alcove_sample.model import Bill, Operation, Vendor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from random import Random

    from alcove_sample.events import Method
    from alcove_sample.world import World

_PURSES = ("card-1", "card-1", "current-2", "current-2", "joint", "joint", "joint", "current-1")
SECURITY = Vendor(
    "ameli",
    "Assurance Maladie",
    "Caisse primaire d'assurance maladie du Rhône",
    ("C.P.A.M. DU RHONE", "CPAM RHONE"),
    "health insurance",
)
_RATES = {"USD": 0.92, "GBP": 1.165, "CHF": 1.04}  # euros for one, give or take 3 %


@dataclass(frozen=True)
class _Buy:
    """One occasion to buy."""

    world: World
    throw: Random
    vendor: Vendor
    day: date
    purse: str

    def pay(self, cents: int, *, method: Method = "card", gap: int = 0, **more: str) -> Operation:
        return pay(self.world, self.throw, self.vendor, self.purse, method, later(self.day, gap), cents, **more)  # type: ignore[arg-type]  # only texts are handed on

    def bill(self, cents: int, gap: int = 0, currency: str = "EUR") -> Bill:
        return bill(self.throw, self.vendor, later(self.day, gap), cents, currency=currency)


def purchases(world: World) -> Iterator[Event]:
    """Yield occasions without end, in no order of time."""
    throw = world.dice("purchases")
    kinds = list(_KINDS)
    weights = [weight for weight, _ in _KINDS.values()]
    span = (world.end - world.start).days
    while True:
        (sector,) = throw.choices(kinds, weights)
        vendor = throw.choice(world.vendors[sector])
        day = later(world.start, throw.randint(0, span))
        yield _KINDS[sector][1](_Buy(world, throw, vendor, day, throw.choice(_PURSES)))


def _shop(buy: _Buy) -> Event:
    """An order: one bill or several, one payment or several, sometimes sent back."""
    throw = buy.throw
    draw = throw.random()
    if draw < 0.09:
        return _parcels(buy)
    if draw < 0.14:
        return _in_three(buy)
    cents = price(throw, 4200, 0.85)
    sent = throw.choice((0, 0, 0, 1, 1, 2, 4))
    claim = buy.bill(cents, sent)
    destiny = fate(throw)
    if destiny != "paid":
        return settled([claim], None, destiny)
    method: Method = "paypal" if throw.random() < 0.14 else "card"
    event = settled([claim], buy.pay(cents, method=method, gap=throw.choice((0, sent))))
    if draw > 0.93:
        _send_back(buy, event, cents)
    return event


def _send_back(buy: _Buy, event: Event, cents: int) -> None:
    """Add a credit note for all or part of an order, paid back to the card some days later."""
    part = cents if buy.throw.random() < 0.6 else max(100, round(cents * buy.throw.uniform(0.2, 0.8)))
    gap = buy.throw.randint(6, 24)
    claim = replace(buy.bill(part, gap), is_refund=True)
    event.bills.append(claim)
    event.operations.append(buy.pay(-part, gap=gap + buy.throw.randint(1, 6)))
    event.ties.append(Tie("refund", [(len(event.bills) - 1, len(event.operations) - 1, part)]))


def _parcels(buy: _Buy) -> Event:
    """An order sent in two to four parcels, each with its bill, paid at once."""
    count = buy.throw.choice((2, 2, 2, 3, 3, 4))
    claims = [buy.bill(price(buy.throw, 2600, 0.7), buy.throw.choice((0, 0, 1, 2))) for _ in range(count)]
    return settled(claims, buy.pay(sum(claim.amount for claim in claims)))


def _in_three(buy: _Buy) -> Event:
    """A dear purchase paid in three or four monthly parts."""
    parts = buy.throw.choice((3, 3, 3, 4))
    cents = max(12000, price(buy.throw, 38000, 0.5))
    share = cents // parts
    amounts = [cents - share * (parts - 1), *[share] * (parts - 1)]
    event = Event(bills=[buy.bill(cents)])
    event.operations = [buy.pay(amount, gap=30 * part) for part, amount in enumerate(amounts)]
    event.ties = [Tie("instalments", [(0, part, amount) for part, amount in enumerate(amounts)])]
    return event


def _simple(median: int, spread: float, gaps: tuple[int, ...], methods: tuple[Method, ...]) -> Callable[[_Buy], Event]:
    """Return a kind of purchase with one bill and one payment so many days after it (before, when negative)."""

    def buys(buy: _Buy) -> Event:
        cents = price(buy.throw, median, spread)
        destiny = fate(buy.throw)
        payment = None
        if destiny == "paid":
            payment = buy.pay(cents, method=buy.throw.choice(methods), gap=buy.throw.choice(gaps))
        return settled([buy.bill(cents)], payment, destiny)

    return buys


def _abroad(buy: _Buy) -> Event:
    """A purchase in another currency: the bill is in it, or in euros that the bank does not quite agree with."""
    throw = buy.throw
    currency = throw.choice(("USD", "USD", "USD", "GBP", "CHF"))
    asked = price(throw, 2400, 0.8)
    euros = max(50, round(asked * _RATES[currency] * throw.uniform(0.97, 1.03)))
    in_euros = throw.random() < 0.45
    claim = buy.bill(round(asked * _RATES[currency]), 0) if in_euros else buy.bill(asked, 0, currency)
    destiny = fate(throw)
    if destiny != "paid":
        return settled([claim], None, destiny)
    payment = pay(buy.world, throw, buy.vendor, buy.purse, "card", buy.day, euros, foreign=(currency, asked))
    return settled([claim], payment)


def _care(buy: _Buy) -> Event:
    """A visit or a prescription: paid by us and given back in two halves, or paid by a third party."""
    throw = buy.throw
    visits = throw.choice((1, 1, 1, 2, 2, 3))
    third_party = throw.random() < 0.15
    event = Event()
    patients = [throw.choice(buy.world.persons).name for _ in range(visits)]
    fees = [throw.choice((2650, 3000, 3150, 4000, 5500, 6000, price(throw, 2300, 0.6))) for _ in range(visits)]
    for cents in () if third_party else fees:
        event.operations.append(buy.pay(cents, method=throw.choice(("card", "card", "card", "cheque"))))
    if not third_party and throw.random() < 0.25:
        event.bills.append(buy.bill(fees[0]))
        event.ties.append(Tie("one", [(0, 0, fees[0])]))
    basis = [max(100, round(cents * throw.choice((0.7, 0.7, 0.65, 0.5)) - 200)) for cents in fees]
    rest = [max(60, cents - part - 200) for cents, part in zip(fees, basis, strict=True)]
    _give_back(buy, event, SECURITY, patients, fees, basis, third_party, throw.randint(4, 10))
    if throw.random() < 0.7:
        mutual = throw.choice(buy.world.vendors["mutual"][:1])
        _give_back(buy, event, mutual, patients, fees, rest, third_party, throw.randint(9, 21))
    return event


def _give_back(
    buy: _Buy,
    event: Event,
    payer: Vendor,
    patients: list[str],
    fees: list[int],
    parts: list[int],
    third_party: bool,
    gap: int,
) -> None:
    """Add what an insurer gives back: one bill per visit, one transfer for them all."""
    issued = later(buy.day, gap)
    first = len(event.bills)
    total = sum(parts)
    for patient, fee, part in zip(patients, fees, parts, strict=True):
        claim = bill(buy.throw, payer, issued, part)
        claim = replace(
            claim,
            is_refund=True,
            beneficiary=patient,
            original_amount=fee,
            original_date=buy.day,
            group_amount=total if len(parts) > 1 and payer is SECURITY else None,
            fate="third party" if third_party else "paid",
        )
        event.bills.append(claim)
    if third_party:
        return
    bank = buy.world.accounts["joint"].bank
    day = business(later(issued, buy.throw.randint(0, 3)))
    name = buy.throw.choice(payer.labels)
    label = labels.received(bank, buy.throw, name, fill("############", buy.throw))
    event.operations.append(Operation("joint", day, day, total, label, "400610", "transfer"))
    last = len(event.operations) - 1
    shares = [(first + place, last, part) for place, part in enumerate(parts)]
    event.ties.append(Tie("reimbursement", shares, [(first + place, place) for place in range(len(parts))]))


_KINDS: dict[str, tuple[int, Callable[[_Buy], Event]]] = {
    "shop": (44, _shop),
    "drive": (8, _simple(7800, 0.5, (0, 0, 1), ("card",))),
    "train": (13, _simple(5400, 0.6, (0, 0, 0, 1), ("card", "card", "card", "paypal"))),
    "travel": (6, _simple(21000, 0.6, (-40, -20, -3, 0, 0, 0, 1, 2), ("card",))),
    "doctor": (9, _care),
    "pharmacy": (4, _simple(1900, 0.6, (0,), ("card",))),
    "craft": (9, _simple(18000, 0.8, (0, 0, 5, 12, 20, 28, 33), ("card", "transfer", "cheque"))),
    "abroad": (7, _abroad),
}
