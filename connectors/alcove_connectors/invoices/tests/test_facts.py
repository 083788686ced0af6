"""Drawn invoices, electronic invoices and the corpus: what they say is what is read."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alcove_connectors.invoices.einvoice import read_xml
from alcove_connectors.invoices.model import Facts, Unreadable
from alcove_connectors.invoices.read import read_file
from alcove_connectors.invoices.tests.papers import PAPERS, Paper, attach, cii, draw, ubl

CORPUS = Path(__file__).parents[4].parent / "shared" / "corpus"
UNDERSTOOD = [paper for paper in PAPERS if paper.total]

EXCEPTIONS = {
    ("Orlen", "invoice_number"): "the corpus has F, cut at the first blank of F 1234K20/1234/12",
}
"""Facts of the corpus that are read otherwise, with the reason."""


def read(tmp_path: Path, content: bytes) -> Facts:
    path = tmp_path / "paper"
    path.write_bytes(content)
    return read_file(path)


@pytest.mark.parametrize("paper", UNDERSTOOD, ids=lambda paper: paper.name)
def test_a_drawn_invoice_is_read_whole(paper: Paper, tmp_path: Path) -> None:
    facts = read(tmp_path, draw(paper.rows))
    assert (facts.issuer, facts.total, facts.currency) == (paper.issuer, paper.amount, paper.currency)
    assert (facts.issued, facts.number, facts.due) == (paper.issued, paper.number, paper.due)
    assert (facts.refund, facts.kind) == (paper.refund, paper.kind)


@pytest.mark.parametrize(
    ("name", "code"),
    [("quote", "quote"), ("letter", "not_an_invoice"), ("no-total", "no_total"), ("blank", "no_text")],
)
def test_other_papers_are_refused_with_their_reason(name: str, code: str, tmp_path: Path) -> None:
    rows = next((paper.rows for paper in PAPERS if paper.name == name), ())
    with pytest.raises(Unreadable) as caught:
        read(tmp_path, draw(rows))
    assert (caught.value.code, caught.value.keep) == (code, True)
    assert caught.value.sentence.endswith(".")


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_is_read_as_it_is_seen(degrees: int, tmp_path: Path) -> None:
    free = next(paper for paper in PAPERS if paper.name == "free")
    facts = read(tmp_path, draw(free.rows, turned=degrees))
    assert (facts.issuer, facts.total, facts.number) == ("Free", free.amount, free.number)


def test_net_tax_and_rates_are_read(tmp_path: Path) -> None:
    edf = next(paper for paper in PAPERS if paper.name == "edf")
    facts = read(tmp_path, draw(edf.rows))
    assert (facts.net, facts.tax) == (Decimal("72.11"), Decimal("12.09"))
    assert [tax.rate for tax in facts.taxes] == [Decimal("5.5"), Decimal(20)]
    assert (facts.start, facts.end) == (date(2026, 1, 12), date(2026, 3, 11))


def test_a_reimbursement_of_care_tells_what_it_answers(tmp_path: Path) -> None:
    rows = (
        (40, "Mutuelle des Canuts"),
        (40, "RELEVÉ DE REMBOURSEMENTS"),
        (40, "Décompte n° : 2026/03/11223"),
        (40, "Date du paiement : 12/03/2026"),
        (40, "Bénéficiaire : Zoé Martin"),
        (40, "Nature", 300, "Montant payé", 480, "Montant versé"),
        (40, "Soins du 05/03/2026", 300, "55,00 €", 480, "16,50 €"),
        (300, "Montant remboursé", 480, "16,50 €"),
        (40, "Ce remboursement fait partie d'un virement de 40,00 €."),
    )
    facts = read(tmp_path, draw(rows))
    assert (facts.refund, facts.total, facts.number, facts.kind) == (True, Decimal("16.50"), "2026/03/11223", "health")
    assert (facts.care.cost, facts.care.day) == (Decimal("55.00"), date(2026, 3, 5))
    assert (facts.care.group, facts.care.person) == (Decimal("40.00"), "Zoé Martin")


@pytest.mark.parametrize("old", [False, True], ids=["zugferd-2", "zugferd-1"])
def test_cii_inside_a_pdf_beats_its_text(old: bool, tmp_path: Path) -> None:
    edf = next(paper for paper in PAPERS if paper.name == "edf")
    facts = read(tmp_path, attach(draw(edf.rows), "factur-x.xml", cii(old=old)))
    assert (facts.issuer, facts.number, facts.source) == ("Au bon moulin", "FA-1", "cii")
    assert (facts.total, facts.payable, facts.net, facts.tax) == tuple(map(Decimal, ("120", "100", "100", "20")))
    assert (facts.issued, facts.due) == (date(2026, 3, 12), date(2026, 4, 11))
    assert (facts.iban, facts.payee, facts.buyer) == ("FR7630006000011234567890189", "Factoring SA", "Ma boutique")
    assert (facts.siren, facts.vat_number, facts.taxes[0].rate) == ("999999998", "FR11999999998", Decimal("20.00"))


@pytest.mark.parametrize(
    ("code", "total", "refund"), [("380", "120.00", False), ("381", "120.00", True), ("380", "-120.00", True)]
)
def test_the_sign_of_credit_notes(code: str, total: str, refund: bool) -> None:
    facts = read_xml(cii(code=code, total=total))
    assert (facts.total, facts.refund) == (Decimal(120), refund)


@pytest.mark.parametrize("credit", [False, True])
def test_ubl(credit: bool) -> None:
    facts = read_xml(ubl(credit=credit))
    assert (facts.issuer, facts.number, facts.total, facts.currency) == ("Nimbus", "U-7", Decimal("24.20"), "EUR")
    assert (facts.issued, facts.due, facts.tax) == (date(2026, 3, 1), date(2026, 3, 31), Decimal("4.20"))
    assert facts.refund is credit


def test_an_order_is_no_invoice() -> None:
    with pytest.raises(Unreadable) as caught:
        read_xml(b"<SCRDMCCBDACIOMessageStructure/>")
    assert caught.value.code == "order"


def test_a_damaged_xml_leaves_the_text(tmp_path: Path) -> None:
    edf = next(paper for paper in PAPERS if paper.name == "edf")
    facts = read(tmp_path, attach(draw(edf.rows), "factur-x.xml", cii()[:300]))
    assert (facts.issuer, facts.source) == ("EDF", "rules")


def _expected(path: Path) -> dict[str, Any]:
    (facts,) = json.loads(path.read_text())
    return dict(facts)


@pytest.mark.slow  # The templates of the library are loaded.
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not beside the checkout")
def test_the_corpus_says_what_it_says() -> None:
    compared, wrong = compare()
    assert compared >= 40
    assert set(wrong) == set(EXCEPTIONS), wrong


def compare() -> tuple[int, dict[tuple[str, str], tuple[object, object]]]:
    """How many facts the corpus knows, and those that are read otherwise: what was read, and what it knows."""
    compared, wrong = 0, dict[tuple[str, str], tuple[object, object]]()
    for path in sorted((CORPUS / "invoices").glob("*.json")):
        paper = next(other for other in (path.with_suffix(".pdf"), path.with_suffix(".txt")) if other.exists())
        facts, expected = read_file(paper), _expected(path)
        found: dict[str, object] = {
            "issuer": facts.issuer,
            "amount": float(facts.total),
            "date": facts.issued.isoformat(),
            "invoice_number": facts.number,
            "currency": facts.currency,
        }
        compared += len(found.keys() & expected.keys())
        wrong |= {(path.stem, k): (v, expected[k]) for k, v in found.items() if k in expected and v != expected[k]}
    return compared, wrong


FACTURX = {
    "Facture_DOM_MINIMUM": ("Au bon moulin", "FA-2017-0009", "2017-11-05", "530.75"),
    "Facture_FR_BASICWL": ("Au bon moulin", "FA-2017-0010", "2017-11-13", "671.15"),
    "Facture_UE_BASICWL": ("Au bon moulin", "FA-2017-0008", "2017-11-03", "2076.76"),
    "Facture_UE_MINIMUM": ("Au bon moulin", "FA-2017-0008", "2017-11-03", "2076.76"),
    "zugferd_2p0_EN16931_1_Teilrechnung": ("Lieferant GmbH", "471102", "2018-06-05", "197.65"),
    "zugferd_2p0_EN16931_AbweichenderZahlungsempf": ("Lieferant GmbH", "471102", "2018-03-05", "529.87"),
    "zugferd_2p0_EN16931_Betriebskostenabrechnung": ("Grundbesitz GmbH & Co.", "471102", "2018-03-05", "18310.63"),
    "zugferd_2p0_EN16931_ElektronischeAdresse": (
        "MUSTER-Autovermietung", "9314110911/00/M/00/N", "2018-10-01", "340.96",
    ),
    "zugferd_2p0_EN16931_Gutschrift": ("Lieferant GmbH", "471102", "2018-03-05", "529.87"),
}  # fmt: skip
"""Issuer, number, date and grand total, taken from the XML by eye."""


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not beside the checkout")
def test_every_facturx_file_equals_its_xml() -> None:
    assert read_facturx() == FACTURX


def read_facturx() -> dict[str, tuple[str, str, str, str]]:
    """Issuer, number, date and grand total of each Factur-X file, as they are read."""
    read_there = {}
    for path in sorted((CORPUS / "invoices-facturx").glob("*.pdf")):
        facts = read_file(path)
        assert facts.source == "cii"
        read_there[path.stem] = (facts.issuer, facts.number, facts.issued.isoformat(), str(facts.total))
    return read_there
