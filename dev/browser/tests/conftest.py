"""A server and a browser for all tests of pages, and a visit for each; whatever goes wrong in a page fails its test."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING

import alcove_sample
import pytest
from playwright.sync_api import expect

import web as pages
from browser.chromium import chromium, program
from browser.server import Server
from browser.visit import AXE, PATIENCE, PICTURES, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from browser.server import Person

    Visiting = Callable[[Person], Visit]

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of pages go to one worker: they share a server and a browser.

    On the machine that decides whether a change lands, one that failed is tried once more, and the summary names it: a
    browser, a server and other tests share its processors, and chance there must not hold up a change. Here at home
    nothing is tried twice: what fails by chance is a fault of the page or of the test, and wants mending.
    """
    again = pytest.mark.flaky(reruns=1)
    for item in items:
        if item.path.is_relative_to(HERE):
            if os.environ.get("CI") == "true":
                item.add_marker(again)
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.slow(reason="a real browser opens pages of a real server"))
            item.add_marker(pytest.mark.timeout(300))


# Of the package, not of the session: Playwright keeps an event loop running, which asynchronous tests cannot stand.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = program()
    if path is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    if not pages.fresh() or not AXE.exists():
        pytest.skip("the pages are not built: python dev/web.py --force")
    expect.set_options(timeout=PATIENCE)
    with chromium(path) as opened:
        yield opened


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one = Server(tmp_path_factory.mktemp("alcove"))
    one.start()
    yield one
    one.stop()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server of one test, not started yet: it may be stopped, and nobody was there before."""
    one = Server(tmp_path / "home")
    yield one
    one.stop()


_numbers = itertools.count(1)


@pytest.fixture
def person(server: Server) -> Person:
    """Somebody new, whose instance is empty."""
    return server.person(f"p{next(_numbers)}")


@pytest.fixture(scope="package")
def household() -> alcove_sample.Household:
    return alcove_sample.make(5, years=1, operations=600, bills=100)


@pytest.fixture(scope="package")
def settled(server: Server, household: alcove_sample.Household) -> Person:
    """Somebody with a year of operations and bills. Tests that share it only look."""
    somebody = server.person("foyer")
    somebody.live(household)
    return somebody


@pytest.fixture
def householder(server: Server, household: alcove_sample.Household) -> Person:
    """Somebody with a year of operations and bills, for one test to change."""
    somebody = server.person(f"p{next(_numbers)}")
    somebody.live(household)
    return somebody


@pytest.fixture
def visiting(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visiting]:
    """Opens a browser for a person. When the test is over, nothing may have gone wrong in any of them."""
    visits: list[Visit] = []

    def visit(somebody: Person) -> Visit:
        context = browser.new_context(
            locale="fr-FR",
            timezone_id="Europe/Paris",
            viewport={"width": 1440, "height": 900},
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        visits.append(Visit(context, somebody))
        return visits[-1]

    yield visit
    broken = request.node.stash.get(_failed, False)
    for number, visited in enumerate(visits):
        if broken:
            PICTURES.mkdir(exist_ok=True)
            visited.page.screenshot(path=PICTURES / f"failed-{request.node.name}-{number}.png")
        visited.context.close()
    faults = [fault for visited in visits for fault in visited.unexpected()]
    assert not faults, "\n".join(faults)


_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keeps whether the test itself failed: then the picture of its page is worth having."""
    report = yield
    if report.when == "call":  # type: ignore[attr-defined]
        item.stash[_failed] = report.failed  # type: ignore[attr-defined]
    return report
