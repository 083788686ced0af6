"""How French banks word an operation: two styles, one wide, one narrow, both upper case and cut short."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from alcove_sample.chance import fill

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from alcove_sample.model import Bank

_NAME = {"wide": 32, "narrow": 24}  # what a label keeps of a name
_CARD = {"wide": 25, "narrow": 22}  # the merchant field of card networks, give or take the bank


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return text as statements write it: capitals without accents."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(bare.upper().split())


def card(bank: Bank, throw: Random, name: str, day: date, number: str, foreign: tuple[str, int] | None = None) -> str:
    """Label of a card payment; a purchase abroad sometimes shows the amount the merchant asked for."""
    merchant = plain(fill(name, throw))[: _CARD[bank.style]].rstrip()
    if foreign is not None and throw.random() < 0.6:
        merchant += f" {foreign[1] / 100:.2f}{foreign[0]}".replace(".", ",")
    if bank.style == "wide":
        return f"CARTE {day:%d/%m/%y} {merchant} CB*{number}"
    return f"PAIEMENT PAR CARTE X{number} {merchant} {day:%d/%m}"


def back(bank: Bank, throw: Random, name: str, day: date, number: str) -> str:
    """Label of a purchase paid back to the card."""
    merchant = plain(fill(name, throw))[: _CARD[bank.style]].rstrip()
    if bank.style == "wide":
        return f"AVOIR {day:%d/%m/%y} {merchant} CB*{number}"
    return f"AVOIR CARTE X{number} {merchant} {day:%d/%m}"


def debit(bank: Bank, throw: Random, name: str, reference: str) -> str:
    """Label of a SEPA direct debit; the reference is the creditor's own, or nothing."""
    creditor = plain(fill(name, throw))[: _NAME[bank.style]].rstrip()
    head = "PRLV SEPA" if bank.style == "wide" else "PRELEVEMENT"
    return f"{head} {creditor} {reference}".rstrip()


def sent(bank: Bank, throw: Random, name: str, reference: str = "") -> str:
    """Label of a transfer to someone."""
    payee = plain(fill(name, throw))[: _NAME[bank.style]].rstrip()
    head = "VIR SEPA" if bank.style == "wide" else "VIREMENT EMIS WEB"
    return f"{head} {payee} {plain(reference)}".rstrip()


def received(bank: Bank, throw: Random, name: str, reference: str = "") -> str:
    """Label of a transfer from someone."""
    payer = plain(fill(name, throw))[: _NAME[bank.style]].rstrip()
    head = "VIR" if bank.style == "wide" else "VIREMENT EN VOTRE FAVEUR"
    return f"{head} {payer} {plain(reference)}".rstrip()


def cheque(bank: Bank, serial: int) -> str:
    """Label of a cheque: nothing but its number."""
    return f"CHQ. {serial:07d}" if bank.style == "wide" else f"CHEQUE EMIS {serial:07d}"


def cash(bank: Bank, place: str, day: date, number: str) -> str:
    """Label of a withdrawal."""
    if bank.style == "wide":
        return f"RETRAIT DAB {day:%d/%m/%y} {plain(place)} CB*{number}"
    return f"RETRAIT AU DISTRIBUTEUR X{number} {plain(place)[:20]} {day:%d/%m}"
