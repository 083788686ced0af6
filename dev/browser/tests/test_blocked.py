"""A blocked place, in a browser: the page stands on every screen, at the place itself and on the host of an app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser.server import Person, Server
    from browser.tests.conftest import Visiting


def test_a_blocked_place_says_so_and_opens_again(server: Server, person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    visit.allow(r"status of 503", r"Connecting to '.*page.css' violates")  # the second: axe reads the sheet
    server.operator.modify(person.domain, Blocked="true", BlockingReason="Le disque est remplacé aujourd’hui.")
    page = visit.page
    for address in (f"http://{person.domain}/", person.address("money")):
        page.goto(address)
        expect(page.get_by_role("heading", name="Ce lieu est fermé")).to_be_visible()
        expect(page.get_by_text("Le disque est remplacé aujourd’hui.")).to_be_visible()
        expect(page.get_by_role("img")).to_have_count(0)
    visit.check("blocked")
    server.operator.modify(person.domain, Blocked="false")
    page.goto(f"http://{person.domain}/auth/login")
    expect(page.get_by_role("heading", name="Ce lieu est fermé")).to_have_count(0)
