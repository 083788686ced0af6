"""What comes back: its laws, and how much of it is found in an invented household."""

from __future__ import annotations

from datetime import date

import pytest
from alcove_connectors.bankfiles.tests.test_corpus import CORPUS, files
from alcove_connectors.bankfiles.tests.test_laws import gather
from alcove_connectors.sdk.testing import FakeStack
from alcove_sample import make
from alcove_sample.documents import as_documents
from hypothesis import given
from hypothesis import strategies as st

from alcove.money.model import OPERATIONS, Operation, operation_from
from alcove.money.recurring import Series, series_of
from alcove.money.service.recurrences import Group, group_of

JANUARY = date(2026, 1, 1).toordinal()
SPARE = st.integers(-3, 3)


def operations(days: list[int], cents: list[int], label: str = "PRLV FREE MOBILE") -> list[Operation]:
    return [Operation(f"o{at:04}", day, cents[at % len(cents)], label) for at, day in enumerate(days)]


def monthly(count: int, day: int = 15, *, every: int = 1, start: tuple[int, int] = (2024, 1)) -> list[int]:
    months = [start[0] * 12 + start[1] - 1 + at * every for at in range(count)]
    return [date(month // 12, month % 12 + 1, day).toordinal() for month in months]


def only(days: list[int], cents: list[int]) -> Series:
    (found,) = series_of(operations(days, cents))
    return found


def said(series: Series) -> tuple[str, int, int, str]:
    rhythm = series.rhythm
    return rhythm.unit, rhythm.count, series.usual, date.fromordinal(series.next_day).isoformat()


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (monthly(6), ("month", 1, 15, "2024-07-15")),
        (monthly(6, 28, start=(2024, 9)), ("month", 1, 28, "2025-03-28")),
        (monthly(4, every=2), ("month", 2, 15, "2024-09-15")),
        (monthly(4, every=3), ("month", 3, 15, "2025-01-15")),
        (monthly(3, every=6), ("month", 6, 15, "2025-07-15")),
        (monthly(2, every=12), ("year", 1, 15, "2026-01-15")),
        ([JANUARY + 7 * at for at in range(5)], ("week", 1, 4, "2026-02-05")),
        ([JANUARY + 14 * at for at in range(5)], ("week", 2, 4, "2026-03-12")),
    ],
)
def test_a_rhythm_is_named_with_its_next_day(days: list[int], expected: tuple[str, int, int, str]) -> None:
    assert said(only(days, [-1999])) == expected


def test_the_end_of_a_month_is_where_the_month_ends() -> None:
    days = [date(2026, 1, 31), date(2026, 3, 2), date(2026, 3, 31), date(2026, 4, 30), date(2026, 6, 1)]
    assert said(only([day.toordinal() for day in days], [-1999]))[3] in ("2026-06-30", "2026-07-01")


@given(st.integers(1, 27), st.lists(SPARE, min_size=5, max_size=30), st.integers(200, 90_000))
def test_a_bank_holiday_hides_no_month(day: int, moved: list[int], cents: int) -> None:
    days = [when + by for when, by in zip(monthly(len(moved), day), moved, strict=True)]
    found = only(days, [-cents])
    assert (found.rhythm.unit, found.rhythm.count) == ("month", 1)
    assert 20 <= found.next_day - days[-1] <= 41


@given(st.lists(st.integers(0, 2000), max_size=40, unique=True), st.lists(st.integers(-9000, 9000), min_size=1))
def test_each_operation_is_of_one_thing_at_the_most(days: list[int], cents: list[int]) -> None:
    given_ones = operations(days, cents)
    found = series_of(given_ones)
    listed = [one.id for series in found for one in series.operations]
    assert len(listed) == len(set(listed))
    for series in found:
        days_of = [one.day for one in series.operations]
        assert days_of == sorted(days_of)
        assert series.next_day > series.latest.day
        assert not series.over(series.next_day)
        assert series.over(series.next_day + 400)


@given(st.permutations(operations(monthly(8), [-1999, -2450])))
def test_the_order_of_arrival_does_not_matter(shuffled: list[Operation]) -> None:
    assert series_of(shuffled) == series_of(sorted(shuffled, key=lambda one: one.day))


def test_a_price_that_rises_is_the_same_thing_and_the_next_one_is_exact() -> None:
    found = only(monthly(14), [-1999] * 8 + [-2199] * 6)
    assert len(found.operations) == 14
    assert found.next_cents == (-2199, False)


def test_energy_moves_and_the_next_one_is_about() -> None:
    found = only(monthly(9), [-6200, -9100, -7400, -5300, -8800, -7100, -6900, -8200, -7700])
    assert found.next_cents == (-7400, True)


def test_a_subscription_stands_out_among_purchases() -> None:
    prime = operations(monthly(6, 3), [-699], "CB AMAZON PRIME")
    bought = [
        Operation(f"b{at}", monthly(1)[0] + day, cents, "CB AMAZON MARKETPLACE")
        for at, (day, cents) in enumerate([(2, -2300), (9, -4999), (40, -1250), (41, -8700), (95, -3100), (133, -990)])
    ]
    (found,) = series_of([*prime, *bought])
    assert {one.id for one in found.operations} == {one.id for one in prime}


@pytest.mark.parametrize(
    ("days", "cents"),
    [
        ([JANUARY + day for day in (0, 3, 9, 11, 19, 22, 23, 31, 40)], [-4210, -1890, -7720]),
        ([JANUARY + 7 * at for at in range(8)], [-4210, -9890, -7720, -2150]),
        ([JANUARY, JANUARY + 30], [-1999]),
        ([JANUARY, JANUARY + 365], [-1999, -6400]),
        ([JANUARY, JANUARY + 365], [-1999, -2000]),
        ([JANUARY, JANUARY + 375], [-1999]),
        (monthly(6), [-40]),
        ([], [-1]),
    ],
)
def test_what_only_happens_to_be_bought_again_does_not_come_back(days: list[int], cents: list[int]) -> None:
    assert series_of(operations(days, cents)) == []


def test_what_the_bank_took_again_counts_once() -> None:
    days = monthly(6)
    found = only([*days[:3], days[2] + 9, *days[3:]], [-1999])
    assert len(found.operations) == 6
    assert [one.day for one in found.operations] == days


def test_a_missing_month_breaks_nothing() -> None:
    days = monthly(12)
    assert said(only([*days[:4], *days[5:9], *days[10:]], [-1999]))[:2] == ("month", 1)


def _grouped(read: list[Operation]) -> list[list[Operation]]:
    groups: dict[Group, list[Operation]] = {}
    for operation in read:
        group = group_of(operation)
        if group is not None:
            groups.setdefault(group, []).append(operation)
    return list(groups.values())


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not beside the checkout")
def test_in_single_months_of_real_accounts_nothing_comes_back() -> None:
    stack = FakeStack()
    gather(stack, files())
    read = [one for stored in stack.all(OPERATIONS) if (one := operation_from(stored["_id"], stored))]
    assert len(read) > 100
    assert [series for group in _grouped(read) for series in series_of(group)] == []


def test_salaries_fees_and_benefits_of_invented_households_come_back_each_month() -> None:
    for seed in (1, 2, 3):
        stored = as_documents(make(seed, years=3, operations=3000, bills=300))[OPERATIONS]
        read = [one for document in stored if (one := operation_from(document["_id"], document))]
        found = [series for group in _grouped(read) for series in series_of(group)]
        monthly_ones = [one.latest.label for one in found if (one.rhythm.unit, one.rhythm.count) == ("month", 1)]
        for word, times in (("SALAIRE", 2), ("CAF ", 1), ("COTISATION CARTE", 1)):
            assert sum(word in label for label in monthly_ones) == times, (seed, word)
        # Who shops somewhere often does not do so in a rhythm.
        shops = ("CARREFOUR", "LIDL", "MONOPRIX", "BOULANGERIE", "STATION", "RESTAURANT")
        assert not [label for label in monthly_ones if any(shop in label for shop in shops)]
        assert len(found) < 60
