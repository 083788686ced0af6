"""Invoices drawn for the tests: rows of text at places on a page, as French issuers lay theirs out.

All people, numbers and sums are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO

import pypdfium2
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

Row = tuple[float, str] | tuple[float, str, float, str]
"""Where a text starts (in points from the left) and the text; a second pair stands in the same row."""


@dataclass(frozen=True)
class Paper:
    """A drawn invoice and what it says; `total` None: it must not be understood."""

    name: str
    rows: tuple[tuple[object, ...], ...]
    issuer: str = ""
    total: str = ""
    issued: date | None = None
    number: str = ""
    due: date | None = None
    refund: bool = False
    kind: str = "other"
    currency: str = "EUR"

    @property
    def amount(self) -> Decimal:
        return Decimal(self.total)


def draw(rows: tuple[tuple[object, ...], ...], pages: int = 1, turned: int = 0) -> bytes:
    """A PDF with those rows on its first page, 15 points apart; a `turned` page is drawn so that it is seen upright."""
    stream = BytesIO()
    canvas = Canvas(stream, pagesize=A4, invariant=1)
    for page in range(pages):
        y = 800.0
        if turned:
            canvas.setPageRotation(turned)
            wide, high = A4 if turned == 180 else A4[::-1]
            canvas.translate(*{90: (wide, 0), 180: (wide, high), 270: (0, high)}[turned])
            canvas.rotate(turned)
        for row in rows if page == 0 else ():
            for left, text in zip(row[::2], row[1::2], strict=True):
                canvas.setFont("Helvetica", 9)
                canvas.drawString(float(str(left)), y, str(text))
            y -= 15
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


BUYER = ((330, "M. Jean MARTIN"), (330, "12 rue des Lilas"), (330, "69003 LYON"))

PAPERS = (
    Paper(
        "edf",
        (
            (40, "EDF", 330, "Votre facture d'électricité"),
            (40, "Service Clients EDF"),
            (40, "TSA 20012 - 41975 BLOIS CEDEX 9"),
            *BUYER,
            (40, "Vos références", 330, "Facture du 12/03/2026"),
            (40, "N° client : 5 012 345 678", 330, "N° 10 123 456 789"),
            (40, "N° de compte : 1-AB12CD3"),
            (40, "Montant à payer (TTC)", 480, "84,20 €"),
            (40, "Montant prélevé le 27 mars 2026"),
            (40, "Électricité : abonnement et consommation du 12/01/2026 au 11/03/2026"),
            (40, "Total hors TVA", 480, "72,11 €"),
            (40, "TVA à 5,5 %", 480, "1,35 €"),
            (40, "TVA à 20 %", 480, "10,74 €"),
            (40, "Total TTC", 480, "84,20 €"),
            (40, "Consommation : 412 kWh"),
            (40, "EDF SA au capital de 2 084 365 041 euros - 552 081 317 RCS Paris - www.edf.fr"),
        ),
        "EDF", "84.20", date(2026, 3, 12), "10123456789", date(2026, 3, 27), kind="energy",
    ),
    Paper(
        "engie",
        (
            (40, "ENGIE"),
            *BUYER,
            (40, "Lyon, le 3 février 2026"),
            (40, "Facture de gaz naturel n° 301 234 567 890"),
            (40, "Votre compte client : 200 123 456"),
            (40, "Abonnement et consommation de gaz", 480, "118,43 €"),
            (40, "Total HT", 480, "98,69 €"),
            (40, "TVA (20 %)", 480, "19,74 €"),
            (40, "Total TTC à régler avant le 23/02/2026", 480, "118,43 €"),
            (40, "ENGIE, société anonyme au capital de 2 435 285 011 €, RCS Nanterre 542 107 651"),
        ),
        "Engie", "118.43", date(2026, 2, 3), "301234567890", date(2026, 2, 23), kind="energy",
    ),
    Paper(
        "free",
        (
            (40, "Free"),
            (40, "Service Abonné"),
            (40, "75371 Paris Cedex 08"),
            *BUYER,
            (40, "Facture n° 1234567890 du 02 Janvier 2026"),
            (40, "Date limite de paiement le 07 Janvier 2026", 470, "39.99 € TTC"),
            (300, "Montant EUR HT", 390, "Montant TVA", 470, "Montant EUR TTC"),
            (40, "Abonnement Freebox Pop", 300, "33.33", 390, "6.66", 470, "39.99"),
            (40, "Total facture", 300, "33.33", 390, "6.66", 470, "39.99"),
            (40, "Somme à payer", 470, "39.99 € TTC"),
            (40, "Free SAS au capital de 3 441 812 euros - RCS Paris 421 938 861 - TVA FR 60 421 938 861"),
        ),
        "Free", "39.99", date(2026, 1, 2), "1234567890", date(2026, 1, 7), kind="internet",
    ),
    Paper(
        "free-mobile",
        (
            (40, "Free Mobile", 330, "Facture mobile"),
            *BUYER,
            (40, "Ligne : 06 12 34 56 78"),
            (40, "Facture n° 2098765432", 330, "Date : 15/04/2026"),
            (40, "Forfait Free 5G", 480, "19,99 €"),
            (40, "Total HT", 480, "16,66 €"),
            (40, "TVA 20%", 480, "3,33 €"),
            (40, "Total à payer TTC", 480, "19,99 €"),
            (40, "Le montant sera prélevé à partir du 25/04/2026"),
            (40, "Free Mobile - SAS au capital de 365.138.779 Euros - RCS PARIS 499 247 138"),
        ),
        "Free Mobile", "19.99", date(2026, 4, 15), "2098765432", date(2026, 4, 25), kind="mobile",
    ),
    Paper(
        "orange",
        (
            (40, "orange"),
            (40, "n° de facture : 0412345678 26B9-1C23", 330, "date de facture : 21/02/26"),
            *BUYER,
            (40, "votre compte internet : 0412345678"),
            (40, "Livebox Fibre", 480, "42,99 €"),
            (40, "total du montant prélevé le 05/03/2026", 480, "42,99 € TTC"),
            (40, "dont TVA 20,00 %", 480, "7,17 €"),
            (40, "Orange SA au capital de 10 640 226 396 € - 380 129 866 RCS Nanterre"),
        ),
        "Orange", "42.99", date(2026, 2, 21), "0412345678 26B9-1C23", date(2026, 3, 5), kind="internet",
    ),
    Paper(
        "sfr",
        (
            (40, "SFR", 330, "VOTRE FACTURE"),
            (40, "Facture N° : A126012345-678"),
            (40, "Date de facturation : 08/06/2026"),
            (40, "N° client : 1.23456789"),
            *BUYER,
            (40, "Forfait mobile 80 Go - sms illimités", 480, "24,99 €"),
            (40, "Montant total HT", 480, "20,83 €"),
            (40, "Montant TVA (20,00%)", 480, "4,16 €"),
            (40, "Montant total TTC", 480, "24,99 €"),
            (40, "Montant soumis à prélèvement", 480, "24,99 €"),
            (40, "SFR - SA au capital de 3 423 265 598,40 € - RCS Paris 343 059 564"),
        ),
        "SFR", "24.99", date(2026, 6, 8), "A126012345-678", kind="mobile",
    ),
    Paper(
        "bouygues",
        (
            (40, "Bouygues Telecom"),
            (40, "voici votre facture du 18 mai 2026"),
            (40, "N° de facture : 987654321098"),
            *BUYER,
            (40, "Bbox fit fibre", 480, "25,99 €"),
            (40, "Total facture TTC", 480, "25,99 €"),
            (40, "dont TVA", 480, "4,33 €"),
            (40, "montant à payer", 480, "25,99 €"),
            (40, "prélevé le 30 mai 2026"),
            (40, "Bouygues Telecom - SA au capital de 929 207 595,48 € - 397 480 930 RCS Paris"),
        ),
        "Bouygues Telecom", "25.99", date(2026, 5, 18), "987654321098", date(2026, 5, 30), kind="internet",
    ),
    Paper(
        "sncf-connect",
        (
            (40, "SNCF Connect", 330, "Justificatif de paiement"),
            (40, "Référence de commande : QWERTY", 330, "Date de commande : 04/07/2026"),
            (40, "Passager : Jean MARTIN"),
            (40, "TGV INOUI 6607 PARIS GARE DE LYON - LYON PART DIEU"),
            (40, "Départ le 18/07/2026 à 08h00 - Arrivée 09h56"),
            (40, "Billet 2nde classe", 480, "59,00 €"),
            (40, "Montant total payé", 480, "59,00 €"),
            (40, "Dont TVA 10 %", 480, "5,36 €"),
            (40, "www.sncf-connect.com"),
        ),
        "SNCF Connect", "59.00", date(2026, 7, 4), kind="transport",
    ),
    Paper(
        "maif",
        (
            (40, "MAIF", 330, "Avis d'échéance"),
            (40, "200 avenue Salvador Allende - 79038 NIORT CEDEX 9"),
            *BUYER,
            (40, "N° sociétaire : 1234567A"),
            (40, "Niort, le 15 décembre 2025"),
            (40, "Assurance habitation RAQVAM - période du 01/01/2026 au 31/12/2026"),
            (40, "Cotisation annuelle TTC", 480, "312,45 €"),
            (40, "Montant à payer avant le 31/01/2026", 480, "312,45 €"),
            (40, "MAIF - Société d'assurance mutuelle à cotisations variables - SIREN 775 709 702"),
        ),
        "MAIF", "312.45", date(2025, 12, 15), "", date(2026, 1, 31), kind="insurance",
    ),
    Paper(
        "veolia",
        (
            (40, "Veolia Eau", 330, "Facture d'eau"),
            *BUYER,
            (40, "Référence client : 0123456789"),
            (40, "Facture n° F26-0045123", 330, "Émise le 22/05/2026"),
            (40, "Distribution de l'eau", 480, "61,20 €"),
            (40, "Collecte et traitement des eaux usées", 480, "48,77 €"),
            (40, "Total HT", 480, "104,24 €"),
            (40, "TVA 5,5 %", 480, "5,73 €"),
            (40, "Total TTC", 480, "109,97 €"),
            (40, "Déjà réglé", 480, "40,00 €"),
            (40, "Net à payer", 480, "69,97 €"),
            (40, "à régler avant le 12/06/2026"),
            (40, "Veolia Eau - Compagnie Générale des Eaux SCA - 572 025 526 RCS Paris"),
        ),
        "Veolia Eau", "69.97", date(2026, 5, 22), "F26-0045123", date(2026, 6, 12), kind="water",
    ),
    Paper(
        "veepee",
        (
            (40, "Veepee"),
            (40, "vente-privee.com SA au capital de 20 716 687 € - RCS Bobigny 434 317 293"),
            *BUYER,
            (40, "FACTURE N° VP-2026-7788123", 330, "Date : 9 mars 2026"),
            (40, "Chaussures de course", 380, "1", 480, "54,90 €"),
            (40, "Frais de port", 480, "5,90 €"),
            (40, "Sous-total HT", 480, "50,67 €"),
            (40, "TVA 20 %", 480, "10,13 €"),
            (40, "TOTAL TTC", 480, "60,80 €"),
            (40, "Payé par carte bancaire", 480, "60,80 €"),
            (40, "Reste à payer", 480, "0,00 €"),
        ),
        "Veepee", "60.80", date(2026, 3, 9), "VP-2026-7788123", kind="appliance",
    ),
    Paper(
        "plumber",
        (
            (40, "Plomberie Durand", 330, "FACTURE"),
            (40, "4 place du Marché", 330, "N° 2026-031"),
            (40, "38000 Grenoble", 330, "Date : 17/11/2026"),
            (40, "SIRET 012 345 674 00017 - TVA FR12012345674"),
            (40, "contact@plomberie-durand.example"),
            *BUYER,
            (40, "Désignation", 300, "Qté", 380, "PU HT", 480, "Total HT"),
            (40, "Remplacement du chauffe-eau", 300, "1", 380, "1 150,00", 480, "1 150,00"),
            (40, "Main d'oeuvre", 300, "3", 380, "55,00", 480, "165,00"),
            (380, "Total HT", 480, "1 315,00 €"),
            (380, "TVA 10 %", 480, "131,50 €"),
            (380, "Total TTC", 480, "1 446,50 €"),
            (380, "Acompte versé", 480, "400,00 €"),
            (380, "Net à payer", 480, "1 046,50 €"),
        ),
        "Plomberie Durand", "1046.50", date(2026, 11, 17), "2026-031",
    ),
    Paper(
        "rent",
        (
            (40, "AGENCE DES TERREAUX SARL au capital de 10 000 €"),
            (40, "QUITTANCE DE LOYER"),
            *BUYER,
            (40, "Fait à Lyon, le 05/10/2026"),
            (40, "Période du 01/10/2026 au 31/10/2026"),
            (40, "Loyer hors charges", 480, "780,00 €"),
            (40, "Provision pour charges", 480, "65,00 €"),
            (40, "Total payé", 480, "845,00 €"),
        ),
        "AGENCE DES TERREAUX", "845.00", date(2026, 10, 5), kind="rent",
    ),
    Paper(
        "credit-note",
        (
            (40, "Boulanger", 330, "AVOIR"),
            (40, "Avoir n° AV-55123 du 14/08/2026"),
            *BUYER,
            (40, "Retour grille-pain", 480, "39,99 €"),
            (40, "Total TTC remboursé", 480, "39,99 €"),
            (40, "Boulanger SA au capital de 12 000 000 € - 347 384 570 RCS Lille"),
        ),
        "Boulanger", "39.99", date(2026, 8, 14), "AV-55123", refund=True, kind="appliance",
    ),
    Paper(
        "english",
        (
            (40, "Nimbus Hosting Ltd"),
            (40, "Invoice"),
            (40, "Invoice number: NH-00451", 330, "Date of issue: March 5, 2026"),
            (40, "Bill to: Jean Martin", 330, "Date due: March 19, 2026"),
            (40, "Virtual server, monthly", 480, "£12.00"),
            (40, "Subtotal", 480, "£12.00"),
            (40, "VAT (20%)", 480, "£2.40"),
            (40, "Amount due", 480, "£14.40"),
        ),
        "Nimbus Hosting Ltd", "14.40", date(2026, 3, 5), "NH-00451", date(2026, 3, 19), currency="GBP",
    ),
    Paper(
        "quote",
        (
            (40, "Plomberie Durand", 330, "DEVIS n° D-12"),
            (40, "Date : 02/02/2026"),
            (40, "Total TTC", 480, "1 446,50 €"),
        ),
    ),
    Paper(
        "letter",
        (
            (40, "Mairie de Villeurbanne"),
            (40, "Madame, Monsieur,"),
            (40, "Nous vous informons que la rue sera fermée le 3 mars 2026 pour travaux."),
        ),
    ),
    Paper(
        "no-total",
        (
            (40, "Boulanger", 330, "Facture du 14/08/2026"),
            (40, "Merci de votre visite. Le détail de vos achats est dans votre espace client."),
            (40, "Boulanger SA au capital de 12 000 000 € - 347 384 570 RCS Lille"),
        ),
    ),
)  # fmt: skip


def attach(pdf: bytes, name: str, data: bytes) -> bytes:
    """The PDF with a file attached to it."""
    document = pypdfium2.PdfDocument(pdf)
    document.new_attachment(name).set_data(data)
    stream = BytesIO()
    document.save(stream)
    document.close()
    return stream.getvalue()


def encrypted() -> bytes:
    """A PDF that asks for a password."""
    stream = BytesIO()
    canvas = Canvas(stream, pagesize=A4, encrypt=StandardEncryption("secret", strength=128))
    canvas.drawString(40, 800, "Facture")
    canvas.save()
    return stream.getvalue()


def cii(*, old: bool = False, code: str = "380", total: str = "120.00") -> bytes:
    """A CrossIndustryInvoice of the BASIC kind, or with `old` a CrossIndustryDocument as ZUGFeRD 1 has it."""
    root, head, trade = "CrossIndustryInvoice", "ExchangedDocument", "SupplyChainTradeTransaction"
    part, sums = "ApplicableHeaderTrade", "SpecifiedTradeSettlementHeaderMonetarySummation"
    if old:
        root, head, trade = "CrossIndustryDocument", "HeaderExchangedDocument", "SpecifiedSupplyChainTradeTransaction"
        part, sums = "ApplicableSupplyChainTrade", "SpecifiedTradeSettlementMonetarySummation"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<r:{root} xmlns:r="urn:r" xmlns:a="urn:a" xmlns:u="urn:u">
 <r:{head}><a:ID>FA-1</a:ID><a:TypeCode>{code}</a:TypeCode>
  <a:IssueDateTime><u:DateTimeString format="102">20260312</u:DateTimeString></a:IssueDateTime></r:{head}>
 <r:{trade}>
  <a:{part}Agreement>
   <a:SellerTradeParty><a:Name>Au bon moulin</a:Name>
    <a:SpecifiedLegalOrganization><a:ID schemeID="0002">99999999800010</a:ID></a:SpecifiedLegalOrganization>
    <a:SpecifiedTaxRegistration><a:ID schemeID="VA">FR11999999998</a:ID></a:SpecifiedTaxRegistration>
   </a:SellerTradeParty>
   <a:BuyerTradeParty><a:Name>Ma boutique</a:Name></a:BuyerTradeParty>
  </a:{part}Agreement>
  <a:{part}Settlement>
   <a:InvoiceCurrencyCode>EUR</a:InvoiceCurrencyCode>
   <a:PayeeTradeParty><a:Name>Factoring SA</a:Name></a:PayeeTradeParty>
   <a:SpecifiedTradeSettlementPaymentMeans><a:TypeCode>30</a:TypeCode><a:PayeePartyCreditorFinancialAccount>
    <a:IBANID>FR76 3000 6000 0112 3456 7890 189</a:IBANID></a:PayeePartyCreditorFinancialAccount>
   </a:SpecifiedTradeSettlementPaymentMeans>
   <a:ApplicableTradeTax><a:CalculatedAmount>20.00</a:CalculatedAmount><a:BasisAmount>100.00</a:BasisAmount>
    <a:RateApplicablePercent>20.00</a:RateApplicablePercent></a:ApplicableTradeTax>
   <a:SpecifiedTradePaymentTerms><a:DueDateDateTime><u:DateTimeString format="102">20260411</u:DateTimeString>
    </a:DueDateDateTime></a:SpecifiedTradePaymentTerms>
   <a:{sums}><a:TaxBasisTotalAmount>100.00</a:TaxBasisTotalAmount>
    <a:TaxTotalAmount currencyID="USD">23.00</a:TaxTotalAmount>
    <a:TaxTotalAmount currencyID="EUR">20.00</a:TaxTotalAmount>
    <a:GrandTotalAmount>{total}</a:GrandTotalAmount><a:DuePayableAmount>100.00</a:DuePayableAmount></a:{sums}>
  </a:{part}Settlement>
 </r:{trade}>
</r:{root}>""".encode()


def ubl(*, credit: bool = False) -> bytes:
    """A UBL 2.1 invoice or credit note."""
    root = "CreditNote" if credit else "Invoice"
    return f"""<?xml version="1.0"?>
<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2" xmlns:c="urn:c" xmlns:b="urn:b">
 <b:ID>U-7</b:ID><b:IssueDate>2026-03-01</b:IssueDate><b:DueDate>2026-03-31</b:DueDate>
 <b:DocumentCurrencyCode>EUR</b:DocumentCurrencyCode>
 <c:AccountingSupplierParty><c:Party><c:PartyLegalEntity><b:RegistrationName>Nimbus</b:RegistrationName>
 </c:PartyLegalEntity></c:Party></c:AccountingSupplierParty>
 <c:TaxTotal><b:TaxAmount currencyID="EUR">4.20</b:TaxAmount></c:TaxTotal>
 <c:LegalMonetaryTotal><b:TaxExclusiveAmount>20.00</b:TaxExclusiveAmount>
  <b:TaxInclusiveAmount>24.20</b:TaxInclusiveAmount><b:PayableAmount>24.20</b:PayableAmount></c:LegalMonetaryTotal>
</{root}>""".encode()
