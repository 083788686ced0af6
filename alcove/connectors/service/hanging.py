"""What hangs on a connector: its accounts, with what they know, and the triggers that run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.apps import Parted

if TYPE_CHECKING:
    from alcove.connectors.service.clearing import Clearing
    from alcove.connectors.store import Shelf
    from alcove.instances import Instance
    from alcove.jobs import Triggers

WORKERS = frozenset({"konnector", "client"})


class Hanging:
    """Goes with its connector, which clears up at the vendor first. What was brought (bills, files) stays."""

    def __init__(self, shelf: Shelf, triggers: Triggers, clearing: Clearing) -> None:
        self._shelf = shelf
        self._triggers = triggers
        self._clearing = clearing

    async def remove(self, instance: Instance, slug: str) -> Parted:
        """Removes it; whether there were accounts, and what is left to do before the connector itself may go."""
        for trigger in await self._triggers.list(instance.key, WORKERS, frozenset()):
            if isinstance(trigger.message, dict) and trigger.message.get("konnector") == slug:
                await self._triggers.discard(instance.key, trigger.id)
        accounts = await self._shelf.accounts(instance.key)
        mine = [document.id for document in accounts if document.fields().get("account_type") == slug]
        await self._shelf.drop_accounts(instance.key, mine)
        jobs = [job for ident in mine if (job := await self._clearing.start(instance.key, ident))]
        if not jobs:
            await self._shelf.forget_reach(instance.key, slug)
            return Parted(bool(mine))

        async def cleared() -> None:
            await self._clearing.wait(instance.key, jobs)
            await self._shelf.forget_reach(instance.key, slug)

        return Parted(bool(mine), cleared)
