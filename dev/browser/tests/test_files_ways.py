"""All files otherwise than by folders: recent, favoured, pictures by day and place, shared, twice; and old versions."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import expect

from browser.filing import named, put, put_folder, row
from browser.tests.test_files_shared import share

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from browser.server import Person
    from browser.tests.conftest import Visiting

COLORS = ("#7a9e7e", "#c98a2b", "#5b6bb0", "#a8506b", "#2f7fa3", "#8a5a3c")
DAYS = datetime(2026, 5, 17, 12, tzinfo=UTC)
GPS, LATITUDE, LONGITUDE = 0x8825, 48.8566, 2.3522


def jpeg(number: int, *, placed: bool = False) -> bytes:
    """A picture; one that tells its place says that it was taken in Paris, or some steps beside."""
    kept, image = io.BytesIO(), Image.new("RGB", (160, 120), COLORS[number % len(COLORS)])
    image.putpixel((number % 160, number // 160), (number % 256, 9, 9))
    exif = Image.Exif()
    if placed:
        north, east = LATITUDE + number / 100, LONGITUDE + number / 100
        exif[GPS] = {1: "N", 2: (north, 0.0, 0.0), 3: "E", 4: (east, 0.0, 0.0)}
    image.save(kept, "JPEG", exif=exif)
    return kept.getvalue()


def put_pictures(person: Person, count: int) -> None:
    """Pictures of some days in a folder of their own; every third tells where it was taken."""
    folder = put_folder(person, "Album")
    for number in range(count):
        taken = (DAYS - timedelta(days=number // 7 * 11, hours=number % 7)).isoformat().replace("+00:00", "Z")
        query = {"Type": "file", "Name": f"p{number:03}.jpg", "CreatedAt": taken, "UpdatedAt": taken}
        headers = {"Content-Type": "image/jpeg"}
        content = jpeg(number, placed=number % 3 == 0)
        person.place.ask("POST", f"/files/{folder}", params=query, content=content, headers=headers)


def way(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Façons de voir vos fichiers").get_by_role("link", name=name).click()


def line(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=name)


def test_recent_and_favourites(person: Person, visiting: Visiting) -> None:
    folder = put_folder(person, "Loin")
    put(person, "neuf.txt", folder=folder)
    visit = visiting(person)
    page = visit.open("files")
    way(page, "Favoris")
    expect(page.get_by_text("Pas encore de favoris")).to_be_visible()
    visit.check("files-favorites-none")
    way(page, "Fichiers")
    row(page, "Loin").click()
    page.keyboard.press("f")
    expect(page.get_by_text("« Loin » est dans les favoris.")).to_be_visible()
    way(page, "Favoris")
    expect(line(page, "Loin")).to_be_visible()
    way(page, "Récents")
    expect(line(page, "neuf.txt")).to_contain_text("dans Loin")
    visit.check("files-recent")
    line(page, "neuf.txt").get_by_role("button").click()
    expect(page.get_by_text("du texte")).to_be_visible()
    page.go_back()
    way(page, "Favoris")
    line(page, "Loin").get_by_role("button", name="Retirer Loin des favoris").click()
    expect(page.get_by_text("Pas encore de favoris")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(line(page, "Loin")).to_be_visible()


def test_pictures_by_day_and_by_place(person: Person, visiting: Visiting) -> None:
    put_pictures(person, 60)
    visit = visiting(person)
    page = visit.open("files")
    way(page, "Images")
    grid = page.get_by_role("listbox", name="Images")
    expect(page.get_by_text("60 images")).to_be_visible()
    expect(grid.get_by_text("Dimanche 17 mai 2026")).to_be_visible()
    expect(grid.locator("img[data-there]").first).to_be_visible()
    visit.check("files-photos")
    grid.focus()
    page.keyboard.press("End")
    expect(page.get_by_role("option", name="p059.jpg")).to_have_attribute("data-active", "true")
    page.keyboard.press("Home")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="p002.jpg")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name="p003.jpg")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("option", name="p000.jpg").click(modifiers=["Control"])
    page.get_by_role("option", name="p002.jpg").click(modifiers=["Shift"])
    expect(page.get_by_text("3 sélectionnées")).to_be_visible()
    visit.check("files-photos-chosen")
    page.get_by_role("button", name="Mettre à la corbeille").click()
    expect(page.get_by_text("57 images")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("60 images")).to_be_visible()
    page.get_by_label("Aller à un mois").select_option(index=2)
    page.get_by_role("button", name="Lieux").click()
    place = page.get_by_role("button", name="images ici").or_(page.get_by_role("button", name="image ici"))
    expect(place.first).to_be_visible()
    visit.check("files-places")
    place.first.click()
    expect(page.get_by_role("listbox", name="Images").get_by_role("option").first).to_be_visible()
    visit.check("files-places-chosen")


def test_what_is_here_twice_goes_and_comes_back(person: Person, visiting: Visiting) -> None:
    folder = put_folder(person, "Copies")
    put(person, "un.txt", b"le meme contenu" * 100)
    put(person, "deux.txt", b"le meme contenu" * 100, folder)
    put(person, "autre.txt", b"autre")
    visit = visiting(person)
    page = visit.open("files")
    way(page, "En double")
    expect(page.get_by_text("1 fichier a des copies")).to_be_visible()
    visit.check("files-twice")
    page.get_by_role("radio", name="Garder deux.txt").check()
    page.get_by_role("button", name="En jeter 1").click()
    expect(page.get_by_text("Rien n’est ici en double")).to_be_visible()
    assert "un.txt" not in named(person)
    page.keyboard.press("Control+z")
    expect(page.get_by_text("1 fichier a des copies")).to_be_visible()
    assert "un.txt" in named(person)


def test_what_is_shared_stands_together(person: Person, visiting: Visiting) -> None:
    put_folder(person, "Vacances")
    visit = visiting(person)
    page = visit.open("files")
    share(page, "Vacances")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    way(page, "Partagés")
    expect(line(page, "Vacances")).to_contain_text("regarder et télécharger")
    visit.check("files-shared")


def test_old_versions_are_looked_at_and_deleted(person: Person, visiting: Visiting) -> None:
    ident = put(person, "journal.txt", b"hier")
    person.place.ask("PUT", f"/files/{ident}", content=b"aujourd'hui")
    visit = visiting(person)
    page = visit.open("files")
    row(page, "journal.txt").click()
    page.keyboard.press("i")
    details = page.get_by_role("complementary", name="Détails")
    with page.context.expect_page() as opened:
        details.get_by_role("button", name="Voir ce qu’il était").click()
    expect(opened.value.get_by_text("hier")).to_be_visible()
    opened.value.close()
    details.get_by_role("button", name="Supprimer ce qu’il était").click()
    page.get_by_role("button", name="La supprimer").click()
    expect(details.get_by_role("button", name="Voir ce qu’il était")).to_have_count(0)
    assert person.place.ask("GET", f"/files/{ident}").get("included", []) == []
