"""A page under watch: what it logs, throws and asks of others is kept, and judged at the end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

    from browser.server import Person

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
PICTURES = ROOT / ".screenshots"
WIDTHS = {360: 780, 768: 1024, 1440: 900}
"""The three screens, each with its height."""
SCHEMES = ("light", "dark")
PATIENCE = 45_000
"""Milliseconds that anything on a page may take on a machine that is busy with other things."""
LOCAL = ("blob:", "data:", "about:")

_VIOLATIONS = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map(
    one => one.id + ': ' + one.help + ' at ' + one.nodes.slice(0, 3).map(node => node.target.join(' ')).join(', '))"""
_SETTLED = """() => {
    const moves = one => one.playState === 'running' && one.effect.getTiming().iterations !== Infinity
    const moving = document.getAnimations().filter(moves)
    for (const one of moving) one.finish()  // what inherits from it may begin to move then: looked at again
    return moving.length === 0 && !document.querySelector('[aria-busy="true"]') && document.fonts.status === 'loaded'
}"""
_TURNED = """scheme => !document.querySelector('[data-mantine-color-scheme]')
    || document.documentElement.dataset.mantineColorScheme === scheme"""


class Visit:
    """A person's browser with one page. `page` is Playwright's; whatever goes wrong in it is in `faults`."""

    def __init__(self, context: BrowserContext, person: Person) -> None:
        self.context = context
        self.person = person
        self.faults: list[str] = []
        self._allowed: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", lambda told: self.faults.append(f"thrown: {told.error}"))
        context.on("request", self._ask)
        self.page: Page = context.new_page()

    def _hear(self, message: ConsoleMessage) -> None:
        address = message.location.get("url", "")
        if message.type in ("error", "assert"):
            self.faults.append(f"console: {message.text} ({address})")

    def _ask(self, request: Request) -> None:
        if request.url.startswith(LOCAL):
            return
        host = urlsplit(request.url).netloc
        if host != self.person.domain and not host.endswith(f".{self.person.domain}"):
            self.faults.append(f"asked of another origin: {request.url}")

    def allow(self, *patterns: str) -> None:
        """What this test provokes: faults that one of these expressions finds are none."""
        self._allowed += patterns

    def unexpected(self) -> list[str]:
        """The faults that no test provoked."""
        return [fault for fault in self.faults if not any(re.search(one, fault) for one in self._allowed)]

    def open(self, app: str, rest: str = "") -> Page:
        """Opens an app; whoever is not known yet logs in on the way."""
        self.page.goto(self.person.address(app, rest))
        if "/auth/login" in self.page.url:
            self.log_in(self.person.passphrase)
            self.page.wait_for_url(re.compile(rf"//{app}\."))
        expect(self.page.locator("main")).to_be_visible()
        return self.page

    def log_in(self, passphrase: str) -> None:
        """Sends the login page that is open, once it can hash what is typed."""
        self.page.locator("#passphrase").fill(passphrase)
        expect(self.page.locator("#login-form button[type=submit]")).to_be_enabled()
        self.page.locator("#passphrase").press("Enter")

    def settle(self) -> None:
        """Waits until nothing loads; what moves is taken to its end."""
        self.page.wait_for_function(_SETTLED)

    def violations(self) -> list[str]:
        """What axe finds wrong in the page as it is, in light and in dark."""
        found: list[str] = []
        for scheme in SCHEMES:
            self.scheme(scheme)
            if not self.page.evaluate("() => 'axe' in window"):
                self.page.evaluate(AXE.read_text("utf-8"))
            found += [f"{scheme}: {one}" for one in self.page.evaluate(_VIOLATIONS)]
        self.scheme("light")
        return found

    def scheme(self, scheme: str) -> None:
        """Turns the system light or dark, and waits until the page has followed."""
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        self.page.wait_for_function(_TURNED, arg=scheme)
        self.settle()

    def picture(self, name: str, schemes: Iterable[str] = SCHEMES) -> None:
        """Keeps pictures of the page at the three widths, and says whether any of them scrolls sideways."""
        PICTURES.mkdir(exist_ok=True)
        before = self.page.viewport_size
        for scheme in schemes:
            self.scheme(scheme)
            for width, height in WIDTHS.items():
                self.page.set_viewport_size({"width": width, "height": height})
                self.page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png")
                wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, f"{name} is {wide} px wider than a screen of {width}"
        self.scheme("light")
        if before:
            self.page.set_viewport_size(before)

    def check(self, name: str) -> None:
        """What every page must stand: axe finds nothing, no screen is too narrow; pictures are kept."""
        self.settle()
        found = self.violations()
        assert not found, "\n".join(found)
        self.picture(name)

    def storage(self) -> Any:
        """What another browser needs to go on as this one."""
        return self.context.storage_state()
