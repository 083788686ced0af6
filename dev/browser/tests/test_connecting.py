"""Letting a program in, certifying one, and disconnecting it, in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from browser.server import Person, Server
    from browser.tests.conftest import Visiting

SCOPE = "io.cozy.files io.cozy.contacts:GET io.cozy.bank.operations:GET com.example.things"
LEFT = re.compile(r"^http://localhost:\d+/connection_check")
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def _register(person: Person, back: str, **more: str) -> dict[str, Any]:
    said = {"redirect_uris": [back], "client_name": "Classeur de bureau", "software_id": "example", **more}
    answer = httpx.post(f"{_server(person)}/auth/register", json=said, headers={"Host": person.domain})
    told: dict[str, Any] = answer.json()
    return told


def _server(person: Person) -> str:
    return f"http://127.0.0.1:{person.domain.rpartition(':')[2]}"


def _asks(person: Person, made: dict[str, Any], **more: str) -> str:
    said = {
        "client_id": made["client_id"],
        "redirect_uri": made["redirect_uris"][0],
        "state": "st",
        "response_type": "code",
        "scope": SCOPE,
        **more,
    }
    return f"http://{person.domain}/auth/authorize?{urlencode(said)}"


def _back(person: Person) -> str:
    """Where a program waits for its answer: an address of the server itself, so that nothing else is asked."""
    return f"http://localhost:{person.domain.rpartition(':')[2]}/connection_check"


def _log_in(page: Page, person: Person) -> None:
    page.get_by_label("Phrase de passe").fill(person.passphrase)
    page.get_by_role("button", name="Ouvrir").click()


def test_a_program_is_let_in_seen_and_disconnected(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow(r"asked of another origin: http://localhost:\d+/connection_check")
    page, made = visit.page, _register(person, _back(person), client_kind="desktop")
    page.goto(_asks(person, made))
    _log_in(page, person)
    expect(page.get_by_role("heading", name="Connecter Classeur de bureau ?")).to_be_visible()
    asked = page.get_by_role("list", name="Classeur de bureau demande")
    expect(asked.get_by_role("listitem")).to_have_count(4)
    expect(asked).to_contain_text("Vos fichiers et dossiers")
    expect(asked).to_contain_text("voir, ajouter, modifier et supprimer")
    expect(asked).to_contain_text("Données du genre com.example.things")
    visit.check("authorize")
    with page.expect_request(LEFT) as led:
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Autoriser")).to_be_focused()
        page.keyboard.press("Enter")
    assert "code=" in led.value.url
    page = visit.open("account", "#clients")
    row = page.get_by_role("region", name="Connectés").get_by_role("listitem")
    expect(row).to_contain_text("Classeur de bureau")
    visit.check("account-clients")
    row.get_by_role("button", name="Déconnecter").click()
    page.get_by_role("dialog").get_by_role("button", name="Déconnecter").click()
    expect(page.get_by_text("Classeur de bureau est déconnecté.")).to_be_visible()
    expect(row).to_have_count(0)


def test_a_program_that_is_refused_gets_nothing(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow(r"asked of another origin: http://localhost:\d+/connection_check")
    page, made = visit.page, _register(person, _back(person))
    page.goto(_asks(person, made))
    _log_in(page, person)
    with page.expect_request(LEFT) as led:
        page.get_by_role("link", name="Refuser").click()
    assert "error=access_denied" in led.value.url
    assert "code=" not in led.value.url


def test_a_wrong_question_is_a_page_that_says_so(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow("status of 400")
    page, made = visit.page, _register(person, _back(person))
    page.goto(_asks(person, made, redirect_uri="https://elsewhere.example/"))
    expect(page.get_by_role("heading", name="Cette connexion ne peut pas se faire")).to_be_visible()
    visit.check("authorize-wrong")


def test_an_app_is_certified_with_six_digits(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow("status of 401")
    page, made = visit.page, _register(person, "cozy://", client_name="Alcove de poche")
    page.goto(_asks(person, made, scope="*", code_challenge=CHALLENGE, code_challenge_method="S256"))
    _log_in(page, person)
    expect(page.get_by_role("heading", name="Tout donner à Alcove de poche ?")).to_be_visible()
    digits = page.locator(".digits").inner_text()
    field = page.get_by_label("Six chiffres", exact=True)
    expect(field).to_be_focused()
    visit.check("certify")
    field.fill("000000" if digits != "000000" else "111111")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Ce ne sont pas les bons chiffres, ou ils sont trop anciens.")
    field.fill(digits)
    field.press("Enter")
    expect(page.get_by_role("heading", name="Connecter Alcove de poche ?")).to_be_visible()
    expect(page.get_by_text("Tout ce que contient votre Alcove")).to_be_visible()


def test_too_many_devices_are_a_page_that_leads_to_them(server: Server, person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("money")
    server.operator.change_flags(f"{person.domain}/feature/flags", {"cozy.oauthclients.max": 0})
    made = _register(person, _back(person), client_kind="mobile")
    server.operator.token(person.domain, "access-token", made["client_id"], "io.cozy.files")  # lets it in
    page.goto(person.address("money"))
    expect(page.get_by_role("heading", name="Trop d’appareils")).to_be_visible()
    visit.check("devices-limit")
    page.get_by_role("link", name="Choisir lesquels").click()
    row = page.get_by_role("region", name="Connectés").get_by_role("listitem")
    row.get_by_role("button", name="Déconnecter").click()
    page.get_by_role("dialog").get_by_role("button", name="Déconnecter").click()
    expect(row).to_have_count(0)
    page.goto(person.address("money"))
    expect(page.get_by_role("main")).to_be_visible()
