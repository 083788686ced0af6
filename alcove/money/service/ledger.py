"""Keeps the links and the categories of every place true while bills and operations come, change and go."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager, suppress
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from alcove.base.clock import rfc3339
from alcove.base.errors import NotFound, Unavailable
from alcove.money.categories import Sorter
from alcove.money.linking import Book, Ground, profiles_of
from alcove.money.model import ACCOUNTS, BILLS, LINKS, MODELS, OPERATIONS, RECURRENCES, Bill, Operation
from alcove.money.service import planning
from alcove.money.service.picture import Picture, read_news
from alcove.money.service.recurrences import Recurrences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from alcove.base.clock import Clock
    from alcove.documents import Change
    from alcove.money.categories import Sorting
    from alcove.money.linking import Decisions, Due, Profile
    from alcove.money.links import Link
    from alcove.money.service.picture import News
    from alcove.money.store import Shelf

log = logging.getLogger("alcove.money")

P = ParamSpec("P")
T = TypeVar("T")

FEW = 64
"""Changes up to which only what is near them is linked at once; all of it follows when it has become quiet."""
QUIET = 2.0
"""Seconds without a change after which all is linked again, at the least."""
SHARE = 10
"""A pass over all of it takes at most one part in so many of the time, so that a long import is not slowed down."""
MOST = 150_000
"""Operations of all places that are kept in memory between two changes."""
IDLE = 600.0
"""Seconds after which a place that nothing happens in is forgotten."""
COUNTS = "counts"
"""The id of the document that holds a place's counts."""


class Held:
    """One place in memory: its picture, what is known about its vendors, its categories, and what comes back."""

    def __init__(self) -> None:
        self.picture = Picture()
        self.profiles: dict[str, Profile] = {}
        self.sorter = Sorter()
        self.recurrences = Recurrences()
        self.decisions: Decisions = self.picture.decisions()
        self.counts: dict[str, int] = {}
        self.ground = Ground((), ())
        self.behind = False
        """Whether something was linked only with what is near it since the last pass over all."""
        self.took = 0.0
        """Seconds that the last pass over all of it took."""
        self.ended = 0.0
        """When it ended, on the clock of the event loop."""

    @property
    def size(self) -> int:
        """How many documents there are to think about."""
        return len(self.picture.operations) + len(self.picture.bills)


class Ledger:
    """Links and sorts. One thing at a time in each place; the work itself is done in a thread."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock
        self._held: dict[str, Held] = {}
        self._at_work: dict[str, Held] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._dues: dict[str, asyncio.TimerHandle] = {}
        self._settling: set[asyncio.Task[None]] = set()
        self._hurries: dict[str, int] = {}
        self._resting: dict[str, asyncio.Event] = {}
        self._closing = False

    # -- verbs ----------------------------------------------------------------------------------------------------

    async def follow(self, tenant: str, changes: Sequence[Change]) -> None:
        """Handles changes of bills, operations and links; doing so again changes nothing.

        Many changes at once wait until the last pass over all is some time ago: what comes meanwhile goes with them.
        """
        async with self._lock(tenant):
            held = self._held.pop(tenant, None)  # when this fails half-way, the next try begins with what is stored
            if held is None:
                await self._whole(tenant, await self._load(tenant))
                return
            news = await _off(len(changes), read_news, held.picture, changes)
            held.recurrences.hear(held.picture, news)
            if not news:
                self._keep(tenant, held)
            elif len(news) <= FEW:
                await self._near(tenant, held, news)
            else:
                await self._rest_until(tenant, held.ended + held.took * SHARE)
                await self._whole(tenant, held, news)

    async def settle(self, tenant: str) -> None:
        """Links everything anew if only what is near the last changes was linked since that was done."""
        async with self._lock(tenant):
            held = self._held.get(tenant)
            if held is not None and held.behind:
                del self._held[tenant]
                await self._whole(tenant, held)

    @contextmanager
    def hurried(self, tenant: str) -> Iterator[None]:
        """As long as it lasts nothing waits in that place: somebody is waiting for what linking finds."""
        self._hurries[tenant] = self._hurries.get(tenant, 0) + 1
        with suppress(KeyError):
            self._resting[tenant].set()
        try:
            yield
        finally:
            self._hurries[tenant] -= 1
            if not self._hurries[tenant]:
                del self._hurries[tenant]

    async def relink(self, tenant: str) -> None:
        """Links and sorts everything anew, from what is stored."""
        async with self._lock(tenant):
            await self._whole(tenant, await self._load(tenant))

    def known(self, tenant: str) -> Held | None:
        """What is in memory of a place, while it is worked on too: to be read at once, not to be kept or changed."""
        return self._held.get(tenant) or self._at_work.get(tenant)

    async def counts(self, tenant: str) -> dict[str, int]:
        """How many accounts, operations and bills there are; bills linked, to confirm, unlinked; operations sorted."""
        found = {
            "accounts": await self._shelf.count(tenant, ACCOUNTS),
            "operations": await self._shelf.count(tenant, OPERATIONS),
            "bills": await self._shelf.count(tenant, BILLS),
        }
        stored = await self._shelf.get(tenant, MODELS, COUNTS)
        fields = stored.fields() if stored else {}
        said = {name: int(fields.get(name, 0)) for name in ("linked", "to_confirm", "unlinked", "categorised")}
        return {**found, **said}

    def forget(self, tenant: str) -> None:
        """Lets go of what is in memory of a place."""
        self._held.pop(tenant, None)
        self._locks.pop(tenant, None)
        for timers in (self._timers, self._dues):
            timer = timers.pop(tenant, None)
            if timer is not None:
                timer.cancel()

    async def close(self) -> None:
        """Lets go of everything; what waits goes on at once, and what is under way comes to its end."""
        self._closing = True
        for event in self._resting.values():
            event.set()
        for tenant in [*self._timers, *self._dues]:
            self.forget(tenant)
        if self._settling:
            await asyncio.wait(self._settling)
        self._held.clear()

    # -- memory ---------------------------------------------------------------------------------------------------

    def _lock(self, tenant: str) -> asyncio.Lock:
        return self._locks.setdefault(tenant, asyncio.Lock())

    async def _load(self, tenant: str) -> Held:
        held = Held()
        for doctype in (BILLS, LINKS, RECURRENCES, OPERATIONS):
            async for page in self._shelf.pages(tenant, doctype):
                await _off(len(page), held.picture.read, doctype, page)
        return held

    def _keep(self, tenant: str, held: Held) -> None:
        self._held.pop(tenant, None)
        self._held[tenant] = held
        while len(self._held) > 1 and sum(len(h.picture.operations) for h in self._held.values()) > MOST:
            del self._held[next(iter(self._held))]
        timer = self._timers.pop(tenant, None)
        if timer is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[tenant] = loop.call_later(IDLE, self._rest, tenant)

    def _rest(self, tenant: str) -> None:
        self._timers.pop(tenant, None)
        self._held.pop(tenant, None)

    # -- work -----------------------------------------------------------------------------------------------------

    async def _whole(self, tenant: str, held: Held, news: Sequence[News] | None = None) -> Held:
        """Everything anew, from the picture; `news` are all that came since it was last considered."""
        begin = perf_counter()
        self._at_work[tenant] = held
        try:
            links, sortings = await _off(held.size, think, held, news)
            held.took, held.behind = perf_counter() - begin, False
            await self._write(tenant, held, planning.edits(held.picture, links), sortings)
        finally:
            del self._at_work[tenant]
        held.ended = asyncio.get_running_loop().time()
        return held

    async def _near(self, tenant: str, held: Held, news: Sequence[News]) -> None:
        """What is near the news at once; all of it when it has been quiet for a while."""
        plan, sortings = await _off(held.size, consider, held, news)
        held.behind = True
        await self._write(tenant, held, plan, sortings)
        due = self._dues.pop(tenant, None)
        if due is not None:
            due.cancel()
        quiet = max(QUIET, held.took * SHARE)
        self._dues[tenant] = asyncio.get_running_loop().call_later(quiet, self._settle_soon, tenant)

    def _settle_soon(self, tenant: str) -> None:
        self._dues.pop(tenant, None)
        task = asyncio.ensure_future(self._settle_quietly(tenant))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _settle_quietly(self, tenant: str) -> None:
        try:
            await self.settle(tenant)
        except (NotFound, Unavailable):
            log.debug("%s has no store any more", tenant)
        except Exception:
            log.exception("linking of %s failed; it is done anew with the next change", tenant)

    async def _rest_until(self, tenant: str, moment: float) -> None:
        """Waits for that moment of the loop's clock, or until somebody waits for linking."""
        wait = moment - asyncio.get_running_loop().time()
        if wait <= 0 or self._closing or tenant in self._hurries:
            return
        event = self._resting[tenant] = asyncio.Event()
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), wait)
        self._resting.pop(tenant, None)

    async def _write(self, tenant: str, held: Held, plan: planning.Plan, sortings: Mapping[str, Sorting]) -> None:
        # The picture first: when writing fails, it is read again from what is stored.
        await _off(len(plan.edits) + len(sortings), apply, held, plan, sortings)
        moves = await _off(held.recurrences.waiting(held.picture), held.recurrences.due, held.picture)
        await self._shelf.keep_recurrences(tenant, moves.puts)
        edits = planning.joined(plan.edits, sortings, moves.operations)
        await self._shelf.write(tenant, edits, rfc3339(self._clock.now()))
        await self._shelf.drop_recurrences(tenant, moves.drops)
        counts = await _off(held.size, held.picture.counts)
        if counts != held.counts:
            await self._shelf.set_fields(tenant, MODELS, COUNTS, counts)
            held.counts = counts
        self._keep(tenant, held)


async def _off(size: int, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs it in a thread when there is much to do, else at once."""
    return await asyncio.to_thread(fn, *args, **kwargs) if size > FEW else fn(*args, **kwargs)


def think(held: Held, news: Sequence[News] | None = None) -> tuple[dict[str, Link], dict[str, Sorting]]:
    """All links that should be there, and all categories that should be other than they are.

    Operations are put in order anew, since links change what they say; of the bills only those of the `news`.
    """
    picture = held.picture
    held.decisions = picture.decisions()
    operations = [picture.plain(operation) for operation in picture.operations.values()]
    if news is None:
        held.ground = Ground(picture.bills.values(), operations)
    else:
        held.ground.book = Book(operations)
        for item in news:
            _move_bill(held.ground.due, item)
    held.profiles = profiles_of(picture.bills.values(), operations, held.decisions, held.ground.book)
    links = planning.wanted(picture, operations, held.ground, held.decisions, held.profiles)
    held.sorter.learn(picture.operations, picture.sortings)
    return links, held.sorter.due(picture.operations, picture.sortings, picture.operations)


def consider(held: Held, news: Sequence[News]) -> tuple[planning.Plan, dict[str, Sorting]]:
    """What to write around a few news: the links of what is near them, and the categories of their operations."""
    picture = held.picture
    for item in news:
        if isinstance(item.before, Operation):
            held.ground.book.remove(item.before)
        if isinstance(item.after, Operation):
            held.ground.book.add(picture.plain(item.after))
        _move_bill(held.ground.due, item)
    held.decisions = picture.decisions()
    about = planning.touched(picture, news)
    held.profiles |= planning.learnt(picture, held.ground, about.bills, held.decisions)
    links, bills = planning.wanted_near(picture, held.ground, about, held.decisions, held.profiles)
    plan = planning.edits(picture, links, bills)
    return plan, held.sorter.due(picture.operations, picture.sortings, about.operations)


def _move_bill(due: Due, item: News) -> None:
    if isinstance(item.before, Bill):
        due.remove(item.before)
    if isinstance(item.after, Bill):
        due.add(item.after)


def apply(held: Held, plan: planning.Plan, sortings: Mapping[str, Sorting]) -> None:
    """Makes the picture what is about to be written: the changes that come back from it are then no news."""
    picture = held.picture
    held.recurrences.touch(picture, (link.operation for i in plan.links if (link := picture.links.get(i)) is not None))
    before = {edit.operation: picture.told(edit.operation) for edit in plan.edits}
    for ident, link in plan.links.items():
        picture.take_link(ident, link)
    for ident, was in before.items():
        operation = picture.operations.get(ident)
        if operation is not None:
            now = picture.told(ident)
            named = (set(operation.bills) - (was - now)) | now
            picture.operations[ident] = replace(operation, bills=tuple(sorted(named)))
    picture.sortings.update(sortings)
    held.recurrences.touch(picture, (link.operation for link in plan.links.values() if link is not None))
    held.recurrences.touch(picture, sortings)
