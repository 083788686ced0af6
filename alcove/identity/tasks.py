"""Work that is done later: clients that nobody let in are removed, and secrets that nothing needs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.identity.tokens.signing import RETIRED
from alcove.jobs import Worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alcove.identity.clients.service import Clients
    from alcove.identity.tokens.keys import Keys
    from alcove.instances import Instances
    from alcove.jobs import Running, Triggers

CLEAN = "clean-clients"
"""The worker that removes them, as the contract names it (contract-a section 3)."""

FORGET = "forget-secrets"
"""The worker that looks whether something is left that the retired secrets of an instance signed."""


def clean_clients(clients: Clients) -> Worker:
    """The worker: all of an instance that have waited for an hour, also those that a crash left without a trigger."""

    async def clean(running: Running) -> None:
        await clients.clean(running.tenant)

    return Worker(clean, max_attempts=3, reserved=True)


def clean_later(triggers: Triggers) -> Callable[[str, str], Awaitable[None]]:
    """Sets the alarm of a new client."""

    async def later(key: str, ident: str) -> None:
        said = {"type": "@in", "arguments": "1h", "worker": CLEAN, "message": {"client_id": ident}}
        await triggers.create(key, said, by="stack")

    return later


def forget_secrets(keys: Keys, instances: Instances, triggers: Triggers) -> Worker:
    """The worker: forgets what it can, and looks again in a month while something is left."""

    async def forget(running: Running) -> None:
        instance = instances.by_key(running.tenant)
        if instance is not None and (await keys.forget(instance)).fields.get(RETIRED):
            await look_again(triggers, running.tenant, "720h")

    return Worker(forget, max_attempts=3, reserved=True)


def forget_later(triggers: Triggers) -> Callable[[str], Awaitable[None]]:
    """Sets the first alarm: when the tokens of clients that were made before have run out."""

    async def later(key: str) -> None:
        await look_again(triggers, key, "192h")

    return later


async def look_again(triggers: Triggers, key: str, after: str) -> None:
    """Sets the alarm for an instance."""
    await triggers.create(key, {"type": "@in", "arguments": after, "worker": FORGET, "message": {}}, by="stack")
