"""The words of the page for an app or a page that is not there, in French and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = {
    "title": "This app is not installed",
    "what": "Nothing of yours is lost: there is just no app at this address.",
    "lost_title": "This page does not exist",
    "lost_what": "Nothing of yours is lost: the address is wrong, or what was there has another one now.",
    "back": "Back to my Alcove",
}
FRENCH = {
    "title": "Cette application n’est pas installée",
    "what": "Rien de ce qui est à vous n’est perdu : il n’y a simplement pas d’application à cette adresse.",
    "lost_title": "Cette page n’existe pas",
    "lost_what": "Rien de ce qui est à vous n’est perdu : l’adresse est fausse, ou ce qui s’y trouvait en a une autre.",
    "back": "Retour à mon Alcove",
}


def texts(locale: str) -> Mapping[str, str]:
    """The words in a person's language."""
    return FRENCH if locale.startswith("fr") else ENGLISH
