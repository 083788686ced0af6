"""The watch itself: what goes wrong in a page is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from browser.server import Person
    from browser.tests.conftest import Visiting


def test_what_goes_wrong_in_a_page_is_kept(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("money")
    visit.settle()
    assert visit.faults == []
    page.evaluate("() => console.error('told')")
    page.evaluate("() => { setTimeout(() => { throw new Error('thrown late') }) }")
    page.evaluate("() => { Promise.reject(new Error('rejected')) }")
    page.evaluate("() => fetch('http://127.0.0.1:9/else').catch(() => 0)")
    page.evaluate("() => { document.querySelector('main').innerHTML = '<img src=\"/icon.svg\">' }")
    violations = visit.violations()
    page.goto(f"http://other.{person.domain.split('.', 1)[1]}/")
    visit.allow("")
    kept = "\n".join(visit.faults)
    assert "console: told" in kept
    assert "thrown late" in kept
    assert "rejected" in kept
    assert "127.0.0.1:9/else" in kept, "the policy of the page forbids it, and says so"
    assert "another origin: http://other.localhost" in kept
    assert any("image-alt" in one for one in violations)
