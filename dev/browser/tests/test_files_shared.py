"""Sharing by link: made, opened by a guest on a telephone, filled, watched, protected and ended."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import expect

from browser.filing import named, put, put_folder, row

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from browser.server import Person
    from browser.tests.conftest import Visiting
    from browser.visit import Visit

PHONE = {"width": 390, "height": 844}


def picture(color: str) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (320, 240), color).save(kept, "PNG")
    return kept.getvalue()


def share(page: Page, name: str, level: str = "", password: str = "") -> str:
    """Makes a link from the page; its address."""
    row(page, name).click()
    page.keyboard.press("l")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Créer un lien")).to_be_enabled()
    links = dialog.get_by_role("textbox", name="Adresse du lien")
    before = links.count()
    if level:
        dialog.get_by_label(level).check()
    if password:
        dialog.get_by_label("Mot de passe").fill(password)
    dialog.get_by_role("button", name="Créer un lien").click()
    expect(links).to_have_count(before + 1)
    return links.last.input_value()


def guest(visiting: Visiting, person: Person, address: str) -> Visit:
    """Somebody without an account here, with a telephone."""
    visit = visiting(person)
    visit.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    visit.page.goto(address)
    return visit


def choose(page: Page, button: str, *files: dict[str, Any]) -> None:
    with page.expect_file_chooser() as asked:
        page.get_by_role("button", name=button).click()
    asked.value.set_files(list(files))  # type: ignore[arg-type]


def item(page: Page, name: str) -> Locator:
    """What opens a file or folder of the list."""
    return page.get_by_role("listitem").filter(has_text=name).get_by_role("button").first


def test_a_guest_looks_and_downloads(person: Person, visiting: Visiting) -> None:
    folder = put_folder(person, "Vacances")
    inner = put_folder(person, "Plage", folder)
    for name, color in (("mer.png", "teal"), ("sable.png", "tan")):
        put(person, name, picture(color), folder)
    put(person, "note.txt", b"le sable est chaud", inner)
    owner = visiting(person)
    page = owner.open("files")
    address = share(page, "Vacances")
    owner.check("files-share")
    seen = guest(visiting, person, address)
    expect(seen.page.get_by_role("heading", name="Vacances")).to_be_visible()
    seen.page.get_by_role("button", name="En liste").click()
    seen.check("files-public")
    seen.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    item(seen.page, "mer.png").click()
    look = seen.page.get_by_role("dialog", name="mer.png")
    expect(look.get_by_role("img", name="mer.png")).to_be_visible()
    look.get_by_role("button", name="Suivant").click()
    expect(seen.page.get_by_role("dialog", name="sable.png")).to_be_visible()
    seen.check("files-public-look")
    seen.page.keyboard.press("Escape")
    item(seen.page, "Plage").click()
    item(seen.page, "note.txt").click()
    expect(seen.page.get_by_text("le sable est chaud")).to_be_visible()
    seen.page.get_by_role("button", name="Retour").last.click()
    seen.page.get_by_role("button", name="Retour").click()
    expect(seen.page.get_by_role("heading", name="Vacances")).to_be_visible()
    with seen.page.expect_download() as began:
        seen.page.get_by_role("button", name="Tout télécharger").click()
    with zipfile.ZipFile(began.value.path()) as packed:
        assert "Vacances/Vacances/Plage/note.txt" in packed.namelist()
    expect(seen.page.get_by_role("button", name="Ajouter des fichiers")).to_have_count(0)
    page.reload()
    row(page, "Vacances").click()
    page.keyboard.press("l")
    expect(page.get_by_text("ouvert 1 fois")).to_be_visible()
    page.get_by_role("button", name="Qui l’a ouvert").click()
    expect(page.get_by_text("Chrome sur Linux")).to_be_visible()
    owner.check("files-share-visits")


def test_a_guest_adds_with_a_password_until_the_link_ends(person: Person, visiting: Visiting) -> None:
    folder = put_folder(person, "Ensemble")
    put(person, "là.txt", b"un", folder)
    owner = visiting(person)
    page = owner.open("files")
    address = share(page, "Ensemble", "Regarder, ajouter et modifier", "sésame ouvre-toi")
    seen = guest(visiting, person, address)
    seen.allow("401", "403")
    seen.page.locator("input[type=password]").fill("sésame ouvre-toi")
    seen.page.keyboard.press("Enter")
    expect(seen.page.get_by_role("heading", name="Ensemble")).to_be_visible()
    choose(seen.page, "Ajouter des fichiers", {"name": "là.txt", "mimeType": "text/plain", "buffer": b"deux"})
    expect(item(seen.page, "là (2).txt")).to_be_visible()
    seen.page.get_by_role("button", name="Nouveau dossier").click()
    seen.page.get_by_label("Nom du dossier").fill("Suite")
    seen.page.keyboard.press("Enter")
    expect(item(seen.page, "Suite")).to_be_visible()
    seen.page.get_by_role("button", name="Plus pour là (2).txt").click()
    seen.page.get_by_role("menuitem", name="Renommer").click()
    seen.page.get_by_label("Nom du dossier").fill("ici.txt")
    seen.page.keyboard.press("Enter")
    expect(item(seen.page, "ici.txt")).to_be_visible()
    seen.check("files-public-change")
    assert sorted(named(person, folder)) == ["Suite", "ici.txt", "là.txt"]
    page.get_by_role("button", name="Y mettre fin").click()
    page.get_by_role("button", name="Mettre fin au lien").click()
    expect(page.get_by_text("Le lien a pris fin.")).to_be_visible()
    seen.page.reload()
    expect(seen.page.get_by_role("heading", name="Ce lien n’ouvre plus rien", level=2)).to_be_visible()
    seen.check("files-public-ended")


def test_a_guest_drops_what_only_the_person_sees(person: Person, visiting: Visiting) -> None:
    folder = put_folder(person, "Copies")
    put(person, "élève.txt", b"un", folder)
    owner = visiting(person)
    address = share(owner.open("files"), "Copies", "Seulement déposer")
    seen = guest(visiting, person, address)
    expect(seen.page.get_by_role("heading", name="Déposez des fichiers dans « Copies »")).to_be_visible()
    expect(seen.page.get_by_text("élève.txt")).to_have_count(0)
    seen.page.get_by_label("Votre nom").fill("Zoé Martin")
    seen.check("files-public-drop")
    seen.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    sent = {"name": "élève.txt", "mimeType": "text/plain", "buffer": b"deux"}
    choose(seen.page, "Choisir des fichiers", sent, {"name": "vide.txt", "mimeType": "text/plain", "buffer": b""})
    expect(seen.page.get_by_text("2 fichiers sont arrivés")).to_be_visible()
    assert sorted(named(person, folder)) == ["vide.txt", "élève (2).txt", "élève.txt"]
    page = owner.open("files", f"?folder={folder}")
    row(page, "vide.txt").click()
    page.keyboard.press("i")
    expect(page.get_by_role("complementary", name="Détails")).to_contain_text("De Zoé Martin, par un lien")
    owner.check("files-from-guest")
    home = owner.open("place")
    told = home.get_by_role("link", name="Zoé Martin a déposé des fichiers dans « Copies »")
    expect(told).to_be_visible()
    owner.check("place-arrivals")
    told.click()
    expect(row(home, "vide.txt")).to_be_visible()


def test_a_file_is_shared_alone(person: Person, visiting: Visiting) -> None:
    put(person, "lettre.txt", "Bonjour à tous".encode())
    owner = visiting(person)
    address = share(owner.open("files"), "lettre.txt")
    seen = guest(visiting, person, address)
    expect(seen.page.get_by_text("Bonjour à tous")).to_be_visible()
    seen.check("files-public-file")
    with seen.page.expect_download() as began:
        seen.page.get_by_role("button", name="Télécharger").click()
    assert began.value.suggested_filename == "lettre.txt"
