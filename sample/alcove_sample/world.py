"""The household itself: who lives there, at which banks, with which accounts and cards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from alcove_sample.chance import dice
from alcove_sample.model import Account, Bank, Person, Vendor
from alcove_sample.vendors import cast

if TYPE_CHECKING:
    from random import Random

_BANKS = (
    Bank("confluent", "Banque du Confluent", "wide", "19941", "BCFLFR2L"),
    Bank("lilas", "Caisse mutuelle des Lilas", "narrow", "19976", "CMLIFR2A"),
)
_FIRST = ("Camille", "Nadia", "Émile", "Sophie", "Malik", "Joanne", "Théo", "Inès", "Bastien", "Maëlle")
_CHILDREN = ("Lila", "Hugo", "Noé", "Jade", "Sacha", "Rose", "Anouk", "Gabin")
_LAST = ("Verdollin", "Castaignet", "Morvanec", "Delaubrie", "Haddouni", "Pernazet")
_STREETS = ("rue des Acacias blancs", "allée du Vieux Moulin", "impasse des Tisserands", "rue Claude-Perrachon")
_TOWN = "69100 Villeurbanne"


@dataclass(frozen=True)
class World:
    """What every stream of events knows of the household."""

    seed: int
    start: date
    end: date
    address: tuple[str, str]
    persons: tuple[Person, ...]
    accounts: dict[str, Account]
    vendors: dict[str, tuple[Vendor, ...]]

    def dice(self, *names: object) -> Random:
        """Return the dice of one stream of events."""
        return dice(self.seed, *names)

    def months(self) -> int:
        """How many months the statements touch."""
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month + 1


def found(seed: int, start: date, end: date, unknown: float) -> World:
    """Return the household that a seed stands for."""
    throw = dice(seed, "world")
    last = throw.choice(_LAST)
    adults = throw.sample(_FIRST, 2)
    children = throw.sample(_CHILDREN, 2)
    born = [throw.randint(start.year - 48, start.year - 30) for _ in adults]
    born += [throw.randint(start.year - 11, start.year - 5) for _ in children]
    persons = tuple(
        Person(f"person-{number}", first, last, date(year, throw.randint(1, 12), throw.randint(1, 28)))
        for number, (first, year) in enumerate(zip([*adults, *children], born, strict=True), start=1)
    )
    street = f"{throw.randint(2, 84)} {throw.choice(_STREETS)}"
    accounts = {account.id: account for account in _accounts(throw, persons)}
    return World(seed, start, end, (street, _TOWN), persons, accounts, cast(dice(seed, "vendors"), unknown))


def _accounts(throw: Random, persons: tuple[Person, ...]) -> list[Account]:
    """Open a current and a savings account at each bank, a joint one, and a deferred card at the first bank."""
    one, two = persons[0].id, persons[1].id
    wide, narrow = _BANKS

    def opened(name: str, bank: Bank, kind: str, label: str, owners: tuple[str, ...], settles: str = "") -> Account:
        number = f"{throw.randrange(10**11):011d}"
        card = f"{throw.randrange(10**4):04d}" if kind != "savings" else ""
        iban = "" if kind == "card" else french_iban(bank.code, "00512", number)
        return Account(name, bank, kind, label, number, iban, owners, 0, card, settles)  # type: ignore[arg-type]  # kind is one of the literals written below

    return [
        opened("current-1", wide, "checking", "Compte courant", (one,)),
        opened("card-1", wide, "card", "Carte à débit différé", (one,), "current-1"),
        opened("savings-1", wide, "savings", "Livret A", (one,)),
        opened("current-2", narrow, "checking", "Compte chèques", (two,)),
        opened("joint", narrow, "joint", "Compte joint", (one, two)),
        opened("savings-2", narrow, "savings", "Livret de développement durable", (two,)),
    ]


def french_iban(bank: str, branch: str, number: str) -> str:
    """Return the IBAN of a French account, with its RIB key and ISO 13616 check digits right."""
    key = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(number)) % 97
    body = f"{bank}{branch}{number}{key:02d}"
    check = 98 - int(f"{body}152700") % 97
    return f"FR{check:02d}{body}"
