"""Words as they are compared: without case and accents, ligatures written out, amounts in one form.

Texts and questions are cut here and nowhere else; the index gets words with spaces between them. A tokenizer of the
database would do most of it, but not the same on both sides: it knows neither ligatures nor full-width letters, and a
question must be cut into words before it can become an expression that nothing typed can break.

>>> words_of("Électricité du CŒUR n°12_b")
['electricite', 'du', 'coeur', 'no12', 'b']
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 64
"""Characters of a word that count. What is longer is cut, in texts and in questions alike."""
FURTHEST = 10_000
"""Characters of a text that are looked at."""

_WORD = re.compile(r"[^\W_]+")
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_UNSEEN = re.compile(r"\D")
_AMOUNT = re.compile(
    r"(?<![\w.,])"
    r"(?P<whole>\d{1,3}(?:[ .,'\u00a0\u202f]\d{3})+|\d{1,12})"
    r"[.,](?P<part>\d{1,2})"
    r"(?![\w.,]*\d)"
)


def fold(text: str) -> str:
    """The text without case, accents and ligatures."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in parts if not unicodedata.combining(char))
    return bare.casefold().translate(_LETTERS)


def words_of(text: str) -> list[str]:
    """The words of a text, folded: runs of letters and digits."""
    return [word[:LONGEST] for word in _WORD.findall(fold(text[:FURTHEST]))]


def amount_words(value: object) -> str:
    """The words by which an amount is found: `45,90` and `45.90` are one, and `45` finds it too.

    >>> amount_words(-45.9)
    '45 45x90'
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 10**12:
        return ""
    whole, part = f"{abs(value):.2f}".split(".")
    return f"{whole} {whole}x{part}"


@dataclass(frozen=True, slots=True)
class Question:
    """What was typed, cut into parts that must all be there: each a list of ways to say it, a way being words.

    A word has one way; an amount has two: as an amount, and as the words that a text is cut into where it is written.
    The last word is taken as a beginning: it may still be typed.
    """

    parts: tuple[tuple[tuple[str, ...], ...], ...]

    def expression(self) -> str:
        """The question in FTS5's language. All that comes from what was typed are letters and digits in quotes."""
        return " AND ".join(self._part(place) for place in range(len(self.parts)))

    def _part(self, place: int) -> str:
        star = "*" if place == len(self.parts) - 1 else ""
        ways = [" AND ".join(f'"{word}"' for word in way) + star for way in self.parts[place]]
        return ways[0] if len(ways) == 1 else f"({' OR '.join(f'({way})' for way in ways)})"

    def fits(self, words: Sequence[str]) -> bool:
        """Whether a text of these words answers it: what the index says, said by the text itself."""
        there = set(words)
        begun = tuple(there)
        *whole, last = self.parts
        return all(any(there.issuperset(way) for way in part) for part in whole) and any(
            there.issuperset(way[:-1]) and any(word.startswith(way[-1]) for word in begun) for way in last
        )


def question(typed: str) -> Question | None:
    """What was typed as a question; None when there is no letter and no digit in it."""
    parts: list[tuple[tuple[str, ...], ...]] = []
    place = 0
    for found in _AMOUNT.finditer(typed):
        parts += [((word,),) for word in words_of(typed[place : found.start()])]
        amount = f"{_UNSEEN.sub('', fold(found['whole']))}x{fold(found['part'])}"
        parts.append(((amount,), tuple(words_of(found[0]))))
        place = found.end()
    parts += [((word,),) for word in words_of(typed[place:])]
    return Question(tuple(parts)) if parts else None
