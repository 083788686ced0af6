"""Writing to a person: a letter is composed, kept sealed, and handed over by the job queue."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.headerregistry import Address
from typing import TYPE_CHECKING

from alcove.base.clock import rfc3339
from alcove.base.ids import new_id
from alcove.instances import Allowance
from alcove.outbox.composing import as_html, as_text
from alcove.outbox.errors import MailUnset
from alcove.outbox.model import checked_address, compose, one_line

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.base.config import Settings
    from alcove.base.http import Tenant
    from alcove.instances import Allowances
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

    def __init__(self, waiting: Waiting, jobs: Jobs, allowances: Allowances, clock: Clock, settings: Settings) -> None:
        self._waiting = waiting
        self._jobs = jobs
        self._allowances = allowances
        self._clock = clock
        self._settings = settings

    @property
    def ready(self) -> bool:
        """Whether mail can be sent at all: ask before a person is promised one."""
        return bool(self._settings.smtp_host)

    async def send(
        self, tenant: Tenant, letter: Letter, to: str, *, due: datetime | None = None, until: datetime | None = None
    ) -> Job:
        """Sends a letter to one address; when this returns it will be sent, even after a crash.

        Not before `due`. After `until` it is of no use any more, and given up. Raises `MailUnset`, `AddressWrong`,
        `TooOften`.
        """
        if not self.ready:
            raise MailUnset
        recipient = checked_address(to)
        await self._allowances.take(tenant.key, HOURLY)
        ident, now = new_id(), self._clock.now()
        mail = compose(
            self.sender(tenant),
            recipient,
            letter.subject,
            as_text(tenant, letter),
            as_html(tenant, letter),
            ident=ident,
            moment=now,
        )
        await self._waiting.keep(tenant.key, ident, mail, int((due or now).timestamp() * 1000))
        message = {"kind": letter.kind, **({"until": rfc3339(until)} if until else {})}
        return await self._jobs.push(tenant.key, WORKER, message, job_id=ident, due=due)

    async def withdraw(self, job_id: str) -> None:
        """Takes a mail back that is not sent yet; one that is sent already stays sent."""
        await self._waiting.drop(job_id)

    def sender(self, tenant: Tenant) -> Address:
        """Who writes: each instance by its own name, from the address that the operator has set."""
        host = tenant.domain.split(":", 1)[0].encode("idna").decode()
        said = self._settings.smtp_sender or (
            self._settings.smtp_user if "@" in self._settings.smtp_user else "noreply@{domain}"
        )
        return Address(
            f"Alcove {one_line(tenant.domain, 100)}", addr_spec=checked_address(said.replace("{domain}", host))
        )

    async def prepare(self) -> None:
        """Makes ready; forgets what was kept for long enough."""
        await self._waiting.prepare()
        await self._waiting.clear(int((self._clock.now() - KEPT).timestamp() * 1000))
