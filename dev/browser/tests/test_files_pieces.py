"""Large files go on where they stopped: paused, with a page loaded again, with a server that is killed."""

from __future__ import annotations

import hashlib
import os
import re
import signal
from typing import TYPE_CHECKING, Any

import httpx
from playwright.sync_api import expect

from browser.filing import named, row

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from browser.server import Person, Server
    from browser.tests.conftest import Visiting

SIZE = 50_000_000
SLOW = 8_000_000
"""Bytes in a second that go out: slow enough to be stopped in the middle."""
PANEL = "Envois"


def film(folder: Path) -> Path:
    """A large file without any order in it."""
    path = folder / "film.bin"
    path.write_bytes(os.urandom(SIZE))
    return path


def throttle(page: Page, rate: int) -> None:
    """Lets so many bytes in a second out; -1 for all there are."""
    session = page.context.new_cdp_session(page)
    said = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
    session.send("Network.emulateNetworkConditions", said)


def send(page: Page, path: Path) -> None:
    page.get_by_role("button", name="Ajouter").click()
    with page.expect_file_chooser() as asked:
        page.get_by_role("menuitem", name="Envoyer des fichiers").click()
    asked.value.set_files(path)


def sent_of(person: Person) -> list[dict[str, Any]]:
    """Files named film.bin at the root, as the server has them."""
    held = person.place.ask("GET", "/files/io.cozy.files.root-dir").get("included", [])
    return [one for one in held if one["attributes"]["name"] == "film.bin"]


def same(person: Person, path: Path) -> bool:
    """Whether the one file that there is holds the same bytes."""
    (one,) = sent_of(person)
    link = person.place.ask("POST", "/files/downloads", params={"Id": one["id"]})["links"]["related"]
    port = person.domain.rpartition(":")[2]
    content = httpx.get(f"http://127.0.0.1:{port}{link}", headers={"Host": person.domain}, timeout=60).content
    return hashlib.sha256(content).digest() == hashlib.sha256(path.read_bytes()).digest()


def test_a_pause_and_another_page_go_on_where_it_stopped(person: Person, visiting: Visiting, tmp_path: Path) -> None:
    visit, path = visiting(person), film(tmp_path)
    page = visit.open("files")
    expect(row(page, "Photos")).to_be_visible()
    throttle(page, SLOW)
    send(page, path)
    panel = page.get_by_role("region", name=PANEL)
    expect(panel.get_by_text(re.compile(r"^1\d(,\d)?\sMo sur")).first).to_be_visible()
    panel.get_by_role("button", name="Mettre film.bin en pause").click()
    expect(panel.get_by_text(re.compile("en pause à .* sur"))).to_be_visible()
    visit.check("files-pieces-paused")
    offsets: list[int] = []
    page.on("request", lambda asked: offsets.append(int(asked.headers.get("upload-offset", -1))))
    panel.get_by_role("button", name="Reprendre film.bin").click()
    expect(panel.get_by_text(re.compile(r"^[23]\d(,\d)?\sMo sur")).first).to_be_visible()
    assert next(offset for offset in offsets if offset >= 0) > 1_000_000
    panel.get_by_role("button", name="Mettre film.bin en pause").click()
    expect(panel.get_by_text(re.compile("en pause à .* sur"))).to_be_visible()
    page.reload()
    panel = page.get_by_role("region", name=PANEL)
    expect(panel.get_by_text("1 fichier n’a pas été envoyé jusqu’au bout")).to_be_visible()
    visit.check("files-pieces-left")
    throttle(page, -1)
    del offsets[:]
    with page.expect_file_chooser() as asked:
        panel.get_by_role("button", name="Choisir de nouveau").click()
    asked.value.set_files(path)
    expect(panel.get_by_text("1 fichier envoyé")).to_be_visible()
    assert next(offset for offset in offsets if offset >= 0) > 10_000_000
    assert same(person, path)
    send(page, path)
    expect(panel.get_by_text("exactement le même contenu")).to_be_visible()
    assert len(sent_of(person)) == 1


def test_a_killed_server_and_what_is_given_up(own: Server, visiting: Visiting, tmp_path: Path) -> None:
    own.start()
    person, path = own.person("tenace"), film(tmp_path)
    visit = visiting(person)
    visit.allow("ERR_", "WebSocket", "50\\d")
    page = visit.open("files")
    expect(row(page, "Photos")).to_be_visible()
    throttle(page, SLOW)
    send(page, path)
    panel = page.get_by_role("region", name=PANEL)
    expect(panel.get_by_text(re.compile(r"^1\d(,\d)?\sMo sur")).first).to_be_visible()
    offsets: list[int] = []
    page.on("request", lambda asked: offsets.append(int(asked.headers.get("upload-offset", -1))))
    os.kill(own.pid, signal.SIGKILL)
    expect(panel.get_by_text("Le serveur ne répond pas").first).to_be_visible()
    own.stop()
    own.start()
    throttle(page, -1)
    panel.get_by_role("button", name="Réessayer").click()
    expect(panel.get_by_text("1 fichier envoyé")).to_be_visible()
    assert next(offset for offset in offsets if offset >= 0) > 1_000_000
    person = own.known(person.domain)
    assert same(person, path)
    throttle(page, SLOW)
    os.utime(path, (1, 1))
    path.rename(path.with_name("autre.bin"))
    send(page, path.with_name("autre.bin"))
    expect(panel.get_by_text(re.compile(r"^\d+(,\d)?\sMo sur")).first).to_be_visible()
    panel.get_by_role("button", name="Ne plus envoyer autre.bin").click()
    expect(panel.get_by_text("autre.bin")).to_have_count(0)
    assert "autre.bin" not in named(person)
    page.reload()
    expect(row(page, "film.bin")).to_be_visible()
    expect(page.get_by_role("region", name=PANEL)).to_have_count(0)
