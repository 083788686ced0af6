"""Files in a browser: sent, seen, renamed, moved, thrown away and taken back, by mouse and by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from browser.filing import HOSTILE, cell, named, put, put_folder, row

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from browser.server import Person
    from browser.tests.conftest import Visiting


@pytest.fixture
def filed(person: Person) -> Person:
    """Somebody with a folder and two files."""
    put_folder(person, "Vacances")
    put(person, "notes.txt", b"Acheter du pain.\n")
    put(person, HOSTILE)
    return person


def test_what_is_sent_is_seen_without_running(filed: Person, visiting: Visiting) -> None:
    visit = visiting(filed)
    page = visit.open("files")
    expect(row(page, "notes.txt")).to_be_visible()
    sent: Any = {"name": "lettre.md", "mimeType": "text/markdown", "buffer": b"# Bonjour\n\n<script>x</script>"}
    page.get_by_role("button", name="Ajouter").click()
    with page.expect_file_chooser() as asked:
        page.get_by_role("menuitem", name="Envoyer des fichiers").click()
    asked.value.set_files([sent])
    expect(row(page, "lettre.md")).to_be_visible()
    visit.check("files-list")
    cell(page, "lettre.md").dblclick()
    expect(page.get_by_role("heading", name="Bonjour")).to_be_visible()
    visit.check("files-preview")
    page.keyboard.press("Escape")
    expect(row(page, HOSTILE)).to_be_visible()
    assert page.title() != "taken"


def test_renamed_and_thrown_away_and_back_by_keyboard(filed: Person, visiting: Visiting) -> None:
    page = visiting(filed).open("files")
    expect(row(page, "notes.txt")).to_be_visible()
    cell(page, "notes.txt").click()
    page.keyboard.press("F2")
    field = page.get_by_label("Nouveau nom de notes.txt")
    expect(field).to_be_focused()
    field.fill("courses.txt")
    field.press("Enter")
    expect(row(page, "courses.txt")).to_be_visible()
    expect(row(page, "notes.txt")).to_have_count(0)
    page.keyboard.press("Delete")
    expect(page.get_by_text("est dans la corbeille")).to_be_visible()
    expect(row(page, "courses.txt")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(row(page, "courses.txt")).to_be_visible()


def test_the_last_act_is_undone_however_late_the_answer_to_the_one_before(filed: Person, visiting: Visiting) -> None:
    page = visiting(filed).open("files")
    expect(row(page, "notes.txt")).to_be_visible()
    held: list[Route] = []
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method) if request.method in ("PATCH", "POST") else None)
    # The renaming does not reach the server before the test lets it go.
    page.route(
        "**/files/*?*", lambda route: held.append(route) if route.request.method == "PATCH" else route.continue_()
    )
    cell(page, "notes.txt").click()
    page.keyboard.press("F2")
    with page.expect_request(lambda request: request.method == "PATCH"):
        page.keyboard.type("courses")
        page.keyboard.press("Enter")
    expect(row(page, "courses.txt")).to_be_visible()
    page.keyboard.press("Delete")
    expect(row(page, "courses.txt")).to_have_count(0)
    page.keyboard.press("Control+z")
    with page.expect_response(lambda answer: "/files/trash/" in answer.url and answer.request.method == "POST"):
        held[0].continue_()
    expect(row(page, "courses.txt")).to_be_visible()
    expect(page.get_by_text("S’appelle maintenant")).to_be_visible()
    expect(page.get_by_text("est dans la corbeille")).to_have_count(0)
    assert asked == ["PATCH", "PATCH", "POST"]
    assert "courses.txt" in named(filed)


def test_moved_into_a_folder_by_its_menu(filed: Person, visiting: Visiting) -> None:
    page = visiting(filed).open("files")
    row(page, "notes.txt").get_by_role("button", name="Plus pour notes.txt").click()
    page.get_by_role("menuitem", name="Déplacer").click()
    page.get_by_role("treeitem", name="Vacances").click()
    page.get_by_role("button", name="Déplacer dans « Vacances »").click()
    expect(page.get_by_text("« notes.txt » est dans « Vacances ».")).to_be_visible()
    expect(row(page, "notes.txt")).to_have_count(0)
    cell(page, "Vacances").dblclick()
    expect(row(page, "notes.txt")).to_be_visible()
    page.go_back()
    expect(row(page, "Vacances")).to_be_visible()
