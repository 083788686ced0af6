"""What hangs on a connector: its accounts, with what they know, and the triggers that run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alcove.connectors.store import Shelf
    from alcove.instances import Instance
    from alcove.jobs import Triggers

WORKERS = frozenset({"konnector", "client"})


class Hanging:
    """Goes with its connector. What was brought (operations, bills, files) stays."""

    def __init__(self, shelf: Shelf, triggers: Triggers) -> None:
        self._shelf = shelf
        self._triggers = triggers

    async def remove(self, instance: Instance, slug: str) -> bool:
        """Removes it; whether there were accounts."""
        for trigger in await self._triggers.list(instance.key, WORKERS, frozenset()):
            if isinstance(trigger.message, dict) and trigger.message.get("konnector") == slug:
                await self._triggers.discard(instance.key, trigger.id)
        accounts = await self._shelf.accounts(instance.key)
        mine = [document.id for document in accounts if document.fields().get("account_type") == slug]
        await self._shelf.drop_accounts(instance.key, mine)
        await self._shelf.forget_reach(instance.key, slug)
        return bool(mine)
