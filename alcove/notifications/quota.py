"""The person is told before their space is full (contract-a section 12): when nine tenths of the quota are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.digits import whole
from alcove.files import FILES, VERSIONS
from alcove.notifications.texts import quota_words
from alcove.notifications.turning import Turning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.documents import Change
    from alcove.files import Files
    from alcove.instances import Instance, Instances
    from alcove.notifications.service import Notifications

FOLLOWER = "notifications.quota"
HEARD = frozenset({FILES, VERSIONS})
TENTHS = 9
"""Tenths of the quota from which on the person is told."""
CATEGORY = "disk-quota"


class QuotaWatch:
    """Follows what is added and removed."""

    def __init__(self, notifications: Notifications, files: Files, instances: Instances) -> None:
        self._turning = Turning(notifications, CATEGORY, quota_words)
        self._files = files
        self._instances = instances

    def wants(self, tenant: str, changes: Sequence[Change]) -> bool:
        """Whether a commit may concern somebody whose space has a limit."""
        instance = self._instances.by_key(tenant)
        return (
            instance is not None and _quota(instance) > 0 and any(change.document.type in HEARD for change in changes)
        )

    async def follow(self, tenant: str, _changes: Sequence[Change]) -> None:
        """Looks at the space as it is now; tells the person when it has become tight, or notes that it is not."""
        instance = self._instances.by_key(tenant)
        quota = _quota(instance) if instance is not None else 0
        if instance is None or not quota:
            return
        tight = sum(await self._files.usage(instance)) * 10 > quota * TENTHS
        await self._turning.now(instance, "files/", so=tight)

    def forget(self, tenant: str) -> None:
        """Drops what is known of an instance that is gone."""
        self._turning.forget(tenant)


def _quota(instance: Instance) -> int:
    """The quota in bytes; 0 for none."""
    return whole(str(instance.fields.get("disk_quota") or ""), 18) or 0
