"""Terms of service: whether a newer version waits to be signed (contract-a section 14)."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from alcove.instances.parameters import signed, terms_date

if TYPE_CHECKING:
    from datetime import datetime

    from alcove.instances.contexts import Contexts
    from alcove.instances.model import Instance

AHEAD = timedelta(days=30)
"""How long before its day a version is spoken of."""
_WORDS = {
    "en": "Terms of services have been updated",
    "fr": "Les conditions d’utilisation ont changé",
}


class WAITS(Enum):
    """How long a version has been waiting."""

    NOT = "nothing waits, or not yet"
    SOON = "its day comes within a month"
    TOO_LONG = "its day has come"


def terms_waiting(instance: Instance, now: datetime) -> WAITS:
    """Whether the latest version waits for a signature."""
    latest = str(instance.fields.get("tos_latest") or "")
    day = terms_date(latest)
    if day is None or signed(str(instance.fields.get("tos") or ""), latest):
        return WAITS.NOT
    if now > day:
        return WAITS.TOO_LONG
    return WAITS.SOON if now > day - AHEAD else WAITS.NOT


def terms_warning(instance: Instance, contexts: Contexts, now: datetime) -> dict[str, Any] | None:
    """The JSON:API error that asks to sign, where a manager has a page for that; else None."""
    where = contexts.manager_page(instance, "tos")
    if not where or terms_waiting(instance, now) is WAITS.NOT:
        return None
    words = _WORDS.get(instance.locale, _WORDS["en"])
    said = {"status": "402", "title": "TOS Updated", "code": "tos-updated", "detail": words}
    return {**said, "source": {}, "links": {"self": where}}
