"""What is done with files in a browser: dragged, thrown away for ever, restored, and all of it by keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from browser.filing import TRASH, cell, named, put, put_folder, row

if TYPE_CHECKING:
    from browser.server import Person
    from browser.tests.conftest import Visiting


def test_rows_are_dragged_onto_a_folder(person: Person, visiting: Visiting) -> None:
    folder = put_folder(person, "Vacances")
    put(person, "un.txt")
    put(person, "deux.txt")
    page = visiting(person).open("files")
    cell(page, "un.txt").click()
    cell(page, "deux.txt").click(modifiers=["Control"])
    cell(page, "un.txt").drag_to(cell(page, "Vacances"))
    expect(page.get_by_text("2 éléments sont dans « Vacances ».")).to_be_visible()
    expect(row(page, "un.txt")).to_have_count(0)
    assert named(person, folder) == ["deux.txt", "un.txt"]
    page.keyboard.press("Control+z")
    expect(row(page, "un.txt")).to_be_visible()


def test_the_trash_is_emptied(person: Person, visiting: Visiting) -> None:
    for name in ("un.txt", "deux.txt"):
        person.place.ask("DELETE", f"/files/{put(person, name)}")
    visit = visiting(person)
    page = visit.open("files")
    page.get_by_role("button", name="Voir la corbeille").click()
    expect(row(page, "un.txt")).to_be_visible()
    visit.check("files-trash")
    page.get_by_role("button", name="Vider la corbeille").click()
    page.get_by_role("dialog").get_by_role("button", name="Vider la corbeille").click()
    expect(page.get_by_text("La corbeille est vide").first).to_be_visible()
    expect(row(page, "un.txt")).to_have_count(0)
    assert named(person, TRASH) == []


def test_an_old_version_comes_back(person: Person, visiting: Visiting) -> None:
    made = put(person, "lettre.txt", b"Cher Paul,\n")
    person.place.ask("PUT", f"/files/{made}", content=b"Chere Ana,\n")
    page = visiting(person).open("files")
    cell(page, "lettre.txt").click()
    page.keyboard.press("i")
    page.get_by_role("button", name="Revenir à ce qu’il était").click()
    expect(page.get_by_text("Il est de nouveau ce qu’il était")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="lettre.txt").get_by_text("Cher Paul,")).to_be_visible()


def test_all_of_it_by_keyboard_alone(person: Person, visiting: Visiting) -> None:
    put(person, "a.txt", b"premier\n")
    put(person, "b.txt", b"second\n")
    page = visiting(person).open("files")
    expect(row(page, "a.txt")).to_be_visible()
    press = page.keyboard.press
    press("n")
    expect(page.get_by_label("Nom du dossier")).to_be_focused()
    page.keyboard.type("Zoo")
    press("Enter")
    expect(row(page, "Zoo")).to_be_visible()
    press("End")
    press("Enter")
    expect(page.get_by_role("dialog", name="b.txt").get_by_text("second")).to_be_visible()
    press("ArrowLeft")
    expect(page.get_by_role("dialog", name="a.txt").get_by_text("premier")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press("m")
    tree = page.get_by_role("tree")
    expect(tree.get_by_role("treeitem", name="Zoo")).to_be_visible()
    press("End")
    expect(tree.get_by_role("treeitem", name="Zoo", selected=True)).to_be_visible()
    press("Enter")
    expect(page.get_by_text("« a.txt » est dans « Zoo ».")).to_be_visible()
    press("/")
    expect(page.locator("input:focus")).to_be_visible()
    page.keyboard.type("b.t")
    expect(row(page, "Zoo")).to_have_count(0)
    press("ArrowDown")
    press("Delete")
    expect(page.get_by_text("« b.txt » est dans la corbeille.")).to_be_visible()
    press("t")
    expect(row(page, "b.txt")).to_be_visible()
    press("j")
    press("r")
    expect(page.get_by_text("« b.txt » est revenu à sa place.")).to_be_visible()
    press("t")
    expect(row(page, "b.txt")).to_be_visible()
    press("v")
    expect(page.get_by_role("gridcell", name="b.txt")).to_be_visible()
    assert "b.txt" in named(person)
