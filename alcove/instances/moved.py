"""A place that was moved to another server (contract-a section 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.errors import Refusal

if TYPE_CHECKING:
    from alcove.instances.model import Instance

_WORDS = {
    "en": "The Cozy has been moved to a new address",
    "fr": "Cet espace a déménagé à une nouvelle adresse",
}


def moved_warning(instance: Instance, to: object) -> dict[str, Any] | None:
    """The JSON:API error that tells where the place is now, if it was moved (`to`, where it is known)."""
    if not instance.fields.get("moved"):
        return None
    words = _WORDS.get(instance.locale, _WORDS["en"])
    said = {"status": "410", "title": "Cozy has been moved", "code": "moved", "detail": words, "source": {}}
    return {**said, **({"links": {"related": to}} if isinstance(to, str) and to else {})}


class PlaceMoved(Refusal):
    """The place is at another address from now on: who calls goes there."""

    status = 410

    def __init__(self, warning: dict[str, Any]) -> None:
        super().__init__(warning["detail"], title=warning["title"], code=warning["code"], links=warning.get("links"))
        self._warning = warning

    def own_body(self) -> dict[str, object]:
        """The same for `/data`: clients look for the code there too."""
        return {"errors": [self._warning]}
