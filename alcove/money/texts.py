"""Reasons in words, in French and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alcove.money.linking import Reason

_WORDS: dict[str, tuple[str, str]] = {
    "amount": ("le montant est exactement celui de la facture : {0}", "the amount is exactly the bill's: {0}"),
    "amount_allowed": (
        "le montant {1} est dans l'écart que ce fournisseur annonce autour de {0}",
        "the amount {1} is within what this vendor allows around {0}",
    ),
    "amount_near": ("le montant {1} est proche de celui de la facture, {0}", "the amount {1} is near the bill's {0}"),
    "amount_far": ("le montant {1} n'est pas celui de la facture, {0}", "the amount {1} is not the bill's {0}"),
    "date": ("l'opération a lieu {0}", "the operation was made {0}"),
    "date_usual": (
        "l'opération a lieu {0}, comme d'habitude chez ce fournisseur",
        "the operation was made {0}, as usual for this vendor",
    ),
    "date_far": ("l'opération a lieu {0} : trop loin", "the operation was made {0}: too far away"),
    "name": ("le libellé « {1} » nomme {0}", "the label “{1}” names {0}"),
    "name_absent": ("le libellé « {1} » ne nomme personne", "the label “{1}” names nobody"),
    "name_like": ("le libellé « {1} » ressemble à {0}", "the label “{1}” resembles {0}"),
    "name_other": (
        "le libellé « {1} » nomme quelqu'un d'autre que {0}",
        "the label “{1}” names somebody else than {0}",
    ),
    "name_differs": ("le libellé « {1} » ne nomme pas {0}", "the label “{1}” does not name {0}"),
    "name_learnt": (
        "{0} est d'ordinaire payé sous le libellé « {2} »",
        "{0} is usually paid under the label “{2}”",
    ),
    "currency": ("la facture est en {0}, l'opération en {1}", "the bill is in {0}, the operation in {1}"),
    "account": (
        "c'est le compte qui paie d'habitude ce fournisseur",
        "it is the account that usually pays this vendor",
    ),
    "account_other": (
        "ce fournisseur est d'habitude payé d'un autre compte",
        "this vendor is usually paid from another account",
    ),
    "denied": ("vous avez dit que « {1} » n'est pas {0}", "you said that “{1}” is not {0}"),
    "combined": ("{0} factures font ensemble {1}", "{0} bills add up to {1}"),
    "instalments": (
        "la facture est payée en {1} fois, dont {0} vues",
        "the bill is paid in {1} parts, {0} of them seen",
    ),
    "expense": (
        "la dépense remboursée : {0}, le même jour ou presque que les soins ({1})",
        "the expense that was paid back: {0}, about the day of the care ({1})",
    ),
    "found": ("une autre application l'a écrit sur l'opération", "another program wrote it on the operation"),
    "direction": (
        "l'argent va dans l'autre sens que celui de la facture",
        "the money goes the other way than the bill says",
    ),
    "taken": ("l'opération est déjà liée à une autre facture", "the operation is linked to another bill already"),
    "weaker": ("rien ne suffit à le distinguer d'un hasard", "nothing tells it from mere chance"),
}
_BY_HAND = {
    "linked": ("vous l'avez dit", "you said so"),
    "refused": ("vous l'avez refusé", "you refused it"),
}
_MONEY = {"amount": (0, 1), "amount_allowed": (0, 1), "amount_near": (0, 1), "amount_far": (0, 1), "combined": (1,)}
_MONEY |= {"expense": (0,)}
_DAYS = {"date": 0, "date_usual": 0, "date_far": 0, "expense": 1}


def money(cents: str, currency: str, french: bool) -> str:
    """An amount as the person writes it: `1 234,56 €`, `€1,234.56`."""
    try:
        value = abs(int(cents)) / 100
    except ValueError:
        return cents
    sign = {"EUR": "€", "": "€"}.get(currency, currency)
    if french:
        return f"{value:,.2f} {sign}".replace(",", "\u202f").replace(".", ",")
    return f"{sign}{value:,.2f}" if len(sign) == 1 else f"{value:,.2f} {sign}"


def days(count: str, french: bool) -> str:
    """A number of days from the bill's date, in words."""
    try:
        number = int(count)
    except ValueError:
        return count
    if number == 0:
        return "le jour même" if french else "on the same day"
    many = "s" if abs(number) > 1 else ""
    if french:
        return f"{abs(number)} jour{many} {'après' if number > 0 else 'avant'}"
    return f"{abs(number)} day{many} {'after' if number > 0 else 'before'} it"


def sentence(reason: Reason, language: str) -> str:
    """One reason as a sentence without a full stop; the kind itself when nobody knows it."""
    french = language.startswith("fr")
    place = 0 if french else 1
    facts = list(reason.facts)
    if reason.kind == "by_hand":
        return _BY_HAND.get(facts[0] if facts else "linked", _BY_HAND["linked"])[place]
    words = _WORDS.get(reason.kind)
    if words is None:
        return reason.kind
    currency = facts[2] if reason.kind.startswith("amount") and len(facts) > 2 else "EUR"
    for number in _MONEY.get(reason.kind, ()):
        if number < len(facts):
            facts[number] = money(facts[number], currency, french)
    number = _DAYS.get(reason.kind, -1)
    if 0 <= number < len(facts):
        facts[number] = days(facts[number], french)
    return words[place].format(*facts, *[""] * 3)
