"""Passkeys in a browser, with an authenticator that Chromium plays: made, used by keyboard, named, removed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Locator, Page

    from browser.server import Person
    from browser.tests.conftest import Visiting
    from browser.visit import Visit


class Device:
    """The authenticator of a browser: built in, and its person is there and is known to it."""

    def __init__(self, visit: Visit) -> None:
        self._session: CDPSession = visit.context.new_cdp_session(visit.page)
        self._session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self._id = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        """The passkeys that it holds."""
        found: list[dict[str, Any]] = self._ask("getCredentials")["credentials"]
        return found

    def take(self, credential: dict[str, Any]) -> None:
        """Puts a passkey into it."""
        self._ask("addCredential", credential=credential)

    def recognise(self, verified: bool) -> None:
        """Whether the finger on it is the person's."""
        self._ask("setUserVerified", isUserVerified=verified)

    def _ask(self, command: str, **more: Any) -> Any:
        return self._session.send(f"WebAuthn.{command}", {"authenticatorId": self._id, **more})


def _rows(page: Page) -> Locator:
    return page.get_by_role("region", name="Clés d’accès").get_by_role("listitem")


def _make(page: Page, person: Person) -> None:
    page.get_by_role("link", name="Ajouter une clé d’accès").click()
    expect(page.get_by_role("button", name="Ajouter une clé d’accès")).to_be_enabled()
    page.get_by_label("Phrase de passe, encore une fois").fill(person.passphrase)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Votre compte")).to_be_visible()


def test_a_passkey_is_made_used_named_and_removed(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow("status of 401")
    device = Device(visit)
    page = visit.open("account")
    expect(page.get_by_text("Vous n’avez pas encore de clé d’accès.")).to_be_visible()
    _make(page, person)
    expect(_rows(page)).to_contain_text("Chrome, Linux")
    expect(_rows(page)).to_contain_text("n’a pas encore servi")
    assert len(device.credentials()) == 1
    assert device.credentials()[0]["rpId"] == person.domain.partition(":")[0]
    visit.check("account-passkeys")

    visit.context.clear_cookies()
    page.goto(f"http://{person.domain}/auth/login?redirect=account/")
    button = page.get_by_role("button", name="Utiliser une clé d’accès")
    expect(button).to_be_visible()
    visit.check("login-passkey")
    device.recognise(verified=False)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Aucune clé de ce lieu n’a servi.")
    expect(button).to_be_focused()
    device.recognise(verified=True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Votre compte")).to_be_visible()
    expect(_rows(page)).to_contain_text("a servi ces dernières 24 h")

    page.get_by_role("button", name="Renommer Chrome, Linux").click()
    page.get_by_label("Nom de la clé d’accès").fill("Mon portable")
    page.keyboard.press("Enter")
    expect(page.get_by_text("La clé d’accès s’appelle Mon portable désormais.")).to_be_visible()
    page.reload()
    expect(_rows(page)).to_contain_text("Mon portable")
    page.get_by_role("button", name="Retirer Mon portable").click()
    page.get_by_role("dialog").get_by_role("button", name="Retirer").click()
    expect(page.get_by_text("Vous n’avez pas encore de clé d’accès.")).to_be_visible()
    expect(page.get_by_text("Mon portable n’ouvre plus votre lieu.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Vous n’avez pas encore de clé d’accès.")).to_be_visible()
    visit.context.clear_cookies()
    page.goto(f"http://{person.domain}/auth/login")
    expect(page.locator("#login-form button[type=submit]")).to_be_enabled()
    expect(button).to_have_count(0)


def test_the_page_that_makes_one_stands_and_says_what_is_wrong(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow("status of 403")
    device = Device(visit)
    page = visit.open("account")
    page.goto(f"http://{person.domain}/auth/passkeys")
    field = page.get_by_label("Phrase de passe, encore une fois")
    expect(field).to_be_focused()
    expect(page.get_by_role("button", name="Ajouter une clé d’accès")).to_be_enabled()
    visit.check("passkey-new")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Il manque la phrase de passe.")
    field.fill("autre chose")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Ce n’est pas votre phrase de passe.")
    expect(field).to_be_focused()
    visit.check("passkey-new-wrong")
    field.fill(person.passphrase)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("//account\\."))
    page.goto(f"http://{person.domain}/auth/passkeys")
    field.fill(person.passphrase)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Cet appareil a déjà une clé de ce lieu.")
    assert len(device.credentials()) == 1


def test_a_copy_of_a_passkey_is_found_out(person: Person, visiting: Visiting) -> None:
    visit, thief = visiting(person), visiting(person)
    thief.allow("status of 401")
    device, copy = Device(visit), Device(thief)
    page = visit.open("account")
    _make(page, person)
    stolen = device.credentials()[0]
    for _ in range(2):
        visit.context.clear_cookies()
        page.goto(f"http://{person.domain}/auth/login?redirect=account/")
        page.get_by_role("button", name="Utiliser une clé d’accès").click()
        expect(page.get_by_role("heading", name="Votre compte")).to_be_visible()
    copy.take(stolen)
    thief.page.goto(f"http://{person.domain}/auth/login")
    thief.page.get_by_role("button", name="Utiliser une clé d’accès").click()
    expect(thief.page.get_by_role("alert")).to_contain_text("Aucune clé de ce lieu n’a servi.")
