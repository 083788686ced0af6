"""A piece of a text around what was asked for, with the words that were found marked: text, never markup.

>>> from alcove.search.asking import question
>>> snippet("Cher client,\\n\\nvoici votre facture d'eau.", question("factures eau").widened({"factur": ["facture"]}))
[('Cher client, voici votre ', False), ('facture', True), (" d'", False), ('eau', True), ('.', False)]
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alcove.search.asking import amounts
from alcove.search.words import LONGEST, WORD, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alcove.search.asking import Question

Piece = tuple[str, bool]
"""A part of a text, and whether it was asked for."""

BEFORE, AFTER = 60, 140
"""Characters that are shown before what was found and from there on."""
PACE = 4000
"""Characters that are looked at in one go: most texts say what was asked for near their beginning."""
_BLANK = re.compile(r"\s+")


def snippet(text: str, asked: Question) -> list[Piece] | None:
    """The piece that holds most of what was asked for; None when it holds nothing of it."""
    best: tuple[int, int] | None = None
    for start in range(0, len(text), PACE):
        # A little of what follows too, so that a phrase on the border is seen.
        places = list(_found(text[start : start + PACE + AFTER], asked))
        for begin, _, part in places:
            near = {part} | {other for at, _, other in places if begin <= at < begin + AFTER}
            if best is None or len(near) > best[0]:
                best = (len(near), start + begin)
        if best is not None and best[0] >= len(asked.parts):
            break
    return None if best is None else _cut(text, best[1], asked)


def marks(text: str, asked: Question) -> list[str]:
    """The words of a short text that were found, as they are compared."""
    return sorted({word for begin, end, _ in _found(text, asked) for word in _folded(text[begin:end])})


def _found(text: str, asked: Question) -> Iterator[tuple[int, int, int]]:
    """Where what was asked for stands: begin, end, and which part it is."""
    folded = fold(text)
    if not any(_clue(way.words[0]) in folded for part in asked.parts for way in part.ways):
        return  # most pieces of a long text hold nothing of it
    words = [(folded, found.start(), found.end()) for found in WORD.finditer(text) for folded in _folded(found[0])]
    words += list(amounts(text))
    plain = [word for word, _, _ in words]
    for number, part in enumerate(asked.parts):
        for way in part.ways:
            length = len(way.words)
            for place in range(len(plain) - length + 1):
                if plain[place].startswith(way.words[0]) and way.fits(plain[place : place + length]):
                    yield words[place][1], words[place + length - 1][2], number


def _clue(word: str) -> str:
    """What a text surely holds where it holds a word; an amount may be written with something between its digits."""
    return word[0] if word[0].isdigit() else word


def _folded(word: str) -> list[str]:
    return [part[:LONGEST] for part in WORD.findall(fold(word))]


def _cut(text: str, place: int, asked: Question) -> list[Piece]:
    start = max(0, place - BEFORE)
    end = min(len(text), place + AFTER)
    start = start if start == 0 else text.find(" ", start, place) + 1 or start
    end = end if end == len(text) else max(text.rfind(" ", place, end), 0) or end
    piece = text[start:end]
    marks = sorted({(begin, stop) for begin, stop, _ in _found(piece, asked)})
    parts, here = list[Piece](), 0
    for begin, stop in marks:
        if stop <= here:
            continue
        parts += [(piece[here : max(here, begin)], False), (piece[max(here, begin) : stop], True)]
        here = stop
    parts.append((piece[here:], False))
    shown = [(_BLANK.sub(" ", said), marked) for said, marked in parts if said]
    if start > 0:
        shown = [("… ", False), *shown]
    return [*shown, (" …", False)] if end < len(text) else shown
