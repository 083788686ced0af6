"""Bad luck in the browser: never a white page, never a lost edit, never script from data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from browser.server import ACCOUNTS, BILLS, OPERATIONS, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alcove_sample import Household
    from playwright.sync_api import Locator, Page, Route

    from browser.server import Person
    from browser.tests.conftest import Visiting

REFUSED = r"Failed to load resource|WebSocket connection"


def _rows(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Opérations").get_by_role("option")


@pytest.fixture
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that a test may stop."""
    one = Server(tmp_path_factory.mktemp("frail"))
    one.start()
    yield one
    one.stop()


def test_a_stopped_server_is_said_and_its_return_is_noticed(
    frail: Server, household: Household, visiting: Visiting
) -> None:
    somebody = frail.person("frail")
    somebody.live(household)
    visit = visiting(somebody)
    page = visit.open("money")
    expect(_rows(page).first).to_be_visible()
    visit.settle()
    visit.allow(REFUSED)
    frail.stop()
    _rows(page).first.click()
    expect(page.get_by_role("alert").filter(has_text="Le serveur ne répond pas").first).to_be_visible()
    expect(_rows(page).first, "what was seen stays").to_be_visible()
    assert visit.violations() == []
    frail.start()
    again = page.get_by_role("button", name="Réessayer")
    expect(again.or_(page.get_by_label("Catégorie")).first).to_be_visible()
    if again.is_visible():
        again.click()
    expect(page.get_by_label("Catégorie")).to_be_visible()
    expect(page.get_by_text("Le serveur ne répond pas")).to_have_count(0)


def test_a_decision_that_was_not_kept_comes_back_and_is_said(householder: Person, visiting: Visiting) -> None:
    visit = visiting(householder)
    page = visit.open("money")
    _rows(page).filter(has_text="avec sa facture").first.click()
    expect(page.get_by_role("button", name="Délier")).to_be_visible()
    visit.allow(REFUSED)
    page.route("**/money/links/*/unlink", lambda route: route.fulfill(status=507, body="no space left"))
    page.get_by_role("button", name="Délier").click()
    expect(page.get_by_text("Ce n’est pas gardé ; tout est comme avant.")).to_be_visible()
    expect(page.get_by_role("button", name="Délier")).to_be_visible()


def test_an_ended_session_leads_to_the_login_and_back(householder: Person, server: Server, visiting: Visiting) -> None:
    visit = visiting(householder)
    page = visit.open("money")
    expect(_rows(page).first).to_be_visible()
    visit.settle()
    visit.allow(REFUSED)
    server.operator.passphrase(householder.domain, householder.passphrase)  # every session ends
    _rows(page).first.click()
    notice = page.get_by_role("alert").filter(has_text="Votre session est terminée").first
    expect(notice).to_be_visible()
    expect(_rows(page).first, "what was seen stays").to_be_visible()
    opened = page.url
    page.get_by_role("link", name="Se connecter").click()
    visit.log_in(householder.passphrase)
    page.wait_for_url(opened)
    expect(page.get_by_label("Catégorie")).to_be_visible()


def test_nothing_is_sent_before_the_passphrase_can_be_hashed(person: Person, visiting: Visiting) -> None:
    page = visiting(person).page
    held: list[Route] = []
    sent: list[str | None] = []
    page.on("request", lambda request: sent.append(request.post_data))

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/assets/login.js", hold)
    with page.expect_request("**/assets/login.js"):
        page.goto(f"http://{person.domain}/auth/login", wait_until="commit")
    page.locator("#passphrase").fill(person.passphrase)
    page.locator("#passphrase").press("Enter")
    expect(page.locator("#passphrase")).to_have_value(person.passphrase)
    held[0].continue_()
    expect(page.get_by_role("button", name="Ouvrir")).to_be_enabled()
    page.locator("#passphrase").press("Enter")
    page.wait_for_url(re.compile(r"//place\."))
    assert all(person.passphrase not in (body or "") for body in sent)


@pytest.mark.parametrize("body", ['{"errors": [{"detail": "<b>broken</b>"}]}', "<html>", "null", "[]"])
def test_a_panel_that_fails_leaves_the_others(settled: Person, visiting: Visiting, body: str) -> None:
    visit = visiting(settled)
    visit.allow(REFUSED)

    def fail(route: Route) -> None:
        route.fulfill(status=500, body=body, content_type="application/json")

    visit.page.route(f"**/data/{ACCOUNTS}/_find", fail)
    page = visit.open("money")
    expect(_rows(page).first).to_be_visible()
    side = page.get_by_role("complementary", name="Comptes")
    expect(side).to_contain_text("Quelque chose s’est mal passé ici")
    assert visit.violations() == []
    page.unroute(f"**/data/{ACCOUNTS}/_find")
    side.get_by_role("button", name="Réessayer").click()
    expect(side).to_contain_text("Tous les comptes")


def test_documents_that_make_no_sense_keep_nobody_from_the_others(person: Person, visiting: Visiting) -> None:
    day = {"date": "2026-03-05", "account": "good"}
    odd: list[dict[str, Any]] = [
        {"_id": "o1", "label": {"x": 1}, "amount": "much", **day},
        {"_id": "o2", "label": 7, "amount": -1, **day},
    ]
    accounts: list[dict[str, Any]] = [
        {"_id": "odd", "label": {"x": 1}, "balance": "much"},
        {"_id": "good", "label": "Courant", "balance": 1},
    ]
    bills: list[dict[str, Any]] = [{"_id": "b", "vendor": [1], "amount": {}}]
    good: dict[str, Any] = {"_id": "o3", "label": "BOULANGERIE", "amount": -2.5, **day}
    person.give({ACCOUNTS: accounts, OPERATIONS: [*odd, good], BILLS: bills})
    person.settle()
    page = visiting(person).open("money")
    expect(_rows(page)).to_have_count(3)
    expect(_rows(page).filter(has_text="Boulangerie")).to_contain_text("2,50")
    expect(page.get_by_role("complementary", name="Comptes")).to_contain_text("Courant")


HOSTILE = [
    "<img src=x onerror=\"document.title='taken'\">",
    "</script><script>document.title='taken'</script>",
    "javascript:document.title='taken'",
    "\u202egpj.exe\u2066 ok",
    "{{constructor.constructor('document.title=1')()}}",
    "A" * 255,
]


def test_names_from_data_are_never_more_than_text(person: Person, visiting: Visiting) -> None:
    names = list(enumerate(HOSTILE))
    account = [{"_id": f"a{n}", "label": name, "institutionLabel": name, "balance": n} for n, name in names]
    day = {"date": "2026-03-05", "account": "a0"}
    operation = [
        {"_id": f"o{n}", "label": name, "originalBankLabel": name, "amount": -10 - n, **day} for n, name in names
    ]
    bill = [{"_id": f"b{n}", "vendor": name, "date": "2026-03-04", "amount": 10 + n} for n, name in names]
    person.give({ACCOUNTS: account, OPERATIONS: operation, BILLS: bill})
    person.settle()
    visit = visiting(person)
    page = visit.open("money")
    expect(_rows(page)).to_have_count(len(HOSTILE))
    for at, name in enumerate(HOSTILE):
        page.goto(person.address("money", f"?operation=o{at}"))
        side = page.get_by_role("complementary", name="L’opération")
        expect(side).to_contain_text(name if name != HOSTILE[-1] else re.compile("A{200}"), ignore_case=True)
    visit.check("money-hostile")
    visit.allow("%3Cb%3E")  # an operation that is not there is answered with 404
    page.goto(person.address("money", "?search=%3Cimg%20src%3Dx%3E&month=<b>&view=<b>&operation=<b>&account=<b>"))
    expect(page.get_by_role("main")).to_be_visible()
    visit.settle()
    assert page.title() == "Argent - Alcove"
    assert page.locator("img[src=x]").count() == 0
