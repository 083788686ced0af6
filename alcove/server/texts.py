"""The words of the first page, in French and English."""

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


def texts(locale: str) -> Mapping[str, str]:
    """The words in a person's language."""
    return FRENCH if locale.startswith("fr") else ENGLISH
