"""Telling a person once that something has become so, and noting when it is well again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alcove.notifications.model import Rule, Said, Sender

if TYPE_CHECKING:
    from collections.abc import Callable

    from alcove.instances import Instance
    from alcove.notifications.service import Notifications

STACK = Sender("stack", "")
RULE = Rule(stateful=True, min_interval=timedelta(days=7))
"""Told once when it happens, and at most once a week when it comes and goes."""


class Turning:
    """One category of the server's own notifications. `_last` is what the person was told last, by instance."""

    def __init__(self, notifications: Notifications, category: str, words: Callable[[str], tuple[str, str]]) -> None:
        """`words` are title and message in a language."""
        self._notifications = notifications
        self._category = category
        self._words = words
        self._last: dict[str, bool] = {}

    async def now(self, instance: Instance, link: str, *, so: bool) -> None:
        """Tells the person that it has become so, or notes that it is not; nothing when it is as it was.

        `link` is where the notification leads: `slug/#/path`.
        """
        if instance.key not in self._last:
            self._last[instance.key] = await self._told(instance)
        if so == self._last[instance.key]:
            return
        title, message = self._words(instance.locale)
        more = {"state": so, "data": {"redirectLink": link}}
        said = Said({"category": self._category, "title": title, "message": message, **more}, None)
        await self._notifications.announce(instance, STACK, RULE, said)
        self._last[instance.key] = so

    def forget(self, tenant: str) -> None:
        """Drops what is known of an instance that is gone."""
        self._last.pop(tenant, None)

    async def _told(self, instance: Instance) -> bool:
        last = await self._notifications.last(instance, STACK, self._category)
        return last is not None and last.get("state") is True
