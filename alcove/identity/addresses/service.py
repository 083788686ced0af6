"""The person's mail address: a new one holds when who reads its mail has confirmed it (contract-a section 8)."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from alcove.base.errors import BadRequest
from alcove.identity import letters
from alcove.identity.errors import AddressNotPending
from alcove.instances import Allowance, TooOften
from alcove.outbox import AddressWrong, MailUnset, checked_address

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.identity.tokens.once import OnceCodes
    from alcove.instances import Allowances, Instance, InstanceSettings
    from alcove.outbox import Outbox

DOCTYPE = "org.alcove.addresscodes"
"""What was mailed to confirm an address. `/data` opens none of them."""
LIVES = timedelta(days=7)
MAILS = Allowance("mails to confirm an address", 5)
"""So that nobody uses their place to fill the mailbox of somebody else."""


class MailAddresses:
    """Changes the mail address of instances."""

    def __init__(
        self,
        settings: InstanceSettings,
        outbox: Outbox,
        codes: OnceCodes,
        allowances: Allowances,
        clock: Clock,
        scheme: str,
    ) -> None:
        self._settings = settings
        self._outbox = outbox
        self._codes = codes
        self._allowances = allowances
        self._clock = clock
        self._scheme = scheme

    async def propose(self, instance: Instance, said: str) -> None:
        """Notes a new address and mails it what confirms it; the present one holds until then.

        Raises `AddressWrong`, `BadRequest` for the present address, `MailUnset`, `TooOften`.
        """
        address = checked_address(said, pointer="/email")
        if not self._outbox.ready:
            raise MailUnset
        if (await self._settings.read(instance)).get("email") == address:
            raise BadRequest("This is the address already")
        await self._ask(instance, address)
        await self._settings.amend(instance, {"pending_email": address})

    async def again(self, instance: Instance) -> None:
        """Mails it once more; raises `AddressNotPending`, `MailUnset`, `TooOften`."""
        pending = (await self._settings.read(instance)).get("pending_email")
        if not pending:
            raise AddressNotPending
        if not self._outbox.ready:
            raise MailUnset
        await self._ask(instance, str(pending))

    async def give_up(self, instance: Instance) -> None:
        """Forgets an address that was not confirmed, and with it what was mailed; twice is no error."""
        await self._settings.amend(instance, {"pending_email": None})

    async def confirm(self, instance: Instance, code: str) -> None:
        """From now on mails go to the new address, which the old one is told. Raises `AddressNotPending`."""
        found = await self._codes.take(instance, code)
        settings = await self._settings.read(instance)
        address, before = str(settings.get("pending_email") or ""), str(settings.get("email") or "")
        if found is None or not address or found["address"] != address:
            raise AddressNotPending
        await self._settings.amend(instance, {"email": address, "pending_email": None})
        if before and before != address:
            with suppress(AddressWrong, MailUnset, TooOften):  # the change holds, whether or not it can be told
                await self._outbox.send(instance, letters.moved(instance.locale, instance.domain), before)

    async def _ask(self, instance: Instance, address: str) -> None:
        await self._allowances.take(instance.key, MAILS)
        code = await self._codes.make(instance, {"address": address})
        url = f"{self._scheme}://{instance.domain}/settings/email/confirm?token={code}"
        letter = letters.confirm(instance.locale, instance.domain, url)
        await self._outbox.send(instance, letter, address, until=self._clock.now() + LIVES)
