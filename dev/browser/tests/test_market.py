"""Apps and sources as a person finds, installs, updates and removes them, out of a registry that is another server."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser.server import Person, Server
    from browser.tests.conftest import Visiting

SETTINGS = """
trusted_networks = "127.0.0.1"

[contexts.market]
registries = ["http://127.0.0.1:{port}"]
"""
PAGE = b'<!doctype html><html lang="fr"><title>Carnet</title><h1>Le carnet</h1></html>'
ICON = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1" fill="teal"/></svg>'


class Registry:
    """A registry of one app, whose latest version is what was last `offered`."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[str, bytes]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answers = self.answers

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = answers.get(self.path.partition("?")[0], ("", b"{}"))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind or "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing is wanted of it."""

        return Handler

    def offer(self, version: str, **permissions: dict[str, Any]) -> None:
        """Has this version of the app for everybody who asks."""
        manifest: dict[str, Any] = {
            "type": "webapp",
            "slug": "carnet",
            "name": "Notebook",
            "version": version,
            "categories": ["writing"],
            "developer": {"name": "Atelier"},
            "locales": {"fr": {"name": "Carnet", "short_description": "De quoi noter"}},
            "routes": {"/": {"folder": "/", "index": "index.html", "public": False}},
            "icon": "icon.svg",
            "permissions": permissions,
        }
        files = {"manifest.webapp": json.dumps(manifest).encode(), "index.html": PAGE, "icon.svg": ICON}
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        url = f"http://127.0.0.1:{self.port}/carnet-{version}.tgz"
        sha256 = hashlib.sha256(packed.getvalue()).hexdigest()
        latest = {"slug": "carnet", "version": version, "manifest": manifest, "url": url, "sha256": sha256}
        app = {"slug": "carnet", "type": "webapp", "latest_version": latest}
        told = {
            "/registry": {"data": [app], "meta": {"count": 1}},
            "/registry/carnet": app,
            "/registry/carnet/stable/latest": latest,
        }
        self.answers.update({path: ("application/json", json.dumps(said).encode()) for path, said in told.items()})
        self.answers[f"/carnet-{version}.tgz"] = ("application/gzip", packed.getvalue())
        self.answers["/registry/carnet/icon"] = ("image/svg+xml", ICON)

    def close(self) -> None:
        """Answers no more."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def registry() -> Iterator[Registry]:
    one = Registry()
    yield one
    one.close()


def _shopper(server: Server, registry: Registry) -> Person:
    """Somebody whose server knows that registry."""
    server.home.mkdir()
    (server.home / "alcove.toml").write_text(SETTINGS.format(port=registry.port))
    server.start()
    return server.person("acheteur", ContextName="market")


def test_an_app_is_found_installed_opened_and_removed(own: Server, registry: Registry, visiting: Visiting) -> None:
    registry.offer("1.0.0", files={"type": "io.cozy.files", "description": "Garde vos notes", "verbs": ["GET", "POST"]})
    visit = visiting(_shopper(own, registry))
    page = visit.open("market")
    expect(page.get_by_role("heading", name="Applications et sources")).to_be_visible()
    expect(page.get_by_role("button", name="Relevés bancaires")).to_be_visible()
    visit.check("market")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("carnèt")
    expect(page.get_by_role("button", name="Relevés bancaires")).to_have_count(0)
    page.get_by_role("button", name="Carnet").click()
    expect(page.get_by_role("heading", name="Carnet")).to_be_visible()
    expect(page.get_by_text("Garde vos notes")).to_be_visible()
    expect(page.get_by_text("Ne peut rien envoyer", exact=True)).to_be_visible()
    visit.check("market-app")
    page.get_by_role("button", name="Installer").click()
    visit.check("market-ask")
    page.get_by_role("dialog").get_by_role("button", name="Installer").click()
    expect(page.get_by_text("Carnet est installée.")).to_be_visible()
    link = page.get_by_role("link", name="Ouvrir")
    address = link.get_attribute("href")
    assert address
    page.get_by_role("button", name="Retirer").click()
    page.get_by_role("dialog").get_by_role("button", name="Retirer").click()
    expect(page.get_by_text("Carnet est retirée.")).to_be_visible()
    expect(page.get_by_role("button", name="Installer")).to_be_visible()


def test_what_cannot_be_had_says_why_and_changes_nothing(own: Server, registry: Registry, visiting: Visiting) -> None:
    registry.offer("1.0.0")
    person = _shopper(own, registry)
    kind, latest = registry.answers["/registry/carnet/stable/latest"]
    registry.answers["/registry/carnet/stable/latest"] = (kind, latest.replace(b'"sha256": "', b'"sha256": "00'))
    visit = visiting(person)
    visit.allow("status of 4")
    page = visit.open("market", "?app=carnet")
    page.get_by_role("button", name="Installer").click()
    page.get_by_role("dialog").get_by_role("button", name="Installer").click()
    expect(page.get_by_text("Carnet n’a pas changé")).to_be_visible()
    expect(page.get_by_role("button", name="Installer")).to_be_enabled()
    expect(page.get_by_role("link", name="Ouvrir")).to_have_count(0)
