"""Which account a statement is about, across formats: IBAN, or bank and number made comparable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .values import MONTHS, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model import Account

MARKET = "Market"
"""The kind of investment accounts: brokers give them and their cash account one number."""

LONG = 8
"""Characters from which a number is hardly given by two banks that cannot be compared."""

_IBAN = re.compile(r"\b([A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)\b")
_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")


def is_iban(text: str) -> bool:
    """Whether a text is an IBAN whose check digits hold (ISO 13616)."""
    bare = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", bare):
        return False
    return int("".join(str(int(character, 36)) for character in bare[4:] + bare[:4])) % 97 == 1


def iban_in(text: str) -> str:
    """The first valid IBAN in a text, without spaces; empty when there is none."""
    for found in _IBAN.finditer(text.upper()):
        bare = found[1].replace(" ", "")
        while len(bare) >= 15:
            if is_iban(bare):
                return bare
            bare = bare[:-1]
    return ""


def rib_iban(rib: str) -> str:
    """The IBAN of a whole French RIB of 23 characters; empty when its key does not hold."""
    bare = re.sub(r"[^0-9A-Z]", "", rib.upper())
    if not re.fullmatch(r"\d{10}[0-9A-Z]{11}\d{2}", bare):
        return ""
    found = french_iban(bare[:5], bare[5:10], bare[10:21])
    return found if found.endswith(bare[21:]) else ""


def french_iban(bank: str, branch: str, number: str) -> str:
    """The IBAN of a French account from the parts OFX gives (BANKID, BRANCHID, ACCTID); empty when they are no RIB.

    The key is 97 - (89 bank + 15 branch + 3 account) mod 97, letters counted as the RIB does (A and J are 1, S is 2).
    """
    number = re.sub(r"[^0-9A-Z]", "", number.upper())
    if not (re.fullmatch(r"\d{5}", bank) and re.fullmatch(r"\d{5}", branch) and len(number) == 11):
        return ""
    key = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(number.translate(_LETTERS))) % 97
    bban = f"{bank}{branch}{number}{key:02}"
    check = 98 - int("".join(str(int(character, 36)) for character in bban + "FR00")) % 97
    return f"FR{check:02}{bban}"


def plain(number: str) -> str:
    """An account number as it is compared: capitals and digits only, no zeros in front."""
    return re.sub(r"[^0-9A-Z*]", "", number.upper()).lstrip("0")


@dataclass(frozen=True)
class Name:
    """What an account is compared by."""

    iban: str
    bank: str
    number: str
    currency: str
    market: bool


def name_of(account: Account) -> Name:
    """The comparable name of an account, its IBAN worked out where the parts of a French RIB are given."""
    written = account.iban.replace(" ", "").upper()
    iban = written if is_iban(written) else iban_in(account.number)
    iban = iban or french_iban(account.bank, account.branch, account.number) or rib_iban(account.number)
    number = account.number or account.iban
    return Name(iban, plain(account.bank), plain(number), account.currency, account.kind == MARKET)


def vendor_id(account: Account) -> str:
    """The stable name of an account in the place: its IBAN, else bank and number; empty when the file has neither.

    An account in several currencies (Revolut, N26 spaces) is one per currency only where it has no number.
    """
    name = name_of(account)
    if name.iban:
        return name.iban
    if not name.number:
        return ""
    return ":".join(filter(None, (name.bank, name.number, "market" if name.market else "")))


def same(one: Name, other: Name) -> int:
    """How surely two names are of one account: 3 by IBAN, 2 by bank and number, 1 by number alone, 0 not."""
    if one.currency and other.currency and one.currency != other.currency:
        return 0
    if one.iban and other.iban:
        return 3 if one.iban == other.iban else 0
    if not one.number or not other.number or one.market != other.market:
        return 0
    if one.iban or other.iban:
        whole, part = (one, other) if one.iban else (other, one)
        return _inside(whole.iban, part)
    if one.number != other.number:
        return 0
    surely = _by_bank(one.bank, other.bank)
    return surely if surely > 1 or not (one.bank and other.bank) or len(one.number) >= LONG else 0


def _by_bank(one: str, other: str) -> int:
    """2 for the same bank, 0 for another, 1 when it cannot be told: a code is not comparable with a BIC."""
    if not one or not other or one.isdigit() != other.isdigit():
        return 1
    if one.isdigit():
        return 2 if one == other else 0
    return 2 if one[:8] == other[:8] else 0


def _inside(iban: str, part: Name) -> int:
    """Whether a number is the account part of an IBAN: in France characters 15 to 25, elsewhere its end."""
    if iban.startswith("FR"):
        if part.number != plain(iban[14:25]):
            return 0
        return _by_bank(plain(iban[4:9]), part.bank)
    if len(part.number) < 6 or not iban.endswith(part.number):
        return 0
    return 2 if part.bank and part.bank in iban else 1


def best(account: Account, known: Sequence[tuple[str, Account]]) -> str:
    """The id among ``known`` of the account that this one is; empty when none is, or two are as sure."""
    mine = name_of(account)
    scored = sorted(((same(mine, name_of(other)), key) for key, other in known), reverse=True)
    scored = [entry for entry in scored if entry[0]]
    if not scored or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return ""
    return scored[0][1]


_WORD = re.compile(r"[0-9A-Za-z*]+")
_DAYS = re.compile(r"(?:19|20)\d{6}|\d{4}(?:19|20)\d{2}|(?:(?:19|20)\d{6}){2}|\d{14}")
_MONTHS = "|".join(sorted(MONTHS, key=len, reverse=True))
_CHANGING = re.compile(rf"\.[a-z0-9]{{1,5}}$|\b(?:{_MONTHS}|copie|copy|du|au|to|from)\b|\d+")


def number_in_name(name: str) -> str:
    """The account number in a file's name (``export_00040123456_202403.csv``); empty when nothing looks like one."""
    for word in _WORD.findall(name.rpartition("/")[2].rpartition(".")[0]):
        digits = sum(map(str.isdigit, word))
        if is_iban(word) or (8 <= digits <= 23 and len(word) - digits <= 1 and not _DAYS.fullmatch(word)):
            return str(word)
    return ""


def stem(name: str) -> str:
    """What stays in the names of one account's exports: no folder, ending, dates, months or copy numbers."""
    bare = _CHANGING.sub(" ", fold(name.rpartition("/")[2]).replace("_", " "))
    return " ".join(_WORD.findall(bare))
