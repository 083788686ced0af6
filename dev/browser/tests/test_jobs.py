"""What runs in the background, as a person sees it: what ran, why it failed, and running it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser.server import Person, Server
    from browser.tests.conftest import Visiting


def _ask(server: Server, person: Person, path: str, **attributes: Any) -> Any:
    """Asks as the command line does."""
    token = server.operator.token(person.domain, scope="io.cozy.jobs io.cozy.triggers")
    body = {"data": {"attributes": attributes}}
    return person.place.ask("POST", path, json=body, headers={"Authorization": f"Bearer {token}"})


def test_a_place_in_which_nothing_ran(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("jobs")
    expect(page.get_by_role("heading", name="Rien n’a encore tourné")).to_be_visible()
    visit.check("jobs-none")


def test_what_failed_tells_why_and_is_run_again(server: Server, person: Person, visiting: Visiting) -> None:
    wrong = {"mode": "nothing"}
    made = _ask(server, person, "/jobs/triggers", type="@weekly", worker="sendmail", message=wrong, arguments="")
    _ask(server, person, f"/jobs/triggers/{made['data']['id']}/launch")
    _ask(server, person, "/jobs/queue/log", arguments="bonjour", options={})
    visit = visiting(person)
    page = visit.open("jobs")
    ran = page.get_by_role("region", name="Ce qui a tourné").get_by_role("listitem")
    expect(ran).to_have_count(2)
    failed = ran.filter(has_text="Un mail d’une application")
    expect(failed).to_contain_text("échoué")
    expect(page.get_by_role("region", name="Ce qui tourne tout seul")).to_contain_text("chaque semaine")
    visit.check("jobs")
    page.keyboard.press("f")
    expect(ran).to_have_count(1)
    failed.get_by_role("button", name="Relancer").click()
    expect(page.get_by_text("C’est lancé.")).to_be_visible()
    expect(ran).to_have_count(2)
