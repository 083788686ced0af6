"""Who must hear of every change: runs the registered followers over every store, from where each had come.

A follower is one task per store that is behind: it hands over changes in order, moves the durable cursor when the
handler has returned, and ends when it has caught up; the next commit starts it again. An idle server has no task.
A commit that a follower does not want moves its cursor in memory alone; such cursors are saved together, once a second.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from alcove.base.errors import NotFound, Unavailable
from alcove.base.sqlite import SERVER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    from alcove.documents.model import Change, Follower
    from alcove.documents.service import StoredDocuments

_log = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
"""Seconds to wait after a handler failed for the first time; doubled each time after."""
LONGEST_PAUSE = 300.0
"""Seconds between two tries at the most."""
GATHER = 0.02
"""Seconds between a commit and the look at the store: under load many commits are then one batch and one cursor."""
LAG = 1.0
"""Seconds that a cursor which passed over unwanted commits may stay unsaved."""
LOOK = 0.05
"""Seconds between two looks at a cursor that another process moves."""
HANDS = 8
"""Stores that are caught up at the same time after the start."""
LONGEST_LOOK = 10.0
"""Seconds after which a store that is far behind holds the others up no more."""
GRACE = 10.0
"""Seconds that handlers have to end when following stops."""


class StoreFollowers:
    """`Followers` over the stores of this process. `tenants` lists those that exist, asked once at the start.

    `shared` says that another process may follow in the place of this one, which then has not been started.
    """

    def __init__(
        self,
        documents: StoredDocuments,
        followers: Callable[[], Iterable[Follower]],
        tenants: Callable[[], Awaitable[list[str]]],
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        gather: float = GATHER,
        lag: float = LAG,
        shared: bool = False,
    ) -> None:
        self._documents = documents
        self._followers = followers
        self._tenants = tenants
        self._pause = pause
        self._gather = gather
        self._lag = lag
        self._shared = shared
        self._known: dict[str, Follower] = {}
        self._running = dict[tuple[str, str], asyncio.Task[None]]()
        self._pausing = set[tuple[str, str]]()
        self._again = set[tuple[str, str]]()
        self._reached: dict[str, dict[str, int]] = {}
        self._unsaved: dict[str, set[str]] = {}
        self._saving: asyncio.Task[None] | None = None
        self._hands: list[asyncio.Task[None]] = []
        self._unwatch: Callable[[], None] | None = None
        self._unmourn: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Follows every commit from now on, and catches up in every store that is behind."""
        self._known = {follower.name: follower for follower in self._followers()}
        self._unwatch = self._documents.watch(self._heard)
        self._unmourn = self._documents.on_destroy(self._forget)
        waiting = iter(await self._tenants())
        self._hands = [asyncio.create_task(self._catch_up(waiting)) for _ in range(HANDS)]

    async def _catch_up(self, waiting: Iterator[str]) -> None:
        """Wakes all followers of one store after the other: thousands at once would open and close files for ever."""
        for tenant in waiting:
            for follower in self._known.values():
                self._wake(tenant, follower)
            if tasks := [task for (store, _), task in self._running.items() if store == tenant]:
                await asyncio.wait(tasks, timeout=LONGEST_LOOK)

    async def stop(self) -> None:
        """Ends after the batch at hand; what is left is handled after the next start."""
        for hand in self._hands:
            hand.cancel()
        await asyncio.gather(*self._hands, return_exceptions=True)
        if self._unwatch is not None:
            self._unwatch()
            self._unmourn()
            self._unwatch = None
        for key in self._pausing:
            self._running[key].cancel()
        tasks = list(self._running.values())
        if tasks:
            _done, late = await asyncio.wait(tasks, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._saving is not None:
            self._saving.cancel()
            await asyncio.gather(self._saving, return_exceptions=True)
            await self._save()

    async def settle(self, tenant: str, name: str) -> int:
        """Waits until that follower has handled everything committed so far; answers its sequence number.

        Raises `LookupError` for an unknown follower, `Unavailable` when following has stopped meanwhile.
        """
        follower = self._known.get(name) or next((one for one in self._followers() if one.name == name), None)
        if follower is None:
            raise LookupError(f"no follower is called {name}")
        last = await self._documents.last_seq(tenant)
        if self._shared and self._unwatch is None:
            return await self._settled_elsewhere(tenant, name, last)
        self._wake(tenant, follower)
        while (cursor := await self._cursor(tenant, name)) < last:
            task = self._running.get((tenant, name))
            if task is None:
                raise Unavailable(f"{name} follows no more")
            await asyncio.wait([task])
        return cursor

    async def _settled_elsewhere(self, tenant: str, name: str, last: int) -> int:
        while (cursor := await self._documents.cursor(tenant, name)) < last:  # noqa: ASYNC110 - nobody here moves it
            await asyncio.sleep(LOOK)
        return cursor

    def _heard(self, changes: Sequence[Change]) -> None:
        tenant = changes[-1].tenant
        types = {change.document.type for change in changes}
        for follower in self._known.values() if tenant != SERVER else ():
            if (not follower.doctypes or follower.doctypes & types) and not self._pass_over(follower, changes):
                self._wake(tenant, follower)

    def _pass_over(self, follower: Follower, changes: Sequence[Change]) -> bool:
        """Moves the cursor of a follower over a commit that it does not want, if it has come that far."""
        tenant, first, last = changes[-1].tenant, changes[0].seq, changes[-1].seq
        reached = self._reached.get(tenant, {}).get(follower.name)
        if reached is None or (tenant, follower.name) in self._running:
            return False
        if reached >= last:
            return True
        if reached != first - 1 or follower.wants is None or follower.wants(tenant, changes):
            return False
        self._reached[tenant][follower.name] = last
        self._unsaved.setdefault(tenant, set()).add(follower.name)
        if self._saving is None:
            self._saving = asyncio.ensure_future(self._save_later())
        return True

    async def _save_later(self) -> None:
        while self._unsaved:
            await asyncio.sleep(self._lag)
            await self._save()
        self._saving = None  # nothing is awaited after the last look: what comes now starts it again

    async def _save(self) -> None:
        for tenant in list(self._unsaved):
            names = self._unsaved.pop(tenant, set())
            # A follower that runs saves its own cursor, which must never be put back.
            reached = {name: self._reached[tenant][name] for name in names if (tenant, name) not in self._running}
            if not reached:
                continue
            try:
                await self._documents.move_cursors(tenant, reached)
            except (NotFound, Unavailable):
                _log.debug("%s has no store any more", tenant)
            except Exception:
                _log.exception("the cursors of %s could not be saved", tenant)  # they are behind, and saved later

    async def _cursor(self, tenant: str, name: str) -> int:
        """How far a follower has come: what is known here, else what was saved. Raises when the store is gone."""
        return max(await self._documents.cursor(tenant, name), self._reached.get(tenant, {}).get(name, 0))

    def _forget(self, tenant: str) -> None:
        self._reached.pop(tenant, None)
        self._unsaved.pop(tenant, None)
        # At once, and not when they have ended: a new store of the same name starts from its own beginning.
        for key in [key for key in self._running if key[0] == tenant]:
            self._running.pop(key).cancel()

    def _wake(self, tenant: str, follower: Follower) -> None:
        key = (tenant, follower.name)
        if key in self._running:
            self._again.add(key)
        elif self._unwatch is not None:
            self._running[key] = asyncio.ensure_future(self._run(tenant, follower))

    async def _run(self, tenant: str, follower: Follower) -> None:
        try:
            await asyncio.sleep(self._gather)
            await self._follow(tenant, follower)
        except (NotFound, Unavailable):
            self._again.discard((tenant, follower.name))
            _log.debug("%s has no store any more", tenant)  # it was removed: there is nothing to follow
        except Exception:
            _log.exception("follower %s ended in %s", follower.name, tenant)
        finally:
            if self._running.get((tenant, follower.name)) is asyncio.current_task():
                del self._running[tenant, follower.name]
                if (tenant, follower.name) in self._again:
                    self._wake(tenant, follower)

    async def _follow(self, tenant: str, follower: Follower) -> None:
        cursor = await self._cursor(tenant, follower.name)
        while self._unwatch is not None and cursor < (last := await self._last(tenant, follower)):
            changes = await self._documents.changes(tenant, cursor, follower.batch, follower.doctypes)
            if changes:
                await self._hand_over(tenant, follower, changes)
            reached = changes[-1].seq if changes else 0
            # After a batch that is not full, what lies before `last` was written to other types.
            cursor = reached if len(changes) >= follower.batch else max(last, reached)
            await self._documents.move_cursors(tenant, {follower.name: cursor})
        self._reached.setdefault(tenant, {})[follower.name] = cursor

    async def _last(self, tenant: str, follower: Follower) -> int:
        self._again.discard((tenant, follower.name))  # a commit after this may not be in the answer: it says so again
        return await self._documents.last_seq(tenant)

    async def _hand_over(self, tenant: str, follower: Follower, changes: Sequence[Change]) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await follower.handle(tenant, changes)
            except Exception:
                said = "follower %s failed in %s at change %s; next try in %s s"
                _log.exception(said, follower.name, tenant, changes[0].seq, pause)
            else:
                return
            await self._documents.cursor(tenant, follower.name)  # raises when the store was removed meanwhile
            await self._rest(tenant, follower, pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _rest(self, tenant: str, follower: Follower, seconds: float) -> None:
        if self._unwatch is None:
            raise Unavailable("following has stopped")
        self._pausing.add((tenant, follower.name))
        try:
            await self._pause(seconds)
        finally:
            self._pausing.discard((tenant, follower.name))
