"""Chance that repeats: every stream of events has its own dice, thrown from the household's seed."""

from __future__ import annotations

from random import Random

_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def dice(seed: int, *names: object) -> Random:
    """Return dice of their own for what is named: adding a stream never changes another one."""
    return Random("/".join(map(str, (seed, *names))))  # noqa: S311 - a plausible life, not a secret


def fill(pattern: str, throw: Random) -> str:
    """Replace each `#` by a digit and each `?` by a capital letter."""
    if "#" not in pattern and "?" not in pattern:
        return pattern
    return "".join(
        throw.choice(_DIGITS) if sign == "#" else throw.choice(_LETTERS) if sign == "?" else sign for sign in pattern
    )


def price(throw: Random, median: int, spread: float) -> int:
    """Return a price in cents around a median, skewed as prices are, with the endings that shops like."""
    cents = median * throw.lognormvariate(0.0, spread)
    ending = throw.random()
    if ending < 0.35:
        return max(1, round(cents / 100)) * 100 - 1
    if ending < 0.5:
        return max(1, round(cents / 50)) * 50
    return max(95, round(cents))
