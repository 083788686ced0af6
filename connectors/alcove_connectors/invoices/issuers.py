"""Who sends invoices to French households: names, numbers, domains, what they sell, and how banks print them.

Facts only: SIREN numbers are public (register of companies), the rest is printed on every invoice.
An issuer that is not here is found by the rules of `rules.py`; being here only makes the answer surer.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .values import plain


@dataclass(frozen=True)
class Kind:
    """What an issuer sells: Cozy's paper qualification (cozy-client, qualifications.json) and the bill's `type`."""

    label: str
    source: str = ""
    part: str = ""
    subjects: tuple[str, ...] = ()
    bill: str = ""
    subscription: bool = False


OTHER = Kind("other_invoice")
ENERGY = Kind("energy_invoice", "energy", bill="energy", subscription=True)
WATER = Kind("water_invoice", "water", bill="water", subscription=True)
MOBILE = Kind("phone_invoice", "telecom", "mobile", bill="phone", subscription=True)
INTERNET = Kind("isp_invoice", "telecom", "internet", ("subscription",), "isp", subscription=True)
TELECOM = Kind("telecom_invoice", "telecom", bill="telecom", subscription=True)
TRANSPORT = Kind("transport_invoice", "transport", bill="transport")
WEB = Kind("web_service_invoice", "web", bill="web_service")
APPLIANCE = Kind("appliance_invoice", "retail", bill="appliance")
GROCERY = Kind("grocery_invoice", "shopping", bill="grocery")
RESTAURANT = Kind("restaurant_invoice", "alimentation", bill="restaurant")
HEALTH = Kind("health_invoice", "health", bill="health")
"""Not `health_costs`: Cozy means a refund by that, with the cost it answers."""
WORKS = Kind("work_invoice", "building", "", ("building", "house"), "works")
RENT = Kind("rent_receipt", "real_estate", "", ("house",), "rent", subscription=True)
TAX = Kind("tax_notice", "gov", "tax", ("tax",), "tax")
INSURANCE = Kind("other_invoice", "insurance", "", ("insurance",), "insurance", subscription=True)


KINDS = {
    "other": OTHER, "energy": ENERGY, "water": WATER, "mobile": MOBILE, "internet": INTERNET, "telecom": TELECOM,
    "transport": TRANSPORT, "web": WEB, "appliance": APPLIANCE, "grocery": GROCERY, "restaurant": RESTAURANT,
    "health": HEALTH, "works": WORKS, "rent": RENT, "insurance": INSURANCE, "tax": TAX,
}  # fmt: skip
"""The kinds by the names that `Facts.kind` uses."""


@dataclass(frozen=True)
class Issuer:
    """One issuer. `names` are what stands alone on a line of its invoices, without legal form; `marks` are
    regular expressions on plain text that no one else prints; `bank` is a regular expression on bank labels.
    """

    name: str
    kind: Kind
    names: tuple[str, ...] = ()
    siren: str = ""
    domains: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    vat: str = ""
    bank: str = ""


def _load() -> tuple[Issuer, ...]:
    """The issuers of `issuers.csv`; in its columns names and domains are split by commas, marks by blanks."""
    with Path(__file__).with_name("issuers.csv").open(encoding="utf-8", newline="") as opened:
        return tuple(
            Issuer(
                row["name"],
                KINDS[row["kind"]],
                tuple(filter(None, row["names"].split(","))),
                row["siren"],
                tuple(filter(None, row["domains"].split(","))),
                tuple(row["marks"].split()),
                row["vat"],
                row["bank"],
            )
            for row in csv.DictReader(opened, delimiter=";")
        )


ISSUERS = _load()
"""E-Luscious prints its name only inside a picture: the numbers of its customers give it away."""

_WORDS = (
    (TAX, r"avis d'impot|taxe (?:fonciere|d'habitation)|impots?\.gouv|impot sur le revenu"),
    (ENERGY, r"electricite|gaz naturel|\bkwh\b|energie|stromrechnung"),
    (WATER, r"\beau potable|distribution de l'eau|assainissement"),
    (MOBILE, r"forfait mobile|carte sim|telephonie mobile"),
    (INTERNET, r"\bfibre\b|acces internet|haut debit|\badsl\b"),
    (RENT, r"quittance de loyer|appel de loyer|\bloyer"),
    (INSURANCE, r"cotisation|assurance habitation|assurance auto|mutuelle|societaire"),
    (TRANSPORT, r"billet|train|voyageur|trajet|passager|peage|autoroute|carburant|boarding"),
    (HEALTH, r"consultation medicale|pharmacie|honoraires medic|opticien|dentaire|\bsoins|beneficiaire|rembours"),
    (RESTAURANT, r"restaurant|brasserie|couverts\b"),
    (WEB, r"hebergement|nom de domaine|abonnement premium|streaming|cloud|licence logiciel"),
)


def kind_of(name: str, text: str) -> str:
    """The kind (a key of `KINDS`) of the issuer of that name, else the one most words of the plain `text` speak for."""
    known = by_name(name)
    if known is not None:
        kind = _telecom(known.kind, text)
    else:
        counts = [(len(re.findall(words, text)), kind) for kind, words in _WORDS]
        most, likely = max(counts, key=lambda one: one[0])
        kind = likely if most >= 2 else OTHER
    return next(key for key, one in KINDS.items() if one is kind)


def _telecom(kind: Kind, text: str) -> Kind:
    """Operators sell both: the words of the invoice tell a mobile line from a box."""
    if kind is not TELECOM:
        return kind
    mobile = len(re.findall(r"mobile|\bsms\b|forfait", text))
    box = len(re.findall(r"fibre|\bbox\b|livebox|bbox|adsl|internet", text))
    return kind if mobile == box else MOBILE if mobile > box else INTERNET


def by_name(name: str) -> Issuer | None:
    """The known issuer that bears this name, legal form aside; `Carrefour Drive` is Carrefour.

    A short first word alone proves nothing: there are more firms that begin with Free or Orange.
    """
    words = bare_name(name).split()
    for length in range(len(words), 0, -1):
        shorter = " ".join(words[:length])
        if shorter in _names() and (length == len(words) or length > 1 or len(shorter) > 6):
            return _names()[shorter]
    return None


@cache
def _names() -> dict[str, Issuer]:
    return {bare_name(name): issuer for issuer in ISSUERS for name in (issuer.name, *issuer.names)}


FORMS = (
    r"s\.?a\.?s\.?u?|s\.?a\.?r\.?l\.?|e\.?u\.?r\.?l\.?|s\.?a\.?|s\.?c\.?i\.?|s\.?n\.?c\.?|scop"
    r"|gmbh(?: & co\.?(?: kg)?)?|ag|b\.?v\.?|n\.?v\.?|ltd\.?|limited|inc\.?|llc|s\.?r\.?l\.?"
    r"|sp\. z o\.?o\.?|plc|pvt\.? ltd\.?"
)
"""Legal forms, on plain text."""


def bare_name(name: str) -> str:
    """A name in plain letters without its legal form: `EDF S.A.` and `SAS Edf` are both `edf`."""
    flat = " ".join(plain(name).split()).strip(" .,;:-")
    flat = re.sub(rf"[ ,]+(?:{FORMS})$", "", flat)
    return re.sub(rf"^(?:{FORMS}) ", "", flat)


def bank_pattern(name: str, payee: str = "") -> str:
    """A regular expression for bank labels (`matchingCriterias.labelRegex`), or empty when nothing is known.

    It is given for known issuers and where somebody else collects the money; linking knows plain names itself.
    """
    known = by_name(name)
    other = _words_of(payee) if payee and bare_name(payee) != bare_name(name) else ""
    if known:
        return f"{known.bank}|{other}" if other and known.bank else known.bank or other
    return f"{_words_of(name)}|{other}" if other else ""


def _words_of(name: str) -> str:
    words = [word for word in re.findall(r"[a-z0-9&]+", bare_name(name)) if word not in _EMPTY]
    longest = [word for word in words if len(word) > 3][:2] or words[:1]
    return r"\b" + ".{0,3}".join(re.escape(word) for word in longest) if longest else ""


_EMPTY = frozenset(
    {"le", "la", "les", "de", "du", "des", "et", "the", "and", "of", "societe", "groupe", "france", "compagnie"}
)
