"""The second step of a login, another mail address, and a forgotten passphrase, in a browser with real mails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyotp
import pytest
from playwright.sync_api import expect

from browser.post import Post, post
from browser.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

    from browser.server import Person
    from browser.tests.conftest import Visiting

REFUSED = r"status of 40[0134]|status of 422"
NEW = "moulin tulipe sable trois"
MAIL = "camille@example.org"


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Post]]:
    """A server that sends mail."""
    with post() as box:
        server = Server(tmp_path_factory.mktemp("mailing"), **box.settings())
        server.start()
        yield server, box
        server.stop()


def _part(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def _log_in(page: Page, person: Person, passphrase: str) -> None:
    page.goto(f"http://{person.domain}/auth/login")
    page.locator("#passphrase").fill(passphrase)
    expect(page.locator("#login-form button[type=submit]")).to_be_enabled()
    page.locator("#passphrase").press("Enter")


def test_an_app_and_recovery_codes_by_keyboard(mailing: tuple[Server, Post], visiting: Visiting) -> None:
    server, box = mailing
    person = server.person("appli", Email=MAIL)
    visit = visiting(person)
    visit.allow(REFUSED)
    page = visit.open("account")
    part = _part(page, "Seconde étape")
    part.get_by_role("button", name="Utiliser une application").focus()
    page.keyboard.press("Enter")
    expect(part.get_by_label("Phrase de passe")).to_be_focused()
    page.keyboard.type("autre chose")
    page.keyboard.press("Enter")
    expect(part.get_by_text("Ce n’est pas la phrase de passe actuelle.")).to_be_visible()
    part.get_by_label("Phrase de passe").fill(person.passphrase)
    page.keyboard.press("Enter")
    picture = part.get_by_role("img", name="Code QR")
    expect(picture).to_be_visible()
    assert picture.evaluate("async one => { await one.decode(); return one.naturalWidth }") > 100
    visit.check("account-second-scan")
    app = pyotp.TOTP((part.locator("code").text_content() or "").replace(" ", ""))
    expect(part.get_by_label("Code à six chiffres")).to_be_focused()
    part.get_by_label("Code à six chiffres").fill(app.now())
    page.keyboard.press("Enter")
    expect(part.get_by_role("listitem")).to_have_count(10)
    visit.check("account-second-codes")
    codes = part.get_by_role("listitem").all_text_contents()
    part.get_by_role("button", name="Je les ai gardés").click()
    expect(part.get_by_text("Il reste 10 codes de secours.")).to_be_visible()
    assert "application" in box.next()

    other = visiting(person)
    other.allow(REFUSED, "fetching the script")  # without its cookie, the page's worker is not renewed
    _log_in(other.page, person, person.passphrase)
    expect(other.page.get_by_role("heading", name="Encore une étape")).to_be_visible()
    other.check("login-second")
    expect(other.page.get_by_label("Code")).to_be_focused()
    other.page.keyboard.type("000000")
    other.page.keyboard.press("Enter")
    expect(other.page.get_by_text("Ce n’est pas le code.")).to_be_visible()
    other.page.get_by_label("Code").fill(codes[0].lower())
    other.page.get_by_label("Ne plus demander sur ce navigateur").check()
    other.page.get_by_role("button", name="Ouvrir").click()
    other.page.wait_for_url(re.compile(f"//(place\\.)?{re.escape(person.domain)}/$"))
    other.context.clear_cookies()
    _log_in(other.page, person, person.passphrase)  # this browser is trusted
    other.page.wait_for_url(re.compile(f"//(place\\.)?{re.escape(person.domain)}/$"))

    page.reload()
    expect(part.get_by_text("Il reste 9 codes de secours.")).to_be_visible()
    part.get_by_role("button", name="Désactiver").click()
    part.get_by_label("Phrase de passe").fill(person.passphrase)
    page.keyboard.press("Enter")
    expect(part.get_by_text("La phrase de passe seule ouvre votre lieu.")).to_be_visible()
    assert "La phrase de passe seule ouvre" in box.next()


def test_codes_by_mail_after_an_address_was_confirmed(mailing: tuple[Server, Post], visiting: Visiting) -> None:
    server, box = mailing
    person = server.person("courrier")
    visit = visiting(person)
    visit.allow(REFUSED, "WebSocket")
    page = visit.open("account")
    part = _part(page, "Adresse de mail")
    part.get_by_role("button", name="Ajouter une adresse").click()
    part.get_by_label("Nouvelle adresse").fill(MAIL)
    part.get_by_label("Phrase de passe").fill(person.passphrase)
    visit.check("account-mail")
    page.keyboard.press("Enter")
    expect(part.get_by_text(f"{MAIL} attend")).to_be_visible()
    found = re.search(r"http://\S+/settings/email/confirm\?token=\w+", box.next())
    assert found
    page.goto(found[0])
    expect(_part(page, "Adresse de mail").get_by_text(MAIL)).to_be_visible()
    second = _part(page, "Seconde étape")
    second.get_by_role("button", name="Recevoir des codes par mail").click()
    second.get_by_label("Phrase de passe").fill(person.passphrase)
    page.keyboard.press("Enter")
    second.get_by_label("Code à six chiffres").fill(_code(box))
    page.keyboard.press("Enter")
    expect(second.get_by_text(f"Un code est envoyé à {MAIL}.")).to_be_visible()

    passphrase = _part(page, "Phrase de passe")
    passphrase.get_by_role("button", name="Changer de phrase de passe").click()
    passphrase.get_by_label("Phrase de passe actuelle").fill(person.passphrase)
    passphrase.get_by_label("Nouvelle phrase de passe").fill(NEW)
    page.keyboard.press("Enter")
    passphrase.get_by_label("Code à six chiffres").fill("000000")
    page.keyboard.press("Enter")
    expect(passphrase.get_by_text("Ce n’est pas le code.")).to_be_visible()
    passphrase.get_by_label("Code à six chiffres").fill(_code(box))
    page.keyboard.press("Enter")
    expect(passphrase.get_by_text("Votre phrase de passe est changée.")).to_be_visible()

    other = visiting(person)
    _log_in(other.page, person, NEW)
    expect(other.page.get_by_text("Un mail avec six chiffres vous est envoyé.")).to_be_visible()
    other.page.keyboard.type(_code(box))
    other.page.keyboard.press("Enter")
    other.page.wait_for_url(re.compile(f"//(place\\.)?{re.escape(person.domain)}/$"))


def _code(box: Post) -> str:
    found = re.search(r"^ {4}(\d{6})$", box.next(), re.MULTILINE)
    assert found
    return found[1]


def test_a_forgotten_passphrase_is_chosen_anew(mailing: tuple[Server, Post], visiting: Visiting) -> None:
    server, box = mailing
    person = server.person("oubli", Email=MAIL)
    visit = visiting(person)
    visit.allow(REFUSED)
    page = visit.page
    page.goto(f"http://{person.domain}/auth/login")
    page.get_by_role("link", name="Phrase de passe oubliée ?").click()
    visit.check("forgotten-mail")
    page.get_by_role("button", name="M’envoyer le mail").click()
    expect(page.get_by_text("un mail est parti")).to_be_visible()
    visit.check("forgotten-sent")
    found = re.search(r"http://\S+/auth/passphrase_renew\?token=\S+", box.next())
    assert found
    page.goto(found[0])
    visit.check("passphrase-renew")
    page.get_by_label("Nouvelle phrase de passe").fill(NEW)
    expect(page.get_by_text("Très bonne")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/auth/login")
    _log_in(page, person, NEW)
    page.wait_for_url(re.compile(f"//(place\\.)?{re.escape(person.domain)}/$"))
    assert "changée" in box.next()
    page.goto(found[0])
    expect(page.get_by_text("Ce lien a déjà servi")).to_be_visible()


def test_the_passphrase_is_asked_again_before_something_that_matters(
    mailing: tuple[Server, Post], visiting: Visiting
) -> None:
    server, _ = mailing
    person = server.person("encore")
    visit = visiting(person)
    visit.allow(REFUSED)
    page = visit.open("account")
    page.goto(f"http://{person.domain}/auth/confirm?state=x&redirect={person.address('account')}")
    expect(page.get_by_role("heading", name="Est-ce bien vous ?")).to_be_visible()
    visit.check("confirm")
    expect(page.get_by_role("button", name="Continuer")).to_be_enabled()
    page.get_by_label("Phrase de passe").fill("autre chose")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Le mot de passe est incorrect")).to_be_visible()
    page.get_by_label("Phrase de passe").fill(person.passphrase)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"//account\..*\?code="))
