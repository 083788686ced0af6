"""What a bill's paper says, whatever it looks like: the words and figures of each trade, in French or English."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alcove_sample.chance import dice, fill
from alcove_sample.days import later
from alcove_sample.siren import siret, vat_number

if TYPE_CHECKING:
    from datetime import date

    from alcove_sample.model import Bill, Household, Vendor

_MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_TOWNS = (("75010", "Paris"), ("59800", "Lille"), ("44000", "Nantes"), ("69007", "Lyon"), ("33300", "Bordeaux"))
_CODES = {"VILLEURBANNE": "69100", "LYON": "69003", "BRON": "69500", "PARIS": "75012", "OXFORD": "OX1 3BQ"}
_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "CHF": "CHF"}
_ARTICLES: dict[str, tuple[str, ...]] = {
    "internet": ("Abonnement fibre", "Location de l'équipement", "Option télévision", "Appels vers mobiles"),
    "mobile": ("Forfait mobile 100 Go", "Communications hors forfait", "Option internationale", "Assurance mobile"),
    "power": ("Abonnement 6 kVA", "Consommation heures pleines", "Consommation heures creuses", "Accise et CTA"),
    "gas": ("Abonnement gaz naturel", "Consommation gaz naturel", "Contribution tarifaire"),
    "water": ("Distribution de l'eau", "Collecte et traitement des eaux usées", "Organismes publics"),
    "stream": ("Abonnement mensuel",),
    "press": ("Abonnement numérique",),
    "cloud": ("Stockage en ligne", "Nom de domaine .fr"),
    "gym": ("Abonnement salle de sport",),
    "transit": ("Abonnement mensuel tout public",),
    "toll": ("Trajets autoroute", "Frais de gestion du badge", "Stationnement"),
    "alarm": ("Télésurveillance", "Maintenance du matériel"),
    "home insurance": ("Cotisation habitation", "Taxes et contributions"),
    "car insurance": ("Responsabilité civile", "Dommages tous accidents", "Fonds de garantie"),
    "school insurance": ("Assurance scolaire 24h/24",),
    "town": ("Restauration scolaire", "Accueil périscolaire"),
    "tax": ("Taxe foncière sur les propriétés bâties", "Taxe d'enlèvement des ordures ménagères"),
    "rent": ("Loyer", "Provision sur charges"),
    "drive": ("Épicerie", "Fruits et légumes", "Crèmerie", "Hygiène"),
    "train": ("Billet aller", "Billet retour", "Frais de service"),
    "travel": ("Hébergement", "Taxe de séjour", "Frais de dossier"),
    "doctor": ("Consultation", "Acte technique", "Majoration"),
    "pharmacy": ("Médicaments", "Honoraire de dispensation", "Parapharmacie"),
    "craft": ("Main d'œuvre", "Fournitures", "Déplacement"),
    "abroad": ("Digital services", "Item", "Shipping"),
    "shop": ("Casque audio", "Lampe de bureau", "Jeu de société", "Roman poche", "Câble USB-C", "Tapis", "Chaussures"),
}
_TITLES = {
    "home insurance": "Avis d'échéance",
    "car insurance": "Avis d'échéance",
    "school insurance": "Avis d'échéance",
    "rent": "Quittance de loyer",
    "tax": "Avis d'impôt",
    "train": "Justificatif de paiement",
    "doctor": "Note d'honoraires",
    "abroad": "Invoice",
}
_DUE = ("Net à payer", "Total TTC", "Montant total TTC", "Total à payer TTC", "Montant à payer")


@dataclass(frozen=True)
class Sheet:
    """A bill as words: `rows` and `totals` are already written out, the last total is what is owed."""

    title: str
    issuer: tuple[str, ...]
    customer: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """A line of a bill: what, how many, and its cents without tax."""

    name: str
    count: int
    cents: int


def habit(vendor_id: str, choices: int, about: str) -> int:
    """Return which of so many ways a vendor always does something."""
    return dice(0, vendor_id, about).randrange(choices)


def written(day: date, style: int) -> str:
    """Return a date in one of the ways French invoices write it (3 is English)."""
    if style == 0:
        return f"{day:%d/%m/%Y}"
    if style == 1:
        return f"{day.day}{'er' if day.day == 1 else ''} {_MONTHS[day.month - 1]} {day.year}"
    if style == 2:
        return f"{day:%d.%m.%Y}"
    return f"{calendar.month_name[day.month]} {day.day}, {day.year}"


def money(cents: int, currency: str, style: int) -> str:
    """Return an amount in one of the ways invoices write it (3 is English)."""
    whole, part = divmod(abs(cents), 100)
    sign, mark = "-" if cents < 0 else "", _SIGNS[currency]
    if style == 3:
        return f"{sign}{mark}{whole:,}.{part:02d}"
    thousands = f"{whole:,}".replace(",", (" ", "\u00a0", "")[style])
    return f"{sign}{thousands},{part:02d} {currency if style == 2 else mark}"


def items(bill: Bill) -> list[Item]:
    """Return the lines of a bill; their cents add up to its total without tax."""
    throw = dice(0, bill.id, bill.number)
    total = bill.amount + bill.already * (-1 if bill.is_refund else 1) if bill.already else bill.amount
    rest = abs(net(total, bill.vat_rate))
    names = list(_ARTICLES.get(bill.sector, _ARTICLES["shop"]))
    if bill.sector == "shop":
        throw.shuffle(names)
    chosen = names[: throw.randint(1, min(4, len(names)))]
    lines = []
    for place, name in enumerate(chosen):
        last = place == len(chosen) - 1
        cents = rest if last else round(rest * throw.uniform(0.2, 0.7))
        rest -= cents
        count = throw.choice((1, 1, 2, 3)) if bill.sector in ("shop", "drive") else 1
        lines.append(Item(name, count if cents % count == 0 else 1, cents))
    return lines


def net(cents: int, vat_rate: int) -> int:
    """Return an amount without its tax; the rate counts per mille."""
    return round(cents * 1000 / (1000 + vat_rate))


def sheet(household: Household, bill: Bill, vendor: Vendor) -> Sheet:
    """Return the words of a bill."""
    if bill.original_amount is not None:
        return _repayment(household, bill, vendor)
    throw = dice(household.seed, "sheet", bill.id)
    english = bill.sector == "abroad"
    days = 3 if english else habit(vendor.id, 3, "date")
    coins = 3 if english else habit(vendor.id, 3, "money")
    title = "Avoir" if bill.is_refund and not bill.already else _TITLES.get(bill.sector, "Facture")
    wording = ("Invoice number", "Invoice date") if english else _names(title)
    facts = [(wording[0], bill.number), (wording[1], written(bill.date, days))]
    if bill.contract:
        facts.append((("Référence client", "N° de contrat", "N° client")[habit(vendor.id, 3, "client")], bill.contract))
    due = later(bill.date, throw.choice((5, 10, 15, 20)))
    if bill.sector in ("internet", "mobile", "power", "gas", "water", "town", "alarm", "tax", "craft"):
        facts.append((("À payer avant le", "Date de prélèvement")[habit(vendor.id, 2, "due")], written(due, days)))
    if bill.sector == "train":
        facts += [("Trajet", throw.choice(("Lyon Part-Dieu - Paris Gare de Lyon", "Lyon - Marseille St-Charles")))]
        facts.append(("Référence dossier", fill("??????", throw)))
    columns = ("Description", "Qty", "Amount") if english else ("Désignation", "Qté", "Montant HT")
    if bill.vat_rate == 0 and not english:
        columns = ("Désignation", "Qté", "Montant")
    rows = tuple((item.name, str(item.count), money(item.cents, bill.currency, coins)) for item in items(bill))
    return Sheet(
        title,
        _issuer(vendor, bill),
        _customer(household, bill),
        tuple(facts),
        columns,
        rows,
        tuple(_totals(bill, vendor, coins)),
        tuple(_notes(bill, written(due, days))),
    )


def _names(title: str) -> tuple[str, str]:
    if title in ("Facture", "Avoir"):
        return f"{title} n°", f"Date de {'facture' if title == 'Facture' else 'l’avoir'}"
    return "Référence", "Date d'émission"


def _totals(bill: Bill, vendor: Vendor, coins: int) -> list[tuple[str, str]]:
    """Return the sums in reading order, the one owed last."""

    def amount(cents: int) -> str:
        return money(cents, bill.currency, coins)

    if bill.sector == "abroad":
        return [("Subtotal", amount(bill.amount)), (f"Total ({bill.currency})", amount(bill.amount))]
    total = abs(bill.already - bill.amount if bill.is_refund else bill.already + bill.amount)
    rows = []
    if bill.vat_rate:
        basis = net(total, bill.vat_rate)
        rate = f"{bill.vat_rate / 10:g}".replace(".", ",")
        rows = [("Total HT", amount(basis)), (f"TVA {rate} %", amount(total - basis))]
    if bill.already:
        rows += [("Total TTC", amount(total)), ("Mensualités déjà payées", amount(-bill.already))]
        return [*rows, ("Solde en votre faveur" if bill.is_refund else "Net à payer", amount(bill.amount))]
    if bill.is_refund:
        return [*rows, ("Total TTC remboursé", amount(-bill.amount if habit(vendor.id, 2, "minus") else bill.amount))]
    return [*rows, (_DUE[habit(vendor.id, len(_DUE), "owed")], amount(bill.amount))]


def _issuer(vendor: Vendor, bill: Bill) -> tuple[str, ...]:
    throw = dice(0, vendor.id, "address")
    code, town = throw.choice(_TOWNS) if not vendor.city else (_CODES[vendor.city], vendor.city.title())
    street = f"{throw.randint(1, 190)} {throw.choice(('avenue de la République', 'rue du Port', 'quai des Forges'))}"
    if bill.sector == "abroad":
        return (bill.vendor, f"{throw.randint(10, 990)} Market Street", fill("Company no. #######", throw))
    head = (bill.vendor, street, f"{code} {town}")
    number = siret(vendor.legal)
    spaced = f"{number[:3]} {number[3:6]} {number[6:9]} {number[9:]}"
    legal = f"{vendor.legal} - SIRET {spaced}"
    return (*head, legal, f"TVA intracommunautaire {vat_number(vendor.legal)}") if bill.vat_rate else (*head, legal)


def _customer(household: Household, bill: Bill) -> tuple[str, ...]:
    owner = household.persons[habit(bill.vendor_id, 2, f"owner {household.seed}")]
    return (owner.name, *household.address)


def _notes(bill: Bill, due: str) -> list[str]:
    if bill.sector == "abroad":
        return ["Paid by card. Thank you for your purchase."]
    notes = []
    if not bill.vat_rate:
        notes.append("Opération exonérée de TVA.")
    if bill.sector in ("home insurance", "car insurance"):
        notes.append("Cotisation annuelle payable en plusieurs prélèvements, selon votre échéancier.")
    elif bill.sector in ("shop", "drive", "train", "travel") and not bill.is_refund:
        notes.append("Réglé par carte bancaire à la commande.")
    elif bill.contract and not bill.is_refund:
        notes.append(f"Ce montant sera prélevé sur votre compte à partir du {due}.")
    notes.append("En cas de retard de paiement, indemnité forfaitaire de 40,00 € pour frais de recouvrement.")
    return notes


def _repayment(household: Household, bill: Bill, vendor: Vendor) -> Sheet:
    """The statement of an insurer that gave money back: what was paid, what was returned, and to whom."""
    assert bill.original_amount is not None
    assert bill.original_date is not None
    paid, back = (money(cents, "EUR", 0) for cents in (bill.original_amount, bill.amount))
    totals = [("Montant remboursé", back)]
    notes = ["Tiers payant : somme versée au professionnel de santé."] if bill.fate == "third party" else []
    if bill.group_amount is not None:
        notes.append(f"Ce remboursement fait partie d'un virement de {money(bill.group_amount, 'EUR', 0)}.")
    facts = (
        ("Décompte n°", bill.number),
        ("Date du paiement", written(bill.date, 0)),
        ("Bénéficiaire", bill.beneficiary),
    )
    row = (f"Soins du {written(bill.original_date, 0)}", paid, back)
    return Sheet(
        "Relevé de remboursements",
        _issuer(vendor, bill),
        _customer(household, bill),
        facts,
        ("Nature des prestations", "Montant payé", "Montant versé"),
        (row,),
        tuple(totals),
        tuple(notes),
    )
