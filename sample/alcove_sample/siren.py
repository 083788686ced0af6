"""Numbers that identify a French company, shaped like real ones but belonging to nobody."""

from __future__ import annotations

import zlib


def siren(name: str) -> str:
    """Return nine digits with a right Luhn key for a name; they begin with 0, which no real company's do."""
    body = f"0{zlib.crc32(name.encode()) % 10**7:07d}"
    return body + _key(body)


def siret(name: str) -> str:
    """Return the fourteen digits of the head office of a company."""
    body = siren(name) + "0001"
    return body + _key(body)


def vat_number(name: str) -> str:
    """Return the intra-community VAT number that belongs to a company's SIREN."""
    number = siren(name)
    return f"FR{(12 + 3 * (int(number) % 97)) % 97:02d}{number}"


def _key(body: str) -> str:
    """Return the Luhn digit that ends a number."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
