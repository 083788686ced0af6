"""Words as they are compared: without case and accents, ligatures written out, amounts in one form.

Texts and questions are cut here and nowhere else; the index gets words with spaces between them. A tokenizer of the
database would do most of it, but not the same on both sides nor in both databases: it knows neither ligatures nor
full-width letters, and a question must be cut into words before it can become an expression that nothing typed can
break.

>>> words_of("Électricité du CŒUR, n°12_b")
['electricite', 'du', 'coeur', 'n', '12', 'b']
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from threading import local
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from Stemmer import Stemmer

LONGEST = 64
"""Characters of a word that count. What is longer is cut, in texts and in questions alike."""
FURTHEST = 10_000
"""Characters of a text that are looked at, where nothing else is said."""
SHORTEST = 4
"""Letters of a word from which on its ending may be another: shorter ones have none to lose."""

WORD = re.compile(r"[^\W_]+")
_OWN = local()
_LETTERS = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}


class _Folding(dict[int, str]):
    """What stands for each character: made once for those that are seen, whatever stands beside them."""

    def __missing__(self, code: int) -> str:
        plain = "".join(part for part in unicodedata.normalize("NFKD", chr(code)) if not unicodedata.combining(part))
        found = self[code] = "".join(_LETTERS.get(letter, letter) for letter in plain.casefold())
        return found


_FOLDED = _Folding()


def fold(text: str) -> str:
    """The text without case, accents and ligatures."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


def words_of(text: str, furthest: int = FURTHEST) -> list[str]:
    """The words of a text, folded: runs of letters and digits."""
    return [word[:LONGEST] for word in WORD.findall(fold(text[:furthest]))]


def amount_words(value: object) -> str:
    """The words by which an amount is found: `45,90` and `45.90` are one, and `45` finds it too.

    >>> amount_words(-45.9)
    '45 45x90'
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 10**12:
        return ""
    whole, part = f"{abs(value):.2f}".split(".")
    return f"{whole} {whole}x{part}"


def stems(text: str, furthest: int = FURTHEST) -> set[tuple[str, str]]:
    """The words of a text that have an ending, each with its stems: `(stem, word)`.

    Words with a stem in common are one word with other endings. Nobody says which language a text is in, so each has
    its stems in French and in English, with its accents and without: French endings are cut at them, and people leave
    them out where they search.

    >>> sorted(stems("payées")), sorted(stems("payee"))
    ([('pai', 'payees'), ('paye', 'payees')], [('paye', 'payee')])
    """
    cut = text[:furthest]
    folded = {word for word in WORD.findall(fold(cut)) if _has_ending(word)}
    found = set[tuple[str, str]]().union(*map(_stemmed, folded))
    if not cut.isascii():
        written = (word for word in set(WORD.findall(unicodedata.normalize("NFC", cut).lower())) if not word.isascii())
        french = _stemmers()[0]
        accented = {(fold(french.stemWord(word)), fold(word)) for word in written if fold(word) in folded}
        found |= {pair for pair in accented if len(pair[0]) > 1}
    return found


def stems_of(words: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The stems alone."""
    return frozenset(stem for stem, _ in words)


@lru_cache(maxsize=1 << 14)
def _stemmed(word: str) -> tuple[tuple[str, str], ...]:
    """A word with each of its stems. Remembered: documents say the same few thousand words again and again."""
    found = {stemmer.stemWord(word) for stemmer in _stemmers()}
    return tuple((stem, word) for stem in found if len(stem) > 1)


def _stemmers() -> tuple[Stemmer, ...]:
    """The stemmers for French and English of this thread: threads must not share them."""
    found: tuple[Stemmer, ...] | None = getattr(_OWN, "stemmers", None)
    if found is None:
        from Stemmer import Stemmer  # here: it costs the start more than all else of this file

        found = _OWN.stemmers = tuple(Stemmer(name, 0) for name in ("french", "english"))
    return found


def _has_ending(word: str) -> bool:
    return SHORTEST <= len(word) <= LONGEST and word.isalpha()
