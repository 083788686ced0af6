"""The words of the pages on which a client is let in or certified, in French and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.identity.texts import texts

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTHORIZE_ENGLISH = {
    "title": "Connect {name}?",
    "asks": "{name} asks to use from your Alcove:",
    "reads": "{name} asks to read from your Alcove. It can change nothing:",
    "leads": "Either answer leads you back to",
    "only": "Any program can call itself by any name. Allow this only if you have just started it yourself.",
    "allow": "Allow",
    "refuse": "Refuse",
    "later": "You can disconnect it at any time: it loses what you allow here at once.",
    "technical": "What the program sent",
    "home": "To my Alcove",
    "wrong_title": "This connection cannot be made",
    "wrong_why": (
        "The program that sent you here asked in a way that does not fit. Nothing was allowed, and nothing is shared. "
        "Start again from the program; if it stays so, tell its makers."
    ),
}
AUTHORIZE_FRENCH = {
    "title": "Connecter {name} ?",
    "asks": "{name} demande à utiliser dans votre Alcove :",
    "reads": "{name} demande à lire dans votre Alcove, sans rien pouvoir modifier :",
    "leads": "L’une ou l’autre réponse vous ramène à",
    "only": (
        "N’importe quel programme peut prendre n’importe quel nom. "
        "N’autorisez que ce que vous venez de lancer vous-même."
    ),
    "allow": "Autoriser",
    "refuse": "Refuser",
    "later": "Vous pouvez le déconnecter à tout moment : il perd aussitôt ce que vous autorisez ici.",
    "technical": "Ce que le programme a envoyé",
    "home": "Vers mon Alcove",
    "wrong_title": "Cette connexion ne peut pas se faire",
    "wrong_why": (
        "Le programme qui vous a envoyé ici a mal posé sa demande. Rien n’a été autorisé, rien n’est partagé. "
        "Recommencez depuis le programme ; si cela continue, dites-le à ses auteurs."
    ),
}
CERTIFY_ENGLISH = {
    "title": "Give {name} everything?",
    "why": (
        "It asks for everything in your Alcove: to read, change and delete all of it, and to install apps, as you can "
        "yourself. Only an app that stands for your whole Alcove needs that."
    ),
    "only": "Do it only if you have just opened this app yourself, and trust who makes it.",
    "sent": "We have sent six digits to {address}.",
    "shown": "Type these six digits to confirm:",
    "code": "Six digits",
    "certify": "Trust this app",
    "leave": "Do not trust it",
    "wrong": "These are not the digits, or they are too old.",
    "later": "Too many tries. Try again later.",
    "empty": "Type the six digits.",
    "mail_subject": "Six digits to trust an app",
    "mail_what": "{name} asks for everything in your Alcove. If you trust it, type these digits on its page:",
    "mail_not_you": "If you have not just opened this app yourself, do nothing: without the digits it gets nothing.",
    "noscript": "This page needs JavaScript.",
}
CERTIFY_FRENCH = {
    "title": "Tout donner à {name} ?",
    "why": (
        "Elle demande tout ce que contient votre Alcove : tout lire, modifier et supprimer, et installer des "
        "applications, comme vous-même. Seule une application qui représente toute votre Alcove en a besoin."
    ),
    "only": (
        "Ne le faites que si vous venez d’ouvrir cette application vous-même, "
        "et si vous faites confiance à ses auteurs."
    ),
    "sent": "Nous avons envoyé six chiffres à {address}.",
    "shown": "Tapez ces six chiffres pour confirmer :",
    "code": "Six chiffres",
    "certify": "Faire confiance à cette application",
    "leave": "Ne pas lui faire confiance",
    "wrong": "Ce ne sont pas les bons chiffres, ou ils sont trop anciens.",
    "later": "Trop d’essais. Réessayez plus tard.",
    "empty": "Tapez les six chiffres.",
    "mail_subject": "Six chiffres pour faire confiance à une application",
    "mail_what": (
        "{name} demande tout ce que contient votre Alcove. "
        "Si vous lui faites confiance, tapez ces chiffres sur sa page :"
    ),
    "mail_not_you": (
        "Si vous ne venez pas d’ouvrir cette application vous-même, ne faites rien : "
        "sans les chiffres elle n’obtient rien."
    ),
    "noscript": "Cette page a besoin de JavaScript.",
}

LIMIT_ENGLISH = {
    "title": "Too many devices",
    "said": "Devices connected: {count}. This place may have {limit}.",
    "why": "Your data is safe, and your devices go on. To open your apps, disconnect what you use no more.",
    "manage": "Choose which ones",
    "again": "I have done so: open my Alcove",
}
LIMIT_FRENCH = {
    "title": "Trop d’appareils",
    "said": "Appareils connectés : {count}. Ce lieu peut en avoir {limit}.",
    "why": (
        "Vos données sont en sûreté, et vos appareils continuent. "
        "Déconnectez ceux dont vous ne vous servez plus pour ouvrir vos applications."
    ),
    "manage": "Choisir lesquels",
    "again": "C’est fait : ouvrir mon Alcove",
}

MOVING_ENGLISH = {
    "title": "Move your Alcove?",
    "why": (
        "{name}, at {place}, asks to take everything out of this place, or to put what comes from another one in its "
        "stead. Say your passphrase only if you have just begun to move."
    ),
    "go": "Let it move my Alcove",
}
MOVING_FRENCH = {
    "title": "Déménager votre Alcove ?",
    "why": (
        "{name}, à l’adresse {place}, demande à emporter tout ce que contient ce lieu, ou à le remplacer par ce qui "
        "vient d’un autre. Ne dites votre phrase de passe que si vous venez de commencer un déménagement."
    ),
    "go": "Le laisser déménager mon Alcove",
}


def moving_texts(locale: str) -> Mapping[str, str]:
    """The words of the page that asks whether a client may move the place, with those of the login page."""
    return {**texts(locale), **(MOVING_FRENCH if locale.startswith("fr") else MOVING_ENGLISH)}


def limit_texts(locale: str) -> Mapping[str, str]:
    """The words of the page for who has connected too many devices."""
    return LIMIT_FRENCH if locale.startswith("fr") else LIMIT_ENGLISH


def authorize_texts(locale: str) -> Mapping[str, str]:
    """The words of the page that asks whether a client is let in."""
    return AUTHORIZE_FRENCH if locale.startswith("fr") else AUTHORIZE_ENGLISH


def certify_texts(locale: str) -> Mapping[str, str]:
    """The words of the page that asks whether a client may have everything."""
    words = CERTIFY_FRENCH if locale.startswith("fr") else CERTIFY_ENGLISH
    return {**words, "failed": texts(locale)["failed"]}
