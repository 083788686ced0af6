"""What identity writes to a person: to set the passphrase anew, to confirm an address, and what was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.outbox import Button, Letter

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = {
    "reset.subject": "Set a new passphrase",
    "reset.why": "Somebody asked to set a new passphrase for {domain}. If it was you, choose it here:",
    "reset.button": "Choose a new passphrase",
    "reset.after": "This works once, within {minutes} minutes. If it was not you, there is nothing to do.",
    "magic.subject": "Your link to log in",
    "magic.why": "Somebody asked for a link to open {domain}. If it was you, open it in the same browser:",
    "magic.button": "Open my Alcove",
    "magic.after": "This works once, within {minutes} minutes. If it was not you, there is nothing to do.",
    "passkey.subject": "A passkey was added",
    "passkey.why": "A passkey, {name}, opens {domain} from now on, instead of the passphrase.",
    "passkey.after": "If it was not you, change your passphrase, then remove the passkey on the page of your account.",
    "connected.subject": "{name} is connected",
    "connected.why": "You let {name} into {domain}: it does there what you agreed to, without your passphrase.",
    "connected.after": "If it was not you, disconnect it on the page of your account, then change your passphrase.",
    "moving.subject": "{name} may move your place",
    "moving.why": "With your passphrase you let {name} take everything out of {domain}, or replace what is in it.",
    "moving.after": "If it was not you, disconnect it on the page of your account at once, and change your passphrase.",
    "hint.subject": "Your passphrase hint",
    "hint.why": "This is the hint that you have kept for the passphrase of {domain}:",
    "changed.subject": "Your passphrase was changed",
    "changed.why": "The passphrase of {domain} was set anew with a mail. All devices are signed out.",
    "changed.after": "If it was not you, somebody reads your mail: set the passphrase anew, on the server if need be.",
    "confirm.subject": "Confirm your mail address",
    "confirm.why": "This address was given for {domain}. Mails go to it once you have confirmed it:",
    "confirm.button": "Confirm this address",
    "confirm.after": "This works for seven days. If it was not you, there is nothing to do.",
    "code.subject": "Your code: {code}",
    "code.why": "To open {domain}, type this code:",
    "code.after": (
        "It works for {minutes} minutes. If it was not you, somebody knows your passphrase: change it soon, and give "
        "this code to nobody."
    ),
    "on.subject": "A code is asked for as well, from now on",
    "on.why": "Whoever opens {domain} from a new browser now needs a code of your authenticator app.",
    "off.subject": "No code is asked for any more",
    "off.why": "The passphrase alone opens {domain} from now on.",
    "factor.after": "If it was not you, open your account and change the passphrase.",
    "moved.subject": "Your mail address was changed",
    "moved.why": "Mails of {domain} now go to another address, which was confirmed.",
    "moved.after": "If it was not you, open your account, change the passphrase and then the address.",
}
FRENCH = {
    "reset.subject": "Choisir une nouvelle phrase de passe",
    "reset.why": (
        "Quelqu’un a demandé à choisir une nouvelle phrase de passe pour {domain}. Si c’était vous, choisissez-la ici :"
    ),
    "reset.button": "Choisir une nouvelle phrase de passe",
    "reset.after": "Ceci marche une fois, dans les {minutes} minutes. Si ce n’était pas vous, il n’y a rien à faire.",
    "magic.subject": "Votre lien de connexion",
    "magic.why": (
        "Quelqu’un a demandé un lien pour ouvrir {domain}. Si c’était vous, ouvrez-le dans le même navigateur :"
    ),
    "magic.button": "Ouvrir mon Alcove",
    "magic.after": "Ceci marche une fois, dans les {minutes} minutes. Si ce n’était pas vous, il n’y a rien à faire.",
    "passkey.subject": "Une clé d’accès a été ajoutée",
    "passkey.why": "Une clé d’accès, {name}, ouvre désormais {domain} au lieu de la phrase de passe.",
    "passkey.after": (
        "Si ce n’était pas vous, changez de phrase de passe, puis retirez la clé sur la page de votre compte."
    ),
    "moving.subject": "{name} peut déménager votre lieu",
    "moving.why": (
        "Avec votre phrase de passe, vous avez permis à {name} d’emporter tout ce que contient {domain}, "
        "ou de le remplacer."
    ),
    "moving.after": (
        "Si ce n’était pas vous, déconnectez-le tout de suite sur la page de votre compte, "
        "puis changez votre phrase de passe."
    ),
    "connected.subject": "{name} est connecté",
    "connected.why": (
        "Vous avez autorisé {name} dans {domain} : il y fait ce que vous avez accepté, sans votre phrase de passe."
    ),
    "connected.after": (
        "Si ce n’était pas vous, déconnectez-le sur la page de votre compte, puis changez de phrase de passe."
    ),
    "hint.subject": "Votre indice",
    "hint.why": "Voici l’indice que vous avez gardé pour la phrase de passe de {domain} :",
    "changed.subject": "Votre phrase de passe est changée",
    "changed.why": "La phrase de passe de {domain} a été changée par mail. Tous les appareils sont déconnectés.",
    "changed.after": (
        "Si ce n’était pas vous, quelqu’un lit votre courrier : choisissez-en une autre, sur le serveur s’il le faut."
    ),
    "confirm.subject": "Confirmez votre adresse",
    "confirm.why": "Cette adresse a été donnée pour {domain}. Les mails y partiront dès que vous l’aurez confirmée :",
    "confirm.button": "Confirmer cette adresse",
    "confirm.after": "Ceci marche pendant sept jours. Si ce n’était pas vous, il n’y a rien à faire.",
    "code.subject": "Votre code : {code}",
    "code.why": "Pour ouvrir {domain}, tapez ce code :",
    "code.after": (
        "Il marche pendant {minutes} minutes. Si ce n’était pas vous, quelqu’un connaît votre phrase de passe : "
        "changez-la vite, et ne donnez ce code à personne."
    ),
    "on.subject": "Un code est aussi demandé, désormais",
    "on.why": "Qui ouvre {domain} d’un nouveau navigateur doit maintenant donner un code de votre application.",
    "off.subject": "Plus aucun code n’est demandé",
    "off.why": "La phrase de passe seule ouvre {domain} désormais.",
    "factor.after": "Si ce n’était pas vous, ouvrez votre compte et changez de phrase de passe.",
    "moved.subject": "Votre adresse de mail est changée",
    "moved.why": "Les mails de {domain} partent maintenant vers une autre adresse, qui a été confirmée.",
    "moved.after": "Si ce n’était pas vous, ouvrez votre compte, changez de phrase de passe, puis l’adresse.",
}


def reset(locale: str, domain: str, url: str, minutes: int) -> Letter:
    """Where to choose a new passphrase."""
    words = _words(locale)
    return Letter(
        "passphrase reset",
        words["reset.subject"],
        [words["reset.why"].format(domain=domain)],
        Button(words["reset.button"], url),
        after=[words["reset.after"].format(minutes=minutes)],
    )


def magic(locale: str, domain: str, url: str, minutes: int) -> Letter:
    """Where to log in."""
    words = _words(locale)
    return Letter(
        "magic link",
        words["magic.subject"],
        [words["magic.why"].format(domain=domain)],
        Button(words["magic.button"], url),
        after=[words["magic.after"].format(minutes=minutes)],
    )


def passkey(locale: str, domain: str, name: str) -> Letter:
    """Something else opens the place from now on."""
    words = _words(locale)
    lines = [words["passkey.why"].format(domain=domain, name=name), words["passkey.after"]]
    return Letter("passkey added", words["passkey.subject"], lines)


def connected(locale: str, domain: str, name: str) -> Letter:
    """A program or device is let in from now on."""
    words = _words(locale)
    lines = [words["connected.why"].format(domain=domain, name=name), words["connected.after"]]
    return Letter("client connected", words["connected.subject"].format(name=name), lines)


def moving(locale: str, domain: str, name: str) -> Letter:
    """A client may move the place: take everything out, or replace it."""
    words = _words(locale)
    lines = [words["moving.why"].format(domain=domain, name=name), words["moving.after"]]
    return Letter("place may be moved", words["moving.subject"].format(name=name), lines)


def hint(locale: str, domain: str, kept: str) -> Letter:
    """The hint that the person has kept."""
    words = _words(locale)
    return Letter("passphrase hint", words["hint.subject"], [words["hint.why"].format(domain=domain), kept])


def changed(locale: str, domain: str) -> Letter:
    """The passphrase was set anew."""
    words = _words(locale)
    lines = [words["changed.why"].format(domain=domain), words["changed.after"]]
    return Letter("passphrase changed", words["changed.subject"], lines)


def confirm(locale: str, domain: str, url: str) -> Letter:
    """Where to say that a new address is the person's own."""
    words = _words(locale)
    return Letter(
        "address to confirm",
        words["confirm.subject"],
        [words["confirm.why"].format(domain=domain)],
        Button(words["confirm.button"], url),
        after=[words["confirm.after"]],
    )


def code(locale: str, domain: str, said: str, minutes: int) -> Letter:
    """A code for the second step of a login."""
    words = _words(locale)
    return Letter(
        "login code",
        words["code.subject"].format(code=said),
        [words["code.why"].format(domain=domain)],
        code=said,
        after=[words["code.after"].format(minutes=minutes)],
    )


def second_factor(locale: str, domain: str, *, on: bool) -> Letter:
    """A second factor is asked for from now on, or not any more."""
    words, what = _words(locale), "on" if on else "off"
    lines = [words[f"{what}.why"].format(domain=domain), words["factor.after"]]
    return Letter("second factor changed", words[f"{what}.subject"], lines)


def moved(locale: str, domain: str) -> Letter:
    """Mails go elsewhere now: said to the address of before."""
    words = _words(locale)
    lines = [words["moved.why"].format(domain=domain), words["moved.after"]]
    return Letter("address changed", words["moved.subject"], lines)


def _words(locale: str) -> Mapping[str, str]:
    return FRENCH if locale.startswith("fr") else ENGLISH
