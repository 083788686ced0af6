"""The person is told before their space is full (contract-a section 12): when nine tenths of the quota are taken."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alcove.base.digits import whole
from alcove.files import FILES, VERSIONS
from alcove.notifications.model import Rule, Said, Sender
from alcove.notifications.texts import quota_words

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
STACK = Sender("stack", "")
RULE = Rule(stateful=True, min_interval=timedelta(days=7))
"""Told once when it happens, and at most once a week when it comes and goes."""
CATEGORY = "disk-quota"


class QuotaWatch:
    """Follows what is added and removed. `_tight` is what the person was told last, by instance."""

    def __init__(self, notifications: Notifications, files: Files, instances: Instances) -> None:
        self._notifications = notifications
        self._files = files
        self._instances = instances
        self._tight: dict[str, bool] = {}

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
        if tenant not in self._tight:
            self._tight[tenant] = await self._told(instance)
        if tight == self._tight[tenant]:
            return
        title, message = quota_words(instance.locale)
        link = {"redirectLink": "files/"}
        said = Said({"category": CATEGORY, "title": title, "message": message, "state": tight, "data": link}, None)
        await self._notifications.announce(instance, STACK, RULE, said)
        self._tight[tenant] = tight

    def forget(self, tenant: str) -> None:
        """Drops what is known of an instance that is gone."""
        self._tight.pop(tenant, None)

    async def _told(self, instance: Instance) -> bool:
        last = await self._notifications.last(instance, STACK, CATEGORY)
        return last is not None and last.get("state") is True


def _quota(instance: Instance) -> int:
    """The quota in bytes; 0 for none."""
    return whole(str(instance.fields.get("disk_quota") or ""), 18) or 0
