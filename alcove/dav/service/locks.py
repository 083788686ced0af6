"""Taking, refreshing and giving back locks. They are kept with the instance: a restart ends none of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alcove.dav import store
from alcove.dav.errors import LockConflict, NoSuchLock, TooManyLocks
from alcove.dav.model.locks import Lock, standing_against
from alcove.dav.model.paths import below, href

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from alcove.base.clock import Clock
    from alcove.dav.model.paths import Names
    from alcove.documents import Documents, Tx
    from alcove.instances import Instance

MOST = 1000
"""Locks of an instance at the most."""


class Locks:
    """The locks of every instance."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock

    async def of(self, instance: Instance, tree: str) -> list[Lock]:
        """The locks on a tree."""
        held = await store.locks(self._documents, instance.key, self._now())
        return [lock for lock in held if lock.tree == tree]

    async def take(self, instance: Instance, lock: Lock) -> Lock:
        """Takes a lock from now on. Raises `LockConflict`, `TooManyLocks`."""
        taken = replace(lock, until=self._now() + lock.seconds)

        async def unit(tx: Tx) -> None:
            held, rev = await store.locks_within(tx, self._now())
            mine = [other for other in held if other.tree == lock.tree]
            against = standing_against(mine, lock.names, deep=lock.deep, exclusive=lock.exclusive)
            if against:
                raise LockConflict(roots(against))
            if len(held) >= MOST:
                raise TooManyLocks
            await store.keep_locks(tx, [*held, taken], rev)

        await self._documents.work(instance.key, unit)
        return taken

    async def refresh(
        self, instance: Instance, tree: str, names: Names, tokens: Collection[str], seconds: int
    ) -> Sequence[Lock]:
        """Lets the locks of these tokens on a resource last as long from now on. Raises `NoSuchLock`."""

        def renewed(lock: Lock) -> Lock:
            if lock.tree == tree and lock.token in tokens and lock.covers(names):
                return replace(lock, seconds=seconds, until=self._now() + seconds)
            return lock

        before, after = await self._change(instance, lambda held: [renewed(lock) for lock in held])
        touched = [new for old, new in zip(before, after, strict=True) if old is not new]
        if not touched:
            raise NoSuchLock
        return touched

    async def release(self, instance: Instance, tree: str, names: Names, token: str) -> None:
        """Gives a lock back, by any resource that it covers. Raises `NoSuchLock`."""

        def kept(held: list[Lock]) -> list[Lock]:
            return [lock for lock in held if not (lock.tree == tree and lock.token == token and lock.covers(names))]

        before, after = await self._change(instance, kept)
        if len(before) == len(after):
            raise NoSuchLock

    async def forget(self, instance: Instance, tree: str, top: Names) -> None:
        """Ends the locks on a resource that is gone from there, and on all that was in it."""
        await self._change(
            instance, lambda held: [lock for lock in held if lock.tree != tree or not below(lock.names, top)]
        )

    async def _change(
        self, instance: Instance, change: Callable[[list[Lock]], list[Lock]]
    ) -> tuple[list[Lock], list[Lock]]:
        async def unit(tx: Tx) -> tuple[list[Lock], list[Lock]]:
            held, rev = await store.locks_within(tx, self._now())
            after = change(held)
            if after != held:
                await store.keep_locks(tx, after, rev)
            return held, after

        return await self._documents.work(instance.key, unit)

    def left(self, lock: Lock) -> int:
        """Seconds that a lock still lasts."""
        return max(0, round(lock.until - self._now()))

    def _now(self) -> float:
        return self._clock.now().timestamp()


def roots(locks: Sequence[Lock]) -> list[str]:
    """The addresses that locks were taken on."""
    return [href(lock.base, lock.names, collection=False) for lock in locks]
