"""The words around a notification that is sent by mail, in French and English."""

from __future__ import annotations


def open_words(locale: str) -> str:
    """What leads to the app."""
    return "Ouvrir" if locale.startswith("fr") else "Open"
