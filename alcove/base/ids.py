"""Names for things that have none yet."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM = 80
"""Bits of an ordered id that nobody can guess."""


def new_id() -> str:
    """An id as CouchDB makes them: 32 hexadecimal digits, from the system's random source."""
    return secrets.token_hex(16)


class OrderedIds:
    """Ids of 32 hexadecimal digits of which each comes after all that this process made before.

    What is written together then lies together: an index grows at its end instead of being torn open everywhere. They
    begin with a letter, so that no reader takes one for a number (`12345e67`). They are no secrets: their time is told.
    """

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        """The next one. Two threads may get theirs out of order, and never the same."""
        chance = secrets.randbits(_RANDOM)
        now = 0xB << 124 | time.time_ns() // 1_000_000 << _RANDOM | chance
        self._last = last = max(now, self._last + 1 + (chance >> _RANDOM // 2))
        return f"{last:032x}"


ordered_id = OrderedIds().new


def new_code(length: int = 32) -> str:
    """A secret that can stand in a URL: letters and digits only."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
