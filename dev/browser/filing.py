"""Files of a person and how tests of pages find them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from browser.server import Person

ROOT, TRASH = "io.cozy.files.root-dir", "io.cozy.files.trash-dir"
HOSTILE = "<img src=x onerror=\"document.title='taken'\">.txt"


def put(person: Person, name: str, content: bytes = b"du texte\n", folder: str = ROOT) -> str:
    """Writes a file as another program would; its id."""
    said = person.place.ask("POST", f"/files/{folder}", params={"Type": "file", "Name": name}, content=content)
    return str(said["data"]["id"])


def put_folder(person: Person, name: str, folder: str = ROOT) -> str:
    """Makes a folder; its id."""
    said = person.place.ask("POST", f"/files/{folder}", params={"Type": "directory", "Name": name})
    return str(said["data"]["id"])


def named(person: Person, folder: str = ROOT) -> list[str]:
    """What lies in a folder, as the server says it; the trash aside."""
    if folder == TRASH:
        held = person.place.ask("GET", "/files/trash")["data"]
    else:
        held = person.place.ask("GET", f"/files/{folder}").get("included", [])
    return [one["attributes"]["name"] for one in held if one["id"] != TRASH]


def row(page: Page, name: str) -> Locator:
    """The row of a file or folder."""
    return page.get_by_role("row").filter(has_text=name)


def cell(page: Page, name: str) -> Locator:
    """Where the name stands in the row of a file or folder."""
    return row(page, name).get_by_role("gridcell").nth(1)
