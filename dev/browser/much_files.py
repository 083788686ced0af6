"""Files with much in it, to be measured."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from browser.filing import cell, put, put_folder
from browser.measuring import Subject, click

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from browser.measuring import Act
    from browser.server import Person, Server

NAME = "filed"
LIST = "[role=grid]"
ROW = f"{LIST} [data-id]"
WORDS = ("Été à la mer", "facture", "Relevé", "lettre", "photo de Zoé", "notes", "contrat", "recette", "Œuvres", "plan")
KINDS = ("txt", "pdf", "csv", "ofx", "docx", "mp3", "jpg", "md")
FOLDERS = 100
"""One entry of so many is a folder."""
AT_ONCE = 4


def name_of(number: int) -> str:
    """A name like those that people give."""
    return f"{WORDS[number * 7 % len(WORDS)]} {number * 7919 % 100_003:05}"


def fill(server: Server, entries: int) -> Person:
    """The person with that many entries in one folder, made unless they are there from another time."""
    domain = f"{NAME}.localhost:{server.port}"
    if domain in {record["domain"] for record in server.operator.instances()}:
        return server.known(domain)
    person = server.person(NAME)
    begun = time.perf_counter()

    def make(number: int) -> None:
        name = name_of(number)
        if number % FOLDERS == 0:
            put_folder(person, name)
        else:
            # What only calls itself a picture: drawing thousands would go on for as long as the page is measured.
            put(person, f"{name}.{KINDS[number % len(KINDS)]}", b"%d" % number * (number % 50 + 1))

    with ThreadPoolExecutor(AT_ONCE) as lanes:
        for _ in lanes.map(make, range(entries)):
            pass
    print(f"{entries} files written in {time.perf_counter() - begun:.0f} s")
    return person


def chosen(page: Page, count: str) -> None:
    """Waits until so many are chosen."""
    page.get_by_role("toolbar", name=re.compile(f"^{count} ")).wait_for()


def none_chosen(page: Page) -> None:
    """Waits until nothing is chosen."""
    page.get_by_role("toolbar").wait_for(state="detached")


def sorted_by(page: Page, name: str, way: str) -> None:
    """Waits until the list is in an order."""
    expect(page.get_by_role("columnheader", name=name)).to_have_attribute("aria-sort", way)


def renamed(page: Page) -> None:
    """Waits for the new name, and for the keyboard to be in the list again."""
    cell(page, "Zzz nouveau nom").wait_for()


def tiles(page: Page) -> None:
    """Waits for the pictures."""
    page.locator(f"{LIST} [role=row] > [data-id]").first.wait_for()


def rows(page: Page) -> None:
    """Waits for the list."""
    page.locator(f"{LIST} > [data-id]").first.wait_for()


def first(page: Page) -> None:
    """Waits for the first row."""
    page.locator("[aria-rowindex='2']").wait_for()


ACTS: dict[str, Act] = {
    "select": (
        lambda page: click(page.locator(ROW).nth(12)),
        lambda page: chosen(page, "1"),
    ),
    "next by key": (lambda page: page.keyboard.press("ArrowDown"), lambda page: chosen(page, "1")),
    "home": (lambda page: page.keyboard.press("Home"), first),
    "end": (lambda page: page.keyboard.press("End"), lambda page: chosen(page, "1")),
    "range to start": (lambda page: page.keyboard.press("Shift+Home"), first),
    "none": (lambda page: page.keyboard.press("Escape"), none_chosen),
    "all": (lambda page: page.keyboard.press("Control+a"), lambda page: page.get_by_role("toolbar").wait_for()),
    "none again": (lambda page: page.keyboard.press("Escape"), none_chosen),
    "sort by size": (
        lambda page: click(page.get_by_role("button", name="Taille")),
        lambda page: sorted_by(page, "Taille", "descending"),
    ),
    "sort by date": (
        lambda page: click(page.get_by_role("button", name="Modifié")),
        lambda page: sorted_by(page, "Modifié", "descending"),
    ),
    "sort by kind": (
        lambda page: click(page.get_by_role("button", name="Type")),
        lambda page: sorted_by(page, "Type", "ascending"),
    ),
    "sort by name": (
        lambda page: click(page.get_by_role("button", name="Nom", exact=True)),
        lambda page: sorted_by(page, "Nom", "ascending"),
    ),
    "filter": (
        lambda page: page.get_by_role("searchbox").press_sequentially("facture", delay=30),
        lambda page: expect(page.locator(ROW).first).to_contain_text("facture"),
    ),
    "filter cleared": (
        lambda page: page.get_by_role("searchbox").press("Escape"),
        lambda page: expect(page.get_by_role("searchbox")).to_have_value(""),
    ),
    "as pictures": (lambda page: page.keyboard.press("v"), tiles),
    "as a list": (lambda page: page.keyboard.press("v"), rows),
    "details": (
        lambda page: page.keyboard.press("i"),
        lambda page: page.get_by_role("complementary", name="Détails").wait_for(),
    ),
    "details closed": (
        lambda page: page.keyboard.press("i"),
        lambda page: page.get_by_role("complementary", name="Détails").wait_for(state="detached"),
    ),
    "back to the list": (lambda page: page.keyboard.press("ArrowDown"), lambda page: chosen(page, "1")),
    "to the last": (lambda page: page.keyboard.press("End"), lambda page: chosen(page, "1")),
    "begin to rename": (
        lambda page: page.keyboard.press("F2"),
        lambda page: page.locator(f"{LIST} [data-part=field]").wait_for(),
    ),
    "type a name": (
        lambda page: page.keyboard.type("Zzz nouveau nom"),
        lambda page: expect(page.locator(f"{LIST} [data-part=field]")).to_have_value(re.compile("nouveau nom")),
    ),
    "rename": (lambda page: page.keyboard.press("Enter"), renamed),
    "throw away": (
        lambda page: page.keyboard.press("Delete"),
        lambda page: page.get_by_text("est dans la corbeille").wait_for(),
    ),
    "undo": (lambda page: page.keyboard.press("Control+z"), lambda page: cell(page, "Zzz nouveau nom").wait_for()),
    "undo renaming": (
        lambda page: page.keyboard.press("Control+z"),
        lambda page: cell(page, "Zzz nouveau nom").wait_for(state="detached"),
    ),
    "open": (lambda page: page.keyboard.press("Enter"), lambda page: page.get_by_role("dialog").wait_for()),
    "next file": (
        lambda page: page.keyboard.press("ArrowLeft"),
        lambda page: page.get_by_role("button", name="Fichier suivant").wait_for(),
    ),
    "close": (
        lambda page: page.keyboard.press("Escape"),
        lambda page: page.get_by_role("dialog").wait_for(state="detached"),
    ),
    "to the first": (lambda page: page.keyboard.press("Home"), first),
    "open a folder": (
        lambda page: page.keyboard.press("Enter"),
        lambda page: page.get_by_text("Ce dossier est vide").wait_for(),
    ),
    "back": (lambda page: page.go_back(), lambda page: page.locator(ROW).first.wait_for()),
}
FILES = Subject("files", fill, LIST, ROW, ACTS)
