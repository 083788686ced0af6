"""Which bill was paid by which operation: the hard rules one by one, and the laws on a whole household."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import alcove_sample
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alcove.money.linking import Decisions, Match, solve
from alcove.money.model import (
    EXPENSE,
    LINKED,
    PAYMENT,
    TO_CONFIRM,
    Bill,
    Operation,
    bill_from,
    operation_from,
)

MARCH = date(2026, 3, 1).toordinal()


def bill(ident: str, vendor: str, cents: int, day: int = 0, **more: Any) -> Bill:
    return Bill(ident, vendor, MARCH + day, cents, **more)


def operation(ident: str, label: str, cents: int, day: int = 0, **more: Any) -> Operation:
    return Operation(ident, MARCH + day, cents, label, **more)


def links(matches: list[Match], status: str = "") -> set[tuple[str, str]]:
    return {(m.bill, m.operation) for m in matches if m.role == PAYMENT and (not status or m.status == status)}


def test_amount_date_and_name_link_without_asking_and_say_why() -> None:
    (match,) = solve([bill("b", "EDF", 8420)], [operation("o", "PRLV SEPA EDF CLIENTS PARTICULIERS", -8420, 5)])
    assert (match.status, match.cents, match.shape) == (LINKED, 8420, "one")
    assert {"amount", "date", "name"} == {reason.kind for reason in match.reasons}


def test_money_that_comes_in_pays_no_bill() -> None:
    assert solve([bill("b", "EDF", 8420)], [operation("o", "VIR EDF", 8420, 5)]) == []
    assert links(solve([bill("b", "EDF", 8420, sign=1)], [operation("o", "VIR EDF", 8420, 5)])) == {("b", "o")}


def test_another_amount_needs_the_name() -> None:
    bills = [bill("b", "Decathlon", 10000)]
    assert links(solve(bills, [operation("o", "CB DECATHLON LYON", -10200, 1)]), LINKED) <= {("b", "o")}
    assert solve(bills, [operation("o", "CB FNAC LYON", -10200, 1)]) == []
    assert solve(bills, [operation("o", "CB DECATHLON LYON", -12000, 1)]) == []


def test_another_currency_is_found_by_the_amount_on_the_label() -> None:
    bills = [bill("b", "Korlis Ltd", 1029, currency="USD")]
    told = operation("o", "CARTE 01/03 KORLIS LTD 10,29USD", -964)
    decoy = operation("x", "CARTE 01/03 OTHER SHOP 10,30USD", -965)
    assert links(solve(bills, [told, decoy]), LINKED) == {("b", "o")}


def test_cash_from_a_machine_pays_no_bill() -> None:
    bills = [bill("b", "Ville de Villeurbanne", 4000)]
    assert solve(bills, [operation("o", "RETRAIT DAB VILLEURBANNE", -4000, 1)]) == []


def test_an_opaque_label_alone_is_only_proposed() -> None:
    (match,) = solve([bill("b", "Garage Wilzac", 20550)], [operation("o", "CHEQUE 9306151", -20550, 40)])
    assert match.status == TO_CONFIRM


def test_the_named_one_wins_over_a_decoy_of_the_same_amount() -> None:
    near = [operation("x", "CB BOULANGERIE PAUL", -2999, 1), operation("o", "PRLV FREE MOBILE", -2999, 4)]
    assert links(solve([bill("b", "Free Mobile", 2999)], near)) == {("b", "o")}


def test_two_bills_of_the_same_amount_on_one_day_take_one_operation_each() -> None:
    bills = [bill("a", "SNCF", 4500), bill("b", "SNCF", 4500)]
    paid = [operation("o", "CB SNCF INTERNET", -4500, 1), operation("p", "CB SNCF INTERNET", -4500, 1)]
    found = links(solve(bills, paid))
    assert {b for b, _ in found} == {"a", "b"}
    assert {o for _, o in found} == {"o", "p"}


def test_a_weekly_subscription_is_paid_in_its_order() -> None:
    bills = [bill(f"b{week}", "Panier Bio", 1500, 7 * week) for week in range(10)]
    paid = [operation(f"o{week}", "PRLV PANIER BIO", -1500, 7 * week + 2) for week in range(10)]
    assert links(solve(bills, paid)) == {(f"b{week}", f"o{week}") for week in range(10)}


def test_bills_paid_together_are_found_when_only_one_set_adds_up() -> None:
    bills = [bill("a", "Yves Rocher", 1010), bill("b", "Yves Rocher", 8028, 1), bill("c", "Yves Rocher", 3904, 2)]
    paid = [operation("o", "CB YVES ROCHER", -(1010 + 8028), 3)]
    assert links(solve(bills, paid)) == {("a", "o"), ("b", "o")}
    unclear = [bill("a", "Yves Rocher", 1000), bill("b", "Yves Rocher", 2000), bill("c", "Yves Rocher", 3000)]
    several = [*unclear, bill("d", "Yves Rocher", 4000)]
    assert links(solve(several, [operation("o", "CB YVES ROCHER", -5000, 3)])) == set()


def test_a_bill_in_instalments_takes_each_of_them() -> None:
    parts = [operation(f"o{n}", "PRLV MAIF 504832994", -2100 if n else -2089, 30 * n) for n in range(12)]
    found = links(solve([bill("b", "MAIF", 12 * 2100 - 11)], parts))
    assert found == {("b", f"o{n}") for n in range(12)}


def test_refunds_of_one_transfer_share_it_and_name_the_expense() -> None:
    more: dict[str, Any] = {"sign": 1, "kind": "health_costs", "group": 7650, "original_day": MARCH - 6}
    bills = [
        bill("a", "CPAM du Rhône", 3650, original=5500, **more),
        bill("b", "CPAM du Rhône", 4000, original=6000, **more),
    ]
    spent = [operation("d", "CB DR MARTIN", -5500, -6), operation("e", "CB PHARMACIE", -6000, -6)]
    found = solve(bills, [operation("o", "VIR CPAM RHONE", 7650), *spent])
    assert links(found) == {("a", "o"), ("b", "o")}
    assert {(m.bill, m.operation) for m in found if m.role == EXPENSE} == {("a", "d"), ("b", "e")}
    assert {m.cents for m in found if m.role == PAYMENT} == {3650, 4000}


def test_an_unknown_name_is_learnt_from_what_agrees_again_and_again() -> None:
    bills = [bill(f"b{n}", "Ferrine Énergie", 4000 + 137 * n, 30 * n) for n in range(8)]
    paid = [operation(f"o{n}", "PRELEVEMENT STE ZANLIS", -(4000 + 137 * n), 30 * n + 4) for n in range(8)]
    assert links(solve(bills, paid), LINKED) == {(f"b{n}", f"o{n}") for n in range(8)}


def test_a_refused_pair_never_comes_back_and_a_made_one_stays() -> None:
    bills = [bill("a", "EDF", 8420), bill("b", "EDF", 8420, 1)]
    paid = [operation("o", "PRLV EDF", -8420, 5), operation("x", "CHEQUE 12", -9000, 5)]
    refused = Decisions(refused=frozenset({("a", "o")}))
    assert ("a", "o") not in links(solve(bills, paid, refused))
    made = Decisions(linked=frozenset({("a", "x")}))
    assert links(solve(bills, paid, made)) == {("b", "o")}


def test_what_another_program_linked_is_left_alone() -> None:
    paid = [operation("o", "PRLV EDF", -8420, 5, bills=("a",))]
    assert solve([bill("a", "EDF", 8420), bill("b", "EDF", 8420)], paid) == []


def household(seed: int) -> tuple[alcove_sample.Household, list[Bill], list[Operation]]:
    made = alcove_sample.make(seed, years=3, operations=1500, bills=250, unknown_vendors=0.25)
    documents = alcove_sample.as_documents(made)
    bills = [b for d in documents["io.cozy.bills"] if (b := bill_from(d["_id"], d))]
    operations = [o for d in documents["io.cozy.bank.operations"] if (o := operation_from(d["_id"], d))]
    return made, bills, operations


@pytest.mark.parametrize("seed", [11, 12])
def test_most_links_of_a_household_are_found_and_right(seed: int) -> None:
    made, bills, operations = household(seed)
    found = solve(bills, operations)
    sure = alcove_sample.score(made, sorted(links(found, LINKED)))
    every = alcove_sample.score(made, sorted(links(found)))
    assert sure.precision >= 0.97
    assert sure.recall >= 0.85
    assert every.recall >= 0.93


@settings(max_examples=8)
@given(st.integers(0, 2**32))
def test_the_order_of_input_is_irrelevant(seed: int) -> None:
    _, bills, operations = household(13)
    expected = solve(bills, operations)
    dice = random.Random(seed)
    dice.shuffle(bills)
    dice.shuffle(operations)
    assert solve(bills, operations) == expected


def test_no_operation_pays_more_than_it_is() -> None:
    _, bills, operations = household(14)
    paid: dict[str, int] = {}
    parts: dict[str, set[str]] = {}
    for match in solve(bills, operations):
        if match.role == PAYMENT:
            paid[match.operation] = paid.get(match.operation, 0) + match.cents
            parts.setdefault(match.bill, set()).add(match.shape)
    amounts = {o.id: abs(o.cents) for o in operations}
    assert all(cents <= amounts[ident] for ident, cents in paid.items())
    assert all(len(shapes) == 1 for shapes in parts.values())


def test_decisions_stand_on_a_whole_household() -> None:
    _, bills, operations = household(15)
    first = sorted(links(solve(bills, operations)))
    refused, made = frozenset(first[::7]), frozenset(first[3::7])
    again = links(solve(bills, operations, Decisions(made, refused)))
    assert not again & refused
    assert not {b for b, _ in again} & {b for b, _ in made}
    assert not {o for _, o in again} & {o for _, o in made}
