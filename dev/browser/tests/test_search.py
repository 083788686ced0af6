"""The command bar as a search over the place: by keyboard alone, with what fits marked, opened where it belongs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from browser.server import Person
    from browser.tests.conftest import Visiting

OPERATIONS, BILLS, ACCOUNTS = "io.cozy.bank.operations", "io.cozy.bills", "io.cozy.bank.accounts"


def _furnish(person: Person) -> dict[str, str]:
    """A few files, bills and operations; the ids of the files by their names."""
    ids = {}
    folder = person.place.ask("POST", "/files/?Type=directory&Name=Énergie")["data"]["id"]
    for name in ("contrat électricité.odt", "relevé <b>élec.txt", *(f"note {number}.txt" for number in range(8))):
        made = person.place.ask("POST", f"/files/{folder}", params={"Type": "file", "Name": name}, content=b"x")
        ids[name] = str(made["data"]["id"])
    label = {"label": "Prlv Électricité de Demain", "originalBankLabel": "PRLV SEPA ELEC DEMAIN", "currency": "EUR"}
    operations = [
        {"_id": f"o{month}", **label, "amount": -45.9 - month, "date": f"2026-0{month}-05", "account": "compte"}
        for month in range(1, 9)
    ]
    bill = {"vendor": "Électricité de Demain", "amount": 1234.5, "date": "2026-03-02", "vendorRef": "F-17"}
    account = {"_id": "compte", "label": "Compte joint", "balance": 12.5, "institutionLabel": "Banque"}
    person.give({ACCOUNTS: [account], OPERATIONS: operations, BILLS: [{"_id": "b1", **bill}]})
    return ids


def _ask(page: Page, text: str) -> Locator:
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Recherche et commandes")
    expect(field).to_be_focused()
    page.keyboard.insert_text(text)
    return field


def _chosen(page: Page) -> Locator:
    return page.locator('[role="option"][aria-selected="true"]')


def _go(page: Page, text: str | re.Pattern[str]) -> None:
    """Goes down to a line, by keyboard, and opens it."""
    expect(page.get_by_role("option").filter(has_text=text).first).to_be_visible()
    for _ in range(30):
        if _chosen(page).filter(has_text=text).count():
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def test_home_finds_everything_and_opens_it_by_keyboard(person: Person, visiting: Visiting) -> None:
    ids = _furnish(person)
    visit = visiting(person)
    page = visit.open("place")
    _ask(page, "elec")
    for kind in ("Fichiers", "Factures", "Opérations"):
        expect(page.get_by_role("group", name=kind)).to_be_visible()
    line = page.get_by_role("option").filter(has_text="contrat électricité.odt")
    expect(line.locator("mark")).to_have_text("élec")
    expect(line).to_contain_text("Énergie")
    expect(page.get_by_role("group", name="Factures").get_by_role("option")).to_contain_text("1 234,50 €")
    visit.check("search")

    _go(page, "Plus d’opérations")
    expect(page.get_by_role("group", name="Opérations").get_by_role("option")).to_have_count(8)
    page.keyboard.press("Escape")
    _ask(page, "contrat")
    _go(page, "contrat électricité.odt")
    page.wait_for_url(re.compile(rf"//files\..*file={ids['contrat électricité.odt']}"))
    expect(page.get_by_role("dialog").or_(page.locator("main")).first).to_be_visible()


def test_an_amount_leads_to_its_operation_and_a_bill_to_itself(person: Person, visiting: Visiting) -> None:
    _furnish(person)
    visit = visiting(person)
    page = visit.open("place")
    _ask(page, "49,90")
    expect(page.get_by_role("option").locator("mark")).to_have_text("−49,90 €")
    _go(page, "Électricité de Demain")
    page.wait_for_url(re.compile(r"//money\..*open=o4"))
    expect(page.get_by_role("complementary", name="L’opération")).to_contain_text("−49,90 €")
    assert "month=2026-04" in page.url

    _ask(page, "f-17")
    _go(page, "n° F-17")
    page.wait_for_url(re.compile(r"bill=b1"))
    side = page.get_by_role("complementary", name="L’opération")
    expect(side).to_contain_text("Une facture encore sans paiement")
    visit.check("bill-alone")
    side.get_by_role("button", name="Fermer la facture").click()
    expect(side).to_contain_text("Choisissez une opération")


def test_nothing_failed_and_elsewhere_are_said(person: Person, visiting: Visiting) -> None:
    _furnish(person)
    visit = visiting(person)
    page = visit.open("account")
    _ask(page, "prlv")
    _go(page, "partout chez vous")
    page.wait_for_url(re.compile(r"//place\."))
    expect(page.get_by_role("combobox", name="Recherche et commandes")).to_have_value("prlv")
    expect(page.get_by_role("group", name="Opérations")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox", name="Recherche et commandes")).to_have_count(0)
    assert "find=" not in page.url

    _ask(page, "rien de tel")
    expect(page.get_by_text("Rien trouvé pour « rien de tel ».").last).to_be_visible()
    visit.check("search-nothing")
    page.keyboard.press("Escape")
    visit.allow("Failed to load resource", r"net::ERR")
    page.route("**/search?*", lambda route: route.abort())
    _ask(page, "perdu")
    expect(page.get_by_role("alert").filter(has_text="La recherche n’a pas pu répondre")).to_be_visible()
    visit.check("search-failed")
    page.unroute("**/search?*")
    page.get_by_role("button", name="Réessayer").last.click()
    expect(page.get_by_text("Rien trouvé pour « perdu ».").last).to_be_visible()


def test_files_finds_its_own_and_a_folder_opens_in_place(person: Person, visiting: Visiting) -> None:
    _furnish(person)
    visit = visiting(person)
    page = visit.open("files")
    _ask(page, "energie")
    _go(page, re.compile(r"^Énergie"))
    page.wait_for_url(re.compile(r"folder="))
    expect(page.get_by_text("contrat électricité.odt").first).to_be_visible()
    _ask(page, "releve elec")
    expect(page.get_by_role("option").filter(has_text="relevé <b>élec.txt")).to_be_visible()
