"""How sure a link is, given everything else that the bill and the operation could belong to."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Rows = "Sequence[Mapping[int, float]]"

ROUNDS = 4


def believe(
    rows: Sequence[Mapping[int, float]], row_twin: Sequence[int], column_twin: Sequence[int]
) -> list[dict[int, float]]:
    """For each row the probability of each of its columns, from log-odds that look at one pair only.

    What a rival would rather take counts less against a pair, so the beliefs are refined in a few rounds. Twins (rows
    or columns that nobody could tell apart, numbered alike) do not count against each other.

    >>> [round(p, 2) for p in believe([{0: 3.0, 1: 3.0}], [0], [0, 1])[0].values()]
    [0.48, 0.48]
    """
    odds = [{column: exp(min(value, 25.0)) for column, value in row.items()} for row in rows]
    wanted: dict[int, list[int]] = {}
    for number, row in enumerate(odds):
        for column in row:
            wanted.setdefault(column, []).append(number)
    belief = [{column: odd / (1.0 + odd) for column, odd in row.items()} for row in odds]
    for _ in range(ROUNDS):
        elsewhere = [sum(row.values()) for row in belief]
        claimed = {column: sum(belief[number][column] for number in numbers) for column, numbers in wanted.items()}
        belief = [
            {
                column: _share(number, column, odds, belief, elsewhere, claimed, wanted, row_twin, column_twin)
                for column in row
            }
            for number, row in enumerate(odds)
        ]
    return belief


def _share(
    number: int,
    column: int,
    odds: Sequence[Mapping[int, float]],
    belief: Sequence[Mapping[int, float]],
    elsewhere: Sequence[float],
    claimed: Mapping[int, float],
    wanted: Mapping[int, Sequence[int]],
    row_twin: Sequence[int],
    column_twin: Sequence[int],
) -> float:
    own = odds[number][column]
    against = 1.0
    for other, odd in odds[number].items():
        if other != column and column_twin[other] != column_twin[column]:
            free = max(0.0, 1.0 - (claimed[other] - belief[number][other]))
            against += odd * free
    for rival in wanted[column]:
        if rival != number and row_twin[rival] != row_twin[number]:
            free = max(0.0, 1.0 - (elsewhere[rival] - belief[rival][column]))
            against += odds[rival][column] * free
    return own / (own + against)
