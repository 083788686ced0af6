"""What a scope opens, in the words of the person who is asked (contract-a section 4), in French and English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alcove.base.http import Rule

ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")
VERBS = {
    "en": {"GET": "see", "POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"},
    "fr": {"GET": "voir", "POST": "ajouter", "PUT": "modifier", "PATCH": "modifier", "DELETE": "supprimer"},
}
AND = {"en": "and", "fr": "et"}
SOME = {"en": "only some of them", "fr": "seulement une partie"}
OTHER = {"en": "Data of the kind {type}", "fr": "Données du genre {type}"}

NAMES = {
    "*": ("Everything in your Alcove", "Tout ce que contient votre Alcove"),
    "com.bitwarden": ("Your passwords, encrypted", "Vos mots de passe, chiffrés"),
    "io.cozy.accounts": ("How your sources log in", "Comment vos sources se connectent"),
    "io.cozy.ai": ("Your talks with the assistant", "Vos échanges avec l’assistant"),
    "io.cozy.apps": ("Your apps", "Vos applications"),
    "io.cozy.bank": ("Your bank accounts and operations", "Vos comptes et opérations bancaires"),
    "io.cozy.bills": ("Your bills", "Vos factures"),
    "io.cozy.calendar": ("Your calendars", "Vos agendas"),
    "io.cozy.contacts": ("Your contacts", "Vos contacts"),
    "io.cozy.doctypes": ("Which kinds of data there are", "Les genres de données qu’il y a"),
    "io.cozy.files": ("Your files and folders", "Vos fichiers et dossiers"),
    "io.cozy.identities": ("Who you are", "Votre identité"),
    "io.cozy.jobs": ("Work that your server does", "Le travail que fait votre serveur"),
    "io.cozy.konnectors": ("Your sources", "Vos sources"),
    "io.cozy.notes": ("Your notes", "Vos notes"),
    "io.cozy.notifications": ("Messages to you", "Les messages qui vous sont adressés"),
    "io.cozy.oauth.clients": ("Your connected devices", "Vos appareils connectés"),
    "io.cozy.permissions": ("What others may see", "Ce que d’autres peuvent voir"),
    "io.cozy.photos": ("Your photo albums", "Vos albums photo"),
    "io.cozy.procedures": ("Your paperwork", "Vos démarches"),
    "io.cozy.remote": ("Requests to other services", "Les demandes à d’autres services"),
    "io.cozy.sessions": ("Where you are signed in", "Où vous êtes connecté"),
    "io.cozy.settings": ("Your settings", "Vos réglages"),
    "io.cozy.sharings": ("What you share", "Ce que vous partagez"),
    "io.cozy.tags": ("Your labels", "Vos étiquettes"),
    "io.cozy.timeseries": ("Your measurements and trips", "Vos mesures et vos trajets"),
    "io.cozy.todos": ("Your tasks", "Vos tâches"),
    "io.cozy.triggers": ("When your server does its work", "Quand votre serveur fait son travail"),
    "org.alcove.gatherings": ("What your sources gather", "Ce que vos sources rassemblent"),
    "org.alcove.money": ("Which bill was paid by which operation", "Quelle opération a payé quelle facture"),
    "org.alcove.questions": ("Questions of your sources", "Les questions de vos sources"),
}  # fmt: skip
"""By doctype or the beginning of one, in English and French; the longest that fits is taken."""


@dataclass(frozen=True, slots=True)
class Opened:
    """One line of what is asked for: `what` is opened, and what may be done with it."""

    what: str
    may: str


def opened(rules: Iterable[Rule], locale: str) -> list[Opened]:
    """The lines for these rules, each thing once, in the order they come.

    >>> from alcove.identity.model import read_scope
    >>> [(line.what, line.may) for line in opened(read_scope("io.cozy.files:GET io.cozy.files:POST"), "en")]
    [('Your files and folders', 'see and add')]
    """
    language = "fr" if locale.startswith("fr") else "en"
    verbs: dict[str, set[str]] = {}
    whole = set[str]()
    for rule in rules:
        what = _name(rule.type, language)
        verbs.setdefault(what, set()).update(rule.verbs)
        if rule.whole:
            whole.add(what)
    return [Opened(what, _may(said, language, whole=what in whole)) for what, said in verbs.items()]


def reads_only(rules: Iterable[Rule]) -> bool:
    """Whether nothing can be changed by them."""
    return all(rule.verbs == {"GET"} for rule in rules)


def _name(doctype: str, language: str) -> str:
    known = doctype.removesuffix(".*")
    while known:
        if known in NAMES:
            return NAMES[known][language == "fr"]
        known = known.rpartition(".")[0]
    return OTHER[language].format(type=doctype)


def _may(verbs: set[str], language: str, *, whole: bool) -> str:
    *first, last = dict.fromkeys(VERBS[language][verb] for verb in ORDER if verb in verbs)
    said = f"{', '.join(first)} {AND[language]} {last}" if first else last
    return said if whole else f"{said} ({SOME[language]})"
