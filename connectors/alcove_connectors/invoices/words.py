"""The words that invoices print beside their facts, as patterns on plain text (lower case, without accents)."""

from __future__ import annotations

import re

INVOICE_WORDS = re.compile(
    r"\bfactur|\binvoice|\brechnung|\bfattura|\bfactuur|\bfaktura|\brecu\b|\breceipt|\bquittance"
    r"|avis d'(?:echeance|impot)"
    r"|appel de (?:loyer|cotisation|fonds)|note d'honoraires|\bavoir\b|credit note|gutschrift|ticket de caisse"
    r"|confirmation de (?:commande|voyage|reservation|paiement)|justificatif d(?:e|')|cotisation"
    r"|releve de (?:remboursement|prestation)|decompte de (?:remboursement|prestation)"
)
"""What an invoice, a receipt or a notice of payment calls itself, in plain letters."""

_OTHER_PAPERS = {
    "quote": r"devis|quotation|quote|angebot|offerte|facture pro ?forma|pro ?forma",
    "order": r"bon de commande|purchase order|bestelling",
    "delivery_note": r"bon de livraison|delivery note|lieferschein|packing slip",
    "bank_statement": r"releve (?:de|d'identite) (?:compte|bancaire)|releve d'operations|bank statement|kontoauszug",
    "pay_slip": r"bulletin de (?:paie|salaire)|fiche de paie|pay ?slip",
    "certificate": r"attestation",
    "schedule": r"echeancier|calendrier de (?:paiement|mensualisation)|plan de mensualisation",
}
TITLES = {code: re.compile(rf"^(?:votre |your |notre )?(?:{words})\b") for code, words in _OTHER_PAPERS.items()}
"""What other papers call themselves, by the code under which they are refused."""

PAY = re.compile(
    r"net a (?:payer|regler)|(?:montant|total|somme|solde|reste)(?: total)?(?: net)?(?: ttc)?"
    r" (?:a|restant a|restant) (?:payer|regler|prelever|devoir|du\b)|montant (?:du "
    r"|de votre )?(?:prelevement|preleve\b)"
    r"|a payer\b|(?:sera|serez|avons) preleve|amount (?:due|payable)|balance due|total due|te betalen"
    r"|zu zahlen(?:der betrag)?|zahlbetrag|do zaplaty|naleznosc ogolem|total a pagar|totale da pagare"
)
"""What remains to be paid, or was taken from the account."""

TOTAL = re.compile(
    r"(?:total|montant|prix)(?: general| global| net| total| de (?:la|votre|cette) (?:facture|commande)"
    r"| facture| annuel)*"
    r" (?:ttc|t\.t\.c\.?|tva comprise|toutes taxes comprises)|(?:facture|somme|cotisation)(?: annuelle| totale)? ttc"
    r"|grand total|invoice total|total amount|amount paid|gesamtbetrag|rechnungsbetrag|bruttobetrag|totaal incl\w*"
    r"|factuur ?totaal|total incl\w*|(?:montant|prix|cotisation|cout) tot(?:al|ale)e?\b|total (?:paye"
    r"|regle|de la facture|facture|commande)"
    r"|total de (?:votre )?(?:commande|facture|voyage|reservation|cotisation)|montant (?:paye|regle|debite"
    r"|verse)|total \(?(?:ttc|eur|€)"
    r"|cotisation annuelle|(?:total|montant) de la cotisation|montant de (?:la|votre) (?:facture|commande"
    r"|avoir)|total (?:de l')?avoir"
)
"""The total with tax."""

PLAIN_TOTAL = re.compile(
    r"(?<!\S)(?<!\S )(?:total|totaal|gesamt|summe|totale|razem|montant|prix|amount)\b(?! (?:ht|h\.t|hors"
    r"|net\b|tva|tax|vat))"
)
"""A bare word for a total, alone at the start of a part of a row."""

BACK = re.compile(
    r"(?:montant|somme|solde|total)(?: total)?(?: ttc)?(?: a vous| qui vous sera| a)? rembours\w+|(?:solde"
    r"|montant) en votre faveur"
    r"|nous vous (?:remboursons|rembourserons|devons)|(?:montant|total)(?: de l'| de votre | )avoir"
    r"|refund(?:ed)? (?:amount|total)"
)
"""Money that goes back to the person."""

NOT_TOTAL = re.compile(
    r"^\W{0,3}(?:ht\b|h\.t|hors tax|tva|vat|tax\b|excl|net ht|de tva|points?|kwh|remise|economi|avant|precedent)"
)
"""What, right after such a label, makes it another sum."""

BEFORE = re.compile(r"(?:sous[- ]?|sub[- ]?|ancien |precedent )$")
"""What, right before such a label, makes it another sum."""

NET = re.compile(
    r"(?:total|montant|base|prix|sous[- ]total)?\s?(?:\bht\b|h\.t\.|hors (?:taxes?|tva))|\bsub-?total"
    r"|excl\w*\.? (?:btw|vat|tax)|netto|exclusief btw|net amount"
)
"""The sum without tax."""

TAX = re.compile(r"\btva\b|\bvat\b|\bbtw\b|\bmwst|\bust\b|\biva\b|\btax\b|\bgst\b")
"""Value added tax."""

RATE = re.compile(r"(\d{1,2}(?:[.,]\d{1,2})?)\s?%")
"""A rate in percent."""

ISSUED = re.compile(
    r"dates? (?:de (?:la |votre )?(?:facture|facturation|l'avis|l'avoir)|d'(?:emission|edition|etablissement|achat))"
    r"|factur\w*(?: \S+){0,4}? (?:du|en date du|emise le|etablie le|datee du)\b|(?:emis|etabli|edite"
    r"|fait)e?s? (?:\S+ )?le\b|invoice ?date|factuur ?datum"
    r"|rechnungsdatum|(?:date of issue|issue date|issued(?: on)?|date issued)|data wystawienia"
    r"|fecha de (?:factura|emision)|data (?:fattura|emissione)"
    r"|\b(?:avis d'echeance|avoir|quittance|recu|avis|releve)(?: \S+){0,3}? du\b"
)
"""The day of issue."""

ORDERED = re.compile(
    r"dates? de (?:la |votre )?(?:paiement|transaction|commande|reservation)|commande(?: \S+){0,3}? du\b"
    r"|order date|date paid|paid on"
)
"""The day of order or payment: as good as the day of issue where there is none."""

PLAIN_DATE = re.compile(r"(?<!\S)(?<!\S )(?:date|datum|fecha|data)\s?:?|(?:^|[a-z]),? le(?= \d)|\ble(?= \d{1,2} [a-z])")
"""A bare word for a date, or `Paris, le 12 mars`."""

DUE = re.compile(
    r"date (?:limite|d'echeance|de prelevement|de reglement)(?: de paiement| de reglement)?|echeance(?: du"
    r"| le|:)|(?:a payer|a regler|payable)(?: \S+)? avant(?: le)?|avant le"
    r"|prelev\w+ (?:\S+ ){0,6}?(?:le|du|a partir du)\b|due date|date due|payment due|vervaldatum|fallig\w*"
    r"|zahlbar bis|termin platnosci|pay by"
)
"""The day until which, or on which, it is paid."""

NOT_ISSUED = re.compile(
    r"echeance|limite|prelev|periode|prochain|livr|expedi|naissance|valable|valid|due|verval|fallig|depart"
    r"|arrivee|check|avant le|du \d.* au \d|jusqu"
)
"""Words in a row whose date is not the day of issue."""

PERIOD = re.compile(
    r"(?:du|from|vom|van|periode|period)\W{0,3}(?P<first>[\w/.\- ]{1,25}?)\s+(?:au|to|bis|tot|a|-)\s+", re.IGNORECASE
)
"""The start of `du ... au ...`."""

_WORD = (
    r"(?:facture|invoice|factuur|rechnung\w*|faktura|fattura|factura|avoir|credit note|recu|receipt"
    r"|quittance|avis(?: d'echeance)?|piece|document|justificatif|transaction|commande|order|booking|decompte"
    r"|dossier|reservation)"
)
_SIGN = r"(?:n ?[°ºo]|no\b|nr\b|number|num(?:ero)?\b|nummer|#|ref(?:erence)?\b|id\b|identifiant|code)"
VALUE = (
    r"(?P<value>#? ?(?:[a-z] (?=\d[\w/-]*\d))?[a-z0-9](?:[a-z0-9]|[-/_.](?=[a-z0-9]))*"
    r"(?: \d{2,5}(?![\w/.,-])| \d\d[A-Z0-9]{2}-[A-Z0-9]{4}\b)*)"
)
"""A reference: letters and digits; digits may stand in groups. (Orange: `0412345678 26B9-1C23`.)"""
NUMBER = (
    re.compile(
        rf"\b(?:facture|invoice|rechnung\w*|faktura|fattura|factura|avoir|credit note)s?"
        rf"(?: [a-z']+){{0,4}}?\s?{_SIGN}[ .:]{{0,3}}"
    ),
    re.compile(
        rf"\b{_SIGN}\.? ?(?:de |d'|of )?(?:la |votre |l'|the )?(?:facture|invoice|avoir|avis|piece|document"
        rf"|recu|quittance)[ .:#]{{0,3}}"
    ),
    re.compile(r"\b(?:factuur ?nummer|factuurnr\.?|rechnungs?-?(?:nummer|nr\.?)|invoicenr\.?)[ .:#]{0,3}"),
    re.compile(rf"\b{_WORD}s?(?: d[e'] ?[a-z]+| [a-z]+)?\s?{_SIGN}[ .:]{{0,3}}"),
    re.compile(rf"\b{_SIGN}\.? ?(?:de |d'|of )?(?:la |votre |l'|the )?{_WORD}[ .:#]{{0,3}}"),
    re.compile(r"(?<!\S)(?<!\S )(?:facture|invoice|rechnung|avoir|#) ?:? ?(?=\S*\d)"),
    re.compile(r"(?<!\S)(?<!\S )n ?[°º]\.?[ :]{0,2}(?=[a-z]{0,4}[-/]?\d)"),
    re.compile(r"(?<!\S)(?<!\S )(?:facture|invoice|factuur|rechnung|avoir)(?=  |$)"),
    re.compile(r"(?<!\S)(?<!\S )ref(?:erence)?\.?(?=  |$| ?:)[ :]{0,3}"),
)
"""Labels of the number of the invoice, from the surest to the vaguest."""

CUSTOMER = re.compile(
    rf"(?:{_SIGN}\.? ?(?:de |d')?(?:compte )?(?:client|abonne|adherent|societaire|customer)|(?:client"
    rf"|customer|klant|kunden)-? ?(?:nummer|nr|n ?[°º]|id|number))[ .:]{{0,3}}|id\.? ?client[ .:]{{0,3}}"
    rf"|identifiant(?: client)?[ .:]{{1,3}}"
)
"""Labels of the number of the customer."""

CONTRACT = re.compile(
    rf"(?:{_SIGN}\.? ?(?:de |d')?(?:votre |la )?(?:contrat|police|ligne|abonnement|contract)"
    rf"|contrat {_SIGN}|contrat)[ .:]{{0,3}}"
)
"""Labels of the number of the contract, policy or line."""

IBAN = re.compile(r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){3,7}(?: ?[a-z0-9]{1,3})?\b")
"""What could be an IBAN."""

CREDIT = re.compile(
    r"^(?:votre |facture d'|your )?(?:avoir|note de credit|credit note|credit memo|creditnota|gutschrift"
    r"|nota di credito)\b"
)
"""What a credit note calls itself."""

CARE_PAID = re.compile(r"montant (?:paye|des frais|facture|des soins)|depenses? (?:engagee|facturee)s?|frais reels")
"""What the care had cost, on a statement of reimbursement."""

CARE_DAY = re.compile(r"(?:soins?|actes?|prestations?|consultation) (?:du|le)\b|date des soins")
"""The day of the care."""

CARE_GROUP = re.compile(r"virement (?:de|global de|total de)|montant (?:total )?du virement|total verse")
"""The transfer of which the reimbursement is a part."""

CARE_FOR = re.compile(r"(?:beneficiaire|assure|patient)(?: des soins)?\s?:\s?(\S.*)")
"""Who was cared for."""
