"""Questions: what was typed, cut into words, phrases and amounts that must all be there, and into filters.

>>> asked = question('"eau chaude" 45,90 factu')
>>> [way.words for part in asked.parts for way in part.ways]
[('eau', 'chaude'), ('45x90',), ('45', '90'), ('factu',)]
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from alcove.search.words import WORD, fold, stems, stems_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BEGINNING = 3
"""Letters of a beginning from which on it is looked for in contents."""
RELATED = 24
"""Words with other endings that one word stands for at the most."""

PIECE = 50_000
"""Characters of a long text that are cut into words in one go: nobody waits for the interpreter much longer."""

_UNSEEN = re.compile(r"\D")
_QUOTED = re.compile(r'["“«„](?P<inner>[^"“”«»„]*)(?P<closed>["”»]?)')
_AMOUNT = re.compile(
    r"(?<![\w.,])"
    r"(?P<whole>\d{1,3}(?:[ .,'\u00a0\u202f]\d{3})+|\d{1,12})"
    r"[.,](?P<part>\d{1,2})"
    r"(?![\w.,]*\d)"
)


class Way(NamedTuple):
    """Words that stand one after the other. With `open`, the last of them is the beginning of one."""

    words: tuple[str, ...]
    open: bool = False

    def expression(self) -> str:
        """It in FTS5's language. All that comes from what was typed are letters and digits in quotes."""
        return f'"{" ".join(self.words)}"' + (" *" if self.open else "")

    def fits(self, words: Sequence[str]) -> bool:
        """Whether these words hold it."""
        *whole, last = self.words
        for place in range(len(whole), len(words)):
            here = words[place]
            if (here.startswith(last) if self.open else here == last) and (
                not whole or list(words[place - len(whole) : place]) == whole
            ):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was asked for, in the ways to say it. `stems` are those of a word whose ending may be another."""

    ways: tuple[Way, ...]
    stems: frozenset[str] = frozenset()

    def fits(self, columns: Sequence[Sequence[str]]) -> bool:
        """Whether one of these runs of words holds it."""
        return any(way.fits(words) for way in self.ways for words in columns)


@dataclass(frozen=True, slots=True)
class Question:
    """What was typed, cut into parts that must all be there.

    An amount has two ways: as an amount, and as the words that a text is cut into where it is written. The last word
    is taken as a beginning: it may still be typed.
    """

    parts: tuple[Part, ...]

    @property
    def stems(self) -> frozenset[str]:
        """The stems of all words whose ending may be another."""
        return frozenset().union(*(part.stems for part in self.parts))

    @property
    def brief(self) -> bool:
        """Whether it ends with a beginning of so few letters that nearly every text has such a word."""
        return any(way.open and len(way.words[-1]) < BEGINNING for way in self.parts[-1].ways)

    def closed(self) -> Question:
        """The same, with its last word as a whole one."""
        *others, last = self.parts
        return Question((*others, replace(last, ways=tuple(Way(way.words) for way in last.ways))))

    def widened(self, related: Mapping[str, Sequence[str]]) -> Question:
        """The same, with words of other endings too: `related` are those that are there, by their stems."""
        return Question(tuple(_widened(part, related) for part in self.parts))

    def expression(self) -> str:
        """The question in FTS5's language."""
        said = [" OR ".join(way.expression() for way in part.ways) for part in self.parts]
        return " AND ".join(f"({ways})" for ways in said)

    def fits(self, *columns: Sequence[str]) -> bool:
        """Whether texts of these words answer it: what the index says, said by the texts themselves."""
        return all(part.fits(columns) for part in self.parts)


def question(typed: str) -> Question | None:
    """What was typed as a question; None when there is no letter and no digit in it."""
    parts = list(_parts(typed))
    if not parts:
        return None
    last = parts[-1]
    if not typed.rstrip().endswith(('"', "”", "»")):  # a phrase that was closed is whole
        parts[-1] = replace(last, ways=tuple(Way(way.words, open=True) for way in last.ways))
    return Question(tuple(parts))


def _parts(typed: str) -> Iterator[Part]:
    place = 0
    for found in _QUOTED.finditer(typed):
        yield from _unquoted(typed[place : found.start()])
        if words := tuple(words_of(found["inner"])):
            yield Part((Way(words),))
        place = found.end()
    yield from _unquoted(typed[place:])


def _unquoted(typed: str) -> Iterator[Part]:
    place = 0
    for amount, start, end in amounts(typed):
        yield from _words(typed[place:start])
        yield Part((Way((amount,)), Way(tuple(words_of(typed[start:end])))))
        place = end
    yield from _words(typed[place:])


def amounts(text: str) -> Iterator[tuple[str, int, int]]:
    """The amounts in a text as `amount_words` says them, and where they begin and end.

    >>> list(amounts("à payer : 1 234,50 €"))
    [('1234x50', 10, 18)]
    """
    for found in _AMOUNT.finditer(text):
        yield f"{_UNSEEN.sub('', fold(found['whole']))}x{fold(found['part'])}", found.start(), found.end()


def words_in(text: str) -> list[str]:
    """All words of a text in a document, then its amounts, however they are written."""
    pieces = _pieces(text)
    words = [word for piece in pieces for word in words_of(piece, len(piece))]
    return [*words, *dict.fromkeys(amount for piece in pieces for amount, _, _ in amounts(piece))]


def stems_in(text: str) -> set[tuple[str, str]]:
    """The stems of all words of a text in a document."""
    return set().union(*(stems(piece, len(piece)) for piece in _pieces(text)))


def _pieces(text: str) -> list[str]:
    """A text in pieces that end between two words."""
    pieces, start = list[str](), 0
    while start < len(text):
        end = start + PIECE
        if end < len(text):
            end = max(text.rfind(" ", start, end), text.rfind("\n", start, end)) + 1 or end
        pieces.append(text[start:end])
        start = end
    return pieces


def _words(typed: str) -> Iterator[Part]:
    for written in WORD.findall(typed):
        words = words_of(written)
        for word in words:
            yield Part((Way((word,)),), stems_of(stems(written)) if len(words) == 1 else frozenset())


def _widened(part: Part, related: Mapping[str, Sequence[str]]) -> Part:
    own = {way.words[0] for way in part.ways}
    more = dict.fromkeys(word for stem in sorted(part.stems) for word in related.get(stem, ()))
    others = [word for word in more if word not in own][:RELATED]
    return replace(part, ways=(*part.ways, *(Way((word,)) for word in others)))
