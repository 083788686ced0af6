"""CSV exports whose layout is publicly known: which column is what where the general rules could go wrong.

The general finder reads these files too; a profile adds the bank's name and settles columns with misleading names.
Headers are compared as ``column_name`` writes them: lower case, no accents, no punctuation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .values import fold

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def column_name(text: str) -> str:
    """A header cell as it is compared: ``Libellé (opération)`` -> ``libelle operation``."""
    return _NOT_WORD.sub(" ", fold(text)).strip()


@dataclass(frozen=True)
class Profile:
    """One bank's layout: it applies when all of ``columns`` are in the header; ``roles`` maps a role to its column."""

    institution: str
    columns: frozenset[str]
    roles: dict[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()


def _profile(institution: str, columns: str, ignored: str = "", **roles: str) -> Profile:
    names = frozenset(name.strip() for name in columns.split(";"))
    return Profile(institution, names, roles, frozenset(name.strip() for name in ignored.split(";") if name))


PROFILES: tuple[Profile, ...] = (
    _profile(
        "BoursoBank",
        "dateop;dateval;label;category;amount",
        ignored="category;categoryparent;comment;supplierfound",
        date="dateop",
        value="dateval",
        label="label",
        amount="amount",
        account="accountnum",
        account_label="accountlabel",
        balance="accountbalance",
    ),
    _profile(
        "Caisse d'Epargne",
        "date de comptabilisation;libelle simplifie;libelle operation;reference;debit;credit;date operation",
        ignored="libelle simplifie;type operation;categorie;sous categorie;pointage operation;reference",
        date="date de comptabilisation",
        real="date operation",
        value="date de valeur",
        label="libelle operation",
        extra="informations complementaires",
    ),
    _profile("Caisse d'Epargne", "date;numero d operation;libelle;debit;credit;detail", ignored="numero d operation"),
    _profile("Crédit Agricole", "date;libelle;debit euros;credit euros"),
    _profile("La Banque Postale", "date;libelle;montant euros", ignored="montant francs", amount="montant euros"),
    _profile(
        "Société Générale",
        "date de l operation;libelle;detail de l ecriture;montant de l operation;devise",
        label="detail de l ecriture",
    ),
    _profile("Crédit Mutuel / CIC", "date;date de valeur;debit;credit;libelle;solde"),
    _profile("Crédit Mutuel / CIC", "date;date de valeur;montant;libelle;solde"),
    _profile("Fortuneo", "date operation;date valeur;libelle;debit;credit"),
    _profile(
        "N26",
        "date;payee;account number;transaction type;payment reference",
        ignored="account number;transaction type;category;type foreign currency;amount foreign currency;exchange rate",
        label="payee",
        extra="payment reference",
        amount="amount eur",
    ),
    _profile(
        "N26",
        "date;beneficiaire;numero de compte;type de transaction;reference de paiement;montant eur",
        ignored="numero de compte;type de transaction;categorie;montant devise etrangere;taux de change",
        label="beneficiaire",
        extra="reference de paiement",
        amount="montant eur",
    ),
    _profile(
        "N26",
        "booking date;value date;partner name;partner iban;type;payment reference;account name;amount eur",
        ignored="partner iban;type;original amount;original currency;exchange rate",
        label="partner name",
        extra="payment reference",
        account_label="account name",
        amount="amount eur",
    ),
    _profile(
        "Revolut",
        "type;product;started date;completed date;description;amount;fee;currency;state;balance",
        ignored="type;product",
        date="completed date",
        real="started date",
    ),
    _profile(
        "Revolut",
        "type;produit;date de debut;date de fin;description;montant;frais;devise;etat;solde",
        ignored="type;produit",
        date="date de fin",
        real="date de debut",
    ),
)

INSTITUTIONS: tuple[tuple[str, str], ...] = (
    (r"boursobank|boursorama", "BoursoBank"),
    (r"credit agricole|compte de depot carte", "Crédit Agricole"),
    (r"bnp ?paribas|compte de cheques ?[;,]", "BNP Paribas"),
    (r"societe generale", "Société Générale"),
    (r"credit mutuel", "Crédit Mutuel / CIC"),
    (r"banque postale|montant\(?francs|solde \(?francs", "La Banque Postale"),
    (r"caisse d.?epargne|code de la banque", "Caisse d'Epargne"),
    (r"fortuneo", "Fortuneo"),
    (r"\bn26\b", "N26"),
    (r"revolut", "Revolut"),
    (r"\blcl\b|credit lyonnais", "LCL"),
    (r"hello ?bank", "Hello bank!"),
)
"""Words of the lines above the table that name a bank."""


def profile_of(header: list[str]) -> Profile | None:
    """The profile whose columns are all in the header; of several the one that knows most of them."""
    names = {column_name(cell) for cell in header}
    fitting = [profile for profile in PROFILES if profile.columns <= names]
    return max(fitting, key=lambda profile: len(profile.columns), default=None)


def institution_in(text: str) -> str:
    """The bank that a text names; empty when it names none."""
    folded = fold(text)
    return next((name for pattern, name in INSTITUTIONS if re.search(pattern, folded)), "")
