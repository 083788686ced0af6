"""Connecting a device, in a browser: the steps, an app password made and removed, and a device that asks by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
from playwright.sync_api import expect

from browser.server import PASSPHRASE

if TYPE_CHECKING:
    from browser.server import Person
    from browser.tests.conftest import Visiting


def test_an_app_password_is_made_told_once_and_removed(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow(r"status of 403")
    page = visit.open("account", "#connect")
    part = page.get_by_role("region", name="Connecter un appareil")
    for system in ("Windows", "macOS", "iPhone, iPad", "Android", "Un dossier tenu à jour", "rclone"):
        part.get_by_role("radio", name=system).check()
        expect(part.get_by_role("list", name=system)).to_be_visible()
    expect(part).to_contain_text(f"{person.domain}/remote.php/dav/files/{person.domain.partition('.')[0]}/")
    part.get_by_role("radio", name="iPhone, iPad").check()
    expect(part.get_by_role("img", name="QR code avec l’adresse")).to_be_visible()
    part.get_by_role("radio", name="Linux").check()
    visit.check("connect")
    part.get_by_role("button", name="Créer un mot de passe d’application").click()
    expect(part.get_by_label("Nom de l’appareil")).to_be_focused()
    page.keyboard.type("Portable")
    part.get_by_label("Phrase de passe").fill("autre chose")
    page.keyboard.press("Enter")
    expect(part.get_by_role("alert")).to_contain_text("Ce n’est pas")
    part.get_by_label("Phrase de passe").fill(PASSPHRASE)
    page.keyboard.press("Enter")
    expect(part.get_by_role("heading", name="Le mot de passe d’application de Portable")).to_be_focused()
    secret = part.locator("dd code").nth(1).inner_text()
    assert re.fullmatch(r"([a-z0-9]{5}-){4}[a-z0-9]{5}", secret)
    expect(part.get_by_role("img", name="QR code qui laisse entrer")).to_be_visible()
    visit.check("connect-made")
    part.get_by_role("button", name="L’appareil est connecté").click()
    expect(page.get_by_text(secret)).to_have_count(0)
    known = page.get_by_role("region", name="Mots de passe d’application")
    expect(known.get_by_role("listitem")).to_have_text(re.compile("Portable.*pas encore utilisé"))
    known.get_by_role("button", name="Retirer Portable").click()
    page.get_by_role("dialog").get_by_role("button", name="Retirer").click()
    expect(known).to_contain_text("Aucun appareil")


def test_a_device_that_asks_by_itself_is_let_in(person: Person, visiting: Visiting) -> None:
    there, host = f"http://127.0.0.1:{person.domain.rpartition(':')[2]}", {"Host": person.domain}
    agent = {"User-Agent": "Mozilla/5.0 (Android) Nextcloud-android/3.30.0"}
    begun = httpx.post(f"{there}/index.php/login/v2", headers={**host, **agent}).json()
    visit = visiting(person)
    page = visit.open("account")
    page.goto(begun["login"])
    expect(page.get_by_role("heading", name="Laisser entrer cet appareil ?")).to_be_visible()
    expect(page.get_by_text("Nextcloud, Android").first).to_be_visible()
    visit.check("device")
    page.get_by_label("Nom de l’appareil").fill("Mon téléphone")
    page.get_by_role("button", name="Le laisser entrer").click()
    expect(page.get_by_role("heading", name="Votre appareil est entré")).to_be_visible()
    visit.check("device-done")
    poll = f"{there}/login/v2/poll"
    given = httpx.post(poll, headers=host, data={"token": begun["poll"]["token"]}).json()
    auth = (given["loginName"], given["appPassword"])
    seen = httpx.request("PROPFIND", f"{there}/remote.php/dav/files/{given['loginName']}/", headers=host, auth=auth)
    assert seen.status_code == 207
    page.goto(person.address("account", "#passwords"))
    expect(page.get_by_role("region", name="Mots de passe d’application")).to_contain_text("Mon téléphone")
