"""The words of the pages of a mailed link, in French and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = {
    "title": "Open my Alcove",
    "sent": "A mail is on its way to you. Open its link in this browser: it works once, within {minutes} minutes.",
    "spam": "It may take a minute. Look among unwanted mails too.",
    "ready": "This is the link of your mail. Open your place in this browser?",
    "both": "You asked for two proofs: say your passphrase as well.",
    "passphrase": "Passphrase",
    "show": "Show",
    "open": "Open",
    "opening": "Opening…",
    "empty": "The passphrase is missing.",
    "wrong": "The password you entered is incorrect, please try again.",
    "over": "This link was used already, or it is too old. Ask for another one.",
    "off": "No link can be mailed for this place.",
    "back": "Back to the login",
    "insecure": "Your browser only opens this place over https, or on the machine itself (localhost).",
    "noscript": "This page needs JavaScript: your passphrase is hashed in the browser and never sent as it is.",
    "failed": "The server did not answer. Check that it is running, then try again.",
}
FRENCH = {
    "title": "Ouvrir mon Alcove",
    "sent": (
        "Un mail est en route. Ouvrez son lien dans ce navigateur : il marche une fois, dans les {minutes} minutes."
    ),
    "spam": "Cela peut prendre une minute. Regardez aussi parmi les indésirables.",
    "ready": "C’est le lien de votre mail. Ouvrir votre lieu dans ce navigateur ?",
    "both": "Vous avez demandé deux preuves : donnez aussi votre phrase de passe.",
    "passphrase": "Phrase de passe",
    "show": "Afficher",
    "open": "Ouvrir",
    "opening": "Ouverture…",
    "empty": "Il manque la phrase de passe.",
    "wrong": "Le mot de passe est incorrect, veuillez réessayer.",
    "over": "Ce lien a déjà servi, ou il est trop ancien. Demandez-en un autre.",
    "off": "Aucun lien ne peut être envoyé pour ce lieu.",
    "back": "Retour à la connexion",
    "insecure": "Votre navigateur n’ouvre ce lieu qu’en https, ou sur la machine elle-même (localhost).",
    "noscript": (
        "Cette page a besoin de JavaScript : votre phrase de passe est hachée dans le navigateur "
        "et n’est jamais envoyée telle quelle."
    ),
    "failed": "Le serveur n’a pas répondu. Vérifiez qu’il tourne, puis réessayez.",
}


def magic_texts(locale: str) -> Mapping[str, str]:
    """The words in a person's language."""
    return FRENCH if locale.startswith("fr") else ENGLISH
