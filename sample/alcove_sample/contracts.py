"""What comes back: subscriptions, energy, insurance, canteen, rent and taxes, each with its own habits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from alcove_sample.chance import fill
from alcove_sample.days import later, month_after
from alcove_sample.events import Event, Tie, bill, fate, pay, rejected, settled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from random import Random

    from alcove_sample.events import Method
    from alcove_sample.model import Bill, Vendor
    from alcove_sample.world import World

Habit = Literal["plain", "balanced", "twelve", "three", "school"]


@dataclass(frozen=True)
class Plan:
    """A kind of contract: every so many months, about so many cents, moving by `spread`, paid in some way.

    `times` contracts of the kind exist; `joined` is the chance that those of one vendor are debited together.
    """

    sector: str
    cents: int
    every: int = 1
    spread: float = 0.0
    method: Method = "debit"
    accounts: tuple[str, ...] = ("joint",)
    habit: Habit = "plain"
    times: int = 1
    joined: float = 0.0


PLANS = (
    Plan("internet", 3399),
    Plan("mobile", 1599, spread=0.12, accounts=("current-1", "current-2"), times=2, joined=0.35),
    Plan("power", 9400, 2, 0.35),
    Plan("power", 8100, 12, 0.0, habit="balanced"),
    Plan("home insurance", 31200, 12, habit="twelve"),
    Plan("car insurance", 54800, 12, habit="three"),
    Plan("stream", 1349, method="card", accounts=("card-1", "current-2"), times=3),
    Plan("rent", 104500, method="transfer"),
    Plan("mutual", 9840),
    Plan("water", 14200, 6, 0.2, accounts=("joint", "current-1")),
    Plan("town", 6400, 1, 0.3, habit="school", times=2, joined=0.5),
    Plan("press", 1199, method="card", accounts=("card-1", "current-1")),
    Plan("cloud", 299, method="card", accounts=("card-1", "current-2"), times=2),
    Plan("gym", 2999, accounts=("current-1", "current-2")),
    Plan("transit", 6900, accounts=("current-1", "current-2")),
    Plan("toll", 2400, 1, 0.6),
    Plan("tax", 118400, 12),
    Plan("gas", 7300, 2, 0.5),
    Plan("school insurance", 3590, 12, method="card", accounts=("current-2",)),
    Plan("alarm", 4490),
    Plan("press", 2750, 3, accounts=("current-2",)),
)


def contracts(world: World) -> Iterator[list[Event]]:
    """Yield the life of each contract of the household, the most common ones first."""
    for place, plan in enumerate(PLANS):
        throw = world.dice("contract", place)
        choice = world.vendors[plan.sector]
        joined = plan.times > 1 and throw.random() < plan.joined
        chosen = [throw.choice(choice)] * plan.times if joined else _several(throw, choice, plan.times)
        if joined:
            yield list(_together(world, throw, plan, chosen[0]))
            continue
        for vendor in chosen:
            yield list(_life(world, throw, plan, vendor))


def _several(throw: Random, choice: tuple[Vendor, ...], count: int) -> list[Vendor]:
    return throw.sample(choice, count) if len(choice) >= count else [throw.choice(choice) for _ in range(count)]


@dataclass(frozen=True)
class _Terms:
    """What was agreed for one contract: day of the month, days until payment, wobble of these days."""

    contract: str
    day: int
    lag: int
    wobble: int
    account: str
    method: Method
    shown: bool  # statements show the contract number

    def due(self, throw: Random, issued: date) -> date:
        return later(issued, self.lag + throw.randint(0, self.wobble))

    def reference(self, throw: Random) -> str:
        return self.contract if self.shown else fill("?#?######", throw) if self.wobble else ""


def _terms(throw: Random, plan: Plan) -> _Terms:
    lag = 0 if plan.method == "card" else throw.choice((0, 2, 4, 6, 9, 12, 15, 18))
    return _Terms(
        contract=fill("#########", throw),
        day=throw.randint(1, 27),
        lag=lag,
        wobble=throw.choice((0, 1, 1, 2, 4)),
        account=throw.choice(plan.accounts),
        method=plan.method,
        shown=throw.random() < 0.4,
    )


def _dates(world: World, throw: Random, plan: Plan, terms: _Terms) -> Iterator[tuple[date, float]]:
    """Yield the dates of issue with the price level of the day: it rises once a year, by up to 9 %."""
    level, anniversary = 1.0, throw.randint(1, 12)
    issued = month_after(world.start, throw.randrange(plan.every) if plan.every > 1 else 0, terms.day)
    while issued <= world.end:
        yield issued, level
        following = month_after(issued, plan.every, terms.day)
        crossed = (following.year * 12 + following.month - anniversary) // 12
        if crossed > (issued.year * 12 + issued.month - anniversary) // 12 and throw.random() < 0.75:
            level *= 1 + throw.choice((0.01, 0.02, 0.03, 0.05, 0.09))
        issued = following


def _life(world: World, throw: Random, plan: Plan, vendor: Vendor) -> Iterator[Event]:
    terms = _terms(throw, plan)
    base = round(plan.cents * throw.uniform(0.7, 1.4) / 10) * 10 - 1
    for issued, level in _dates(world, throw, plan, terms):
        if plan.habit == "school" and issued.month in (7, 8):
            continue
        cents = max(100, round(base * level * throw.lognormvariate(0.0, plan.spread)))
        if plan.habit in ("plain", "school"):
            yield _monthly(world, throw, vendor, terms, bill(throw, vendor, issued, cents, contract=terms.contract))
        elif plan.habit == "balanced":
            yield _balanced(world, throw, vendor, terms, issued, cents)
        else:
            yield _spread(world, throw, vendor, terms, issued, cents, 12 if plan.habit == "twelve" else 3)


def _monthly(world: World, throw: Random, vendor: Vendor, terms: _Terms, claim: Bill) -> Event:
    destiny = fate(throw)
    if destiny != "paid":
        return settled([claim], None, destiny)
    day = terms.due(throw, claim.date)
    payment = pay(
        world, throw, vendor, terms.account, terms.method, day, claim.amount, reference=terms.reference(throw)
    )
    event = settled([claim], payment)
    if terms.method == "debit" and throw.random() < 0.01:
        event.operations = rejected(throw, payment)
        event.ties = [Tie("one", [(0, 2, claim.amount)])]
    return event


def _together(world: World, throw: Random, plan: Plan, vendor: Vendor) -> Iterator[Event]:
    """Several contracts of one vendor, each with its bill, taken by one debit."""
    terms = _terms(throw, plan)
    bases = [round(plan.cents * throw.uniform(0.7, 1.4) / 10) * 10 - 1 for _ in range(plan.times)]
    numbers = [fill("#########", throw) for _ in bases]
    for issued, level in _dates(world, throw, plan, terms):
        if plan.habit == "school" and issued.month in (7, 8):
            continue
        amounts = [max(100, round(base * level * throw.lognormvariate(0.0, plan.spread))) for base in bases]
        claims = [
            bill(throw, vendor, issued, cents, contract=number) for cents, number in zip(amounts, numbers, strict=True)
        ]
        destiny = fate(throw)
        if destiny != "paid":
            yield settled(claims, None, destiny)
            continue
        day = terms.due(throw, issued)
        total, reference = sum(amounts), terms.reference(throw)
        yield settled(claims, pay(world, throw, vendor, terms.account, terms.method, day, total, reference=reference))


def _balanced(world: World, throw: Random, vendor: Vendor, terms: _Terms, issued: date, cents: int) -> Event:
    """A year of energy: ten equal debits that no bill announces, then a bill for what is left, or too much."""
    event = Event()
    for month in range(-11, -1):
        day = month_after(issued, month)
        if day >= world.start:
            event.operations.append(
                pay(world, throw, vendor, terms.account, "debit", day, cents, reference=terms.reference(throw))
            )
    left = round(cents * throw.gauss(0.4, 1.1))
    left = left if abs(left) > 500 else 500
    claim = bill(throw, vendor, issued, abs(left), contract=terms.contract)
    claim = replace(claim, is_refund=left < 0, already=max(10 * cents, 2 * abs(left)))
    due = terms.due(throw, later(issued, 12 if left < 0 else 0))
    payment = pay(world, throw, vendor, terms.account, "debit", due, left, reference=terms.reference(throw))
    event.bills = [claim]
    event.ties = [Tie("refund" if left < 0 else "one", [(0, len(event.operations), abs(left))])]
    event.operations.append(payment)
    return event


def _spread(world: World, throw: Random, vendor: Vendor, terms: _Terms, issued: date, cents: int, parts: int) -> Event:
    """A yearly bill paid in monthly parts; the first part takes the odd cents."""
    share = cents // parts
    event = Event(bills=[bill(throw, vendor, issued, cents, contract=terms.contract)])
    shares: list[tuple[int, int, int]] = []
    for part in range(parts):
        amount = cents - share * (parts - 1) if part == 0 else share
        day = month_after(later(issued, terms.lag), part)
        reference = terms.reference(throw)
        event.operations.append(
            pay(world, throw, vendor, terms.account, terms.method, day, amount, reference=reference)
        )
        shares.append((0, part, amount))
    event.ties = [Tie("instalments", shares)]
    return event
