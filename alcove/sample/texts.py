"""The words of the page for a link that has served, in French and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = {
    "title": "This link has served already",
    "what": (
        "A link to a sample person opens once, and for two minutes only. Go back to your own place and open it there."
    ),
}
FRENCH = {
    "title": "Ce lien a déjà servi",
    "what": (
        "Un lien vers une personne d’exemple s’ouvre une fois, et pendant deux minutes seulement. "
        "Retournez dans votre propre lieu et ouvrez-la de là."
    ),
}


def texts(locale: str) -> Mapping[str, str]:
    """The words in a person's language."""
    return FRENCH if locale.startswith("fr") else ENGLISH
