"""Secrets that stand for something for ten minutes: a download, an archive, metadata sent ahead of a file."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alcove.base.clock import Clock

LIFE = timedelta(minutes=10)
STEP = 300.0
"""Seconds that the secrets of thumbnails stay the same, so that a browser keeps a picture for a while."""
KEPT = 2000
"""Secrets of one instance at the most: the oldest goes first."""


@dataclass(frozen=True, slots=True)
class FileLink:
    """A download of a file, or of an old version of it."""

    file_id: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class ArchiveLink:
    """A ZIP of some nodes, under one name."""

    name: str
    ids: tuple[str, ...]
    pages: tuple[tuple[str, int], ...] = ()
    """Single pages of PDF files: the file, and the page counted from 1."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Metadata that was sent ahead of its file."""

    metadata: Mapping[str, Any]


Meaning = FileLink | ArchiveLink | Prepared


class Links:
    """Keeps what each secret stands for, per instance, in this process. Guessing one of 2^64 takes for ever."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, OrderedDict[str, tuple[datetime, Meaning]]] = {}

    def make(self, tenant: str, meaning: Meaning) -> str:
        """A new secret of sixteen hexadecimal digits."""
        kept = self._kept.setdefault(tenant, OrderedDict())
        now = self._clock.now()
        while kept and (len(kept) >= KEPT or next(iter(kept.values()))[0] < now):
            kept.popitem(last=False)
        secret = secrets.token_hex(8)
        kept[secret] = (now + LIFE, meaning)
        return secret

    def read(self, tenant: str, secret: str) -> Meaning | None:
        """What a secret stands for; None when it was never made here, or is past its time."""
        kept = self._kept.get(tenant)
        found = kept.get(secret) if kept is not None else None
        return found[1] if found is not None and found[0] >= self._clock.now() else None

    def drop(self, tenant: str) -> None:
        """Forgets an instance."""
        self._kept.pop(tenant, None)


class ThumbnailKeys:
    """Secrets in the addresses of thumbnails: known only to who could read the file, for ten to fifteen minutes.

    They are computed, never kept: one page of a directory shows a thousand.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)

    def of(self, tenant: str) -> Callable[[str], str]:
        """Gives the secret of each file of an instance, by its id."""
        step = self._step()
        return lambda node_id: self._secret(tenant, node_id, step)

    def holds(self, tenant: str, node_id: str, secret: str) -> bool:
        """Whether a secret was given for that file, not too long ago."""
        now = self._step()
        oldest = now - int(LIFE.total_seconds() / STEP)
        given = (self._secret(tenant, node_id, step) for step in range(now, oldest - 1, -1))
        return any(hmac.compare_digest(known.encode(), secret.encode()) for known in given)

    def _step(self) -> int:
        return int(self._clock.now().timestamp() // STEP)

    def _secret(self, tenant: str, node_id: str, step: int) -> str:
        return hashlib.blake2s(f"{step}/{tenant}/{node_id}".encode(), key=self._key, digest_size=8).hexdigest()
