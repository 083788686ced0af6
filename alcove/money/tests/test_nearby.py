"""Linking what a change touches: the same answer nearby as on the whole, and nothing taken away from others."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alcove.money.linking import Decisions, Ground, solve, solve_near
from alcove.money.linking.book import Book, Due
from alcove.money.model import PAYMENT, Bill, Operation

MARCH = date(2026, 3, 1).toordinal()


def bill(ident: str, vendor: str, cents: int, day: int = 0, **more: Any) -> Bill:
    return Bill(ident, vendor, MARCH + day, cents, **more)


def operation(ident: str, label: str, cents: int, day: int = 0) -> Operation:
    return Operation(ident, MARCH + day, cents, label)


def near(bills: list[Bill], operations: list[Operation], *new: Bill | Operation, standing: Any = ()) -> Any:
    ground = Ground(bills, operations)
    news = [b for b in new if isinstance(b, Bill)], [o for o in new if isinstance(o, Operation)]
    found = solve_near(ground, *news, Decisions(), {}, standing)
    return found.bills, {(m.bill, m.operation) for m in found.matches if m.role == PAYMENT}


EDF, ORANGE = bill("e", "EDF", 8420), bill("o", "Orange", 3999, 200)
PAID_EDF, PAID_ORANGE = operation("pe", "PRLV EDF", -8420, 5), operation("po", "PRLV ORANGE", -3999, 203)


def test_a_new_bill_finds_its_operation_and_leaves_the_others_alone() -> None:
    assert near([EDF, ORANGE], [PAID_EDF, PAID_ORANGE], EDF) == ({"e"}, {("e", "pe")})


def test_a_new_operation_finds_its_bill() -> None:
    assert near([EDF, ORANGE], [PAID_EDF, PAID_ORANGE], PAID_ORANGE) == ({"o"}, {("o", "po")})


def test_what_competes_is_looked_at_again() -> None:
    other = bill("x", "Société Zanlis", 8420)
    looked, found = near([other, EDF], [PAID_EDF], EDF, standing=[("x", "pe")])
    assert looked == {"x", "e"}
    assert found == {("e", "pe")}


def test_an_operation_that_stands_for_a_distant_bill_is_not_taken() -> None:
    assert near([EDF], [PAID_EDF], EDF, standing=[("far", "pe")])[1] == set()


def test_bills_of_the_same_days_are_paid_together() -> None:
    pair = [bill("a", "Yves Rocher", 1290), bill("b", "Yves Rocher", 3475, 1)]
    assert near(pair, [operation("o", "CB YVES ROCHER", -4765, 3)], pair[1])[1] == {("a", "o"), ("b", "o")}


items = st.lists(
    st.tuples(st.integers(0, 9), st.integers(-20, 20), st.integers(0, 90)), max_size=30, unique_by=lambda x: x[0]
)


@given(items, st.sets(st.integers(0, 9)), st.tuples(st.integers(-20, 20), st.integers(0, 20)), st.integers(0, 90))
def test_a_book_that_changes_is_the_book_of_what_is_there(
    kept: list[tuple[int, int, int]], gone: set[int], cents: tuple[int, int], first: int
) -> None:
    all_of_them = [operation(str(n), "X", c, d) for n, c, d in kept]
    book = Book(all_of_them[::2])
    for one in all_of_them[1::2]:
        book.add(one)
    for one in all_of_them:
        if int(one.id) in gone:
            book.remove(one)
    left = [one for one in all_of_them if int(one.id) not in gone]
    asked = (cents[0], cents[0] + cents[1], MARCH + first, MARCH + first + 40)
    assert sorted(book.between(*asked), key=lambda o: o.id) == sorted(Book(left).between(*asked), key=lambda o: o.id)
    assert book.last_day == max((o.day for o in left), default=0)


@given(items, st.integers(-2000, -1), st.integers(0, 90))
def test_the_bills_near_an_operation_are_those_that_have_it_near(
    kept: list[tuple[int, int, int]], cents: int, day: int
) -> None:
    bills = [bill(str(n), "EDF", abs(c) * 100 + 100, d) for n, c, d in kept]
    paid = operation("o", "PRLV EDF", cents, day)
    book = Book([paid])
    assert {b.id for b in Due(bills).near(paid)} == {b.id for b in bills if book.near(b)}


def test_nothing_is_linked_where_there_is_nothing() -> None:
    assert solve([EDF], []) == []
    assert solve([], [PAID_EDF]) == []
