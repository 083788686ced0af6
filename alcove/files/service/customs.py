"""What holds for one instance: what its person chose, and what the operator set for its context.

A wrong setting of a context is answered with the default, and told in the log when the server starts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from alcove.instances import Instance

NUMBER, DELAY, CLEANED = (
    "max_number_of_versions_to_keep",
    "min_delay_between_two_versions",
    "auto_clean_trashed_after",
)
"""The names in a context's table: those of the reference's configuration."""

_LONG = re.compile(r"(\d{1,9})(s|m|h|D|W|M|Y)", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "D": 86400, "W": 7 * 86400, "M": 30 * 86400, "Y": 365 * 86400}


@dataclass(frozen=True, slots=True)
class Keeping:
    """Which old versions of a file are kept (contract-b 2.6)."""

    number: int = 20
    """Versions at the most; none are kept with 0."""
    delay: timedelta = timedelta(minutes=15)
    """What lies between two of them at the least."""


async def _nothing(instance: Instance) -> Mapping[str, Any]:  # noqa: ARG001 - the shape of what is asked for settings
    return {}


@dataclass(frozen=True, slots=True)
class Customs:
    """What holds for each instance."""

    settings: Callable[[Instance], Awaitable[Mapping[str, Any]]] = _nothing
    """What its person chose: the document `io.cozy.settings.instance`."""
    context: Callable[[Instance], Mapping[str, Any]] = lambda instance: {}  # noqa: ARG005

    async def name(self, instance: Instance) -> str:
        """What the person is called."""
        return str((await self.settings(instance)).get("public_name") or "")

    async def zone(self, instance: Instance) -> tzinfo:
        """The person's time zone; UTC where none is set, or none that this machine knows."""
        try:
            return ZoneInfo(str((await self.settings(instance)).get("tz") or "UTC"))
        except (ValueError, OSError):
            return UTC

    def keeping(self, instance: Instance) -> Keeping:
        """The rules of old versions."""
        said, usual = self.context(instance), Keeping()
        number, delay = said.get(NUMBER), length_of(said.get(DELAY))
        return Keeping(
            number if isinstance(number, int) and number >= 0 else usual.number,
            usual.delay if delay is None else delay,
        )

    def emptied_after(self, instance: Instance) -> timedelta | None:
        """How long things stay in the trash before they are destroyed; None, as long as nobody sets it: for ever."""
        return length_of(self.context(instance).get(CLEANED)) or None


def length_of(text: object) -> timedelta | None:
    """A length of time as the configuration writes it; None when it is none.

    >>> length_of("15m"), length_of("30D"), length_of("soon")
    (datetime.timedelta(seconds=900), datetime.timedelta(days=30), None)
    """
    said = _LONG.fullmatch(text) if isinstance(text, str) else None
    return timedelta(seconds=int(said[1]) * _UNITS[said[2]]) if said else None


def wrong_settings(context: Mapping[str, Any]) -> Iterator[str]:
    """The names of what a context says of files that cannot be used."""
    number = context.get(NUMBER)
    if number is not None and (not isinstance(number, int) or number < 0):
        yield NUMBER
    yield from (name for name in (DELAY, CLEANED) if name in context and length_of(context[name]) is None)
