"""The words of the page on which a device is let in, in French and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = {
    "title": "Let this device in?",
    "asks": "A program asks to use your files: to read, change and delete all of them.",
    "agent": "What it calls itself",
    "address": "Where it asks from",
    "unnamed": "A device",
    "name": "Name of the device",
    "only": (
        "Any program can call itself by any name. Allow this only if you have started it yourself, just now: whoever "
        "sent you here by a message wants your files."
    ),
    "allow": "Let it in",
    "refuse": "Refuse",
    "later": "It gets a password of its own. You can take it back at any time on the page of your account.",
    "technical": "Details",
    "home": "To my Alcove",
    "done_title": "Your device is let in",
    "done_why": "You can close this page and go back to it.",
    "over_title": "This cannot be used any more",
    "over_why": (
        "The address works once, for twenty minutes. Nothing was allowed. Start again from the device that you want to "
        "connect."
    ),
}
FRENCH = {
    "title": "Laisser entrer cet appareil ?",
    "asks": "Un programme demande à utiliser vos fichiers : à tous les lire, les modifier et les supprimer.",
    "agent": "Le nom qu’il se donne",
    "address": "D’où il le demande",
    "unnamed": "Un appareil",
    "name": "Nom de l’appareil",
    "only": (
        "N’importe quel programme peut prendre n’importe quel nom. N’autorisez que ce que vous avez lancé vous-même, à "
        "l’instant : qui vous envoie ici par un message en veut à vos fichiers."
    ),
    "allow": "Le laisser entrer",
    "refuse": "Refuser",
    "later": "Il reçoit un mot de passe à lui. Vous pouvez le reprendre à tout moment sur la page de votre compte.",
    "technical": "Détails",
    "home": "Vers mon Alcove",
    "done_title": "Votre appareil est entré",
    "done_why": "Vous pouvez fermer cette page et retourner à l’appareil.",
    "over_title": "Cette adresse ne sert plus",
    "over_why": (
        "Elle marche une fois, pendant vingt minutes. Rien n’a été autorisé. Recommencez depuis l’appareil que vous "
        "voulez connecter."
    ),
}


def device_texts(locale: str) -> Mapping[str, str]:
    """The words for who speaks this language."""
    return FRENCH if locale.startswith("fr") else ENGLISH
