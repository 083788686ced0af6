"""How good a set of links is, held against the truth of a household."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alcove_sample.model import Household

Pair = tuple[str, str]


@dataclass(frozen=True)
class Score:
    """Shares of 1: `precision` and `recall` count pairs of a bill and an operation.

    `bills_whole` is the share of paid bills whose operations are exactly the true ones, and `by_kind` the recall of
    each kind of settlement. `wrong` and `missed` list pairs, for those who want to know why.
    """

    precision: float
    recall: float
    bills_whole: float
    by_kind: Mapping[str, float]
    wrong: tuple[Pair, ...]
    missed: tuple[Pair, ...]


def score(household: Household, proposed: Iterable[Pair]) -> Score:
    """Compare proposed (bill id, operation id) pairs with the truth.

    Bills that say the same, and operations that say the same, cannot be told apart by anyone: which twin went to
    which is not counted against a linker.

        >>> from alcove_sample import make
        >>> household = make(1)
        >>> all_of_it = [(bill, operation) for link in household.truth for bill, operation, _ in link.shares]
        >>> score(household, all_of_it).recall
        1.0
    """
    bills = {
        b.id: (b.vendor, b.date, b.amount, b.currency, b.is_refund, b.contract, b.original_date)
        for b in household.bills
    }
    operations = {o.id: (o.account, o.date, o.realised, o.amount, o.label) for o in household.operations}
    kinds = {(bill, operation): link.kind for link in household.truth for bill, operation, _ in link.shares}
    asked = dict.fromkeys(proposed)
    truth = Counter((bills[bill], operations[operation]) for bill, operation in kinds)
    wrong = []
    for bill, operation in asked:
        face = (bills[bill], operations[operation])
        if truth[face] > 0:
            truth[face] -= 1
        else:
            wrong.append((bill, operation))
    found: Counter[str] = Counter()
    missed = []
    for (bill, operation), kind in kinds.items():
        face = (bills[bill], operations[operation])
        if truth[face] > 0:
            truth[face] -= 1
            missed.append((bill, operation))
        else:
            found[kind] += 1
    right = len(asked) - len(wrong)
    paid = {bill for bill, _ in kinds}
    broken = {bill for bill, _ in (*wrong, *missed)}
    totals = Counter(kinds.values())
    return Score(
        precision=right / len(asked) if asked else 1.0,
        recall=right / len(kinds) if kinds else 1.0,
        bills_whole=len(paid - broken) / len(paid) if paid else 1.0,
        by_kind={kind: found[kind] / count for kind, count in sorted(totals.items())},
        wrong=tuple(wrong),
        missed=tuple(missed),
    )
