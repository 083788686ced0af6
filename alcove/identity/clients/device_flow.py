"""A device asks to be let in, and the person says yes in a browser: what comes of it is handed out once.

The shape is that of the Nextcloud dialect's login flow v2: the device keeps a token to ask with, and opens an address
in a browser. Nothing is written before the person has said yes: what a stranger begins stands on a slip. The app
password is made when the device comes for it, so that it never lies anywhere in the clear.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from alcove.base.ids import new_code
from alcove.identity.app_passwords.model import NAME_LENGTH, device_name

if TYPE_CHECKING:
    from alcove.identity.app_passwords.model import AppPassword
    from alcove.identity.app_passwords.service import AppPasswords
    from alcove.identity.tokens.once import OnceCodes
    from alcove.identity.tokens.slips import Slips
    from alcove.instances import Instance

FLOWS = "org.alcove.device_flows"
"""What the person has said yes to, until the device comes for it."""
PATIENCE = timedelta(minutes=20)
PURPOSE = "device flow"
TOKEN_LENGTH = 64
SCOPES = ("files",)
"""What such a device may open."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A device that asks: what it calls itself, and the address it asks from."""

    name: str
    address: str
    token: str
    """The digest of what the device will ask with; empty for one that waits in the browser itself (v1)."""


class DeviceFlows:
    """Begins, grants and ends the logins of devices."""

    def __init__(self, slips: Slips, codes: OnceCodes, passwords: AppPasswords) -> None:
        self._slips = slips
        self._codes = codes
        self._passwords = passwords

    def begin(self, instance: Instance, agent: str, address: str, *, waits: bool) -> tuple[str, str]:
        """The slip for the browser, and the token that a device asks with which `waits` elsewhere (else empty)."""
        token = new_code(TOKEN_LENGTH) if waits else ""
        digest = _digest(token) if waits else ""
        said = {"whose": instance.id, "name": device_name(agent), "address": address, "token": digest}
        return self._slips.write(PURPOSE, said, PATIENCE), token

    def read(self, instance: Instance, slip: str) -> Asking | None:
        """The device that a slip is of; None when it is forged, for another place, or past its time."""
        said = self._slips.read(PURPOSE, slip)
        if said is None or said["whose"] != instance.id:
            return None
        return Asking(str(said["name"]), str(said["address"]), str(said["token"]))

    async def grant(self, instance: Instance, slip: str, name: str) -> bool:
        """The person says yes to a device that waits; False when the slip was used before."""
        asking = self.read(instance, slip)
        if asking is None or not await self._slips.spend(PURPOSE, slip):
            return False
        await self._codes.make(instance, {"name": name[:NAME_LENGTH]}, asking.token)
        return True

    async def give(self, instance: Instance, slip: str, name: str) -> tuple[AppPassword, str] | None:
        """An app password for the browser that the person says yes in; None when the slip was used before."""
        if self.read(instance, slip) is None or not await self._slips.spend(PURPOSE, slip):
            return None
        return await self._passwords.make(instance, name[:NAME_LENGTH], SCOPES)

    async def collect(self, instance: Instance, token: str) -> tuple[AppPassword, str] | None:
        """The device comes for its app password: a new one, once; None while the person has not said yes."""
        said = await self._codes.take(instance, _digest(token)) if len(token) == TOKEN_LENGTH else None
        return None if said is None else await self._passwords.make(instance, said["name"], SCOPES)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
