"""One household from a seed: every event of its life, numbered, with the links that are true."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from itertools import chain, islice
from typing import TYPE_CHECKING

from alcove_sample.contracts import contracts
from alcove_sample.daily import spending, standing
from alcove_sample.days import later, month_after, settlement
from alcove_sample.events import Event
from alcove_sample.model import Household, Link, Operation
from alcove_sample.purchases import purchases
from alcove_sample.world import found

if TYPE_CHECKING:
    from alcove_sample.model import Bill
    from alcove_sample.world import World

END = date(2026, 6, 30)
_REGULAR = 0.55  # the share of bills that contracts send; purchases bring the rest
_VARIETY = 9  # no contract sends more than one in so many of the gathered bills
_LOST = 0.06  # bills of a gathered contract that were never downloaded
_FLOOR = 20000  # no account but a card is ever below 200 euros


def make(
    seed: int,
    *,
    years: int = 3,
    operations: int = 3000,
    bills: int = 250,
    unknown_vendors: float = 0.0,
    end: date = END,
) -> Household:
    """Return the household that a seed stands for, the same one every time.

    It has as many bills as asked, and as many operations, unless that is too few for the life the bills imply.
    `unknown_vendors` is the share of vendors with invented names. `end` is the last day of the statements.

        >>> len(make(1, operations=3000, bills=250).bills)
        250
    """
    world = found(seed, later(month_after(end, -12 * years, end.day), 1), end, unknown_vendors)
    silent, gathered = _regular(world, round(bills * _REGULAR))
    wanted = bills - sum(len(event.bills) for event in gathered)
    for event in purchases(world):
        if wanted <= 0:
            break
        inside = _inside(world, event)
        if len(inside.bills) <= wanted:
            gathered.append(inside)
            wanted -= len(inside.bills)
    always = [o for o in standing(world) if _covers(world, o)]
    count = len(always) + sum(len(event.operations) for event in gathered) + _settlements(world)
    for event in silent:
        if count + len(event.operations) <= operations * 0.8:
            gathered.append(event)
            count += len(event.operations)
    usable = (o for o in spending(world) if _covers(world, o))
    always.extend(islice(usable, max(0, operations - count)))
    return _number(world, [*gathered, *(Event([o]) for o in always)])


def _regular(world: World, wanted: int) -> tuple[list[Event], list[Event]]:
    """Return the events of contracts whose bills nobody gathered, and of those whose bills somebody did."""
    throw = world.dice("gathering")
    lives = [[_inside(world, event) for event in life] for life in contracts(world)]
    order = list(range(len(lives)))
    throw.shuffle(order)
    gathered: list[Event] = []
    most = max(6, wanted // _VARIETY)
    for place in order:
        kept: list[Event] = []
        left = min(most, wanted)
        for event in reversed(lives[place]):  # a person begins to gather one day: the last bills are there
            if not event.bills or len(event.bills) > left or throw.random() < _LOST:
                event.forget()
            else:
                left -= len(event.bills)
                wanted -= len(event.bills)
                kept.append(event)
        gathered.extend(reversed(kept))
    chosen = {id(event) for event in gathered}
    return [event for event in chain(*lives) if id(event) not in chosen and event.operations], gathered


def _covers(world: World, operation: Operation) -> bool:
    return world.start <= operation.date <= world.end


def _inside(world: World, event: Event) -> Event:
    """Return the event as the statements show it: what lies outside them is gone, and its bills say so."""
    places = [place for place, o in enumerate(event.operations) if _covers(world, o)]
    dated = [place for place, b in enumerate(event.bills) if world.start <= b.date <= world.end]
    if len(places) == len(event.operations) and len(dated) == len(event.bills):
        return event
    moved = {old: new for new, old in enumerate(places)}
    renamed = {old: new for new, old in enumerate(dated)}
    ties = []
    paid: set[int] = set()
    for tie in event.ties:
        shares = [(renamed[b], moved[o], cents) for b, o, cents in tie.shares if b in renamed and o in moved]
        expenses = [(renamed[b], moved[o]) for b, o in tie.expenses if b in renamed and o in moved]
        if shares:
            ties.append(replace(tie, shares=shares, expenses=expenses))
            paid.update(b for b, _, _ in shares)
    kept = [event.bills[place] for place in dated]
    kept = [replace(b, fate="outside") if b.fate == "paid" and n not in paid else b for n, b in enumerate(kept)]
    return Event([event.operations[place] for place in places], kept, ties)


def _settlements(world: World) -> int:
    """How many operations the monthly settlement of the deferred card adds, one on each side."""
    days = {settlement(month_after(world.start, month, 1)) for month in range(world.months())}
    return 2 * sum(1 for day in days if world.start <= day <= world.end)


def _settle(world: World, operations: list[Operation]) -> list[Operation]:
    """Return the monthly settlements of the deferred card: out of the account behind it, into the card's own."""
    card = world.accounts["card-1"]
    sums: dict[date, int] = defaultdict(int)
    for operation in operations:
        if operation.account == card.id:
            sums[operation.date] += operation.amount
    out = f"DEBIT DIFFERE CARTE CB*{card.card}"
    settled = []
    for day, total in sorted(sums.items()):
        settled.append(Operation(card.settles, day, day, total, out, "600120", "credit card"))
        settled.append(Operation(card.id, day, day, -total, "REGLEMENT CARTE DEBIT DIFFERE", "600120", "credit card"))
    return settled


def _number(world: World, events: list[Event]) -> Household:
    """Give operations and bills their ids in order of date, and write the links with them."""
    spots = [(o, number, place) for number, event in enumerate(events) for place, o in enumerate(event.operations)]
    spots += [(o, -1, 0) for o in _settle(world, [o for o, _, _ in spots])]
    spots.sort(key=lambda spot: (spot[0].date, spot[0].account, spot[0].label, spot[0].amount))
    names: dict[tuple[int, int], str] = {}
    operations = []
    for serial, (operation, number, place) in enumerate(spots, start=1):
        names[number, place] = f"operation-{serial:06d}"
        operations.append(replace(operation, id=f"operation-{serial:06d}"))
    papers = [(b, number, place) for number, event in enumerate(events) for place, b in enumerate(event.bills)]
    papers.sort(key=lambda paper: (paper[0].date, paper[0].vendor_id, paper[0].number))
    titles: dict[tuple[int, int], str] = {}
    bills: list[Bill] = []
    for serial, (claim, number, place) in enumerate(papers, start=1):
        titles[number, place] = f"bill-{serial:05d}"
        bills.append(replace(claim, id=f"bill-{serial:05d}"))
    truth = [
        Link(
            tie.kind,
            tuple((titles[number, b], names[number, o], cents) for b, o, cents in tie.shares),
            tuple((titles[number, b], names[number, o]) for b, o in tie.expenses),
        )
        for number, event in enumerate(events)
        for tie in event.ties
    ]
    truth.sort(key=lambda link: link.shares)
    accounts = tuple(replace(a, opening=_opening(a.id, operations)) for a in world.accounts.values())
    met = {claim.vendor_id for claim in bills}
    vendors = tuple(v for group in world.vendors.values() for v in group if v.id in met)
    return Household(
        world.seed,
        world.start,
        world.end,
        world.address,
        world.persons,
        accounts,
        vendors,
        tuple(operations),
        tuple(bills),
        tuple(truth),
    )


def _opening(account: str, operations: list[Operation]) -> int:
    """Return what an account must have held at first so as never to fall under its floor."""
    if account.startswith("card"):
        return 0
    balance = lowest = 0
    for operation in operations:
        if operation.account == account:
            balance += operation.amount
            lowest = min(lowest, balance)
    return _FLOOR - lowest
