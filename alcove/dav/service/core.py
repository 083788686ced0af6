"""What every mount stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.dav.service.dead import DeadProperties
    from alcove.dav.service.locks import Locks
    from alcove.files import Files


@dataclass(frozen=True, slots=True)
class Core:
    """Locks and dead properties, the files, and what time it is."""

    files: Files
    locks: Locks
    dead: DeadProperties
    clock: Clock
