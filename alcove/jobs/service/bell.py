"""Waking a loop that waits for time to pass or for something to happen, whichever comes first."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from alcove.base.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger("alcove.jobs")

AFTER_FAILURE = 5.0
"""Seconds to wait when a round failed as a whole (the disk is full, say)."""


WHILE_AWAY = 1.0
"""Seconds to wait while the database is away."""


class Bell:
    """Rung when there is something to do; it stays rung until somebody waited for it."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wakes whoever waits, now or next."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Waits until it is rung, `seconds` at the most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()


async def keep(tick: Callable[[], Awaitable[float]], bell: Bell, longest: float) -> None:
    """Calls `tick` for ever; it answers how many seconds it can wait, `longest` at the most.

    A round that fails is logged and tried again.
    """
    while True:
        try:
            rest = await tick()
        except Unavailable as refusal:  # who is away has said so
            log.debug("a round of jobs is put off: %s", refusal)
            rest = WHILE_AWAY
        except Exception:
            log.exception("a round of jobs failed")
            rest = AFTER_FAILURE
        await bell.wait(min(rest, longest))
