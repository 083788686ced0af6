"""New secrets for an instance, and forgetting the old ones when nothing is left that they signed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alcove.base.clock import rfc3339
from alcove.identity.clients.model import CLIENTS
from alcove.identity.model import LIFETIMES
from alcove.identity.permissions.codes import LINKS
from alcove.identity.permissions.model import PERMISSIONS
from alcove.identity.sessions.service import DOCTYPE as SESSIONS
from alcove.identity.tokens.signing import CLI, GRACE, OAUTH, RETIRED, SESSION, renewed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from alcove.base.clock import Clock
    from alcove.documents import Documents
    from alcove.identity.sessions.service import Sessions
    from alcove.instances import Instance, Instances

LONGEST = {
    SESSION: timedelta(seconds=LIFETIMES["app"]),
    OAUTH: timedelta(seconds=LIFETIMES["access"]),
    CLI: timedelta(seconds=LIFETIMES["cli"]),
}
"""How long the tokens of a secret live that nothing else is asked about."""


class Keys:
    """Renews the secrets of instances. `look_later` has the retired ones of an instance looked at, by its key."""

    def __init__(
        self,
        documents: Documents,
        instances: Instances,
        sessions: Sessions,
        clock: Clock,
        look_later: Callable[[str], Awaitable[None]],
    ) -> None:
        self._documents = documents
        self._look_later = look_later
        self._instances = instances
        self._sessions = sessions
        self._clock = clock

    async def rotate(self, instance: Instance, *, at_once: bool = False) -> Instance:
        """New secrets; gives the new record. What the old ones signed stays good, unless all of it is to end at once.

        At once is for secrets that got into other hands: everybody is logged out, every client must be let in again
        and every link is broken.
        """
        stamp = "" if at_once else rfc3339(self._clock.now())
        changed = await self._instances.alter(instance, lambda old: renewed(old, stamp))
        if at_once:
            await self._sessions.end_all(changed)
        else:
            await self._look_later(instance.key)
        return await self.forget(changed)

    async def forget(self, instance: Instance) -> Instance:
        """Drops the retired secrets of which nothing is left; gives the record as it is then."""
        born = {
            SESSION: await self._born(instance, SESSIONS),
            OAUTH: [*await self._born(instance, CLIENTS), *await self._born(instance, PERMISSIONS)],
            CLI: [],
        }

        def kept(old: Mapping[str, Any]) -> Mapping[str, Any]:
            needed = [one for one in old.get(RETIRED) or () if self._needed(one, born[one["name"]])]
            return {RETIRED: needed or None}

        if not instance.fields.get(RETIRED):
            return instance
        return await self._instances.alter(instance, kept)

    def _needed(self, retired: Mapping[str, str], born: list[str]) -> bool:
        since = datetime.fromisoformat(retired["retired_at"])
        if self._clock.now() <= since + LONGEST[retired["name"]]:
            return True
        # What does not say when it was made may be as old as the instance.
        return any(not made or datetime.fromisoformat(made) <= since + GRACE for made in born)

    async def _born(self, instance: Instance, doctype: str) -> list[str]:
        """When those were made whose tokens or cookies a secret signs."""
        found = [document.fields() for document in await self._documents.all(instance.key, doctype)]
        return [
            str(fields.get("created_at") or (fields.get("cozyMetadata") or {}).get("createdAt") or "")
            for fields in found
            if doctype != PERMISSIONS or fields.get("type") in LINKS
        ]
