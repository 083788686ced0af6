"""Finds the category of operations: what the person said of the same label, then what all of it teaches, else nothing.

The person's corrections win, then what the provider says of the same label, then the model and the dictionary of
merchants. What is not sure enough stays uncategorised.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from alcove.money.categories.bayes import Bayes
from alcove.money.categories.model import NEVER, Sorting
from alcove.money.categories.tree import UNCATEGORISED
from alcove.money.linking.labels import plain
from alcove.money.merchants import MERCHANTS, TRADES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alcove.money.model import Operation

ENOUGH = 40
"""Labels set aside at the least to find out how far the model can be trusted; with fewer it is not asked."""
RIGHT = 0.85
"""How often the model must have been right, on labels it had not seen, when it was as sure as now."""
TOLD = 0.97
"""How sure it is that the person means the same category for the same label."""
NAMED = 0.85
"""How sure a merchant of the dictionary is."""


class Kind(NamedTuple):
    """Operations that are sorted alike: how their label begins, what stays the same in it, and their direction."""

    head: str
    face: str
    income: bool


def kind_of(operation: Operation) -> Kind:
    """The kind of an operation."""
    head = " ".join([w for w in plain(operation.label[:18]).split() if w.isalpha()][:2])
    return Kind(head, operation.face, operation.cents > 0)


def words_of(kind: Kind) -> list[str]:
    """The words of a kind, those that tell the way of paying first, each once."""
    return list(dict.fromkeys(f"{kind.head} {kind.face}".split()))


def features_of(kind: Kind) -> list[str]:
    """Words, pairs of words, groups of four letters, and the direction."""
    words = kind.face.split() or kind.head.split()
    found = [f"1{word}" for word in words]
    found += [f"2{one} {two}" for one, two in pairwise(words)]
    found += [f"4{part}" for word in words for part in _parts(f"^{word}$")]
    sign = "+" if kind.income else "-"
    return [*found, f"s{sign}", f"h{kind.head.split(' ', 1)[0]}{sign}"]


def _parts(word: str) -> list[str]:
    return [word[start : start + 4] for start in range(max(1, len(word) - 3))]


def looked_up(kind: Kind) -> tuple[str, float]:
    """What the dictionary of merchants says, the longest name first; ("", 0) when it knows none of the words."""
    words = words_of(kind)
    transfer = words[:1] in (["VIR"], ["VIREMENT"], ["VIRT"])
    for length in (4, 3, 2, 1):
        for start in range(len(words) - length + 1):
            name = " ".join(words[start : start + length])
            category = MERCHANTS.get(name)
            if category is None or (category.startswith("2001") and not kind.income):
                continue
            # A word that is also a trade or a first name says little in a transfer between people.
            if name in TRADES and transfer and not category.startswith(("2001", "401020", "6001")):
                continue
            return category, NAMED if name not in TRADES or length > 1 else NAMED - 0.15
    return "", 0.0


class Sorter:
    """What a place's operations have taught. Empty before `learn`."""

    def __init__(self) -> None:
        self._said: dict[Kind, Counter[str]] = {}
        self._given: dict[Kind, Counter[str]] = {}
        self._model: Bayes | None = None
        self._trust: list[tuple[float, float]] = []
        self._found: dict[Kind, tuple[str, float]] = {}

    def learn(self, operations: Mapping[str, Operation], sortings: Mapping[str, Sorting]) -> None:
        """Learns from the person's corrections and from what providers gave."""
        said: dict[Kind, Counter[str]] = {}
        given: dict[Kind, Counter[str]] = {}
        for ident, sorting in sortings.items():
            if sorting.manual:
                said.setdefault(kind_of(operations[ident]), Counter())[sorting.manual] += 1
            elif sorting.given:
                given.setdefault(kind_of(operations[ident]), Counter())[sorting.given] += 1
        if self._model is not None and (said, given) == (self._said, self._given):
            return
        self._said, self._given, self._found = said, given, {}
        self._train()

    def due(
        self, operations: Mapping[str, Operation], sortings: Mapping[str, Sorting], idents: Iterable[str]
    ) -> dict[str, Sorting]:
        """Of these operations those whose category of ours is not what it should be, with what it should be."""
        found = {}
        for ident in idents:
            operation = operations.get(ident)
            if operation is None:
                continue
            sorting = sortings.get(ident, NEVER)
            category, sure = self._category(kind_of(operation), sorting)
            if category == UNCATEGORISED and sorting.local in ("", UNCATEGORISED):
                continue
            if (category, sure) != (sorting.local, sorting.sure):
                found[ident] = replace(sorting, local=category, sure=sure)
        return found

    def _category(self, kind: Kind, sorting: Sorting) -> tuple[str, float]:
        said = self._said.get(kind)
        if said:
            category, times = max(sorted(said.items()), key=lambda pair: pair[1])
            if times * 2 > said.total():
                return category, TOLD
        if sorting.given:
            return UNCATEGORISED, 0.0  # the provider knows more than we do: its category stands
        found = self._found.get(kind)
        if found is None:
            found = self._found[kind] = self._guess(kind)
        return found

    def _guess(self, kind: Kind) -> tuple[str, float]:
        given = self._given.get(kind)
        if given:
            category, times = max(sorted(given.items()), key=lambda pair: pair[1])
            if times * 2 > given.total():
                return category, 0.95
        category, sure = self._ask(kind)
        named, certain = looked_up(kind)
        if named and (named == category or certain >= sure):
            return named, round(max(certain, sure if named == category else 0.0), 3)
        return (category, sure) if sure >= RIGHT else (UNCATEGORISED, 0.0)

    def _ask(self, kind: Kind) -> tuple[str, float]:
        if self._model is None or not self._trust:
            return "", 0.0
        category, margin = self._model.ask(features_of(kind))
        return category, next((right for least, right in self._trust if margin >= least), 0.0)

    def _train(self) -> None:
        """Trains on all, after a look at how well one trained on four fifths does on the rest."""
        samples = [(features_of(kind), *_most(counter), 3.0) for kind, counter in self._said.items()]
        samples += [(features_of(k), *_most(c), 1.0) for k, c in self._given.items() if k not in self._said]
        aside = [crc32("".join(features).encode()) % 5 == 0 for features, _, _ in samples]
        self._trust = []
        if sum(aside) >= ENOUGH:
            trial = Bayes(sample for sample, out in zip(samples, aside, strict=True) if not out)
            tried = []
            for (features, right, _), out in zip(samples, aside, strict=True):
                if out:
                    category, margin = trial.ask(features)
                    tried.append((margin, category == right))
            self._trust = _trusted(tried)
        self._model = Bayes(samples)


def _most(counter: Counter[str]) -> tuple[str]:
    return (max(sorted(counter.items()), key=lambda pair: pair[1])[0],)


def _trusted(tried: list[tuple[float, bool]]) -> list[tuple[float, float]]:
    """How often the model was right when its margin was at least so much, the widest margin first."""
    steps = []
    right = 0
    for number, (margin, good) in enumerate(sorted(tried, key=lambda pair: -pair[0]), 1):
        right += good
        if number % 8 == 0:
            steps.append((margin, round((right + 0.5) / (number + 1), 3)))
    return steps
