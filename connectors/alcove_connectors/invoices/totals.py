"""The total of an invoice among all its sums: the strongest label wins, and net + tax = total proves it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING

from .model import Tax
from .words import BACK, BEFORE, NET, NOT_TOTAL, PAY, PLAIN_TOTAL, RATE, TAX, TOTAL

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from .search import Amount, Sheet


MOST_TAXES = 20
"""Sums beside the word for tax that are added in pairs."""


@dataclass(frozen=True)
class Total:
    """A sum that could be the total: how strong its label is, and whether the money goes back."""

    amount: Amount
    strength: float
    back: bool = False
    asked: bool = False


def find_total(sheet: Sheet) -> tuple[Decimal | None, Decimal | None, Total | None]:
    """Net, tax and the total: the strongest label wins; net + tax = total proves it."""
    nets = _labelled(sheet, NET)
    taxes = _labelled(sheet, TAX)
    found = [
        *_candidates(sheet, BACK, 0.97, back=True, asked=True),
        *_candidates(sheet, PAY, 0.95, asked=True),
        *_candidates(sheet, TOTAL, 0.9),
        *_candidates(sheet, PLAIN_TOTAL, 0.7),
    ]
    if not found:
        return None, None, None
    largest = max(abs(one.amount.value) for one in found)
    best = max(found, key=lambda one: (_score(one, found, nets, taxes), abs(one.amount.value) == largest))
    net, tax = _proof(abs(best.amount.value), nets, taxes)
    strength = 1.0 if net is not None else best.strength
    if net is None:
        total = abs(best.amount.value)
        tax = _included(sheet, total)
        net = total - tax if tax is not None else None
    return net, tax, Total(best.amount, strength, best.back)


def _included(sheet: Sheet, total: Decimal) -> Decimal | None:
    """The tax printed as included (`dont TVA 20 % : 7,17`): the only one whose rate makes it a part of this total."""
    for number, match in sheet.labels(TAX):
        rates = [Decimal(rate.replace(",", ".")) for rate in RATE.findall(sheet.plain[number])]
        for one in sheet.amounts_at(number, match.start(), match.end()):
            if any(abs(total * rate / (100 + rate) - abs(one.value)) <= Decimal("0.02") for rate in rates if rate):
                return abs(one.value)
    return None


def _score(one: Total, found: Sequence[Total], nets: list[Decimal], taxes: list[Decimal]) -> float:
    """How likely a candidate is the total: label, repetition, arithmetic; a zero only if all else fails."""
    value = one.amount.value
    if value == 0:
        return -1
    again = sum(other.amount.value == value for other in found) - 1
    proven = _proof(abs(value), nets, taxes)[0] is not None
    asked = 0.15 if one.asked else 0  # A deposit was paid before: what remains is what the bank will show.
    return asked + one.strength + 0.04 * min(again, 3) + (0.08 if proven else 0)


def _proof(total: Decimal, nets: list[Decimal], taxes: list[Decimal]) -> tuple[Decimal | None, Decimal | None]:
    """A net printed on the invoice, and one tax or the sum of two, that make the total; no law asks for over 30 %."""
    sums = {*taxes, *(one + other for one, other in combinations(taxes[:MOST_TAXES], 2))}
    for net in sorted(nets, reverse=True):
        tax = total - net
        if tax in sums and net and 0 <= tax / net <= Decimal("0.3"):
            return net, tax
    return None, None


def _candidates(
    sheet: Sheet, label: re.Pattern[str], strength: float, *, back: bool = False, asked: bool = False
) -> list[Total]:
    found = []
    for number, match in sheet.labels(label):
        line = sheet.plain[number]
        if NOT_TOTAL.match(line[match.end() :]) or BEFORE.search(line[: match.start()]):
            continue
        amounts = sheet.amounts_at(number, match.start(), match.end())
        if amounts:
            here = amounts[-1]
            found.append(Total(here, strength if here.line == number else strength - 0.1, back, asked))
    return found


def _labelled(sheet: Sheet, label: re.Pattern[str]) -> list[Decimal]:
    """Every amount in the row of such a label, or below it, without its sign."""
    values: list[Decimal] = []
    for number, match in sheet.labels(label):
        values += [one.value for one in sheet.amounts_at(number, match.start(), match.end())]
        values += [one.value for one in sheet.amounts[number]]
    return list(dict.fromkeys(map(abs, values)))


def find_taxes(sheet: Sheet, net: Decimal | None, tax: Decimal | None) -> tuple[Tax, ...]:
    """The VAT rates printed beside the word; with a single one, basis and tax are those of the invoice."""
    rates = {
        Decimal(rate.replace(",", ".")) for number, _ in sheet.labels(TAX) for rate in RATE.findall(sheet.plain[number])
    }
    likely = sorted(rate for rate in rates if 0 < rate <= 27)
    if len(likely) == 1:
        return (Tax(likely[0], net, tax),)
    return tuple(Tax(rate, None, None) for rate in likely[:6])
