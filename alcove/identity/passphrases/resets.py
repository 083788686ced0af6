"""A forgotten passphrase, set anew by who reads the person's mail (contract-a section 3)."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from alcove.identity import letters
from alcove.identity.errors import ResetRefused
from alcove.identity.tokens.signing import mark, marked
from alcove.instances import Allowance, TooOften
from alcove.outbox import AddressWrong

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.clock import Clock
    from alcove.identity.passphrases.hints import Hints
    from alcove.identity.passphrases.service import Passphrases
    from alcove.identity.passphrases.vault import Vault
    from alcove.identity.tokens.slips import Slips
    from alcove.instances import Allowances, Instance, Instances, InstanceSettings
    from alcove.outbox import Letter, Outbox

PURPOSE = "passphrase reset"
LIVES = timedelta(minutes=15)
MAILS = Allowance("mails to set a passphrase", 10)
HINTS = Allowance("mails with a hint", 2)


class Resets:
    """Mails what sets a passphrase anew, once. Whoever asks is told the same, whether or not there is an address.

    The link is a slip: nothing is kept of it, and strangers who ask too do not end the one that the person has got. It
    holds for the passphrase of now, so that all of them end with the first that is used.
    """

    def __init__(
        self,
        instances: Instances,
        settings: InstanceSettings,
        hints: Hints,
        vault: Vault,
        passphrases: Passphrases,
        outbox: Outbox,
        slips: Slips,
        allowances: Allowances,
        clock: Clock,
        scheme: str,
    ) -> None:
        self._instances = instances
        self._settings = settings
        self._hints = hints
        self._vault = vault
        self._passphrases = passphrases
        self._outbox = outbox
        self._slips = slips
        self._allowances = allowances
        self._clock = clock
        self._scheme = scheme

    @property
    def offered(self) -> bool:
        """Whether a mail can be asked for on this server."""
        return self._outbox.ready

    async def ask(self, instance: Instance) -> None:
        """Mails a link, if there is an address and not too many were mailed in this hour."""
        address = await self._address(instance, MAILS)
        if not address:
            return
        slip = self._slips.write(PURPOSE, {"tenant": instance.key, "of": mark(instance, PURPOSE)}, LIVES)
        url = f"{self._scheme}://{instance.domain}/auth/passphrase_renew?token={slip}"
        letter = letters.reset(instance.locale, instance.domain, url, int(LIVES.total_seconds() // 60))
        await self._send(instance, letter, address, lives=LIVES)

    async def hint(self, instance: Instance) -> None:
        """Mails the hint, if there is one, and an address."""
        kept = await self._hints.read(instance)
        address = await self._address(instance, HINTS)
        if kept and address:
            await self._send(instance, letters.hint(instance.locale, instance.domain, kept), address)

    async def holds(self, instance: Instance, slip: str) -> bool:
        """Whether this is a link that can be used."""
        said, present = self._slips.read(PURPOSE, slip), await self._instances.fresh(instance)
        return said is not None and said["tenant"] == present.key and marked(present, PURPOSE, said["of"])

    async def renew(self, instance: Instance, slip: str, form: str, iterations: int, keys: Mapping[str, str]) -> None:
        """Sets the passphrase that a client hashed; all sessions end, and so do all such links.

        Raises `ResetRefused`.
        """
        # Of two who come with one link at once, one gets in.
        if not await self.holds(instance, slip) or not await self._slips.spend(PURPOSE, slip):
            raise ResetRefused(instance.locale)
        changed = await self._passphrases.change(instance, form, iterations)
        await self._vault.renewed(changed, keys, iterations)
        address = await self._known(changed)
        if address and self.offered:
            await self._send(changed, letters.changed(changed.locale, changed.domain), address)

    async def _address(self, instance: Instance, allowance: Allowance) -> str:
        """Where to write; empty when nothing may be sent. Counted before it is known, so that all look the same."""
        try:
            await self._allowances.take(instance.key, allowance)
        except TooOften:
            return ""
        return await self._known(instance) if self.offered and instance.fields.get("password_defined") else ""

    async def _known(self, instance: Instance) -> str:
        return str((await self._settings.read(instance)).get("email") or "")

    async def _send(self, instance: Instance, letter: Letter, address: str, lives: timedelta | None = None) -> None:
        until = self._clock.now() + lives if lives else None
        # What the operator wrote may be no address, and another room may have used up the hour: nobody is told.
        with suppress(AddressWrong, TooOften):
            await self._outbox.send(instance, letter, address, until=until)
