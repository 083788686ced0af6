"""The words of the server's own pages, in French and English: the first page, and that of a blocked instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = {
    "title": "My Alcove",
    "holds": "What this place holds",
    "files": "files",
    "accounts": "bank accounts",
    "operations": "operations",
    "bills": "bills",
    "linked": "bills linked to their payment",
    "to_confirm": "links to confirm",
    "empty": "Nothing yet. Give it your bank statements and invoices: it sorts out what they are.",
    "gather": "Gather more",
    "gather_how": "On the machine where Alcove runs, give a file, a folder or an archive to this command:",
    "path": "PATH",
    "kinds": (
        "It reads bank files (OFX, QIF, MT940, CAMT, CSV) and invoices (PDF, pictures), by their content. "
        "The same file twice adds nothing, and nothing leaves this place."
    ),
    "look": "See the operations with their bills:",
    "sample": "Sample person",
    "logout": "Log out",
}
FRENCH = {
    "title": "Mon Alcove",
    "holds": "Ce que contient ce lieu",
    "files": "fichiers",
    "accounts": "comptes bancaires",
    "operations": "opérations",
    "bills": "factures",
    "linked": "factures reliées à leur paiement",
    "to_confirm": "liens à confirmer",
    "empty": "Rien encore. Donnez-lui vos relevés bancaires et vos factures : il reconnaît ce que c’est.",
    "gather": "Rassembler davantage",
    "gather_how": "Sur la machine où tourne Alcove, donnez un fichier, un dossier ou une archive à cette commande :",
    "path": "CHEMIN",
    "kinds": (
        "Elle lit les relevés bancaires (OFX, QIF, MT940, CAMT, CSV) et les factures (PDF, images), "
        "d’après leur contenu. Le même fichier deux fois n’ajoute rien, et rien ne quitte ce lieu."
    ),
    "look": "Voir les opérations avec leurs factures :",
    "sample": "Personne d’exemple",
    "logout": "Se déconnecter",
}
BLOCKED_ENGLISH = {
    "title": "This place is closed",
    "kept": "Nothing in it is lost: it opens again as it was.",
    "ask": "Ask whoever runs this server.",
    "write": "Write to",
    "unknown": "This place is closed for now",
    "LOGIN_FAILED": "It was closed after too many wrong passphrases.",
    "PAYMENT_FAILED": "It waits for a payment.",
    "IMPORTING": "Its content is being brought here.",
    "MOVING": "Its content is on the move.",
    "UNKNOWN": "",
}
BLOCKED_FRENCH = {
    "title": "Ce lieu est fermé",
    "kept": "Rien de ce qu’il contient n’est perdu : il rouvrira tel qu’il était.",
    "ask": "Adressez-vous à la personne qui s’occupe de ce serveur.",
    "write": "Écrivez à",
    "unknown": "Ce lieu est fermé pour le moment",
    "LOGIN_FAILED": "Il a été fermé après trop de mots de passe erronés.",
    "PAYMENT_FAILED": "Il attend un paiement.",
    "IMPORTING": "Son contenu est en train d’arriver ici.",
    "MOVING": "Son contenu déménage.",
    "UNKNOWN": "",
}


def blocked_texts(locale: str) -> dict[str, str]:
    """The words of a blocked instance's page, with those of the reasons that have a name (contract-a section 9)."""
    return BLOCKED_FRENCH if locale.startswith("fr") else BLOCKED_ENGLISH


def texts(locale: str) -> Mapping[str, str]:
    """The words in a person's language."""
    return FRENCH if locale.startswith("fr") else ENGLISH
