"""The account and the way in, in a browser: what a person changes, who is signed in, and guesses at the login."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from browser.server import Person
    from browser.tests.conftest import Visiting

_SEEN = """async address => {
    const answer = await fetch(address, { credentials: 'omit' })
    return [answer.status, answer.headers.get('content-type')]
}"""
NEW = "moulin tulipe sable trois"
REFUSED = r"status of 40[0134]|status of 409|status of 429"


def _open(page: Page) -> None:
    expect(page.get_by_label("Nom", exact=True)).to_have_value("Camille Moreau")


def _devices(page: Page) -> Locator:
    return page.get_by_role("region", name="Connexions").get_by_role("listitem")


def _language(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).check()


def test_the_page_stands_on_every_screen(person: Person, visiting: Visiting) -> None:
    person.place.ask("POST", "/files/?Type=file&Name=vacances.jpg", content=b"x" * 300_000)
    person.place.ask("POST", "/files/?Type=file&Name=contrat.pdf", content=b"x" * 90_000)
    visit = visiting(person)
    visit.allow(REFUSED)
    page = visit.open("account")
    _open(page)
    expect(page.get_by_role("row", name="Photos")).to_contain_text("300 ko")
    expect(page.get_by_role("row", name="Documents")).to_contain_text("90 ko")
    visit.check("account")
    page.get_by_role("button", name="Changer de phrase de passe").click()
    page.get_by_label("Phrase de passe actuelle").fill("autre chose")
    page.get_by_label("Nouvelle phrase de passe").fill(NEW)
    expect(page.get_by_text("Très bonne")).to_be_visible()
    page.get_by_role("button", name="Changer", exact=True).click()
    expect(page.get_by_text("Ce n’est pas la phrase de passe actuelle.")).to_be_visible()
    expect(page.get_by_label("Phrase de passe actuelle")).to_be_focused()
    visit.check("account-passphrase")


def test_a_language_is_spoken_at_once_and_everywhere(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("account")
    _open(page)
    other = visit.context.new_page()
    other.goto(person.address("account"))
    _open(other)
    _language(page, "English")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(page).to_have_title("Account - Alcove")
    assert page.evaluate("document.documentElement.lang") == "en"
    expect(other.get_by_role("heading", name="Your account")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Votre compte")).to_be_visible()
    expect(other.get_by_role("heading", name="Votre compte")).to_be_visible()


def test_a_picture_is_chosen_seen_by_everybody_and_taken_away(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow(r"status of 422", r"status of 404")
    page = visit.open("account")
    _open(page)
    expect(page.get_by_alt_text("Vos initiales")).to_be_visible()
    field = page.locator("input[type=file]")
    field.set_input_files({"name": "ami.png", "mimeType": "image/png", "buffer": b"not a picture"})
    expect(page.get_by_text("Votre lieu ne sait pas lire cette photo.")).to_be_visible()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choisir une photo").click()
    chooser.value.set_files({"name": "moi.png", "mimeType": "image/png", "buffer": _drawn()})
    expect(page.get_by_alt_text("Votre photo")).to_be_visible()
    visit.check("account-picture")
    public = f"http://{person.domain}/public/avatar?fallback=404"
    assert page.evaluate(_SEEN, public) == [200, "image/jpeg"]
    page.get_by_role("button", name="La retirer").click()
    expect(page.get_by_alt_text("Vos initiales")).to_be_visible()
    assert page.evaluate(_SEEN, public)[0] == 404
    page.get_by_role("button", name="Annuler").last.click()
    expect(page.get_by_alt_text("Votre photo")).to_be_visible()


def _drawn() -> bytes:
    """A picture of a hundred points by eighty."""
    drawn = io.BytesIO()
    Image.new("RGB", (100, 80), (30, 120, 90)).save(drawn, "PNG")
    return drawn.getvalue()


def test_two_pages_that_change_the_name_lose_nothing(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("account")
    _open(page)
    other = visit.context.new_page()
    other.goto(person.address("account"))
    _open(other)
    page.get_by_label("Nom", exact=True).fill("Camille M.")
    other.get_by_label("Nom", exact=True).fill("Cam")
    other.get_by_label("Nom", exact=True).press("Enter")
    expect(other.get_by_text("Votre nom est changé.")).to_be_visible()
    _language(other, "English")  # something else: it is kept beside the name
    expect(other.get_by_text("Your place speaks English now.")).to_be_visible()
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_text("another page changed the name to “Cam”")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Camille M.")
    page.get_by_role("button", name="Mine").click()
    expect(page.get_by_text("Your name is changed.")).to_be_visible()
    expect(other.get_by_label("Name", exact=True)).to_have_value("Camille M.")
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Camille M.")
    expect(page.get_by_role("button", name="Camille M.")).to_be_visible()


def test_a_device_is_light_or_dark_in_all_apps_and_at_the_login(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("account")
    _open(page)
    page.get_by_role("radio", name="Sombre").check()
    page.goto(person.address("place"))
    expect(page.locator("[data-mantine-color-scheme=dark]")).to_be_attached()
    page.goto(f"http://{person.domain}/auth/passphrase_reset")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.goto(person.address("account"))
    page.get_by_role("radio", name="Comme le système").check()
    page.goto(f"http://{person.domain}/auth/passphrase_reset")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light dark"


def test_one_device_is_signed_out_then_all(person: Person, visiting: Visiting) -> None:
    visit, phone, tablet = visiting(person), visiting(person), visiting(person)
    for one in (phone, tablet):
        one.allow(REFUSED, "WebSocket")
        one.open("account")
    page = visit.open("account")
    expect(_devices(page)).to_have_count(3)
    expect(_devices(page).first).to_contain_text("Chrome")
    expect(_devices(page).first).to_contain_text("celui-ci")
    _devices(page).nth(1).get_by_role("button").click()
    expect(_devices(page)).to_have_count(2)
    expect(page.get_by_text("est déconnecté.")).to_be_visible()
    page.get_by_role("button", name="Se déconnecter partout ailleurs").click()
    page.get_by_role("button", name="Les déconnecter").click()
    expect(_devices(page)).to_have_count(1)
    page.reload()
    expect(_devices(page)).to_have_count(1)
    for one in (phone, tablet):
        expect(one.page.get_by_role("alert")).to_contain_text("Votre session est terminée")
        one.page.goto(person.address("account"))
        expect(one.page).to_have_url(re.compile("/auth/login"))


def test_a_passphrase_is_changed_by_keyboard_alone(person: Person, visiting: Visiting) -> None:
    visit, phone = visiting(person), visiting(person)
    phone.allow(REFUSED, "WebSocket")
    visit.allow("status of 400", "WebSocket")  # the token of before; it is renewed at once
    phone.open("account")
    page = visit.open("account")
    _open(page)
    page.get_by_role("button", name="Changer de phrase de passe").focus()
    page.keyboard.press("Enter")
    page.keyboard.type(person.passphrase)
    page.keyboard.press("Tab")
    page.keyboard.type(NEW)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tous les autres appareils sont déconnectés.")).to_be_visible()
    expect(_devices(page)).to_have_count(1)
    page.get_by_label("Nom", exact=True).fill("Encore là")  # this browser goes on without a new login
    page.get_by_label("Nom", exact=True).press("Enter")
    expect(page.get_by_text("Votre nom est changé.")).to_be_visible()
    phone.page.goto(person.address("account"))
    phone.log_in(person.passphrase)
    expect(phone.page.get_by_text("Le mot de passe est incorrect")).to_be_visible()
    phone.log_in(NEW)
    expect(phone.page.get_by_role("heading", name="Votre compte")).to_be_visible()


def test_the_login_counts_down_and_says_what_to_do(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow(REFUSED)
    page = visit.page
    page.goto(f"http://{person.domain}/auth/login")
    field, button = page.locator("#passphrase"), page.locator("button[type=submit]")
    visit.check("login")
    for _ in range(7):
        expect(button).to_be_enabled()
        field.fill("x")
        with page.expect_response("**/auth/login") as answer:
            field.press("Enter")
        if answer.value.status == 429:
            break
    expect(page.get_by_text("Trop d’essais. Réessayez dans")).to_be_visible()
    expect(button).to_be_disabled()
    expect(button).to_have_text("Ouvrir")
    expect(field).to_be_focused()
    page.get_by_role("link", name="Phrase de passe oubliée ?").click()
    expect(page.get_by_text(f"alcove instance passphrase {person.domain}")).to_be_visible()
    visit.check("login-forgotten")


def test_a_part_is_found_by_the_command_bar(person: Person, visiting: Visiting) -> None:
    page = visiting(person).open("account")
    _open(page)
    page.set_viewport_size({"width": 1440, "height": 500})
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Recherche et commandes")).to_be_focused()
    page.keyboard.type("à propos")
    expect(page.locator('[role="option"][aria-selected="true"]')).to_contain_text("À propos")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="À propos")).to_be_focused()
    expect(page.get_by_role("heading", name="À propos")).to_be_in_viewport()
    expect(page).to_have_url(re.compile("#about$"))
    assert page.evaluate("document.scrollingElement.scrollTop + document.body.scrollTop") == 0, "the frame stays"


def test_password_managers_lead_to_the_part_that_changes_it(person: Person, visiting: Visiting) -> None:
    page = visiting(person).open("account")
    _open(page)
    page.goto(f"http://{person.domain}/.well-known/change-password")
    expect(page.get_by_role("heading", name="Phrase de passe")).to_be_focused()
    expect(page).to_have_url(re.compile(r"//account\..*#passphrase$"))
