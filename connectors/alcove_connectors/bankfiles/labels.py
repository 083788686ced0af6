"""What a bank wrote about an operation: made readable, made comparable, and read for its kind and its real day."""

from __future__ import annotations

import re
from datetime import date, timedelta

from rapidfuzz import fuzz

from .values import fold

MAX_LABEL = 2000
"""Longest label kept, in characters."""

_COMPARED = 200
_SPACE = re.compile(r"\s+")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_CARD = re.compile(
    r"^(?:PAIEMENT (?:PAR )?(?:CARTE|CB)|ACHAT (?:CB|CARTE)|FACTURE CARTE|CARTE|CB)\b"
    r"(?: ?X\d{4})?"
    r"(?: DU)?",
    re.IGNORECASE,
)
_DAY = re.compile(r"\b(\d{2})[/.]?(\d{2})(?:[/.]?((?:20)?\d{2}))?\b")
_LATER_DAY = re.compile(
    r"\b(?:FACT |DU )?(\d{2})(?:[/.](?=\d{2}\b|\d{2}[/.])|(?=\d{4}\b))(\d{2})[/.]?((?:20)?\d{2})?\b"
)
_TAIL = re.compile(
    r"(?:\s+(?:CB ?\*{1,}\d{2,4}|CARTE (?:N°)? ?\*?[\dX*]{4,16}|\d{0,2}X{4,}\d{0,4}))+\s*$", re.IGNORECASE
)
_SAVINGS = re.compile(r"\b(?:livret|epargne|ldds?|lep|pel|cel|savings)\b")
_CARD_ACCOUNT = re.compile(r"(?:carte|card|visa|mastercard)\b")
_KINDS: tuple[tuple[str, str], ...] = (
    (r"cotis|frais|commission|agios|interets? debit|abonnement .*compte|tenue de compte", "financial fee"),
    (r"retrait|dab\b|atm\b|withdrawal", "cash"),
    (r"^(?:carte|cb|paiement (?:par )?(?:carte|cb)|achat (?:carte|cb)|facture carte)\b|\bcb ?\*", "credit card"),
    (r"^(?:prlv|prelevement|prelevt|avis de prelevement|direct debit)", "direct debit"),
    (r"^(?:vir|virt|transfer)", "transfer"),
    (r"^(?:chq|cheque|check)", "check"),
    (r"^(?:remise|depot|versement)", "deposit"),
)
_COMPILED = tuple((re.compile(pattern), kind) for pattern, kind in _KINDS)


def tidy(text: str) -> str:
    """One line with single spaces, the bank's own words, of at most 2,000 characters (the forms allow far fewer)."""
    return _SPACE.sub(" ", text[: 2 * MAX_LABEL]).strip()[:MAX_LABEL]


def join(*parts: str) -> str:
    """The parts in order, leaving out one that another already says (OFX repeats NAME at the head of MEMO)."""
    kept: list[str] = []
    for part in map(tidy, parts):
        if not part or any(fold(part) in fold(other) for other in kept):
            continue
        kept = [other for other in kept if fold(other) not in fold(part)]
        kept.append(part)
    return " ".join(kept)


def readable(text: str) -> str:
    """A label for people: card number, card prefix and its date taken off, capitals softened.

    >>> readable("CARTE 12/03/24 CARREFOUR CITY  CB*1234")
    'Carrefour City'
    """
    line = _TAIL.sub("", tidy(text))
    card = _CARD.match(line)
    if card:
        rest = line[card.end() :].strip(" :-")
        found = _DAY.match(rest)
        rest = rest[found.end() :].strip(" :-") if found else rest
        line = rest or line
    softened = " ".join(map(_soft, line.split(" "))) if line.isupper() else line
    return softened or tidy(text)


def _soft(word: str) -> str:
    return word.capitalize() if len(word) > 3 and word.isalpha() else word


def comparable(text: str) -> str:
    """What two exports of one operation have in common: lower case, no accents, no punctuation, words once spaced."""
    return _NOT_WORD.sub(" ", fold(text)).strip()[:_COMPARED].strip()


def likeness(one: str, other: str) -> float:
    """From 0 to 100, how likely two ``comparable`` labels tell of the same thing; a cut-off label is like its whole."""
    if one == other:
        return 100.0
    if not one or not other:
        return 50.0
    shorter, longer = sorted((one.replace(" ", ""), other.replace(" ", "")), key=len)
    if len(shorter) >= 6 and longer.startswith(shorter):
        return 98.0
    return float(max(fuzz.token_set_ratio(one, other), fuzz.ratio(one, other))) * 0.97


def kind_of(text: str) -> str:
    """The Cozy operation type that a French or English label tells; empty when it tells none."""
    line = fold(tidy(text))
    return next((kind for pattern, kind in _COMPILED if pattern.search(line)), "")


def account_kind(label: str) -> str:
    """``Savings`` or ``credit card`` when the name of an account tells so; empty when it does not."""
    folded = fold(label)
    if _SAVINGS.search(folded):
        return "Savings"
    return "credit card" if _CARD_ACCOUNT.match(folded) else ""


def real_day(text: str, booked: date) -> date | None:
    """The day of a card payment as its label tells it (``CARTE 12/03``), at most 45 days before it was booked."""
    line = tidy(text)
    card = _CARD.match(line)
    if not card:
        return None
    rest = line[card.end() :].strip(" :-")
    first = _DAY.match(rest)
    for found in (*([first] if first else []), *_LATER_DAY.finditer(rest)):
        told = _day_before(found, booked)
        if told:
            return told
    return None


def _day_before(found: re.Match[str], booked: date) -> date | None:
    number, month, year = found.groups()
    for candidate in [int(year) % 100 + 2000] if year else [booked.year, booked.year - 1]:
        try:
            told = date(candidate, int(month), int(number))
        except ValueError:
            return None
        if timedelta(0) <= booked - told <= timedelta(days=45):
            return told
    return None
