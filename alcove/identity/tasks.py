"""Work that is done later: clients that nobody let in are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.jobs import Worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alcove.identity.clients import Clients
    from alcove.jobs import Running, Triggers

CLEAN = "clean-clients"
"""The worker that removes them, as the contract names it (contract-a section 3)."""


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
