"""The household is the same for the same seed, as large as asked, and its truth holds together."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

import pytest
from alcove_sample import Household, as_documents, make, score
from alcove_sample.days import easter, is_business, settlement
from alcove_sample.world import french_iban


@pytest.fixture(scope="module")
def household() -> Household:
    return make(7, years=3, operations=3000, bills=250, unknown_vendors=0.25)


def test_a_seed_is_one_household(household: Household) -> None:
    assert make(7, years=3, operations=3000, bills=250, unknown_vendors=0.25) == household
    assert make(8, years=3, operations=3000, bills=250, unknown_vendors=0.25).persons != household.persons


@pytest.mark.parametrize(("years", "operations", "bills"), [(1, 400, 40), (3, 3000, 250), (5, 5000, 1000)])
def test_it_is_as_large_as_asked(years: int, operations: int, bills: int) -> None:
    made = make(3, years=years, operations=operations, bills=bills)
    assert len(made.bills) == bills
    assert abs(len(made.operations) - operations) <= operations * 0.02
    assert made.start.year == made.end.year - years
    assert all(made.start <= operation.date <= made.end for operation in made.operations)


def test_ids_are_unique(household: Household) -> None:
    assert len({operation.id for operation in household.operations}) == len(household.operations)
    assert len({bill.id for bill in household.bills}) == len(household.bills)


def test_links_name_what_exists_and_amounts_agree(household: Household) -> None:
    bills = {bill.id: bill for bill in household.bills}
    operations = {operation.id: operation for operation in household.operations}
    used: dict[str, int] = defaultdict(int)
    for link in household.truth:
        for bill, operation, cents in link.shares:
            used[operation] += cents
            assert cents <= bills[bill].amount
            assert (operations[operation].amount > 0) == bills[bill].is_refund
            assert bills[bill].fate == "paid"
        for bill, operation in link.expenses:
            assert operations[operation].amount == -(bills[bill].original_amount or 0)
    for name, cents in used.items():
        if operations[name].foreign is None:
            assert cents == abs(operations[name].amount)


def test_a_bill_without_a_link_says_why(household: Household) -> None:
    linked = {bill for link in household.truth for bill in link.bills}
    for bill in household.bills:
        assert (bill.id in linked) == (bill.fate == "paid"), bill


def test_every_hard_case_occurs() -> None:
    made = make(4, years=10, operations=10000, bills=2000, unknown_vendors=0.25)
    kinds = Counter(link.kind for link in made.truth)
    assert set(kinds) == {"one", "combined", "instalments", "refund", "reimbursement"}
    fates = Counter(bill.fate for bill in made.bills)
    assert 0.06 <= (fates["unpaid"] + fates["elsewhere"]) / len(made.bills) <= 0.14
    labels = " ".join(operation.label for operation in made.operations)
    assert all(word in labels for word in ("PAYPAL", "CHQ.", "CHEQUE EMIS", "AVOIR", "REJET", "DEBIT DIFFERE"))
    assert any(bill.currency != "EUR" for bill in made.bills)
    assert any(operation.foreign for operation in made.operations)
    assert 0.15 <= sum(not vendor.known for vendor in made.vendors) / len(made.vendors) <= 0.35


def test_a_deferred_card_is_emptied_each_month(household: Household) -> None:
    card = next(account for account in household.accounts if account.kind == "card")
    assert household.balance(card) == 0
    assert any(
        operation.realised < operation.date for operation in household.operations if operation.account == card.id
    )


def test_documents_tell_what_a_connector_would_and_no_more(household: Household) -> None:
    documents = as_documents(household)
    assert {key: len(value) for key, value in documents.items()} == {
        "io.cozy.bank.accounts": len(household.accounts),
        "io.cozy.bank.operations": len(household.operations),
        "io.cozy.bills": len(household.bills),
    }
    assert not {"fate", "category", "cozyCategoryId"} & {
        key for group in documents.values() for d in group for key in d
    }
    operation = as_documents(household, categories=True)["io.cozy.bank.operations"][0]
    assert operation["cozyCategoryId"] == household.operations[0].category


def test_the_score_knows_right_wrong_and_missed(household: Household) -> None:
    truth = [(bill, operation) for link in household.truth for bill, operation, _ in link.shares]
    perfect = score(household, truth)
    assert (perfect.precision, perfect.recall, perfect.bills_whole) == (1.0, 1.0, 1.0)
    stranger = next(operation.id for operation in household.operations if operation.category == "200110")
    poor = score(household, [*truth[1:], (truth[0][0], stranger)])
    assert poor.wrong == ((truth[0][0], stranger),)
    assert poor.missed == (truth[0],)
    assert poor.recall == pytest.approx(1 - 1 / len(truth))


def test_days_of_the_bank_calendar() -> None:
    assert [easter(year) for year in (2024, 2025, 2026)] == [date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5)]
    assert not is_business(date(2025, 7, 14))
    assert settlement(date(2024, 3, 26)) == date(2024, 4, 30)
    assert settlement(date(2024, 8, 20)) == date(2024, 8, 30)


def test_an_iban_has_the_right_check_digits() -> None:
    iban = french_iban("20041", "01005", "00500013026")
    assert int(iban[4:] + "1527" + iban[2:4]) % 97 == 1
