"""Home: what it says of a full place and of an empty one, a sample person, and what stays without the server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser.server import Person, Server
    from browser.tests.conftest import Visiting

AWAY = (r"ERR_CONNECTION_REFUSED", r"ERR_FAILED", r"WebSocket", r"401 \(Unauthorized\)", r"net::ERR_")
SEEN = """async () => (await Promise.all(
    ['/', '/seen.json'].map(one => caches.match(one, {cacheName: 'seen'})))).map(Boolean)"""
KEPT = f"""async () => {{
    while (!(await ({SEEN})()).every(Boolean)) await new Promise(later => setTimeout(later, 50))
}}"""
READY = "() => navigator.serviceWorker.ready.then(() => true)"


def test_what_waits_and_what_is_true_stand_on_every_screen(settled: Person, visiting: Visiting) -> None:
    visit = visiting(settled)
    page = visit.open("place")
    expect(page.get_by_role("region", name="Ce qui vous attend")).to_contain_text("sans paiement")
    expect(page.get_by_text("Aucune connexion vers l’extérieur.")).to_be_visible()
    expect(page.get_by_text("Pas encore de sauvegarde", exact=True)).to_be_visible()
    visit.check("home-full")
    page.get_by_role("button", name="Les voir").click()
    expect(page.get_by_role("dialog").get_by_role("link").first).to_be_visible()
    visit.check("home-without-payment")


def test_a_sample_person_is_made_in_sight_and_can_be_stopped(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("place")
    page.get_by_role("button", name="Visiter").click()
    expect(page.get_by_text(re.compile(r"papiers"))).to_be_visible()
    visit.check("home-sample-making")
    page.get_by_role("button", name="Arrêter").click()
    expect(page.get_by_role("button", name="Visiter")).to_be_enabled()


def test_without_the_server_home_shows_what_was_seen_until_one_signs_out(own: Server, visiting: Visiting) -> None:
    own.start()
    me = own.person("seul")
    visit = visiting(me)
    visit.allow(*AWAY)
    page = visit.open("place")
    expect(page.get_by_role("heading", name="Déposez des fichiers ici")).to_be_visible()
    page.evaluate(READY)
    page.evaluate(KEPT)
    kept = page.evaluate("async () => (await caches.match('/', {cacheName: 'seen'})).text()")
    assert "&#34;token&#34;:&#34;&#34;" in kept
    own.stop()
    page.reload()
    expect(page.get_by_role("alert").first).to_contain_text("le serveur ne répond pas")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bonjour")
    visit.check("home-away")
    own.start()
    expect(page.get_by_role("alert")).to_have_count(0, timeout=60_000)
    page.get_by_role("button", name="Votre menu").first.click()
    page.get_by_role("menuitem", name="Se déconnecter").click()
    page.wait_for_url(re.compile("/auth/login"))
    page.goto(me.address("place", "icon.svg"))
    assert page.evaluate(SEEN) == [False, False]
