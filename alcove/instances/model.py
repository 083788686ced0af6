"""An instance: one person's place, as a record (contract-a section 9)."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Instance:
    """The record of one instance. `domain` holds the port, as in `me.localhost:8080`; `key` names its stores."""

    domain: str
    key: str
    id: str = ""
    rev: str = ""
    locale: str = "en"
    fields: Mapping[str, Any] = field(default_factory=dict)
    """All other members of the record, as stored: secrets, quota, passphrase hash..."""


Provisioner = Callable[[Instance, Mapping[str, str]], Awaitable[None]]
"""Fills a new instance: gets the record and the operator's parameters (`PublicName`, `Email`, ...). Idempotent."""

Introduction = Callable[[Instance], Awaitable[None]]
"""Fits what was provisioned to the language that the first person has chosen. Idempotent."""

Holding = Callable[[Instance], Awaitable[Mapping[str, int]]]
"""Says what a place holds, for the first page: counts by name, such as `{"files": 12}`."""


def key_of(domain: str) -> str:
    """The name of an instance's stores: `cozy` and the first 32 hexadecimal digits of SHA-256 of the domain."""
    return "cozy" + hashlib.sha256(domain.encode()).hexdigest()[:32]
