"""The first hour of a person without a terminal: from the line that the server prints to a true sentence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import alcove_sample
import pytest
from alcove_connectors.bankfiles.tests.test_corpus import CORPUS
from alcove_sample.invoices import invoices
from alcove_sample.statements import statements
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from browser.server import Person, Server
    from browser.tests.conftest import Visiting

STATEMENTS, INVOICES = 6, 10


@pytest.fixture
def papers(tmp_path: Path) -> list[Path]:
    """Some statements and some invoices, named as services name them."""
    household = alcove_sample.make(2, years=1, operations=400, bills=40)
    found = [(one.name, one.content) for one in list(statements(household))[-STATEMENTS:]]
    found += [(one.name, one.content) for one in list(invoices(household))[-INVOICES:]]
    for name, content in found:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name, _ in found]


def test_from_the_printed_line_to_a_true_sentence(own: Server, papers: list[Path], visiting: Visiting) -> None:
    own.start()  # its line opens the place once
    me = own.known(f"me.localhost:{own.port}")
    visit = visiting(me)
    page = visit.page
    page.goto(own.opening)
    visit.check("first-start")
    expect(page.locator("#first-form button[type=submit]")).to_be_enabled()
    page.get_by_label("Votre nom").fill("Camille Moreau")
    page.get_by_label("Langue").select_option("fr")
    page.get_by_label(re.compile("^Phrase|^Mot de passe")).fill(me.passphrase)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"//place\."))

    expect(page.get_by_role("heading", level=1)).to_contain_text("Bonjour Camille Moreau")
    expect(page.get_by_role("heading", name="Déposez des fichiers ici")).to_be_visible()
    visit.check("place-first")
    page.locator("input[type=file]").first.set_input_files(papers)
    expect(page.get_by_text(f"{len(papers)} fichiers lus")).to_be_visible(timeout=90_000)
    visit.check("place-told")
    counts = me.place.money()
    assert counts["operations"] > 0
    assert counts["bills"] > 0
    expect(page.get_by_text(re.compile("opérations")).first).to_be_visible()

    page.get_by_role("link", name=re.compile("^Argent")).click()
    expect(page.get_by_role("listbox", name="Opérations").get_by_role("option").first).to_be_visible()


REAL = [
    path
    for folder in ("bank-ofx", "bank-camt", "bank-mt940", "bank-qif", "invoices", "invoices-facturx")
    for path in sorted((CORPUS / folder).glob("*"))
    if path.suffix not in (".md", ".json")
]


@pytest.mark.skipif(not REAL, reason="the corpus of real files is not beside the checkout")
def test_real_files_of_many_banks_and_shops(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("place")
    page.locator("input[type=file]").first.set_input_files(REAL)
    expect(page.get_by_text(re.compile(r"\d+ fichiers lus"))).to_be_visible(timeout=180_000)
    counts = person.settle()
    assert counts["operations"] > 100
    assert counts["accounts"] > 30
    assert counts["bills"] > 10
    # What is no statement and no invoice is told with its reason, and loses none of the others.
    page.get_by_role("button", name="Voir pourquoi").click()
    expect(page.get_by_text(re.compile("signon_fail"))).to_be_visible()
    visit.check("home-real-files")
    page.keyboard.press("Escape")
    page.get_by_role("link", name=re.compile("^Argent")).click()
    expect(page.get_by_role("listbox", name="Opérations").get_by_role("option").first).to_be_visible()
    visit.check("money-real-files")
