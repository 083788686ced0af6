"""Money with much in it, to be measured."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import alcove_sample

from browser.measuring import Subject, click

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from browser.measuring import Act
    from browser.server import Person, Server

NAME = "much"
LIST = "[role=listbox]"
ROW = f"{LIST} [role=option]"


def fill(server: Server, operations: int) -> Person:
    """The person with that much, made unless they are there from another time."""
    domain = f"{NAME}.localhost:{server.port}"
    known = {record["domain"] for record in server.operator.instances()}
    if domain in known:
        person = server.known(domain)
        person.settle()
        return person
    begun = time.perf_counter()
    household = alcove_sample.make(1, years=10, operations=operations, bills=operations // 10)
    made = time.perf_counter()
    person = server.person(NAME)
    person.live(household)
    print(f"invented in {made - begun:.0f} s, written and linked in {time.perf_counter() - made:.0f} s")
    return person


def selected(page: Page) -> None:
    """Waits for an opened operation."""
    page.locator("#category").wait_for()


def cleared(page: Page) -> None:
    """Waits until the search is over, and leaves its field: keys are the page's again."""
    page.get_by_role("heading", name="« assurance »").wait_for(state="detached")
    page.get_by_role("searchbox").press("Escape")


ACTS: dict[str, Act] = {
    "open by click": (lambda page: click(page.locator(ROW).nth(12)), selected),
    "next by key": (lambda page: page.keyboard.press("j"), selected),
    "close": (
        lambda page: page.keyboard.press("Escape"),
        lambda page: page.locator("#category").wait_for(state="detached"),
    ),
    "month before": (lambda page: page.keyboard.press("["), lambda page: page.locator(ROW).first.wait_for()),
    "one account": (
        lambda page: click(page.locator("aside button[aria-pressed=false]").nth(0)),
        lambda page: page.locator(ROW).first.wait_for(),
    ),
    "all accounts": (
        lambda page: click(page.locator("aside button").first),
        lambda page: page.locator(ROW).first.wait_for(),
    ),
    "search": (
        lambda page: page.get_by_role("searchbox").press_sequentially("assurance", delay=30),
        lambda page: page.get_by_role("heading", name="« assurance »").wait_for(),
    ),
    "search cleared": (
        lambda page: page.get_by_role("searchbox").press("Escape"),
        cleared,
    ),
    "months": (lambda page: page.keyboard.press("m"), lambda page: page.locator("ol button").first.wait_for()),
    "as a table": (
        lambda page: click(page.get_by_role("button", name="En tableau")),
        lambda page: page.get_by_role("table").wait_for(),
    ),
    "queue": (lambda page: page.keyboard.press("c"), lambda page: page.locator(ROW).first.wait_for()),
    "next in queue": (lambda page: page.keyboard.press("j"), selected),
    "confirm": (lambda page: page.keyboard.press("y"), lambda page: page.get_by_text("Confirmé").first.wait_for()),
}
MONEY = Subject("money", fill, LIST, ROW, ACTS)
