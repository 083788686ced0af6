"""How often somebody may try: who guesses is slowed down, never the person who lives here.

Every try is counted before it is judged, so that a thousand at once are not a thousand free ones. Three counts:

- **by address in a place**: five free, then a delay that doubles up to a quarter of an hour;
- **by address on the whole server**: who tries one passphrase after another in each place is slowed down as well;
- **by place**, for who tries from many addresses: after a hundred, all strangers together get one try in ten seconds.

A browser that has logged in before brings a *device cookie*, and is counted by it alone: whatever strangers do, it gets
in (the idea is known as device cookies). So is a caller with a session. An address that the person logged in from is no
stranger either. A place is never locked, and what is counted is forgotten after an hour of quiet. A restart forgets
nothing, and several processes on one database count together.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from alcove.identity.store import NEVER
from alcove.identity.tokens.signing import mark, marked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.base.clock import Clock
    from alcove.identity.store import Tried, Tries
    from alcove.instances import Instance

ROUNDS = 20
"""How often a try is counted anew when others come between, before it must wait."""
QUIET = timedelta(hours=1)
"""After so long without a try nothing is held against anybody."""
DEVICE_COOKIE = "alcove_device"
DEVICE_AGE = 365 * 24 * 3600
"""Seconds that a browser remembers that it logged in here."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many tries are free, and the longest pause between two when these are used up, in seconds."""

    free: int
    longest: int

    def pause(self, count: int) -> timedelta:
        """What must lie between the last of `count` tries and the next one."""
        over = count - self.free
        return timedelta(seconds=0 if over < 0 else min(2 ** min(over + 1, 20), self.longest))


IN_A_PLACE = Pace(5, 15 * 60)
ON_THE_SERVER = Pace(30, 15 * 60)
OF_A_PLACE = Pace(100, 10)


@dataclass(frozen=True, slots=True)
class Guesser:
    """Who tries: the address, and what is known of the browser (a device cookie, a session) or nothing."""

    tenant: str
    network: str
    known_as: str = ""
    at_home: bool = False
    """Whether the person logged in from this address before."""

    @property
    def key(self) -> str:
        """By what the tries in this place are counted."""
        return f"{self.tenant} {self.known_as or self.network}"

    @property
    def stranger(self) -> bool:
        """Whether the count of the place concerns it."""
        return not self.known_as and not self.at_home


class Attempts:
    """Tries to say a secret of one `kind`. The contract's reference blocks a place after many; we never do."""

    def __init__(self, tries: Tries, clock: Clock, kind: str) -> None:
        self._tries = tries
        self._clock = clock
        self._kind = kind
        self._paces = {"here": IN_A_PLACE, "server": ON_THE_SERVER, "place": OF_A_PLACE}

    async def prepare(self) -> None:
        """Makes the table of what is counted, without those of whom nothing was heard for long."""
        await self._tries.prepare()
        await self._tries.clear(self._now() - _millis(QUIET))

    async def under_attack(self, tenant: str) -> bool:
        """Whether strangers must wait in this place because of one another."""
        return await self._wait([self._name("place", tenant)]) > 0

    async def begin(self, who: Guesser) -> float:
        """Counts a try and answers 0; or answers how many seconds are left to wait, and counts nothing."""
        names = self._names(who)
        wait = await self._wait(names)
        counted = list[str]()
        for name in names if wait == 0 else ():
            wait = await self._add(name)
            if wait > 0:
                await self._tries.settle((), counted)
                break
            counted.append(name)
        return wait

    async def succeed(self, who: Guesser) -> None:
        """The try was right: it is held against nobody."""
        here, *others = self._names(who)
        await self._tries.settle([here], others)

    def _names(self, who: Guesser) -> list[str]:
        """By what a guesser is counted."""
        names = [self._name("here", who.key)]
        if not who.known_as:
            names.append(self._name("server", who.network))
        if who.stranger:
            names.append(self._name("place", who.tenant))
        return names

    def _name(self, count: str, key: str) -> str:
        return f"{count} {self._kind} {key}"

    async def _wait(self, names: Sequence[str]) -> float:
        known, now = await self._tries.read(names), self._now()
        return max(self._left(name, known[name], now) for name in names)

    async def _add(self, name: str) -> float:
        """Counts once more; or answers the seconds to wait, when others were quicker."""
        for _ in range(ROUNDS):
            old, now = (await self._tries.read([name]))[name], self._now()
            wait = self._left(name, old, now)
            if wait > 0:
                return wait
            if await self._tries.replace(name, old, (self._count(old, now) + 1, now)):
                if old == NEVER:
                    await self._tries.clear(now - _millis(QUIET))
                return 0
        return 1

    def _left(self, name: str, tried: Tried, now: int) -> float:
        """Seconds until the next try is allowed; 0 for now."""
        pause = self._paces[name.partition(" ")[0]].pause(self._count(tried, now))
        return max(tried[1] + _millis(pause) - now, 0) / 1000

    @staticmethod
    def _count(tried: Tried, now: int) -> int:
        return 0 if now - tried[1] > _millis(QUIET) else tried[0]

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _millis(time: timedelta) -> int:
    return int(time.total_seconds() * 1000)


def network_of(address: str) -> str:
    """By what an address is counted: IPv6 by its /64, which one house or one machine has for itself.

    >>> network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2::9")
    True
    >>> network_of("::ffff:192.0.2.7")
    '192.0.2.7'
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def new_device(instance: Instance) -> str:
    """The value of a device cookie. It ends with the instance's session secret: when the passphrase is changed."""
    name = secrets.token_urlsafe(16)
    return f"{name}.{mark(instance, _text(name))}"


def device_of(instance: Instance, cookie: str) -> str:
    """The name in a device cookie; empty when it is forged, or from before the passphrase was changed."""
    name, _, mac = cookie.partition(".")
    return name if name and marked(instance, _text(name), mac) else ""


def _text(name: str) -> str:
    return f"device:{name}"
