"""What leaves no bill: wages, transfers, fees, and the small spending of every day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove_sample import labels
from alcove_sample.chance import fill, price
from alcove_sample.days import business, later, month_after
from alcove_sample.events import pay
from alcove_sample.model import Operation, Vendor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from random import Random

    from alcove_sample.model import OperationKind
    from alcove_sample.world import World

# name on the statement | category | median price in cents | weight
_PLACES = """
CARREFOUR CITY ####|400110|2300|14
MONOPRIX ####|400110|2700|8
LIDL ####|400110|3400|8
INTERMARCHE|400110|4300|6
BIOCOOP|400110|3100|4
PICARD SA ####|400110|2100|2
BOULANGERIE DES BROSSES|400110|540|14
AU PAIN DORE|400110|620|8
TABAC DE LA POSTE|400111|1190|4
RELAY ######|400111|710|2
TOTAL ACCESS ####|400250|5800|4
ESSO CHARPENNES|400250|5400|2
LE ZINC DU MARCHE|400810|2800|4
MC DONALDS ####|400810|1850|3
BURGER KING|400810|1750|2
SUSHI SHOP|400810|3100|1
RESTAURANT INTER ENTR|400160|780|10
PHARM DU TONKIN|400610|1400|4
LPA PARKING|400270|420|3
TCL DISTRIBUTEUR|400280|1040|3
CINEMA LE ZOLA|400820|1250|2
UGC CINE CITE|400820|1390|2
COIFFURE EVASION|400190|3600|2
H&M ####|400130|3400|2
KIABI|400130|4200|2
LA POSTE ######|400310|640|2
JARDILAND|401050|3300|1
SUMUP *MARCHE BIO|400110|1650|4
ZETTLE_*LE COIN VERT|400810|1400|2
UBER *TRIP|400290|1480|2
"""
_TOWNS = ("VILLEURBANNE", "LYON 03", "LYON PART DIEU", "BRON", "VAULX EN VELIN", "PARIS 12")
_PURSES = ("card-1", "current-2", "current-2", "joint", "joint", "current-1")
_FRIENDS = ("M DUPONTEL LOIC", "MME AZNAREZ", "LYDIA SOLUTIONS", "MLLE KERVADEC A", "LEETCHI")


def standing(world: World) -> Iterator[Operation]:
    """Yield what happens every month whatever else does: wages, transfers between accounts, fees, interest."""
    for month in range(world.months()):
        first = month_after(world.start, month, 1)
        yield from _wages(world, month)
        yield from _move(world, later(first, 1), "current-1", "joint", 95000 + 500 * (month // 12), "COMPTE JOINT")
        yield from _move(world, later(first, 2), "current-2", "joint", 95000, "VERSEMENT MENSUEL")
        throw = world.dice("standing", month)
        for current, savings in (("current-1", "savings-1"), ("current-2", "savings-2")):
            if throw.random() < 0.6:
                sum_put_by = throw.choice((5000, 10000, 15000, 20000, 30000))
                yield from _move(world, month_after(first, 0, 27), current, savings, sum_put_by, "EPARGNE")
        yield _fee(world, month, "current-1", "COTISATION CARTE PREMIERE", 390)
        if first.month % 3 == 0:
            yield _fee(world, month, "current-2", "FRAIS TENUE DE COMPTE T", 615)
        if throw.random() < 0.06:
            yield _fee(world, month, "joint", "COMMISSION D INTERVENTION", 800)
        if first.month == 12:
            for savings in ("savings-1", "savings-2"):
                day = month_after(first, 0, 31)
                gained = throw.randint(9000, 31000)
                yield Operation(savings, day, day, gained, f"INTERETS {day.year}", "200130", "deposit")


def _wages(world: World, month: int) -> Iterator[Operation]:
    throw = world.dice("wages")
    employers = ("TECHNOVALIS SAS", "RECTORAT DE LYON")
    bases = [throw.randint(215000, 330000) for _ in employers]
    moved = world.dice("wages", month)
    for account, employer, base in zip(("current-1", "current-2"), employers, bases, strict=True):
        day = business(month_after(world.start, month, 28), -1)
        cents = round(base * (1 + 0.018 * (month // 12)) * moved.uniform(0.99, 1.02))
        cents += base if employer.startswith("TECH") and day.month == 12 else 0
        label = labels.received(world.accounts[account].bank, moved, employer, f"SALAIRE {day:%m/%Y}")
        yield Operation(account, day, day, cents, label, "200110", "transfer")
    day = business(month_after(world.start, month, 5))
    label = labels.received(world.accounts["joint"].bank, moved, "CAF DU RHONE", fill("#######??", moved))
    yield Operation("joint", day, day, 14834, label, "200160", "transfer")


def _move(world: World, day: date, source: str, target: str, cents: int, reason: str) -> Iterator[Operation]:
    """Both sides of a transfer between two accounts of the household; another bank books it a day later."""
    left = business(day)
    there = world.accounts[target].bank != world.accounts[source].bank
    arrived = business(later(left, 1)) if there else left
    throw = world.dice("move", left, source)
    owner = next(person for person in world.persons if person.id == world.accounts[source].owners[0])
    name = f"M OU MME {owner.last} {owner.first}"
    out = labels.sent(world.accounts[source].bank, throw, name, reason)
    come = labels.received(world.accounts[target].bank, throw, name, reason)
    yield Operation(source, left, left, -cents, out, "600110", "internal transfer")
    yield Operation(target, arrived, arrived, cents, come, "600110", "internal transfer")


def _fee(world: World, month: int, account: str, wording: str, cents: int) -> Operation:
    day = business(month_after(world.start, month, 4))
    return Operation(account, day, day, -cents, wording, "400340", "financial fee")


def spending(world: World) -> Iterator[Operation]:
    """Yield small payments without end; one in eleven goes to a vendor that elsewhere sends bills."""
    throw = world.dice("daily")
    places = [_place(line) for line in _PLACES.strip().splitlines()]
    weights = [weight for *_, weight in places]
    vendors = [v for sector in ("shop", "shop", "drive", "train", "abroad") for v in world.vendors[sector]]
    span = (world.end - world.start).days
    while True:
        day = later(world.start, throw.randint(0, span))
        purse = throw.choice(_PURSES)
        draw = throw.random()
        if draw < 0.09:
            yield pay(world, throw, throw.choice(vendors), purse, "card", day, price(throw, 3600, 0.8))
        elif draw < 0.14:
            yield _rare(world, throw, purse, day)
        else:
            ((name, category, median, _),) = throw.choices(places, weights)
            shown = f"{name} {throw.choice(_TOWNS)}" if throw.random() < 0.4 else name
            shop = Vendor("", name, name, (shown,), "drive")
            yield pay(world, throw, shop, purse, "card", day, price(throw, median, 0.55), category=category)


def _place(line: str) -> tuple[str, str, int, int]:
    name, category, median, weight = line.split("|")
    return name, category, int(median), int(weight)


def _rare(world: World, throw: Random, purse: str, day: date) -> Operation:
    """A withdrawal, a cheque to someone, or money to and from friends."""
    account = world.accounts["current-1" if purse == "card-1" else purse]
    posted = business(later(day, 1))
    draw = throw.random()
    kind: OperationKind = "transfer"
    if draw < 0.5:
        cents, category, kind = -throw.choice((2000, 3000, 4000, 5000, 6000, 10000)), "300", "cash"
        label = labels.cash(account.bank, throw.choice(_TOWNS), day, account.card)
    elif draw < 0.65:
        cents, category, kind = -price(throw, 4500, 0.7), "200", "check"
        label = labels.cheque(account.bank, throw.randrange(10**7))
    elif draw < 0.85:
        cents, category = -price(throw, 3000, 0.6), "600160"
        label = labels.sent(account.bank, throw, throw.choice(_FRIENDS))
    else:
        cents, category = price(throw, 3500, 0.6), "200180"
        label = labels.received(account.bank, throw, throw.choice(_FRIENDS))
    return Operation(account.id, posted, posted, cents, label, category, kind)
