"""The assignment against every choice that there is."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from alcove.money.linking.assignment import assign
from alcove.money.linking.belief import believe

GAINS = st.integers(-4, 12).map(float)
ROWS = st.lists(st.dictionaries(st.integers(0, 4), GAINS, max_size=4), min_size=1, max_size=5)


def worth(rows: list[dict[int, float]], chosen: list[int]) -> float:
    return sum(row[column] for row, column in zip(rows, chosen, strict=True) if column >= 0)


@given(ROWS)
def test_no_exclusive_choice_is_worth_more(rows: list[dict[int, float]]) -> None:
    chosen = assign([tuple(sorted(row.items())) for row in rows])
    taken = [column for column in chosen if column >= 0]
    assert len(taken) == len(set(taken))
    best = max(
        worth(rows, list(choice))
        for choice in product(*[[-1, *row] for row in rows])
        if len([c for c in choice if c >= 0]) == len({c for c in choice if c >= 0})
    )
    assert abs(worth(rows, chosen) - best) < 1e-9


@given(ROWS)
def test_beliefs_are_probabilities(rows: list[dict[int, float]]) -> None:
    belief = believe(rows, list(range(len(rows))), list(range(5)))
    assert all(0 <= p <= 1 for row in belief for p in row.values())


def test_a_rival_that_is_better_served_elsewhere_counts_little() -> None:
    alone = believe([{0: 3.0}], [0], [0, 1])[0][0]
    beside = believe([{0: 3.0}, {0: 3.0, 1: 9.0}], [0, 1], [0, 1])[0][0]
    rivals = believe([{0: 3.0}, {0: 3.0}], [0, 1], [0, 1])[0][0]
    assert rivals < beside <= alone
    assert beside > alone - 0.05
