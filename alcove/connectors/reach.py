"""Where a connector may connect to: what its manifest declares, and what a person allowed or refused. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from alcove.egress import clean_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REACH = "org.alcove.reach"
"""What is known of where each connector connects to; the id is its slug: `connector, hosts {host: {state, since}}`."""

WEB = frozenset((80, 443))
USER_HOST = "user-host"
"""In a manifest: the hosts that the person named in the account."""
UNASKED = ("cozycloud.cc",)
"""Where Cozy's connectors report their faults by themselves: nobody is asked about it, a manifest has to declare it."""
HOSTS = 50
"""Hosts of one connector that are remembered."""


class HostState(StrEnum):
    """What is known of a host. `asked`: the connector wants to connect there, and the person has not said a word."""

    ASKED = "asked"
    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Place:
    """A host of a manifest, `example.org` or `*.example.org` (what is below it), and its port: those of the web if 0.

    >>> Place("*.example.org", 0).holds("api.example.org", 443), Place("*.example.org", 0).holds("example.org", 443)
    (True, False)
    """

    host: str
    port: int

    def holds(self, host: str, port: int) -> bool:
        """Whether it is meant."""
        right = host.endswith(self.host[1:]) if self.host.startswith("*.") else host == self.host
        return right and (port == self.port if self.port else port in WEB)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a manifest declares, with the hosts of the account where it asks for them."""

    places: tuple[Place, ...]
    named: frozenset[str] = frozenset()
    """Hosts that the person named in the account, on any port."""

    def allows(self, host: str, port: int) -> bool:
        """Whether it may be connected to."""
        return host in self.named or any(place.holds(host, port) for place in self.places)

    def knows(self, host: str) -> bool:
        """Whether somebody named this very host."""
        return host in self.named or any(place.host == host for place in self.places)


def read_declared(manifest: Mapping[str, Any], account: Mapping[str, Any]) -> Declared | None:
    """What the member `egress` of a manifest declares; None where it says nothing of it."""
    said = manifest.get("egress")
    if not isinstance(said, list):
        return None
    words = [word for word in said if isinstance(word, str)]
    named = {host for host, _ in hosts_of(account)} if USER_HOST in words else set()
    return Declared(tuple(filter(None, map(_place, words))), frozenset(named))


def ports_of(declared: Declared | None, account: Mapping[str, Any]) -> tuple[int, ...]:
    """Ports beside the common ones that may be needed: those declared, and those of addresses in the account."""
    ports = {place.port for place in declared.places} if declared else set()
    ports |= {port for _, port in hosts_of(account)}
    return tuple(sorted(ports - {0}))


def hosts_of(account: Mapping[str, Any]) -> Iterable[tuple[str, int]]:
    """The hosts that a person wrote into an account, as addresses or as names, with the port or 0."""
    auth = account.get("auth")
    for value in list(auth.values())[:50] if isinstance(auth, dict) else ():
        if not isinstance(value, str) or "@" in value or not 3 < len(value) < 500:
            continue
        try:
            parts = urlsplit(value if "://" in value else f"//{value}")
            host, port = clean_host(parts.hostname or ""), parts.port or 0
        except ValueError:
            continue
        if "." in host:
            yield host, port


def is_unasked(host: str) -> bool:
    """Whether nobody is asked about a host, and nothing is sent there."""
    return any(host == one or host.endswith(f".{one}") for one in UNASKED)


def _place(word: str) -> Place | None:
    host, _, port = word.strip().rpartition(":") if word.count(":") == 1 else (word.strip(), "", "")
    star = "*." if host.startswith("*.") else ""
    name = clean_host(host.removeprefix(star))
    if word == USER_HOST or not name or (port and not port.isdecimal()):
        return None
    number = int(port or 0)
    return Place(star + name, number) if number <= 65535 else None
