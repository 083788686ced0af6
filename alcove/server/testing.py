"""The whole house in memory, reached through its front door: one constructor, no port, no disk."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from alcove.base.clock import SetClock
from alcove.base.config import Settings
from alcove.base.http import AppHost
from alcove.identity import Gate, Tokens
from alcove.instances import Instances
from alcove.server.app import Application
from alcove.server.barring import Barrier
from alcove.server.compose import compose

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.base.house import House

OPERATOR = "operator's passphrase"
ROUNDS = "50000"
"""Rounds of PBKDF2 in tests: the fewest that the contract allows."""


class Front:
    """A started house and the ways to talk to it."""

    def __init__(self, house: House, clock: SetClock) -> None:
        gate, instances, barrier = house.need(Gate), house.need(Instances), house.need(Barrier)
        self.house = house
        self.clock = clock
        public = [route for route in house.routes if not route.operator]
        operator = [route for route in house.routes if route.operator]
        scheme = house.settings.scheme
        self.public = Application(public, house.sockets, gate, instances, scheme, barrier, house.need(AppHost))
        transport = httpx.ASGITransport(Application(operator, [], gate, instances, scheme, barrier))
        self.operator = httpx.AsyncClient(transport=transport, base_url="http://admin", auth=("", OPERATOR))

    async def instance(self, domain: str = "alice.example", **options: str) -> dict[str, Any]:
        """Makes an instance through the operator API; answers its record."""
        params = {"Domain": domain, "KdfIterations": ROUNDS, **options}
        answer = await self.operator.post("/instances", params=params)
        answer.raise_for_status()
        record: dict[str, Any] = answer.json()["data"]["attributes"]
        return record

    def token(self, domain: str, scope: str = "", audience: str = "cli", subject: str = "CLI") -> str:
        """A token, made without a request."""
        found = self.house.need(Instances).by_domain(domain)
        return self.house.need(Tokens).make(found, audience, subject, scope)

    def client(self, domain: str = "alice.example", scope: str | None = None, **headers: str) -> httpx.AsyncClient:
        """A client of one instance; with a token when a scope is given."""
        if scope is not None:
            headers["Authorization"] = f"Bearer {self.token(domain, scope)}"
        transport = httpx.ASGITransport(self.public)
        return httpx.AsyncClient(transport=transport, base_url=f"http://{domain}", headers=headers)


@contextlib.asynccontextmanager
async def front(**settings: Any) -> AsyncIterator[Front]:
    """A house on memory stores, started, and stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="alcove-test-") as home:
        chosen: dict[str, Any] = {"store": "memory", "blobs": "memory", "admin_passphrase": OPERATOR, "apps": home}
        chosen |= settings  # without apps unless a test brings some: what is built here would change what it sees
        clock = SetClock()
        house = compose(Settings(**{"home": Path(home), **chosen}), clock)
        started = False
        try:
            for _, step in house.starting:
                await step()
            started = True
            entry = Front(house, clock)
            yield entry
            await entry.operator.aclose()
        finally:
            for _, step in [*house.leaving, *house.stopping] if started else []:
                await step()
