"""Every bank file adds up: opening balance and operations give the closing balance, in every form."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal

import mt940
import pytest
from alcove_sample import Household, make
from alcove_sample.statements import WRITERS, Statement, statements, write_statement
from defusedxml import ElementTree

CAMT = "{urn:iso:std:iso:20022:tech:xsd:camt.053.001.02}"


@pytest.fixture(scope="module")
def household() -> Household:
    return make(5, years=2, operations=1500, bills=60)


@pytest.fixture(scope="module")
def files(household: Household) -> list[Statement]:
    return list(statements(household))


def test_every_operation_is_in_the_files_and_the_last_export_overlaps(
    household: Household, files: list[Statement]
) -> None:
    told: dict[str, int] = defaultdict(int)
    for file in files:
        for operation in file.extract.operations:
            told[operation.id] += 1
    assert set(told) == {operation.id for operation in household.operations}
    assert set(told.values()) == {1, 2}


def test_names_differ_and_every_form_is_there(files: list[Statement]) -> None:
    assert len({file.name for file in files}) == len(files)
    assert {file.form for file in files} == set(WRITERS)


def test_balances_follow_each_other(household: Household, files: list[Statement]) -> None:
    for account in household.accounts:
        last = [file for file in files if file.extract.account.id == account.id][-1]
        assert last.extract.closing == household.balance(account)


def test_ofx_states_its_balance_and_its_amounts(files: list[Statement]) -> None:
    for file in files:
        if file.form in ("ofx1", "ofx2"):
            text = file.content.decode("cp1252" if file.form == "ofx1" else "utf-8")
            amounts = [Decimal(amount) for amount in re.findall(r"<TRNAMT>([-\d.]+)", text)]
            closing = Decimal(re.findall(r"<BALAMT>([-\d.]+)", text)[0])
            assert sum(amounts) + Decimal(file.extract.opening) / 100 == closing
            assert len(set(re.findall(r"<FITID>(\w+)", text))) == len(amounts)
    xml = next(file for file in files if file.form == "ofx2").content
    assert ElementTree.fromstring(xml).tag == "OFX"


def test_camt_adds_up(files: list[Statement]) -> None:
    for file in files:
        if file.form == "camt":
            tree = ElementTree.fromstring(file.content)
            total = Decimal(0)
            for entry in tree.iter(f"{CAMT}Ntry"):
                sign = 1 if entry.findtext(f"{CAMT}CdtDbtInd") == "CRDT" else -1
                total += sign * Decimal(entry.findtext(f"{CAMT}Amt") or "")
            opening, closing = (Decimal(bal.findtext(f"{CAMT}Amt") or "") for bal in tree.iter(f"{CAMT}Bal"))
            assert opening + total == closing


def test_mt940_is_read_by_another_reader(files: list[Statement]) -> None:
    file = next(file for file in files if file.form == "mt940" and file.extract.operations)
    (transactions,) = [mt940.parse(file.content.decode())]
    assert len(transactions) == len(file.extract.operations)
    total = sum(transaction.data["amount"].amount for transaction in transactions)
    assert total * 100 == file.extract.closing - file.extract.opening


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_every_form_names_every_operation(files: list[Statement], form: str) -> None:
    extract = next(file for file in files if file.extract.account.id == "current-2").extract
    content = write_statement(extract, form).content
    text = content.decode("utf-8-sig" if form in ("csv-wide", "ofx2", "camt") else "cp1252")
    for operation in extract.operations:
        assert operation.label[:30].replace("&", "&amp;" if form in ("ofx1", "ofx2", "camt") else "&") in text
