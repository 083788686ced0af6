"""Ids in the order in which they were made."""

from __future__ import annotations

import pytest

from alcove.base.ids import OrderedIds


@pytest.mark.parametrize("step", [0, 1_000, 1_000_000_000, -5_000_000_000])
def test_each_comes_after_the_one_before(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_900_000_000_000_000_000
    ids, made = OrderedIds(), list[str]()
    for number in range(100):
        monkeypatch.setattr("time.time_ns", lambda number=number: moment + step * number)
        made.append(ids.new())
    assert made == sorted(set(made))
    assert {(len(one), one[0]) for one in made} == {(32, "b")}
