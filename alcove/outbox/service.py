"""Writing to a person: a letter is composed, kept sealed, and handed over by the job queue."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.headerregistry import Address
from typing import TYPE_CHECKING

from alcove.base.clock import rfc3339
from alcove.base.ids import new_id
from alcove.instances import Allowance
from alcove.outbox.composing import as_html, as_text
from alcove.outbox.errors import AddressWrong, MailUnset
from alcove.outbox.model import checked_address, compose, one_line

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.base.config import Settings
    from alcove.instances import Allowances, Contexts, Instance
    from alcove.jobs import Job, Jobs
    from alcove.outbox.model import Letter
    from alcove.outbox.store import Waiting

WORKER = "mail"
HOURLY = Allowance("mails", 200)
"""Mails of one instance (contract-a section 1): whatever goes wrong above, nobody's mailbox is flooded from here."""
KEPT = timedelta(days=30)
"""How long a mail that could not be sent is kept for the operator to try again: as long as its job."""


class Outbox:
    """Sends mails for every instance, if the operator has named a mail server."""

    def __init__(
        self,
        waiting: Waiting,
        jobs: Jobs,
        allowances: Allowances,
        contexts: Contexts,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._waiting = waiting
        self._contexts = contexts
        self._jobs = jobs
        self._allowances = allowances
        self._clock = clock
        self._settings = settings

    @property
    def ready(self) -> bool:
        """Whether mail can be sent at all: ask before a person is promised one."""
        return bool(self._settings.smtp_host)

    async def send(
        self,
        instance: Instance,
        letter: Letter,
        to: str,
        *,
        due: datetime | None = None,
        until: datetime | None = None,
        reply_to: str = "",
        name: str = "",
    ) -> Job:
        """Sends a letter to one address; when this returns it will be sent, even after a crash.

        Not before `due`. After `until` it is of no use any more, and given up. Answers go to `reply_to`, or to where
        the context says; `name` is shown as who writes, instead of the instance.
        Raises `MailUnset`, `AddressWrong`, `TooOften`.
        """
        if not self.ready:
            raise MailUnset
        recipient = checked_address(to)
        await self._allowances.take(instance.key, HOURLY)
        ident, now = new_id(), self._clock.now()
        mail = compose(
            self.sender(instance, name),
            recipient,
            letter.subject,
            as_text(instance, letter),
            as_html(instance, letter),
            ident=ident,
            moment=now,
            reply_to=reply_to or str(self._contexts.of(instance).get("reply_to") or ""),
            attachments=letter.attachments,
        )
        await self._waiting.keep(instance.key, ident, mail, int((due or now).timestamp() * 1000))
        message = {"kind": letter.kind, **({"until": rfc3339(until)} if until else {})}
        return await self._jobs.push(instance.key, WORKER, message, job_id=ident, due=due)

    async def withdraw(self, job_id: str) -> None:
        """Takes a mail back that is not sent yet; one that is sent already stays sent."""
        await self._waiting.drop(job_id)

    def sender(self, instance: Instance, name: str = "") -> Address:
        """Who writes: each instance by its own name, from the address that the operator has set.

        A context may say otherwise for its instances: `noreply_address`, `noreply_name` (contract-a section 17).
        """
        context, settings = self._contexts.of(instance), self._settings
        account = settings.smtp_user if "@" in settings.smtp_user else "noreply@{domain}"
        said = str(context.get("noreply_address") or settings.smtp_sender or account)
        host = instance.domain.rpartition(":")[0] or instance.domain
        try:
            address = checked_address(said.replace("{domain}", host))
        except AddressWrong:  # a host such as [::1] or my_place has no mail address
            address = checked_address(said.replace("{domain}", "localhost"))
        name = one_line(name, 100) or one_line(str(context.get("noreply_name") or f"Alcove {instance.domain}"), 100)
        return Address(name, addr_spec=address)

    async def prepare(self) -> None:
        """Makes ready; forgets what was kept for long enough."""
        await self._waiting.prepare()
        await self._waiting.clear(int((self._clock.now() - KEPT).timestamp() * 1000))
