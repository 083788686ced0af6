"""The person is told when more devices are connected than their place may have (contract-a sections 3 and 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.notifications.texts import devices_words
from alcove.notifications.turning import Turning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.documents import Change
    from alcove.identity import DeviceLimit
    from alcove.instances import Instances
    from alcove.notifications.service import Notifications

FOLLOWER = "notifications.devices"
HEARD = frozenset({"io.cozy.oauth.clients"})
CATEGORY = "oauth-clients"


class DeviceWatch:
    """Follows what is let in and disconnected."""

    def __init__(self, notifications: Notifications, limit: DeviceLimit, instances: Instances) -> None:
        self._turning = Turning(notifications, CATEGORY, devices_words)
        self._limit = limit
        self._instances = instances

    async def follow(self, tenant: str, _changes: Sequence[Change]) -> None:
        """Counts the devices as they are now; tells the person when there are too many, or notes that there are not."""
        instance = self._instances.by_key(tenant)
        if instance is not None and await self._limit.limit(instance) is not None:
            await self._turning.now(instance, "account/#clients", so=await self._limit.exceeded(instance))

    def forget(self, tenant: str) -> None:
        """Drops what is known of an instance that is gone."""
        self._turning.forget(tenant)
