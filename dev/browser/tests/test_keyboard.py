"""What a person does most on Home, Sources, Account and at the login, without ever touching a mouse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from browser.server import Person
    from browser.tests.conftest import Visiting

FARTHEST = 80
"""Steps of the Tab key after which something counts as out of reach."""
HERE = "element => element === document.activeElement || element.contains(document.activeElement)"


def _tab_to(page: Page, wanted: Locator) -> None:
    """Presses Tab until it is there."""
    expect(wanted).to_be_visible()
    for _ in range(FARTHEST):
        page.keyboard.press("Tab")
        if wanted.evaluate(HERE):
            return
    raise AssertionError(f"the Tab key does not come to {wanted}")


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
