"""Terms of service: whether a newer version waits to be signed (contract-a section 14)."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from alcove.instances.parameters import signed, terms_date

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

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


def terms_warning(instance: Instance, context: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """The JSON:API error that asks to sign, where `manager_url` of the context says where that is done; else None."""
    manager, uuid = str(context.get("manager_url") or ""), str(instance.fields.get("uuid") or "")
    if not manager or not uuid or terms_waiting(instance, now) is WAITS.NOT:
        return None
    where = f"{manager.rstrip('/')}/cozy/instances/{quote(uuid, safe='')}/tos"
    words = _WORDS.get(instance.locale, _WORDS["en"])
    said = {"status": "402", "title": "TOS Updated", "code": "tos-updated", "detail": words}
    return {**said, "source": {}, "links": {"self": where}}
