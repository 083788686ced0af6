"""The worker that hands mails over."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from alcove.base.crypto import SealBroken
from alcove.jobs import NoRetry, Worker
from alcove.outbox.errors import PostRefused

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.jobs import Running
    from alcove.outbox.post import Post
    from alcove.outbox.store import Waiting

ATTEMPTS = 12
"""With pauses of 15 seconds, doubled each time up to an hour: a mail server may be away for half a day."""
FIRST_PAUSE = 15.0

log = logging.getLogger("alcove.outbox")


class Tasks:
    """Does the jobs of the worker `mail`. The job's id is that of the mail."""

    def __init__(self, waiting: Waiting, post: Post, clock: Clock) -> None:
        self._waiting = waiting
        self._post = post
        self._clock = clock

    def worker(self) -> Worker:
        """How mails are sent. Only the server itself pushes such jobs: nobody can have it write to strangers."""
        return Worker(
            self.send, max_attempts=ATTEMPTS, timeout_s=120, concurrency=2, reserved=True, backoff_s=FIRST_PAUSE
        )

    async def send(self, running: Running) -> None:
        """Hands one mail over. Run again after a crash, it may be sent twice: with the same Message-ID."""
        kind = str((running.message or {}).get("kind", ""))
        until = (running.message or {}).get("until")
        try:
            mail = await self._waiting.read(running.id)
        except SealBroken:
            raise NoRetry("This mail was sealed with another key than this server's") from None
        if mail is None:
            return
        if until and datetime.fromisoformat(until) <= self._clock.now():
            await self._waiting.drop(running.id)
            raise NoRetry("It came too late: what this mail is for is over")
        await running.heartbeat()
        try:
            await self._post.hand_over(mail)
        except PostRefused as error:
            raise NoRetry(str(error)) from None
        await self._waiting.drop(running.id)
        log.info("a mail was handed over", extra={"job": running.id, "kind": kind, "attempt": running.attempt})
