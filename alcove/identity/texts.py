"""The words of the login page, of the first start, of a forgotten passphrase and of a link, in French and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = {
    "sample": "Sample person",
    "sample_how": (
        "Everything in this place is invented, and it has no passphrase. "
        "Open it from your own place, where you had it made."
    ),
    "title": "Open my Alcove",
    "passphrase": "Passphrase",
    "show": "Show",
    "remember": "Stay logged in on this browser",
    "open": "Open",
    "opening": "Opening…",
    "wrong": "The password you entered is incorrect, please try again.",
    "empty": "The passphrase is missing.",
    "forgotten": "Passphrase forgotten?",
    "other": "Log in with {name}",
    "passkey": "Use a passkey",
    "magic": "Send me a link by mail",
    "passkey_refused": "No passkey of this place was used. Try again, or open it with your passphrase.",
    "insecure": "Your browser only opens this place over https, or on the machine itself (localhost).",
    "noscript": "This page needs JavaScript: your passphrase is hashed in the browser and never sent as it is.",
    "undefined": (
        "This place has no passphrase yet. Open the address that alcove up prints on the server, "
        "or set one there with the command"
    ),
    "failed": "The server did not answer. Check that it is running, then try again.",
    "later": "Too many tries. Try again in {time}.",
    "second": "second",
    "minute": "minute",
}
FRENCH = {
    "sample": "Personne d’exemple",
    "sample_how": (
        "Tout est inventé dans ce lieu, et il n’a pas de phrase de passe. Ouvrez-le depuis votre lieu à vous, "
        "où vous l’avez fait faire."
    ),
    "title": "Ouvrir mon Alcove",
    "passphrase": "Phrase de passe",
    "show": "Afficher",
    "remember": "Rester connecté sur ce navigateur",
    "open": "Ouvrir",
    "opening": "Ouverture…",
    "wrong": "Le mot de passe est incorrect, veuillez réessayer.",
    "empty": "Il manque la phrase de passe.",
    "forgotten": "Phrase de passe oubliée ?",
    "other": "Se connecter avec {name}",
    "passkey": "Utiliser une clé d’accès",
    "magic": "M’envoyer un lien par mail",
    "passkey_refused": "Aucune clé de ce lieu n’a servi. Réessayez, ou ouvrez-le avec votre phrase de passe.",
    "insecure": "Votre navigateur n’ouvre ce lieu qu’en https, ou sur la machine elle-même (localhost).",
    "noscript": (
        "Cette page a besoin de JavaScript : votre phrase de passe est hachée dans le navigateur "
        "et n’est jamais envoyée telle quelle."
    ),
    "undefined": (
        "Ce lieu n’a pas encore de phrase de passe. Ouvrez l’adresse qu’affiche alcove up sur le serveur, "
        "ou choisissez-la là-bas avec la commande"
    ),
    "failed": "Le serveur n’a pas répondu. Vérifiez qu’il tourne, puis réessayez.",
    "later": "Trop d’essais. Réessayez dans {time}.",
    "second": "seconde",
    "minute": "minute",
}

FIRST_ENGLISH = {
    "title": "Welcome to your Alcove",
    "about": "Everything you put here stays here. Choose how to open it.",
    "name": "Your name",
    "language": "Language",
    "passphrase": "Passphrase",
    "show": "Show",
    "advice": "Four or five words that have nothing to do with each other are easy to keep in mind and hard to guess.",
    "lost": "Nobody else knows it: write it down somewhere safe.",
    "open": "Open my Alcove",
    "opening": "Opening…",
    "used": "This address has served already. Open your Alcove and log in.",
    "insecure": ENGLISH["insecure"],
    "noscript": ENGLISH["noscript"],
    "failed": ENGLISH["failed"],
}
FIRST_FRENCH = {
    "title": "Bienvenue dans votre Alcove",
    "about": "Tout ce que vous y mettez y reste. Choisissez comment l’ouvrir.",
    "name": "Votre nom",
    "language": "Langue",
    "passphrase": "Phrase de passe",
    "show": "Afficher",
    "advice": "Quatre ou cinq mots sans rapport entre eux se retiennent bien et se devinent mal.",
    "lost": "Personne d’autre ne la connaît : notez-la en lieu sûr.",
    "open": "Ouvrir mon Alcove",
    "opening": "Ouverture…",
    "used": "Cette adresse a déjà servi. Ouvrez votre Alcove et connectez-vous.",
    "insecure": FRENCH["insecure"],
    "noscript": FRENCH["noscript"],
    "failed": FRENCH["failed"],
}
FORGOTTEN_ENGLISH = {
    "title": "Passphrase forgotten",
    "why": "Nobody else knows it, so nobody can send it to you. But whoever runs this server can set a new one:",
    "terminal": "On the machine that runs Alcove, open a terminal, as the user who runs it.",
    "type": "Type",
    "twice": "The new passphrase is asked for twice. It does not show while you type.",
    "kept": "Everything in this place stays as it is. All devices are signed out.",
    "back": "Back to the login",
    "mail": "A mail with a link can set a new one, if this place knows your address.",
    "send": "Send me the mail",
    "sent": "If this place knows your address, a mail is on its way. Its link works once, for fifteen minutes.",
    "spam": "Nothing after a few minutes? Look among the unwanted mails.",
    "otherwise": "Without a mail: on the server",
}
FORGOTTEN_FRENCH = {
    "title": "Phrase de passe oubliée",
    "why": (
        "Personne d’autre ne la connaît : personne ne peut donc vous l’envoyer. "
        "Mais qui fait tourner ce serveur peut en choisir une nouvelle :"
    ),
    "terminal": "Sur la machine qui fait tourner Alcove, ouvrez un terminal, sous le compte qui le fait tourner.",
    "type": "Tapez",
    "twice": "La nouvelle phrase de passe est demandée deux fois. Elle ne s’affiche pas pendant la frappe.",
    "kept": "Tout ce qui est dans ce lieu reste comme c’est. Tous les appareils sont déconnectés.",
    "back": "Retour à la connexion",
    "mail": "Un mail avec un lien permet d’en choisir une nouvelle, si ce lieu connaît votre adresse.",
    "send": "M’envoyer le mail",
    "sent": ("Si ce lieu connaît votre adresse, un mail est parti. Son lien marche une fois, pendant quinze minutes."),
    "spam": "Rien après quelques minutes ? Regardez parmi les indésirables.",
    "otherwise": "Sans mail : sur le serveur",
}
RENEW_ENGLISH = {
    "title": "Choose a new passphrase",
    "passphrase": "New passphrase",
    "show": FIRST_ENGLISH["show"],
    "advice": FIRST_ENGLISH["advice"],
    "kept": "Everything in this place stays as it is. All devices are signed out.",
    "set": "Keep this passphrase",
    "setting": "Keeping…",
    "over": "This link was used already, or is too old. Ask for another mail.",
    "insecure": ENGLISH["insecure"],
    "noscript": ENGLISH["noscript"],
    "failed": ENGLISH["failed"],
}
RENEW_FRENCH = {
    "title": "Choisir une nouvelle phrase de passe",
    "passphrase": "Nouvelle phrase de passe",
    "show": FIRST_FRENCH["show"],
    "advice": FIRST_FRENCH["advice"],
    "kept": "Tout ce qui est dans ce lieu reste comme c’est. Tous les appareils sont déconnectés.",
    "set": "Garder cette phrase de passe",
    "setting": "Enregistrement…",
    "over": "Ce lien a déjà servi, ou il est trop vieux. Demandez un autre mail.",
    "insecure": FRENCH["insecure"],
    "noscript": FRENCH["noscript"],
    "failed": FRENCH["failed"],
}
LINK_ENGLISH = {
    "title": "Protected link",
    "why": "Who shared this with you has set a password. Ask them for it if you do not have it.",
    "password": "Password of the link",
    "open": "Open",
    "wrong": "This is not the password of the link. Check it, then try again.",
}
LINK_FRENCH = {
    "title": "Lien protégé",
    "why": "La personne qui a partagé ceci a choisi un mot de passe. Demandez-le-lui si vous ne l’avez pas.",
    "password": "Mot de passe du lien",
    "open": "Ouvrir",
    "wrong": "Ce n’est pas le mot de passe du lien. Vérifiez-le, puis réessayez.",
}
LEFT_ENGLISH = {
    "title": "You are logged out",
    "why": "{name} may still know you in this browser: whoever uses it next could come in again.",
    "there": "Log out of {name} too",
    "again": "Log in again with {name}",
}
LEFT_FRENCH = {
    "title": "Vous êtes déconnecté",
    "why": "{name} vous connaît peut-être encore dans ce navigateur : qui s’en sert après vous pourrait revenir ici.",
    "there": "Se déconnecter aussi de {name}",
    "again": "Se reconnecter avec {name}",
}
DELEGATION_ENGLISH = {
    "lang": "en",
    "title": "You are not logged in",
    "NoProvider": "This place does not know another service to log in with. Use your passphrase.",
    "LoginExpired": "This login was begun too long ago, in another browser, or it has ended already. Begin again.",
    "TokenNotBelieved": "The service that you came from did not say that this place is yours.",
    "ProviderFailed": "The service that you log in with does not answer as it should. Try again later.",
    "back": "Back to the login",
}
DELEGATION_FRENCH = {
    "lang": "fr",
    "title": "Vous n’êtes pas connecté",
    "NoProvider": "Ce lieu ne connaît pas d’autre service pour se connecter. Utilisez votre phrase de passe.",
    "LoginExpired": (
        "Cette connexion a commencé il y a trop longtemps, dans un autre navigateur, ou elle est déjà finie. "
        "Recommencez."
    ),
    "TokenNotBelieved": "Le service d’où vous venez n’a pas dit que ce lieu est à vous.",
    "ProviderFailed": "Le service avec lequel vous vous connectez ne répond pas comme il faut. Réessayez plus tard.",
    "back": "Retour à la connexion",
}
PASSKEY_ENGLISH = {
    "title": "Add a passkey",
    "why": (
        "A passkey opens this place with your finger, your face or the PIN of your device, instead of the passphrase. "
        "It cannot be guessed, nor given to a false page."
    ),
    "passphrase": "Passphrase, once more",
    "show": "Show",
    "make": "Add a passkey",
    "making": "Follow your browser…",
    "cancel": "Cancel",
    "empty": "The passphrase is missing.",
    "wrong": "This is not your passphrase.",
    "undefined": "This place has no passphrase: set one first.",
    "refused": "No passkey was made. Try again, or use another device.",
    "known": "This device has a passkey of this place already.",
    "unable": "This browser makes no passkeys, or only over https and on the machine itself (localhost).",
    "insecure": ENGLISH["insecure"],
    "noscript": "This page needs JavaScript: a passkey is made by your browser.",
    "failed": ENGLISH["failed"],
    "unnamed": "Passkey",
}
PASSKEY_FRENCH = {
    "title": "Ajouter une clé d’accès",
    "why": (
        "Une clé d’accès ouvre ce lieu avec votre doigt, votre visage ou le code de votre appareil, au lieu de la "
        "phrase de passe. Elle ne peut être ni devinée, ni donnée à une fausse page."
    ),
    "passphrase": "Phrase de passe, encore une fois",
    "show": "Afficher",
    "make": "Ajouter une clé d’accès",
    "making": "Suivez votre navigateur…",
    "cancel": "Annuler",
    "empty": "Il manque la phrase de passe.",
    "wrong": "Ce n’est pas votre phrase de passe.",
    "undefined": "Ce lieu n’a pas de phrase de passe : choisissez-en une d’abord.",
    "refused": "Aucune clé n’a été créée. Réessayez, ou prenez un autre appareil.",
    "known": "Cet appareil a déjà une clé de ce lieu.",
    "unable": "Ce navigateur ne crée pas de clés, ou seulement en https et sur la machine elle-même (localhost).",
    "insecure": FRENCH["insecure"],
    "noscript": "Cette page a besoin de JavaScript : c’est votre navigateur qui crée la clé.",
    "failed": FRENCH["failed"],
    "unnamed": "Clé d’accès",
}
MINUTE = 60
LANGUAGES = {"fr": "Français", "en": "English"}
"""The languages of the pages, as they call themselves."""


def first_texts(locale: str) -> Mapping[str, str]:
    """The words of the first-start page."""
    return FIRST_FRENCH if locale.startswith("fr") else FIRST_ENGLISH


def forgotten_texts(locale: str) -> Mapping[str, str]:
    """The words of the page for who has forgotten the passphrase."""
    return FORGOTTEN_FRENCH if locale.startswith("fr") else FORGOTTEN_ENGLISH


def renew_texts(locale: str) -> Mapping[str, str]:
    """The words of the page that sets a forgotten passphrase anew."""
    return RENEW_FRENCH if locale.startswith("fr") else RENEW_ENGLISH


def link_texts(locale: str) -> Mapping[str, str]:
    """The words of the page that asks for the password of a link."""
    return LINK_FRENCH if locale.startswith("fr") else LINK_ENGLISH


def delegation_texts(locale: str) -> Mapping[str, str]:
    """The words of the page that says why a login with another provider failed."""
    return DELEGATION_FRENCH if locale.startswith("fr") else DELEGATION_ENGLISH


def passkey_texts(locale: str) -> Mapping[str, str]:
    """The words of the page that makes a passkey."""
    return PASSKEY_FRENCH if locale.startswith("fr") else PASSKEY_ENGLISH


def left_texts(locale: str) -> Mapping[str, str]:
    """The words of the page of who has just logged out."""
    return LEFT_FRENCH if locale.startswith("fr") else LEFT_ENGLISH


def texts(locale: str) -> Mapping[str, str]:
    """The words in a person's language."""
    return FRENCH if locale.startswith("fr") else ENGLISH


def later(seconds: int, locale: str) -> str:
    """Too many tries, and when the next one is allowed.

    >>> later(1, "en"), later(61, "fr")
    ('Too many tries. Try again in 1 second.', 'Trop d’essais. Réessayez dans 2 minutes.')
    """
    words = texts(locale)
    count, unit = (seconds, words["second"]) if seconds <= MINUTE else (-(-seconds // MINUTE), words["minute"])
    return words["later"].format(time=f"{count} {unit}{'s' if count > 1 else ''}")
