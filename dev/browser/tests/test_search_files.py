"""Looking for files in all folders: by the texts in them, narrowed, by keyboard alone, opened where they lie."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from alcove.files.tests.test_texts import docx, pdf
from browser.filing import put
from browser.visit import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from browser.server import Person
    from browser.tests.conftest import Visiting

LETTER = (
    "Madame, Monsieur,",
    "vous trouverez ci-joint les factures d’électricité du dernier trimestre, pour un montant de 1 234,50 €.",
    "Veuillez agréer &lt;b&gt;nos salutations&lt;/b&gt;.",
)


def _furnish(person: Person) -> dict[str, str]:
    """A few files with texts in folders; the ids by their names."""
    ask, ids = person.place.ask, {}
    ids["Impôts"] = ask("POST", "/files/?Type=directory&Name=Impôts")["data"]["id"]
    ids["2025"] = ask("POST", f"/files/{ids['Impôts']}?Type=directory&Name=2025")["data"]["id"]
    files = {
        "courrier.docx": ("2025", docx(*LETTER)),
        "relevé.pdf": ("Impôts", pdf("Facture de gaz", "Montant : 45,90 EUR")),
        "note facture.txt": ("", b"a payer avant la fin du mois"),
    }
    for name, (folder, content) in files.items():
        made = ask("POST", f"/files/{ids.get(folder, '')}", params={"Type": "file", "Name": name}, content=content)
        ids[name] = str(made["data"]["id"])
    return ids


def _found(page: Page, *names: str) -> None:
    """Waits until just these are shown: what was sent a moment ago takes a moment to be read."""
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options).to_have_count(len(names))
    for place, name in enumerate(names):
        expect(options.nth(place)).to_contain_text(name)


def _wait(person: Person, text: str) -> None:
    """Asks until it is found, or whatever may take long on a page has passed."""
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        if person.place.ask("GET", "/search", params={"q": text, "kinds": "files"})["data"]:
            return
    raise AssertionError(f"{text} is not found")


def test_files_are_found_by_their_texts_and_opened_by_keyboard(person: Person, visiting: Visiting) -> None:
    ids = _furnish(person)
    visit = visiting(person)
    page = visit.open("files")
    _wait(person, "salutations")
    _wait(person, "gaz")
    page.keyboard.press("s")
    field = page.get_by_role("combobox", name="Chercher dans tous les fichiers")
    expect(field).to_be_focused()
    expect(page.get_by_text("Retrouver un fichier par ce dont on se souvient")).to_be_visible()
    visit.check("search-files-begin")

    field.fill("facture")
    _found(page, "note facture.txt", "relevé.pdf", "courrier.docx")
    letter = page.get_by_role("option").filter(has_text="courrier.docx")
    expect(letter).to_contain_text("Impôts › 2025")
    expect(letter.locator("mark")).to_have_text("factures")
    visit.check("search-files")

    field.fill("1234,50")
    _found(page, "courrier.docx")
    field.fill("salutations")
    _found(page, "courrier.docx")
    expect(letter).to_contain_text("<b>nos salutations</b>")
    field.fill("facture")
    _found(page, "note facture.txt", "relevé.pdf", "courrier.docx")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"file={ids['relevé.pdf']}"))
    assert f"folder={ids['Impôts']}" in page.url
    page.go_back()
    _found(page, "note facture.txt", "relevé.pdf", "courrier.docx")


def test_what_is_found_is_narrowed(person: Person, visiting: Visiting) -> None:
    ids = _furnish(person)
    visit = visiting(person)
    page = visit.open("files", f"?folder={ids['Impôts']}")
    _wait(person, "salutations")
    _wait(person, "gaz")
    page.get_by_role("button", name="Chercher dans tous les fichiers").click()
    field = page.get_by_role("combobox", name="Chercher dans tous les fichiers")
    field.fill("facture")
    _found(page, "relevé.pdf", "courrier.docx")
    page.get_by_label("Type").select_option("pdf")
    _found(page, "relevé.pdf")
    page.get_by_label("Type").select_option("")
    page.get_by_role("button", name="Chercher de nouveau").click()
    _found(page, "note facture.txt", "relevé.pdf", "courrier.docx")
    field.fill("facture dans:2025")
    _found(page, "courrier.docx")
    page.get_by_label("Modifié").select_option("last")
    expect(page.get_by_role("heading", name="Rien trouvé pour")).to_be_visible()
    page.get_by_role("button", name="Chercher partout").click()
    _found(page, "courrier.docx")
    visit.check("search-files-narrowed")
    page.keyboard.press("Escape")


def test_more_comes_as_one_scrolls_with_the_number_found(person: Person, visiting: Visiting) -> None:
    for number in range(70):
        put(person, f"reçu {number:02}.txt")
    taken = {"Type": "file", "Name": "reçu de la source.txt", "SourceAccount": "a1"}
    person.place.ask("POST", "/files/", params=taken, content=b"du texte")
    _wait(person, "source")
    visit = visiting(person)
    page = visit.open("files", "?look=1&search=re%C3%A7u")
    expect(page.get_by_text("71 trouvés").last).to_be_visible()
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options.first).to_contain_text("reçu")
    visit.check("search-files-many")
    options.last.scroll_into_view_if_needed()
    expect(options).to_have_count(71)
    expect(options.last).to_contain_text("reçu 00.txt")
    field = page.get_by_role("combobox", name="Chercher dans tous les fichiers")
    field.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.get_by_label("Provenance").select_option("connector")
    _found(page, "reçu de la source.txt")
    expect(page.get_by_text("1 trouvé").last).to_be_visible()
    visit.check("search-files-from")


def test_the_bar_shows_where_a_text_says_it(person: Person, visiting: Visiting) -> None:
    _furnish(person)
    visit = visiting(person)
    page = visit.open("files")
    _wait(person, "salutations")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Recherche et commandes")).to_be_focused()
    page.keyboard.insert_text("agreer salutations type:docx")
    line = page.get_by_role("option").filter(has_text="courrier.docx")
    expect(line.locator("mark")).to_have_text(["agréer", "salutations"])
    visit.check("search-bar-text")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Recherche et commandes")).to_be_focused()
    page.keyboard.insert_text("agreer")
    page.get_by_role("option").filter(has_text="« agreer » dans tous les fichiers").click()
    page.wait_for_url(re.compile(r"search=agreer"))
    _found(page, "courrier.docx")
