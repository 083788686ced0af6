"""How often an instance may do something (contract-a section 1): counted in windows that a restart does not open anew.

A window begins with the first time that something is done in it, and all of it is forgotten at its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from alcove.instances.errors import TooOften
from alcove.instances.store.tally import Tally

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.base.tables import Tables

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many of something in a period. `name` is unique, and what the refusal calls it."""

    name: str
    count: int
    period: timedelta = HOUR


class Allowances:
    """Counts for every instance. `tenant` is an instance's key."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tally = Tally(tables)
        self._clock = clock

    async def load(self) -> None:
        """Makes ready; what earlier runs left open goes on."""
        await self._tally.prepare(self._now())

    async def take(self, tenant: str, allowance: Allowance) -> None:
        """Counts once more, durably before it is done; raises `TooOften` when the window's are used up."""
        now = self._now()
        ends = now + int(allowance.period.total_seconds() * 1000)
        again = await self._tally.take(tenant, allowance.name, allowance.count, now, ends)
        if again is not None:
            raise TooOften(allowance.name, allowance.count, allowance.period, (again - now) / 1000)

    async def forget(self, tenant: str) -> None:
        """Drops the counts of an instance that is gone."""
        await self._tally.forget(tenant)

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)
