"""Factur-X: the invoice's CII XML (EN 16931 profile) attached to a finished PDF by an incremental update."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from alcove_sample.days import later
from alcove_sample.siren import siren, vat_number

if TYPE_CHECKING:
    from alcove_sample.model import Bill, Household, Vendor
    from alcove_sample.sheets import Item

_SPACES = (
    'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
    'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"'
)
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def invoice_xml(household: Household, bill: Bill, vendor: Vendor, lines: list[Item]) -> bytes:
    """Return the CrossIndustryInvoice of a bill (UN/CEFACT D16B, as Factur-X 1.0 profiles it)."""
    basis = bill.amount - bill.vat
    rate = f"{bill.vat_rate / 10:.2f}"
    due = later(bill.date, 15)
    number = siren(vendor.legal)
    body = "".join(_line(place, item, rate) for place, item in enumerate(lines, start=1))
    street, town = household.address
    code, city = town.split(" ", 1)
    customer = escape(household.persons[0].name)
    tax = (
        f"<ram:ApplicableTradeTax><ram:CalculatedAmount>{_amount(bill.vat)}</ram:CalculatedAmount>"
        f"<ram:TypeCode>VAT</ram:TypeCode><ram:BasisAmount>{_amount(basis)}</ram:BasisAmount>"
        f"<ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent>"
        "</ram:ApplicableTradeTax>"
    )
    sums = (
        f"<ram:LineTotalAmount>{_amount(basis)}</ram:LineTotalAmount>"
        f"<ram:TaxBasisTotalAmount>{_amount(basis)}</ram:TaxBasisTotalAmount>"
        f'<ram:TaxTotalAmount currencyID="{bill.currency}">{_amount(bill.vat)}</ram:TaxTotalAmount>'
        f"<ram:GrandTotalAmount>{_amount(bill.amount)}</ram:GrandTotalAmount>"
        f"<ram:DuePayableAmount>{_amount(bill.amount)}</ram:DuePayableAmount>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rsm:CrossIndustryInvoice {_SPACES}>'
        "<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>"
        "<ram:ID>urn:cen.eu:en16931:2017</ram:ID>"
        "</ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>"
        f"<rsm:ExchangedDocument><ram:ID>{escape(bill.number)}</ram:ID>"
        f"<ram:TypeCode>{381 if bill.is_refund else 380}</ram:TypeCode>"
        f'<ram:IssueDateTime><udt:DateTimeString format="102">{bill.date:%Y%m%d}</udt:DateTimeString>'
        "</ram:IssueDateTime></rsm:ExchangedDocument>"
        f"<rsm:SupplyChainTradeTransaction>{body}"
        f"<ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty><ram:Name>{escape(bill.vendor)}</ram:Name>"
        f'<ram:SpecifiedLegalOrganization><ram:ID schemeID="0002">{number}</ram:ID></ram:SpecifiedLegalOrganization>'
        "<ram:PostalTradeAddress><ram:CountryID>FR</ram:CountryID></ram:PostalTradeAddress>"
        f'<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{vat_number(vendor.legal)}</ram:ID>'
        "</ram:SpecifiedTaxRegistration></ram:SellerTradeParty>"
        f"<ram:BuyerTradeParty><ram:Name>{customer}</ram:Name><ram:PostalTradeAddress>"
        f"<ram:PostcodeCode>{code}</ram:PostcodeCode><ram:LineOne>{escape(street)}</ram:LineOne>"
        f"<ram:CityName>{escape(city)}</ram:CityName><ram:CountryID>FR</ram:CountryID>"
        "</ram:PostalTradeAddress></ram:BuyerTradeParty></ram:ApplicableHeaderTradeAgreement>"
        "<ram:ApplicableHeaderTradeDelivery/><ram:ApplicableHeaderTradeSettlement>"
        f"<ram:InvoiceCurrencyCode>{bill.currency}</ram:InvoiceCurrencyCode>{tax}"
        '<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString format="102">'
        f"{due:%Y%m%d}</udt:DateTimeString></ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>"
        "<ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        f"{sums}</ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        "</ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"
    ).encode()


def _line(place: int, item: Item, rate: str) -> str:
    return (
        "<ram:IncludedSupplyChainTradeLineItem>"
        f"<ram:AssociatedDocumentLineDocument><ram:LineID>{place}</ram:LineID></ram:AssociatedDocumentLineDocument>"
        f"<ram:SpecifiedTradeProduct><ram:Name>{escape(item.name)}</ram:Name></ram:SpecifiedTradeProduct>"
        "<ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice>"
        f"<ram:ChargeAmount>{_amount(item.cents // item.count)}</ram:ChargeAmount>"
        "</ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement><ram:SpecifiedLineTradeDelivery>"
        f'<ram:BilledQuantity unitCode="C62">{item.count}</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>'
        "<ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode>"
        f"<ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent>"
        "</ram:ApplicableTradeTax><ram:SpecifiedTradeSettlementLineMonetarySummation>"
        f"<ram:LineTotalAmount>{_amount(item.cents)}</ram:LineTotalAmount>"
        "</ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>"
        "</ram:IncludedSupplyChainTradeLineItem>"
    )


def attach(pdf: bytes, xml: bytes) -> bytes:
    """Return the PDF with `factur-x.xml` embedded (ISO 32000-1, 7.5.6 and 7.11.4; /AF as in PDF/A-3).

    Only for a PDF with a plain cross-reference table and one section, as reportlab writes it.
    """
    size = _number(rb"/Size (\d+)", pdf)
    root = _number(rb"/Root (\d+) 0 R", pdf)
    start = int(pdf[pdf.rindex(b"startxref") + 9 :].split()[0])
    found = re.search(rb"(?:^|\n)%d 0 obj\s*<<(.*?)>>\s*endobj" % root, pdf, re.DOTALL)
    assert found is not None, "reportlab writes its catalogue as a plain dictionary"
    stream, meta = zlib.compress(xml, 9), _XMP.encode()
    names = b"/Names [(factur-x.xml) %d 0 R]" % (size + 1)
    objects = {
        size: b"<< /Type /EmbeddedFile /Subtype /text#2Fxml /Filter /FlateDecode /Length %d /Params << /Size %d >> >>"
        b"\nstream\n%s\nendstream" % (len(stream), len(xml), stream),
        size + 1: b"<< /Type /Filespec /F (factur-x.xml) /UF (factur-x.xml) /AFRelationship /Alternative"
        b" /EF << /F %d 0 R /UF %d 0 R >> >>" % (size, size),
        size + 2: b"<< /Type /Metadata /Subtype /XML /Length %d >>\nstream\n%s\nendstream" % (len(meta), meta),
        root: b"<<%s /AF [%d 0 R] /Metadata %d 0 R /Names << /EmbeddedFiles << %s >> >> >>"
        % (found.group(1), size + 1, size + 2, names),
    }
    out, places = bytearray(pdf.rstrip() + b"\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n%d 1\n%010d 00000 n \n%d 3\n" % (root, places[root], size)
    out += b"".join(b"%010d 00000 n \n" % places[size + step] for step in range(3))
    out += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (size + 3, root, start)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % table)


def _number(pattern: bytes, pdf: bytes) -> int:
    found = re.search(pattern, pdf[pdf.rindex(b"trailer") :])
    assert found is not None, "reportlab always writes these into its trailer"
    return int(found.group(1))
