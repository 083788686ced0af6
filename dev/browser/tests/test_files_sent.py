"""Sending files in a browser: whole folders, what pauses, fails and is tried again, and more names than anybody has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from browser.filing import named, put, row

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page, Route

    from browser.server import Person
    from browser.tests.conftest import Visiting

NAMES = 42_000
"""Names of 250 bytes: ten megabytes of them."""
MUCH = """count => {
  const brought = new DataTransfer()
  for (let at = 0; at < count; at += 1) brought.items.add(new File(['x'], `${at}-${'n'.repeat(240)}.txt`))
  const told = {dataTransfer: brought, bubbles: true, cancelable: true}
  for (const kind of ['dragenter', 'dragover', 'drop']) document.body.dispatchEvent(new DragEvent(kind, told))
}"""


def send(page: Page, *names: str, content: bytes = b"") -> None:
    """Sends files from the menu; what they hold is their name, unless something is given."""
    files: list[Any] = [{"name": name, "mimeType": "text/plain", "buffer": content or name.encode()} for name in names]
    page.get_by_role("button", name="Ajouter").click()
    with page.expect_file_chooser() as asked:
        page.get_by_role("menuitem", name="Envoyer des fichiers").click()
    asked.value.set_files(files)


def drop(page: Page, path: Path) -> None:
    """Drops something of this machine in the middle of the page, as a person's hand does."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 700, "y": 500, "data": data})


def test_a_folder_that_is_dropped_keeps_its_tree(person: Person, visiting: Visiting, tmp_path: Path) -> None:
    top = tmp_path / "Voyage"
    (top / "Jour 1" / "matin").mkdir(parents=True)
    (top / "vide").mkdir()
    (top / "plan.txt").write_text("plan")
    (top / "Jour 1" / "matin" / "é.txt").write_text("été")
    page = visiting(person).open("files")
    expect(row(page, "Photos")).to_be_visible()
    drop(page, top)
    expect(row(page, "Voyage")).to_be_visible()
    panel = page.get_by_role("region", name="Envois")
    expect(panel.get_by_text("fichiers envoyés")).to_be_visible()
    inside = person.place.ask("GET", "/files/metadata", params={"Path": "/Voyage"})["data"]["id"]
    assert sorted(named(person, inside)) == ["Jour 1", "plan.txt", "vide"]
    deep = person.place.ask("GET", "/files/metadata", params={"Path": "/Voyage/Jour 1/matin/é.txt"})
    assert deep["data"]["attributes"]["size"] == "5"


def test_paused_gone_on_with_and_stopped(person: Person, visiting: Visiting) -> None:
    page = visiting(person).open("files")
    held: list[Route] = []
    page.route("**/files/*?Type=file*", lambda route: held.append(route))  # noqa: PLW0108
    send(page, "un.txt", "deux.txt")
    panel = page.get_by_role("region", name="Envois")
    panel.get_by_role("button", name="Mettre un.txt en pause").click()
    expect(panel.get_by_text("en pause : reprendra depuis le début")).to_be_visible()
    panel.get_by_role("button", name="Ne plus envoyer deux.txt").click()
    expect(panel.get_by_text("deux.txt")).to_have_count(0)
    page.unroute_all()
    panel.get_by_role("button", name="Reprendre un.txt").click()
    expect(row(page, "un.txt")).to_be_visible()
    expect(panel.get_by_text("1 fichier envoyé")).to_be_visible()
    assert "deux.txt" not in named(person)


def test_a_full_disk_is_told_in_words_and_what_failed_is_tried_again(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow("507")
    page = visit.open("files")
    page.route("**/files/*?Type=file*", lambda route: route.fulfill(status=507, body='{"errors": [{"status": "507"}]}'))
    send(page, "un.txt")
    panel = page.get_by_role("region", name="Envois")
    expect(panel.get_by_text("le disque du serveur est plein")).to_be_visible()
    visit.check("files-full")
    page.unroute_all()
    panel.get_by_role("button", name="Réessayer un.txt").click()
    expect(panel.get_by_text("1 fichier envoyé")).to_be_visible()
    expect(row(page, "un.txt")).to_be_visible()


def test_what_is_there_under_another_name_is_not_sent(person: Person, visiting: Visiting) -> None:
    content = b"les memes octets" * 80_000
    put(person, "avant.txt", content)
    visit = visiting(person)
    page = visit.open("files")
    bodies: list[str] = []
    page.on("request", lambda asked: bodies.append(asked.url) if "Type=file" in asked.url else None)
    send(page, "après.txt", content=content)
    panel = page.get_by_role("region", name="Envois")
    expect(panel.get_by_text("copié sur place")).to_be_visible()
    expect(row(page, "après.txt")).to_be_visible()
    assert bodies == []
    visit.check("files-copied")
    send(page, "autre.txt", content=content[:-1] + b"!")
    expect(row(page, "autre.txt")).to_be_visible()
    assert len(bodies) == 1
    assert {"avant.txt", "après.txt", "autre.txt"} <= set(named(person))


def test_ten_megabytes_of_names(person: Person, visiting: Visiting) -> None:
    page = visiting(person).open("files")
    expect(row(page, "Photos")).to_be_visible()
    page.route("**/files/*?Type=file*", lambda _route: None)
    page.evaluate(MUCH, NAMES)
    panel = page.get_by_role("region", name="Envois")
    expect(panel.get_by_text(f"Envoi de {NAMES // 1000}\N{NARROW NO-BREAK SPACE}000 fichiers")).to_be_visible()
    page.keyboard.press("i")
    expect(page.get_by_role("complementary", name="Détails")).to_be_visible()
    panel.get_by_role("button", name="Arrêter l’envoi").click()
    page.get_by_role("menuitem", name="Arrêter l’envoi").click()
    expect(panel).to_have_count(0)
    expect(row(page, "Photos")).to_be_visible()
