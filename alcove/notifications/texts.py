"""The words of notifications that the server itself writes, and around those of others, in French and English."""

from __future__ import annotations


def open_words(locale: str) -> str:
    """What leads to the app."""
    return "Ouvrir" if locale.startswith("fr") else "Open"


def quota_words(locale: str) -> tuple[str, str]:
    """Title and message for who has little space left."""
    if locale.startswith("fr"):
        return (
            "Votre espace est presque plein",
            "Neuf dixièmes de votre espace sont pris. Videz la corbeille, supprimez ce dont vous n’avez plus besoin, "
            "ou demandez-en plus à qui fait tourner le serveur.",
        )
    return (
        "Your space is nearly full",
        "Nine tenths of your space are taken. Empty the trash, remove what you do not need any more, or ask who runs "
        "the server for more.",
    )
