"""What a person is told by mail after something about their ways in was changed, wherever mail reaches them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from alcove.instances import TooOften
from alcove.outbox import AddressWrong, MailUnset

if TYPE_CHECKING:
    from alcove.instances import Instance, InstanceSettings
    from alcove.outbox import Letter, Outbox


class Notices:
    """Tells, and never stands in the way of what it tells of."""

    def __init__(self, settings: InstanceSettings, outbox: Outbox) -> None:
        self._settings = settings
        self._outbox = outbox

    async def tell(self, instance: Instance, letter: Letter) -> None:
        """Mails a letter if there is an address; the change holds, whether or not it can be told."""
        address = str((await self._settings.read(instance)).get("email") or "")
        if address:
            with suppress(AddressWrong, MailUnset, TooOften):
                await self._outbox.send(instance, letter, address)
