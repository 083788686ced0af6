"""The words around every letter, in French and English. What a letter says belongs to the room that writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = {
    "hello": "Hello,",
    "colon": ":",
    "otherwise": "If the button does nothing, open this address:",
    "from": "Sent by your Alcove, {domain}. Nobody reads answers to this address.",
}
FRENCH = {
    "hello": "Bonjour,",
    "colon": " :",
    "otherwise": "Si le bouton ne fait rien, ouvrez cette adresse :",
    "from": "Envoyé par votre Alcove, {domain}. Personne ne lit les réponses à cette adresse.",
}


def texts(locale: str) -> Mapping[str, str]:
    """The words in a person's language."""
    return FRENCH if locale.startswith("fr") else ENGLISH
