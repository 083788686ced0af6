"""Logging in by a mailed link, where the operator has allowed it for an instance (`magic_link`; contract-a section 3).

The link is a slip: nothing is kept of it until it is used. It holds once, and for the passphrase of now.
"""

from __future__ import annotations

import hashlib
import hmac
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from alcove.identity import letters
from alcove.identity.errors import MagicLinkOff, MagicLinkOver
from alcove.instances import Allowance
from alcove.outbox import AddressWrong

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.clock import Clock
    from alcove.identity.tokens.slips import Slips
    from alcove.instances import Allowances, Instance, Instances, InstanceSettings
    from alcove.outbox import Outbox

PURPOSE = "magic link"
LIVES = timedelta(minutes=15)
"""How long a link can be opened (contract-a section 2)."""
MINUTES = int(LIVES.total_seconds() // 60)
MAILS = Allowance("magic links", 30)


class MagicLinks:
    """Mails links, and says what one is worth."""

    def __init__(
        self,
        instances: Instances,
        settings: InstanceSettings,
        outbox: Outbox,
        slips: Slips,
        allowances: Allowances,
        clock: Clock,
        scheme: str,
    ) -> None:
        self._instances = instances
        self._settings = settings
        self._outbox = outbox
        self._slips = slips
        self._allowances = allowances
        self._clock = clock
        self._scheme = scheme

    def offered(self, instance: Instance) -> bool:
        """Whether people of this instance may log in so: it is allowed, and mail can be sent."""
        return bool(instance.fields.get("magic_link")) and self._outbox.ready

    async def mail(self, instance: Instance, browser: str, target: str) -> None:
        """Mails a link, if there is an address. `browser` is a secret of who asks, `target` where it leads to.

        Raises `MagicLinkOff`, `TooOften`.
        """
        if not self.offered(instance):
            raise MagicLinkOff
        await self._allowances.take(instance.key, MAILS)
        address = str((await self._settings.read(instance)).get("email") or "")
        query = urlencode({"code": self._write(instance, browser), "redirect": target})
        letter = letters.magic(
            instance.locale, instance.domain, f"{self._scheme}://{instance.domain}/auth/magic_link?{query}", MINUTES
        )
        with suppress(AddressWrong):  # who asks is told the same, whether or not there is an address
            await self._outbox.send(instance, letter, address, until=self._clock.now() + LIVES)

    def code(self, instance: Instance) -> str:
        """A code for the operator, who leads the person on; raises `MagicLinkOff`."""
        if not instance.fields.get("magic_link"):
            raise MagicLinkOff
        return self._write(instance, "")

    async def read(self, instance: Instance, code: str) -> Mapping[str, Any]:
        """What stands on a code; raises `MagicLinkOver`."""
        said, present = self._slips.read(PURPOSE, code), await self._instances.fresh(instance)
        allowed = present.fields.get("magic_link")
        if said is None or not allowed or said["tenant"] != present.key or said["of"] != _stamp(present):
            raise MagicLinkOver
        return said

    def asked_by(self, said: Mapping[str, Any], browser: str) -> bool:
        """Whether this browser asked for the link; what the operator gave out holds in any."""
        return not said["browser"] or hmac.compare_digest(str(said["browser"]), _digest(browser))

    async def use(self, instance: Instance, code: str) -> None:
        """Uses a code up; raises `MagicLinkOver`."""
        await self.read(instance, code)
        if not await self._slips.spend(PURPOSE, code):
            raise MagicLinkOver

    def _write(self, instance: Instance, browser: str) -> str:
        content = {"tenant": instance.key, "of": _stamp(instance), "browser": _digest(browser) if browser else ""}
        return self._slips.write(PURPOSE, content, LIVES)


def _stamp(instance: Instance) -> str:
    """What changes with the passphrase, and tells nothing of it."""
    return hashlib.sha256(b"magic:" + str(instance.fields["session_secret"]).encode()).hexdigest()


def _digest(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()
