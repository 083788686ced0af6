"""What a person does on every page, from the first start on, without ever touching a mouse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from browser.tests.test_sources import BROKEN, CLEAR, UNCLEAR, confined, upload

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from browser.server import Person, Server
    from browser.tests.conftest import Visiting

FARTHEST = 80
"""Steps of the Tab key after which something counts as out of reach."""
ASKED = "field => field.addEventListener('click', ask => (ask.preventDefault(), field.dataset.asked = ''))"
"""Says on a field for files that it was opened, and opens no dialog."""
HERE = "element => element === document.activeElement || element.contains(document.activeElement)"


def _tab_to(page: Page, wanted: Locator) -> None:
    """Presses Tab until it is there."""
    expect(wanted).to_be_visible()
    expect(wanted).to_be_enabled()
    for _ in range(FARTHEST):
        page.keyboard.press("Tab")
        if wanted.evaluate(HERE):
            return
    raise AssertionError(f"the Tab key does not come to {wanted}")


def test_the_first_start_and_the_three_doors(own: Server, visiting: Visiting) -> None:
    own.start()
    me = own.known(f"me.localhost:{own.port}")
    page = visiting(me).page
    page.goto(own.opening)
    name, language, passphrase = page.locator("#name"), page.locator("#language"), page.locator("#passphrase")
    expect(name).to_be_focused()
    page.keyboard.type("Camille Moreau")
    page.keyboard.press("Tab")
    expect(language).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Your name")).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Votre nom")).to_be_visible()
    page.keyboard.press("Tab")
    expect(passphrase).to_be_focused()
    page.keyboard.type("court")
    page.keyboard.press("Enter")
    expect(passphrase).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type(me.passphrase)
    _tab_to(page, page.get_by_role("checkbox"))
    page.keyboard.press("Space")
    expect(passphrase).to_have_attribute("type", "text")
    _tab_to(page, page.get_by_role("button"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"//place\."))

    expect(page.get_by_role("heading", level=1)).to_contain_text("Bonjour Camille Moreau")
    expect(page.get_by_role("heading", name="Déposez des fichiers ici")).to_be_visible()
    files = page.get_by_role("button", name="Choisir des fichiers")
    _tab_to(page, files)
    field = page.locator("input[type=file]").first
    field.evaluate(ASKED)
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("data-asked", "")
    _tab_to(page, page.get_by_role("link", name="Voir les sources"))
    _tab_to(page, page.get_by_role("button", name="Visiter"))
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sources", exact=True)).to_be_visible()


@confined
def test_the_sample_person_is_made_and_stopped(person: Person, visiting: Visiting) -> None:
    page = visiting(person).open("place")
    make, stop = page.get_by_role("button", name="Visiter"), page.get_by_role("button", name="Arrêter", exact=True)
    _tab_to(page, make)
    page.keyboard.press("Enter")
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    expect(make).to_be_enabled()
    expect(make).to_be_focused()
    page.keyboard.press("Enter")
    expect(stop).to_be_focused()
    page.keyboard.press("Space")
    expect(make).to_be_focused()


def test_the_way_in(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow("status of 401")
    page = visit.page
    page.goto(person.address("place"))
    expect(page.locator("#passphrase")).to_be_focused()
    expect(page.get_by_role("button", name="Ouvrir")).to_be_enabled()
    page.keyboard.type("autre chose")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Le mot de passe est incorrect")).to_be_visible()
    expect(page.locator("#passphrase")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type(person.passphrase)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bonjour")


def test_home(householder: Person, visiting: Visiting) -> None:
    page = visiting(householder).open("place")
    see = page.get_by_role("button", name="Les voir")
    expect(see).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller à la page")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, see)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("link").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(see).to_be_focused()
    _tab_to(page, page.get_by_role("button", name="Choisir des fichiers"))


@confined
def test_home_says_why_a_file_was_not_read(person: Person, visiting: Visiting) -> None:
    page = visiting(person).open("place")
    expect(page.get_by_role("button", name="Choisir des fichiers")).to_be_visible()
    page.locator("input[type=file]").first.set_input_files([upload("a.pdf", BROKEN)])
    why = page.get_by_role("button", name="Voir pourquoi")
    _tab_to(page, why)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("a.pdf")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(why).to_be_focused()


def test_home_confirms(householder: Person, visiting: Visiting) -> None:
    page = visiting(householder).open("place")
    _tab_to(page, page.get_by_role("link", name="Vérifier"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^Oui"))).to_be_visible()
    page.keyboard.press("y")
    expect(page.get_by_text("Confirmé")).to_be_visible()
    links = householder.place.documents("org.alcove.money.links")
    assert [link["status"] for link in links if link["decided_by"] == "person"] == ["linked"]


def test_sources(person: Person, visiting: Visiting) -> None:
    page = visiting(person).open("sources")
    _tab_to(page, page.get_by_role("button", name=re.compile("Relevés bancaires")))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Relevés bancaires")).to_be_visible()
    _tab_to(page, page.get_by_role("button", name="Déposer des fichiers"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Sources", exact=True)).to_be_visible()


@confined
@pytest.mark.parametrize("app", ["sources", "place"])
def test_a_gathering_is_stopped(person: Person, visiting: Visiting, app: str) -> None:
    page = visiting(person).open(app, "?source=bankfiles" if app == "sources" else "")
    field = page.locator("input[type=file]:not([webkitdirectory])")
    field.first.set_input_files([upload("clair.csv", CLEAR), upload("doute.csv", UNCLEAR)])
    expect(page.get_by_text("la lecture attend votre réponse")).to_be_visible()  # it goes on until it is stopped
    main = page.get_by_role("main")
    _tab_to(page, main.get_by_role("button", name="Arrêter"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("arrêté par vous" if app == "sources" else "1 fichier lu sur 2")).to_be_visible()
    assert person.settle()["operations"] == 2


def test_money_unlinks_and_takes_back(householder: Person, visiting: Visiting) -> None:
    page = visiting(householder).open("money")
    before = householder.place.money()["linked"]
    rows = page.get_by_role("listbox", name="Opérations")
    _tab_to(page, rows)
    with_bill = rows.get_by_role("option", selected=True).filter(has_text="avec sa facture")
    together = page.get_by_role("heading", name="Pourquoi elles vont ensemble")
    for _ in range(FARTHEST):
        page.keyboard.press("ArrowDown")
        expect(rows.get_by_role("option", selected=True)).to_have_count(1)
        if with_bill.count():
            break
    expect(together).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_text("Délié :")).to_be_visible()
    expect(page.get_by_text("Aucune facture avec cette opération")).to_be_visible()
    assert householder.settle()["linked"] < before
    page.keyboard.press("Control+z")
    expect(together).to_be_visible()
    expect(rows).to_be_focused()


def test_money_gives_the_keyboard_back(settled: Person, visiting: Visiting) -> None:
    page = visiting(settled).open("money", f"?operation={_without_bill(settled)}")
    link = page.get_by_role("button", name="Lier une facture")
    _tab_to(page, link)
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Nom ou montant de la facture")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(link).to_be_focused()


def _without_bill(person: Person) -> str:
    taken = {link["operation"] for link in person.place.documents("org.alcove.money.links")}
    operations = person.place.documents("io.cozy.bank.operations")
    return next(str(one["_id"]) for one in operations if one["amount"] < -1 and one["_id"] not in taken)


def test_the_colours_and_the_passphrase(person: Person, visiting: Visiting) -> None:
    page = visiting(person).open("account")
    expect(page.get_by_label("Nom", exact=True)).to_have_value("Camille Moreau")
    system = page.get_by_role("radio", name="Comme le système")
    _tab_to(page, system)
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Sombre")).to_be_checked()
    expect(page.locator("[data-mantine-color-scheme=dark]")).to_be_attached()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Claire")).to_be_checked()
    expect(page.locator("[data-mantine-color-scheme=light]")).to_be_attached()
    page.keyboard.press("ArrowUp")
    expect(system).to_be_focused()
    expect(system).to_be_checked()
    change = page.get_by_role("button", name="Changer de phrase de passe")
    _tab_to(page, change)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Phrase de passe actuelle")).to_be_focused()
    _tab_to(page, page.get_by_role("button", name="Annuler"))
    page.keyboard.press("Enter")
    expect(change).to_be_focused()


def test_the_account(person: Person, visiting: Visiting) -> None:
    visit, phone = visiting(person), visiting(person)
    phone.allow(r"status of 40[01]", "WebSocket")  # it is signed out, and asks once more
    phone.open("account")
    page = visit.open("account")
    name = page.get_by_label("Nom", exact=True)
    expect(name).to_have_value("Camille Moreau")
    _tab_to(page, name)
    page.keyboard.press("Control+a")
    page.keyboard.type("Camille")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Votre nom est changé.")).to_be_visible()
    _tab_to(page, page.get_by_role("radio", name="Français"))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Your place speaks English now.")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("heading", name="Votre compte")).to_be_visible()
    _tab_to(page, page.get_by_role("button", name="Se déconnecter partout ailleurs"))
    page.keyboard.press("Enter")
    _tab_to(page, page.get_by_role("button", name="Les déconnecter"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Connexions").get_by_role("listitem")).to_have_count(1)
