"""The worker that hands mails over."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from alcove.base.crypto import SealBroken
from alcove.instances import TooOften
from alcove.jobs import NoRetry, Worker
from alcove.outbox.errors import AddressWrong, MailUnset, PostRefused
from alcove.outbox.model import Letter
from alcove.outbox.service import HOURLY

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.instances import Instances, InstanceSettings
    from alcove.jobs import Running
    from alcove.outbox.post import Post
    from alcove.outbox.service import Outbox
    from alcove.outbox.store import Waiting

ATTEMPTS = 12
"""With pauses of 15 seconds, doubled each time up to an hour: a mail server may be away for half a day."""
FIRST_PAUSE = 15.0
SENDMAIL = "sendmail"
"""The worker that apps may push (contract-b section 6): what it sends goes to the person who lives here alone."""
LENGTH = 200_000
"""Characters of a part of such a mail at the most."""

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


class AppMails:
    """Does the jobs of the worker `sendmail`."""

    def __init__(self, outbox: Outbox, instances: Instances, settings: InstanceSettings) -> None:
        self._outbox = outbox
        self._instances = instances
        self._settings = settings

    def worker(self) -> Worker:
        """How apps mail their person."""
        return Worker(self.send, max_attempts=1, timeout_s=30, hourly=HOURLY.count)

    async def send(self, running: Running) -> None:
        """Takes `{mode: noreply, subject, parts: [{type, body}]}`; anything else is refused in the error of the job."""
        instance = self._instances.by_key(running.tenant)
        if instance is None:
            raise NoRetry("This place is gone")
        letter = _read(running.message)
        email = str((await self._settings.read(instance)).get("email") or "")
        try:
            await self._outbox.send(instance, letter, email)
        except (AddressWrong, MailUnset, TooOften) as refusal:
            raise NoRetry(refusal.detail) from None


def _read(message: Any) -> Letter:
    """The letter of a job's message; raises `NoRetry`."""
    said = message if isinstance(message, dict) else {}
    if said.get("mode") != "noreply" or said.get("attachments") or said.get("template_name"):
        raise NoRetry("Only the mode noreply is done, to the person who lives here, without attachments and templates")
    parts = said.get("parts")
    bodies = {
        str(part.get("type")): part["body"]
        for part in (parts if isinstance(parts, list) else [])
        if isinstance(part, dict) and isinstance(part.get("body"), str) and len(part["body"]) <= LENGTH
    }
    subject, text, markup = said.get("subject"), bodies.get("text/plain", ""), bodies.get("text/html", "")
    if not isinstance(subject, str) or not subject.strip() or not (text or markup):
        raise NoRetry("A subject and a part of the type text/plain or text/html are needed")
    return Letter("mail of an app", subject, [part for part in text.split("\n\n") if part.strip()], markup=markup)
