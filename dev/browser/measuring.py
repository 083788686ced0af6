"""How long a page takes: its paints, its tasks, its interactions, with a processor as it is or slowed down.

All is what the browser itself reports (paint, event and long task timing), in time of the clock: nothing is traced, as
tracing would be measured too, and the machine has to be quiet.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from browser.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playwright.sync_api import Browser, CDPSession, Locator, Page

    from browser.server import Person, Server

    Act = tuple[Callable[[Page], object], Callable[[Page], object]]
    """What a person does, and how its answer is known."""

OPENINGS = 3
NOTCHES, NOTCH, PAUSE = 150, 120, 40
"""A wheel that is turned as fast as a finger can: so many notches, pixels of each, milliseconds between two."""
SETTLED = 500
"""Milliseconds after which a list that was scrolled stands still."""
WATCH = """
window.measured = {events: [], long: []};
new PerformanceObserver(list => measured.long.push(...list.getEntries().map(one => one.duration)))
  .observe({type: 'longtask', buffered: true});
new PerformanceObserver(list => measured.events.push(...list.getEntries().filter(one => one.interactionId)
  .map(one => one.duration))).observe({type: 'event', buffered: true, durationThreshold: 16});
"""
DRAWN = """
([list, tile, pixels, most]) => new Promise(done => {
  let box = document.querySelector(list)
  while (box.scrollHeight <= box.clientHeight || getComputedStyle(box).overflowY === 'visible') box = box.parentElement
  const { left, top, width, height } = box.getBoundingClientRect()
  const places = [0.1, 0.5, 0.9].flatMap(down => [0.2, 0.7].map(along => [left + width * along, top + height * down]))
  const said = { frames: 0, longest: 0, slow: 0, looked: 0, empty: 0, bare: 0, waited: 0 }
  const bare = () => places.filter(([x, y]) => {
    const at = document.elementFromPoint(x, y)?.closest(tile)
    return at && !at.querySelector('img[data-there]')
  }).length
  const begun = performance.now()
  let before = begun
  let ended = 0
  const frame = now => {
    const took = now - before
    before = now
    if (!ended) {
      said.frames += 1
      said.longest = Math.max(said.longest, took)
      if (took > 50) said.slow += 1
      if (said.frames % 5 === 0) {
        said.looked += places.length
        said.empty += places.filter(([x, y]) => {
          const at = document.elementFromPoint(x, y)
          return !at || at === box || at.parentElement === box
        }).length
        said.bare += bare()
      }
      const was = box.scrollTop
      // As far as a steady hand comes meanwhile: a late frame jumps.
      box.scrollTop = was + pixels * Math.min(200, took || 16) / 1000
      if ((box.scrollTop <= was && took > 0) || now - begun > most) ended = now
    } else if (bare() === 0 || now - ended > 20000) {
      said.waited = now - ended
      return done(said)
    }
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
})
"""
"""Draws a list of pictures through its window at a speed, from where it is towards its end. A place without any tile or
heading is empty, a tile without its picture bare; `waited` is how long the last ones stay bare at the end."""
SPEEDS = {4_000: 15_000, 25_000: 120_000}
"""Pixels of a second, and for how many milliseconds: a wheel turned fast, and a scrollbar dragged through the whole."""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def click(target: Locator) -> None:
    """A click of the mouse alone: Playwright's own looks at the page meanwhile, which would be measured too."""
    place = target.bounding_box()
    assert place is not None
    target.page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)


@dataclass(frozen=True, slots=True)
class Subject:
    """A page that is measured: its app, how a person comes to much in it, and what is done with it."""

    app: str
    fill: Callable[[Server, int], Person]
    """The person with that much, made unless they are there from another time."""
    list: str
    """The selector of what is in the element that scrolls."""
    row: str
    acts: Mapping[str, Act]
    rest: str = ""
    """What the address says behind the app's host."""
    pictured: str = ""
    """The selector of a tile, where the list is one of pictures: then it is drawn through from end to end too."""


class Window:
    """One browser window whose processor is `throttle` times slower."""

    def __init__(self, browser: Browser, person: Person, throttle: float, state: Any) -> None:
        self.context = browser.new_context(locale="fr-FR", viewport={"width": 1440, "height": 900}, storage_state=state)
        self.context.set_default_timeout(120_000)
        self.context.add_init_script(WATCH)
        self.visit = Visit(self.context, person)
        self.page: Page = self.visit.page
        session = self.context.new_cdp_session(self.page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": throttle})

    def opened(self, subject: Subject) -> dict[str, float]:
        """Opens the page with nothing cached: milliseconds to the first paint and to the first rows."""
        begun = time.perf_counter()
        self.page.goto(self.visit.person.address(subject.app, subject.rest))
        self.page.locator(subject.row).first.wait_for()
        rows = (time.perf_counter() - begun) * 1000
        return {"first paint": self.page.evaluate(PAINTED), "first rows": rows}

    def act(self, press: Callable[[Page], object], seen: Callable[[Page], object]) -> tuple[float, float, float]:
        """Milliseconds to the next picture, to the answer, and of the longest task (0: none was over 50)."""
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate("() => { measured.events = []; measured.long = [] }")
        begun = time.perf_counter()
        press(self.page)
        seen(self.page)
        answered = (time.perf_counter() - begun) * 1000
        self.page.evaluate("() => new Promise(next => setTimeout(next, 200))")  # the observers report late
        picture, longest = self.page.evaluate("() => [Math.max(0, ...measured.events), Math.max(0, ...measured.long)]")
        return picture, answered, longest

    def scrolled(self, subject: Subject) -> list[float]:
        """Milliseconds of each long task, over 50 ms of the clock as the browser itself reports them, of scrolling far.

        Nothing is traced meanwhile, and no layout is asked for: either would be measured too.
        """
        self.page.locator(subject.row).first.hover(force=True)  # what lies over it is moved over as well
        self.page.evaluate("() => { measured.long = [] }")
        for _ in range(NOTCHES):
            self.page.mouse.wheel(0, NOTCH)
            self.page.wait_for_timeout(PAUSE)
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(SETTLED)
        long: list[float] = self.page.evaluate("() => measured.long")
        return long

    def drawn(self, subject: Subject, pixels: int) -> dict[str, float]:
        """What is seen of a list of pictures that is drawn through from its beginning to its end at a speed.

        `work` is the main thread's own time for a frame in milliseconds, however busy the machine is. A late frame has
        more to do: it jumps further.
        """
        self.page.locator(subject.list).press("Home")
        self.page.wait_for_load_state("networkidle")
        session = self.context.new_cdp_session(self.page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = _counted(session)["TaskDuration"]
        said: dict[str, float] = self.page.evaluate(DRAWN, [subject.list, subject.pictured, pixels, SPEEDS[pixels]])
        said["work"] = (_counted(session)["TaskDuration"] - before) * 1000 / said["frames"]
        session.detach()
        return said

    def memory(self) -> dict[str, float]:
        """MB that scripts hold once what is not needed is gone, and nodes of the document."""
        session = self.context.new_cdp_session(self.page)
        session.send("HeapProfiler.collectGarbage")
        session.send("Performance.enable")
        said = _counted(session)
        return {"MB": said["JSHeapUsedSize"] / 1e6, "nodes": said["Nodes"]}


def _counted(session: CDPSession) -> dict[str, float]:
    """What the browser counts of a page."""
    return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}


def session(browser: Browser, person: Person, app: str) -> Any:
    """What a window needs to be one where the person is known."""
    context = browser.new_context()
    visit = Visit(context, person)
    visit.open(app)
    kept = visit.storage()
    context.close()
    return kept


def measure(browser: Browser, person: Person, subject: Subject, throttle: float) -> None:
    """Prints the figures of a page on one processor."""
    print(f"\n{subject.app}, the processor slowed down {throttle:g} times")
    state = session(browser, person, subject.app)
    paints = []
    for _ in range(OPENINGS):
        window = Window(browser, person, throttle, state)
        paints.append(window.opened(subject))
        if len(paints) < OPENINGS:
            window.context.close()
    for name in paints[0]:
        print(f"  {name:16} {statistics.median(one[name] for one in paints):7.0f} ms")
    window.page.wait_for_load_state("networkidle")
    long = window.scrolled(subject)
    print(f"  {'scrolling':16} {len(long):7} tasks over 50 ms, the longest {max(long, default=0):.0f} ms")
    for pixels in SPEEDS if subject.pictured else ():
        told = window.drawn(subject, pixels)
        print(f"  {f'{pixels} px/s':16} " + ", ".join(f"{name} {value:.3g}" for name, value in told.items()))
    held = window.memory()
    print(f"  {'scripts hold':16} {held['MB']:7.1f} MB, {held['nodes']:.0f} nodes")
    print(f"  {'':16} {'picture':>10} {'answer':>10} {'longest':>10}")
    for name, (press, seen) in subject.acts.items():
        times = window.act(press, seen)
        print(f"  {name:16}" + "".join(f"{one:8.0f} ms" for one in times), flush=True)
    for fault in window.visit.faults:
        print(f"  fault: {fault}")
    window.context.close()
