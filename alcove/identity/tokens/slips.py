"""Slips: what the server wants back in a moment, given to a browser sealed instead of being kept.

A stranger who begins many logins and ends none makes the server write nothing. What must hold once only is spent when
it is used, and known as spent for as long as the slip could still be read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.crypto import SealBroken
from alcove.identity.limits import QUIET
from alcove.identity.store import NEVER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from alcove.base.clock import Clock
    from alcove.base.crypto import Sealer
    from alcove.identity.store import Tries

LENGTH = 8192
"""Characters of a slip at the most."""


class Slips:
    """Writes, reads and spends slips."""

    def __init__(self, sealer: Sealer, tries: Tries, clock: Clock) -> None:
        self._sealer = sealer
        self._tries = tries
        self._clock = clock

    def write(self, purpose: str, said: Mapping[str, Any], lasting: timedelta) -> str:
        """A slip that is good for one purpose, an hour at the most; fit for an address or a cookie."""
        assert lasting <= QUIET, "what was spent is forgotten after an hour"
        ends = self._clock.now().timestamp() + lasting.total_seconds()
        sealed = self._sealer.seal(orjson.dumps({"said": said, "ends": ends}), f"slip {purpose}")
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def read(self, purpose: str, slip: str) -> Mapping[str, Any] | None:
        """What stands on a slip; None when it is forged, for something else, or past its time."""
        if not slip.isascii() or len(slip) > LENGTH:
            return None
        try:
            sealed = base64.urlsafe_b64decode(slip + "=" * (-len(slip) % 4))
            content = orjson.loads(self._sealer.open(sealed, f"slip {purpose}"))
        except (binascii.Error, ValueError, SealBroken):
            return None
        said: Mapping[str, Any] = content["said"]
        return said if content["ends"] > self._clock.now().timestamp() else None

    async def spend(self, purpose: str, name: str) -> bool:
        """Uses up what has this name, durably; False when it was used before. Of many at once one is right."""
        digest = hashlib.sha256(name.encode()).hexdigest()
        now = int(self._clock.now().timestamp() * 1000)
        return await self._tries.replace(f"spent {purpose} {digest}", NEVER, (1, now))
