"""Invoice PDFs can be read, say what their bill says, and carry Factur-X where they promise it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pypdfium2
import pytest
from alcove_sample import Household, invoices, make, write
from alcove_sample.invoices import MARK, Invoice
from alcove_sample.sheets import items, money, net, written
from alcove_sample.siren import siren, siret, vat_number
from defusedxml import ElementTree

if TYPE_CHECKING:
    from pathlib import Path

RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"


@pytest.fixture(scope="module")
def household() -> Household:
    return make(9, years=3, operations=1800, bills=220, unknown_vendors=0.25)


@pytest.fixture(scope="module")
def drawn(household: Household) -> list[Invoice]:
    return list(invoices(household))


def _text(content: bytes) -> str:
    with pypdfium2.PdfDocument(content) as document:
        return str(document[0].get_textpage().get_text_range())


def test_each_says_its_number_amount_date_and_that_it_is_a_specimen(drawn: list[Invoice]) -> None:
    for invoice in drawn:
        bill, text = invoice.bill, _text(invoice.content).replace("\u00a0", " ")
        assert bill.number in text
        assert bill.vendor in text
        assert MARK in text
        assert any(money(bill.amount, bill.currency, style).replace("\u00a0", " ") in text for style in range(4))
        assert any(written(bill.date, style) in text for style in range(4))


def test_drawing_is_the_same_every_time(household: Household, drawn: list[Invoice]) -> None:
    assert [invoice.content for invoice in invoices(household)] == [invoice.content for invoice in drawn]
    assert len({invoice.name for invoice in drawn}) == len(drawn)


def test_facturx_is_embedded_and_agrees_with_its_bill(drawn: list[Invoice]) -> None:
    electronic = [invoice for invoice in drawn if invoice.facturx]
    assert 0.1 <= len(electronic) / len(drawn) <= 0.5
    for invoice in electronic:
        with pypdfium2.PdfDocument(invoice.content) as document:
            attachment = document.get_attachment(0)
            assert attachment.get_name() == "factur-x.xml"
            tree = ElementTree.fromstring(bytes(attachment.get_data()))
        bill = invoice.bill
        sums = next(tree.iter(f"{RAM}SpecifiedTradeSettlementHeaderMonetarySummation"))
        assert sums.findtext(f"{RAM}GrandTotalAmount") == f"{bill.amount / 100:.2f}"
        assert sums.findtext(f"{RAM}TaxTotalAmount") == f"{bill.vat / 100:.2f}"
        lines = [float(line.text or "") for line in tree.iter(f"{RAM}LineTotalAmount")]
        assert sum(lines[:-1]) == pytest.approx(lines[-1])
        assert b"/AF [" in invoice.content


def test_lines_add_up_to_the_total_without_tax(household: Household) -> None:
    for bill in household.bills:
        if not bill.already:
            assert sum(item.cents for item in items(bill)) == net(bill.amount, bill.vat_rate)


def test_company_numbers_are_valid_and_belong_to_nobody() -> None:
    for name in ("Free SAS", "EDF", "Korvane"):
        assert siren(name).startswith("0")
        for number in (siren(name), siret(name)):
            digits = [int(digit) for digit in reversed(number)]
            doubled = [2 * digit - 9 * (digit > 4) for digit in digits[1::2]]
            assert (sum(digits[::2]) + sum(doubled)) % 10 == 0
        assert int(vat_number(name)[2:4]) == (12 + 3 * (int(siren(name)) % 97)) % 97


def test_a_folder_holds_everything_and_the_truth_about_it(tmp_path: Path) -> None:
    household = make(2, years=1, operations=400, bills=30)
    truth = write(tmp_path, household)
    assert json.loads((tmp_path / "truth.json").read_text(encoding="utf-8")) == truth
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*")} == set(truth["files"])
    kinds = [facts["kind"] for facts in truth["files"].values()]
    assert kinds.count("invoice") == 30
    assert truth["counts"]["links"] == len(truth["links"])
    for facts in truth["files"].values():
        if facts["kind"] == "statement" and facts["last"] == household.end.isoformat():
            assert facts["closing"] == truth["balances"][facts["account"]]
