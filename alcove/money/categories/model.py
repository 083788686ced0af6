"""What is stored about the category of an operation, and by whom."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from alcove.money.categories.tree import NAMES, UNCATEGORISED

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Sorting:
    """Categories of an operation: the person's, its provider's, and ours with how sure it is ("" for none)."""

    manual: str = ""
    given: str = ""
    local: str = ""
    sure: float = 0.0

    @property
    def category(self) -> str:
        """The one that counts: the person's, else ours, else the provider's, else "0"."""
        own = self.local if self.local != UNCATEGORISED else ""
        return self.manual or own or self.given or UNCATEGORISED


NEVER = Sorting()
"""Of an operation that nobody sorted."""

_shared = lru_cache(maxsize=4096)(Sorting)
"""A hundred thousand operations share a few hundred of these."""


def _known(value: Any) -> str:
    return sys.intern(value) if isinstance(value, str) and value in NAMES else ""


def sorting_from(fields: Mapping[str, Any]) -> Sorting:
    """The categories as stored on an operation; numbers that nobody knows are left out."""
    given = next(
        (
            category
            for name in ("cozyCategoryId", "automaticCategoryId")
            if (category := _known(fields.get(name))) not in ("", UNCATEGORISED)
        ),
        "",
    )
    manual = _known(fields.get("manualCategoryId"))
    sure = fields.get("localCategoryProba")
    return _shared(
        manual if manual != UNCATEGORISED else "",
        given,
        _known(fields.get("localCategoryId")),
        round(float(sure), 3) if isinstance(sure, int | float) else 0.0,
    )
