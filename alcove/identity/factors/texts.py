"""The words of the second step of a login, and of the page that asks for the passphrase again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.identity.texts import ENGLISH, FRENCH, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

FACTOR_ENGLISH = {
    "title": "One more step",
    "by_mail": "A mail with six digits is on its way to you.",
    "unsent": "No mail can be sent now. Type one of your recovery codes, or try again later.",
    "by_app": "Type the six digits that your authenticator app shows.",
    "code": "Code",
    "trust": "Do not ask again on this browser",
    "open": "Open",
    "lost": "Without your telephone or your mail, type one of your recovery codes.",
    "back": "Back to the login",
    "wrong": "This is not the code. Check it, then try again.",
    "over": "This took too long. Log in again.",
    "again": "This took too long. Begin again.",
    "app": "An authenticator app is asked already. Turn it off first, in your account.",
    "off": "No second step is asked for here.",
    "empty": "The code is missing.",
    "failed": ENGLISH["failed"],
}
FACTOR_FRENCH = {
    "title": "Encore une étape",
    "by_mail": "Un mail avec six chiffres vous est envoyé.",
    "unsent": "Aucun mail ne peut partir maintenant. Tapez un de vos codes de secours, ou réessayez plus tard.",
    "by_app": "Tapez les six chiffres qu’affiche votre application d’authentification.",
    "code": "Code",
    "trust": "Ne plus demander sur ce navigateur",
    "open": "Ouvrir",
    "lost": "Sans votre téléphone ou vos mails, tapez un de vos codes de secours.",
    "back": "Retour à la connexion",
    "wrong": "Ce n’est pas le code. Vérifiez-le, puis réessayez.",
    "over": "C’était trop long. Connectez-vous à nouveau.",
    "again": "C’était trop long. Recommencez.",
    "app": "Une application d’authentification est déjà demandée. Désactivez-la d’abord, dans votre compte.",
    "off": "Aucune seconde étape n’est demandée ici.",
    "empty": "Il manque le code.",
    "failed": FRENCH["failed"],
}
CONFIRM_ENGLISH = {
    "title": "Is it you?",
    "why": "Before something that matters, your passphrase is asked for again.",
    "go": "Go on",
}
CONFIRM_FRENCH = {
    "title": "Est-ce bien vous ?",
    "why": "Avant une chose importante, votre phrase de passe est demandée à nouveau.",
    "go": "Continuer",
}


def factor_texts(locale: str) -> Mapping[str, str]:
    """The words of the second step of a login."""
    return FACTOR_FRENCH if locale.startswith("fr") else FACTOR_ENGLISH


def confirm_texts(locale: str) -> Mapping[str, str]:
    """The words of the page that asks for the passphrase again, with those of the login page."""
    return {**texts(locale), **(CONFIRM_FRENCH if locale.startswith("fr") else CONFIRM_ENGLISH)}
