"""An instance: one person's place, as a record (contract-a section 9)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Instance:
    """The record of one instance; `key` names its stores.

    `domain` holds the port, as in `me.localhost:8080`. In a request it is the name that was called, which may be an
    alias: what is written for whoever called holds that one.
    """

    domain: str
    key: str
    id: str = ""
    rev: str = ""
    locale: str = "en"
    fields: Mapping[str, Any] = field(default_factory=dict)
    """All other members of the record, as stored: secrets, quota, passphrase hash..."""

    @property
    def main(self) -> str:
        """Its domain as it is stored, by whatever name it was called: tokens say it, and the salt is made of it."""
        return str(self.fields.get("domain") or self.domain)

    @property
    def before(self) -> Sequence[str]:
        """The domains that it had before, the last one first: they lead to it, and tokens that say one are good."""
        names = [str(self.fields.get("old_domain") or ""), *self.fields.get("old_domains", [])]
        return [name for name in dict.fromkeys(names) if name and name != self.main]

    @property
    def salted(self) -> str:
        """The domain that the salt of its passphrase is made of (contract-a section 2): renaming does not change it."""
        return str(self.fields.get("salted") or self.fields.get("old_domain") or self.main)


Provisioner = Callable[[Instance, Mapping[str, str]], Awaitable[None]]
"""Fills a new instance: gets the record and the operator's parameters (`PublicName`, `Email`, ...). Idempotent."""

Introduction = Callable[[Instance], Awaitable[None]]
"""Fits what was provisioned to the language that the first person has chosen. Idempotent."""

Holding = Callable[[Instance], Awaitable[Mapping[str, int]]]
"""Says what a place holds, for the first page: counts by name, such as `{"files": 12}`."""

Capability = Callable[[Instance], bool]
"""Whether people of an instance can do something that depends on more than this room: `can_auth_with_oidc`."""


@dataclass(frozen=True, slots=True)
class Check:
    """What the operator's check of an instance asks of a room. `part` is INDEX, STORED or CONTENT.

    `look` yields faults as JSON objects, each with its `type`; it changes nothing.
    """

    part: str
    look: Callable[[Instance], AsyncIterator[Mapping[str, Any]]]


INDEX, STORED, CONTENT = "index", "stored", "content"
"""Parts of a check: documents that fit together, bytes that are there at their length, bytes that are what they should
be (all are read)."""


def names_of(instance: Instance) -> list[str]:
    """Every name that the instance is found by: its domain first."""
    return [instance.main, *instance.fields.get("domain_aliases", [])]


def key_of(domain: str) -> str:
    """The name of an instance's stores: `cozy` and the first 32 hexadecimal digits of SHA-256 of the domain."""
    return "cozy" + hashlib.sha256(domain.encode()).hexdigest()[:32]
