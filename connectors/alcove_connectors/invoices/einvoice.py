"""Electronic invoices: CII (Factur-X, ZUGFeRD 1 and 2, XRechnung) and UBL, alone or inside a PDF.

Names are looked up without their namespace, because ZUGFeRD 1 and 2 and the draft profiles differ there
more than in meaning. Rules: EN 16931-1 (terms BT-n below), UN/CEFACT code list 1001 for document types.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException, ElementTree

from .model import Facts, Tax, Unreadable
from .values import clean, decimal, read_date

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from decimal import Decimal
    from xml.etree.ElementTree import Element

LARGEST_XML = 10 * 1024 * 1024
"""Bytes of XML that are parsed at most; invoices of a thousand lines have about one million."""

CREDIT_NOTES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"})
"""UNTDID 1001 codes of documents that give money back."""

_ROOTS = ("CrossIndustryInvoice", "CrossIndustryDocument", "Invoice", "CreditNote")
_ORDER = "SCRDMCCBDACIOMessageStructure"


def read_xml(data: bytes) -> Facts:
    """The facts of a CII or UBL invoice.

    Raises `Unreadable` with code `xml_too_large`, `xml_unsafe`, `xml_broken`, `xml_other`, `order` or `xml_incomplete`.
    """
    if len(data) > LARGEST_XML:
        raise Unreadable("xml_too_large", "The electronic invoice is larger than 10 MiB.", keep=True)
    try:
        root = ElementTree.fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise Unreadable("xml_unsafe", "The electronic invoice defines entities, which is unsafe.", keep=True) from None
    except (ParseError, ValueError, LookupError):
        raise Unreadable("xml_broken", "The electronic invoice is damaged.", keep=True) from None
    name = _local(root)
    if name == _ORDER:
        raise Unreadable("order", "The document is an electronic order (Order-X), not an invoice.", keep=True)
    if name not in _ROOTS:
        raise Unreadable("xml_other", "The XML file is not an electronic invoice (CII or UBL).", keep=True)
    facts = _cii(root) if name.startswith("Cross") else _ubl(root, credit=name == "CreditNote")
    return replace(facts, total=abs(facts.total), refund=facts.refund or facts.total < 0)


def _local(element: Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _all(element: Element | None, path: str) -> Iterator[Element]:
    """The elements under `path`: local names joined by `/`; each step may offer several names joined by `|`."""
    if element is None:
        return
    step, _, rest = path.partition("/")
    names = step.split("|")
    for child in element:
        if _local(child) in names:
            if rest:
                yield from _all(child, rest)
            else:
                yield child


def _one(element: Element | None, path: str) -> Element | None:
    return next(_all(element, path), None)


def _text(element: Element | None, path: str) -> str:
    for found in _all(element, path):
        text = clean(found.text or "")[:500]
        if text:
            return text
    return ""


def _number(element: Element | None, path: str) -> Decimal | None:
    return decimal(_text(element, path) or None)


def _when(element: Element | None, path: str) -> date | None:
    """A CII date: `DateTimeString` with format 102 (YYYYMMDD), 203 or 204 with time, or a plain ISO date."""
    found = _one(element, path)
    if found is None:
        return None
    text = next((clean(part) for part in found.itertext() if part.strip()), "")
    if re.fullmatch(r"\d{8}(\d{4,6})?", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:8]}"
    return read_date(text)


def _need(issuer: str, total: Decimal | None, issued: date | None, **more: object) -> Facts:
    missing = [word for word, value in (("issuer", issuer), ("total", total), ("date", issued)) if value in ("", None)]
    if missing or total is None or issued is None:
        sentence = f"The electronic invoice does not state its {', '.join(missing)}."
        raise Unreadable("xml_incomplete", sentence, keep=True)
    return Facts(issuer=issuer, total=total, issued=issued, confidence=1.0, **more)  # type: ignore[arg-type]


def _cii(root: Element) -> Facts:
    head = _one(root, "ExchangedDocument|HeaderExchangedDocument")
    trade = _one(root, "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction")
    agreement = _one(trade, "ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement")
    settled = _one(trade, "ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement")
    sums = _one(settled, "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation")
    seller = _one(agreement, "SellerTradeParty")
    account = "SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/IBANID"
    money = _text(settled, "InvoiceCurrencyCode") or _currency_of(sums)
    payable = _number(sums, "DuePayableAmount")
    total = _number(sums, "GrandTotalAmount") if _text(sums, "GrandTotalAmount") else payable
    return _need(
        _text(seller, "Name") or _text(seller, "SpecifiedLegalOrganization/TradingBusinessName"),
        total,
        _when(head, "IssueDateTime"),
        currency=money or "EUR",
        source="cii",
        number=_text(head, "ID"),
        refund=_text(head, "TypeCode") in CREDIT_NOTES,
        due=_when(settled, "SpecifiedTradePaymentTerms/DueDateDateTime"),
        start=_when(settled, "BillingSpecifiedPeriod/StartDateTime"),
        end=_when(settled, "BillingSpecifiedPeriod/EndDateTime"),
        net=_number(sums, "TaxBasisTotalAmount"),
        tax=_tax_total(sums, "TaxTotalAmount", money),
        taxes=tuple(
            Tax(
                _number(tax, "RateApplicablePercent|ApplicablePercent"),
                _number(tax, "BasisAmount"),
                _number(tax, "CalculatedAmount"),
            )
            for tax in _all(settled, "ApplicableTradeTax")
        ),
        payable=payable,
        iban=_iban(_text(settled, account)),
        payee=_text(settled, "PayeeTradeParty/Name"),
        means=_text(settled, "SpecifiedTradeSettlementPaymentMeans/TypeCode"),
        buyer=_text(agreement, "BuyerTradeParty/Name"),
        contract=_text(agreement, "ContractReferencedDocument/IssuerAssignedID|ID"),
        customer=_text(agreement, "BuyerTradeParty/ID"),
        vat_number=_registration(seller, "VA"),
        siren=_siren(_text(seller, "SpecifiedLegalOrganization/ID")),
        profile=_text(_one(root, "ExchangedDocumentContext|SpecifiedExchangedDocumentContext"),
                      "GuidelineSpecifiedDocumentContextParameter/ID"),
    )  # fmt: skip


def _ubl(root: Element, *, credit: bool) -> Facts:
    seller = _one(root, "AccountingSupplierParty/Party")
    sums = _one(root, "LegalMonetaryTotal")
    money = _text(root, "DocumentCurrencyCode") or _currency_of(sums)
    payable = _number(sums, "PayableAmount")
    total = _number(sums, "TaxInclusiveAmount") if _text(sums, "TaxInclusiveAmount") else payable
    return _need(
        _text(seller, "PartyLegalEntity/RegistrationName") or _text(seller, "PartyName/Name"),
        total,
        _when(root, "IssueDate"),
        currency=money or "EUR",
        source="ubl",
        number=_text(root, "ID"),
        refund=credit or _text(root, "InvoiceTypeCode|CreditNoteTypeCode") in CREDIT_NOTES,
        due=_when(root, "DueDate") or _when(root, "PaymentMeans/PaymentDueDate"),
        start=_when(root, "InvoicePeriod/StartDate"),
        end=_when(root, "InvoicePeriod/EndDate"),
        net=_number(sums, "TaxExclusiveAmount"),
        tax=_tax_total(root, "TaxTotal/TaxAmount", money),
        taxes=tuple(
            Tax(_number(tax, "TaxCategory/Percent"), _number(tax, "TaxableAmount"), _number(tax, "TaxAmount"))
            for tax in _all(root, "TaxTotal/TaxSubtotal")
        ),
        payable=payable,
        iban=_iban(_text(root, "PaymentMeans/PayeeFinancialAccount/ID")),
        payee=_text(root, "PayeeParty/PartyName/Name"),
        means=_text(root, "PaymentMeans/PaymentMeansCode"),
        buyer=_text(root, "AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName")
        or _text(root, "AccountingCustomerParty/Party/PartyName/Name"),
        contract=_text(root, "ContractDocumentReference/ID"),
        customer=_text(root, "AccountingCustomerParty/Party/PartyIdentification/ID"),
        vat_number=_text(seller, "PartyTaxScheme/CompanyID"),
        siren=_siren(_text(seller, "PartyLegalEntity/CompanyID")),
        profile=_text(root, "CustomizationID"),
    )


def _currency_of(sums: Element | None) -> str:
    return next((child.get("currencyID", "") for child in sums or () if child.get("currencyID")), "")


def _tax_total(element: Element | None, path: str, money: str) -> Decimal | None:
    """BT-110: the tax in the invoice's currency; BT-111 repeats it in the accounting currency."""
    totals = list(_all(element, path))
    own = [total for total in totals if total.get("currencyID") in (None, "", money)]
    return decimal(clean((own or totals)[0].text or "")) if totals else None


def _registration(seller: Element | None, scheme: str) -> str:
    for tax in _all(seller, "SpecifiedTaxRegistration/ID"):
        if tax.get("schemeID") == scheme and tax.text:
            return clean(tax.text)[:30]
    return ""


def _iban(text: str) -> str:
    bare = re.sub(r"\s", "", text).upper()
    return bare if re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{6,30}", bare) else ""


def _siren(text: str) -> str:
    """The SIREN (9 digits) in a SIREN or SIRET (14 digits); empty for anything else."""
    bare = re.sub(r"\s", "", text)
    return bare[:9] if re.fullmatch(r"\d{9}(\d{5})?", bare) else ""
