"""Money in a browser: looked at, searched, decided by mouse and by keyboard."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from alcove_sample import Household
    from playwright.sync_api import Locator, Page

    from browser.server import Person
    from browser.tests.conftest import Visiting


def _rows(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Opérations").get_by_role("option")


def _queue(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Factures à confirmer").get_by_role("option")


def _said(person: Person) -> Counter[str]:
    """How many links the person decided, by what they are now."""
    links = person.place.documents("org.alcove.money.links")
    return Counter(link["status"] for link in links if link["decided_by"] == "person")


def _first_linked(page: Page) -> None:
    """Opens the first operation that has a bill."""
    _rows(page).filter(has_text="avec sa facture").first.click()
    expect(page.get_by_role("heading", name="Pourquoi elles vont ensemble")).to_be_visible()


def _charted(page: Page) -> None:
    expect(page.get_by_role("button", name="En tableau")).to_be_visible()


def _tabled(page: Page) -> None:
    page.get_by_role("button", name="En tableau").click()
    expect(page.get_by_role("table")).to_be_visible()


def _listed(page: Page) -> None:
    expect(_rows(page).first).to_be_visible()


def _queued(page: Page) -> None:
    expect(_queue(page).first).to_be_visible()


VIEWS: dict[str, tuple[str, Callable[[Page], None]]] = {
    "money-list": ("", _listed),
    "money-open": ("", _first_linked),
    "money-months": ("?view=months", _charted),
    "money-table": ("?view=months", _tabled),
    "money-confirm": ("?view=confirm", _queued),
}


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_stands_on_every_screen(settled: Person, visiting: Visiting, view: str) -> None:
    address, ready = VIEWS[view]
    visit = visiting(settled)
    ready(visit.open("money", address))
    visit.check(view)


def test_an_empty_place_teaches(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("money")
    expect(page.get_by_text("Vos opérations seront ici")).to_be_visible()
    visit.check("money-empty")
    page.get_by_role("link", name="Déposer des relevés").click()
    expect(page.get_by_role("heading", name="Déposez des fichiers ici")).to_be_visible()


def test_unlinking_is_undone_from_its_notice(householder: Person, visiting: Visiting) -> None:
    page = visiting(householder).open("money")
    before = householder.place.money()["linked"]
    _first_linked(page)
    page.get_by_role("button", name="Délier").click()
    notice = page.get_by_text("Délié :")
    expect(notice).to_be_visible()
    expect(page.get_by_text("Aucune facture avec cette opération")).to_be_visible()
    assert householder.place.money()["linked"] < before
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_role("heading", name="Pourquoi elles vont ensemble")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert householder.place.money()["linked"] == before


def _apart(person: Person) -> tuple[dict[str, Any], dict[str, Any]]:
    """A payment that no bill goes with, and a bill that nothing paid."""
    links = person.place.documents("org.alcove.money.links")
    paid, taken = {link["bill"] for link in links}, {link["operation"] for link in links}
    operations = person.place.documents("io.cozy.bank.operations")
    bills = person.place.documents("io.cozy.bills")
    operation = next(one for one in operations if one["amount"] < -1 and one["_id"] not in taken)
    bill = next(one for one in bills if not one.get("isRefund") and one["_id"] not in paid)
    return operation, bill


def test_a_row_is_opened_while_the_list_still_moves(settled: Person, visiting: Visiting) -> None:
    page = visiting(settled).open("money")
    place = page.get_by_role("option").nth(5).bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 200, place["y"] + 10)
    moving = "getComputedStyle(document.querySelector('[role=listbox]')).pointerEvents === 'none'"
    while not page.evaluate(moving):
        page.mouse.wheel(0, 40)
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"[?&]open="))


def test_a_bill_is_linked_by_hand_by_keyboard_alone_and_undone(householder: Person, visiting: Visiting) -> None:
    operation, bill = _apart(householder)
    visit = visiting(householder)
    page = visit.open("money", f"?operation={operation['_id']}")
    expect(page.get_by_text("Aucune facture avec cette opération")).to_be_visible()
    page.keyboard.press("l")
    field = page.get_by_role("combobox", name="Nom ou montant de la facture")
    expect(field).to_be_focused()
    visit.check("money-pick")
    page.keyboard.type(f"{bill['amount']:.2f}")
    choice = page.get_by_role("dialog").get_by_role("option").filter(has_text=bill["vendor"])
    expect(choice.first).to_be_visible()
    while choice.first.get_attribute("aria-selected") != "true":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Lié : {bill['vendor']}.")).to_be_visible()
    expect(page.get_by_role("heading", name="Pourquoi elles vont ensemble")).to_be_visible()
    assert _said(householder) == {"linked": 1}
    page.keyboard.press("Control+z")
    expect(page.get_by_text("Aucune facture avec cette opération")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Aucune facture avec cette opération")).to_be_visible()
    assert not _said(householder)


def test_a_bill_that_stands_alone_gets_its_payment_by_mouse(householder: Person, visiting: Visiting) -> None:
    operation, bill = _apart(householder)
    page = visiting(householder).open("money", f"?bill={bill['_id']}")
    page.get_by_role("button", name="Lier à une opération…").click()
    page.get_by_role("combobox", name="Nom ou montant de l’opération").fill(f"{abs(operation['amount']):.2f}")
    page.get_by_role("dialog").get_by_role("option").first.click()
    expect(page.get_by_text(f"Lié : {bill['vendor']}.")).to_be_visible()
    expect(page.get_by_role("heading", name="Pourquoi elles vont ensemble")).to_be_visible()
    assert _said(householder)["linked"] == 1


def test_the_picker_finds_what_is_behind_much_in_the_other_direction(person: Person, visiting: Visiting) -> None:
    def operation(number: int, amount: float, day: str) -> dict[str, Any]:
        named = {"label": f"PARTAGE 3120 {number}", "currency": "EUR", "date": f"{day}T12:00:00.000Z"}
        return {"_id": f"o{number}", "amount": amount, **named}

    came_in = [operation(number, 20, f"2026-03-{number % 28 + 1:02}") for number in range(60)]
    went_out = [operation(60, -20, "2025-03-01"), operation(61, -31.2, "2025-03-02")]
    bill = {"_id": "b", "vendor": "Zanlis", "amount": 20, "currency": "EUR", "date": "2026-06-01T12:00:00.000Z"}
    person.give({"io.cozy.bank.operations": [*came_in, *went_out], "io.cozy.bills": [bill]})
    person.settle()
    page = visiting(person).open("money", "?bill=b")
    page.get_by_role("button", name="Lier à une opération…").click()
    field, choices = (
        page.get_by_role("combobox", name=re.compile("^Nom ou montant")),
        page.get_by_role("dialog").get_by_role("option"),
    )
    field.fill("partage")
    expect(choices).to_have_count(2)
    # An amount finds what has it, not what has its figures in the label.
    field.fill("31,20")
    expect(choices).to_have_count(1)
    expect(choices).to_contain_text("31,20")
    choices.click()
    expect(page.get_by_text("Lié : Zanlis.")).to_be_visible()


def test_the_queue_is_worked_by_keyboard_alone(householder: Person, visiting: Visiting) -> None:
    assert householder.place.money()["to_confirm"] >= 2, "the household must leave doubts"
    page = visiting(householder).open("money")
    expect(_rows(page).first).to_be_visible()
    page.keyboard.press("c")
    queue = _queue(page)
    expect(queue).not_to_have_count(0)
    expect(page.get_by_role("button", name=re.compile(r"^Non\b(?! cat)"))).to_be_visible()
    count = queue.count()
    page.keyboard.press("o")
    expect(page.get_by_text("Confirmé :")).to_be_visible()
    expect(queue).not_to_have_count(count)
    count = queue.count()
    expect(page.get_by_role("button", name=re.compile(r"^Non\b(?! cat)"))).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_text("Refusé :")).to_be_visible()
    expect(queue).not_to_have_count(count)
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("view=confirm"))
    page.wait_for_load_state("networkidle")
    assert _said(householder) == {"linked": 1, "refused": 1}


def test_the_list_is_walked_and_searched_by_keyboard_alone(
    settled: Person, household: Household, visiting: Visiting
) -> None:
    page = visiting(settled).open("money")
    expect(_rows(page).first).to_be_visible()
    page.keyboard.press("j")
    chosen = page.get_by_role("listbox", name="Opérations").get_by_role("option", selected=True)
    expect(chosen).to_have_count(1)
    first = chosen.inner_text()
    page.keyboard.press("j")
    expect(chosen).not_to_have_text(first)
    page.keyboard.press("k")
    expect(page.get_by_role("complementary", name="L’opération")).to_contain_text("Catégorie")
    page.keyboard.press("Escape")
    expect(chosen).to_have_count(0)
    page.keyboard.press("/")
    expect(page.locator("input:focus")).to_be_visible()
    word = max(household.operations[0].label.lower().split(), key=len)  # of the oldest one: not on the first screen
    page.keyboard.type(word)
    expect(page.get_by_role("heading", name=f"« {word} »")).to_be_visible()
    expect(_rows(page).first).to_contain_text(word, ignore_case=True)


def test_an_operation_says_that_it_comes_back_and_when_next(settled: Person, visiting: Visiting) -> None:
    operations = settled.place.documents("io.cozy.bank.operations")
    salary = next(one for one in operations if "SALAIRE" in one["label"] and "relationships" in one)
    once = next(one for one in operations if one["label"].startswith("RETRAIT"))
    visit = visiting(settled)
    page = visit.open("money", f"?operation={salary['_id']}")
    side = page.get_by_role("complementary", name="L’opération")
    expect(side.get_by_text("Revient", exact=True)).to_be_visible()
    expect(side).to_contain_text(re.compile(r"chaque mois, vers le \d"))
    expect(side).to_contain_text(re.compile(r"(Prochaine|Attendue).*\d\s€"))
    visit.check("money-returns")
    page = visit.open("money", f"?operation={once['_id']}")
    expect(side).to_contain_text("Catégorie")
    expect(side.get_by_text("Revient", exact=True)).to_have_count(0)


def test_an_address_opens_an_operation_or_a_bill(settled: Person, visiting: Visiting) -> None:
    links = settled.place.documents("org.alcove.money.links")
    sure = [link for link in links if link["status"] == "linked" and link["role"] == "payment"]
    link = min(sure, key=lambda one: str(one["date"]))
    visit = visiting(settled)
    page = visit.open("money", f"?bill={link['bill']}")
    side = page.get_by_role("complementary", name="L’opération")
    expect(side.get_by_role("heading", name="Pourquoi elles vont ensemble")).to_be_visible()
    expect(side).to_contain_text(str(link["vendor"]))
    expect(_rows(page).and_(page.locator("[aria-selected=true]"))).to_be_visible()
    page = visit.open("money", f"?operation={link['operation']}")
    expect(side).to_contain_text(str(link["vendor"]))
    bills = {bill["_id"]: bill for bill in settled.place.documents("io.cozy.bills")}
    alone = next(ident for ident in bills if not any(link["bill"] == ident for link in links))
    page = visit.open("money", f"?bill={alone}")
    expect(side).to_contain_text(str(bills[alone]["vendor"]))
    expect(side).to_contain_text("Une facture encore sans paiement")
    page.keyboard.press("Escape")
    expect(side).to_contain_text("Choisissez une opération")


def test_search_keeps_the_field_and_export_gives_what_is_shown(
    settled: Person, household: Household, visiting: Visiting
) -> None:
    page = visiting(settled).open("money")
    expect(_rows(page).first).to_be_visible()
    one = household.operations[0]
    amount = f"{abs(one.amount) / 100:.2f}".replace(".", ",")
    field = page.get_by_role("searchbox", name="Chercher un texte ou un montant")
    field.fill(amount)
    expect(page.get_by_role("heading", name=f"« {amount} »")).to_be_visible()
    expect(_rows(page).first).to_contain_text(amount)
    expect(field).to_be_focused()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Exporter").click()
    lines = taken.value.path().read_text("utf-8-sig").splitlines()
    same = [other for other in household.operations if abs(other.amount) == abs(one.amount)]
    assert len(lines) == 1 + len(same)
    assert all(amount in line for line in lines[1:])
    field.press("Escape")
    expect(page.get_by_role("heading", name=f"« {amount} »")).to_have_count(0)


def test_a_category_filters_and_can_be_changed_and_taken_back(householder: Person, visiting: Visiting) -> None:
    page = visiting(householder).open("money")
    side = page.get_by_role("complementary", name="Comptes")
    side.get_by_role("button", name=re.compile("^Transports")).click()
    expect(page.get_by_text("Seulement Transports")).to_be_visible()
    _rows(page).first.click()
    chosen = page.get_by_label("Catégorie")
    before = chosen.input_value()
    chosen.select_option(label="Cadeaux offerts")
    expect(page.get_by_text("Rangé dans Cadeaux offerts.")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(chosen).to_have_value(before)


def test_the_chart_filters_the_list(settled: Person, visiting: Visiting) -> None:
    page = visiting(settled).open("money", "?view=months")
    page.get_by_role("button", name=re.compile("^mars 2026", re.IGNORECASE)).click()
    expect(page.get_by_role("heading", name="Mars 2026")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Dépenses par mois")).to_be_visible()
