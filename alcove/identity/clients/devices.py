"""How many devices a place may have connected: the flag `cozy.oauthclients.max` (contract-a sections 3 and 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alcove.identity.clients.service import Clients
    from alcove.instances import Flags, Instance

KINDS = frozenset({"browser", "desktop", "mobile"})
"""The kinds of clients that are devices; programs of other kinds are as many as one likes."""
FLAG = "cozy.oauthclients.max"


@dataclass(frozen=True, slots=True)
class Devices:
    """How many there are, and how many there may be; no `limit` for as many as one likes."""

    count: int
    limit: int | None

    @property
    def reached(self) -> bool:
        """Whether another one would be too many."""
        return self.limit is not None and self.count >= self.limit

    @property
    def exceeded(self) -> bool:
        """Whether there are too many."""
        return self.limit is not None and self.count > self.limit


class DeviceLimit:
    """Counts the devices of a place against its limit."""

    def __init__(self, clients: Clients, flags: Flags) -> None:
        self._clients = clients
        self._flags = flags

    async def limit(self, instance: Instance) -> int | None:
        """How many there may be; None for as many as one likes."""
        said = (await self._flags.of(instance)).get(FLAG)
        return int(said) if isinstance(said, int | float) and not isinstance(said, bool) and said >= 0 else None

    async def of(self, instance: Instance) -> Devices:
        """The devices that the person has let in: strangers who registered and wait do not count."""
        known = await self._clients.connected(instance)
        return Devices(sum(client.kind in KINDS for client in known), await self.limit(instance))

    async def exceeded(self, instance: Instance) -> bool:
        """Whether the person must disconnect some before the apps open again."""
        return await self.limit(instance) is not None and (await self.of(instance)).exceeded
