"""Real statements, when they lie beside the checkout: read whole, sums exact, twice is once."""

from __future__ import annotations

import json
import re
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alcove_connectors.bankfiles import formats
from alcove_connectors.bankfiles.errors import StatementError
from alcove_connectors.bankfiles.tests.test_laws import first_column, gather
from alcove_connectors.sdk.bank import OPERATIONS
from alcove_connectors.sdk.testing import FakeStack

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(__file__).parents[4] / "../shared/corpus"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not beside the checkout")

NO_STATEMENT = {
    "date_missing.ofx": "no operation has a valid date",
    "decimal_error.ofx": "its only operation has neither a date nor an amount",
    "signon_fail.ofx": "an error of the bank",
    "signon_success.ofx": "a greeting without statement",
    "test_ofx_wrong.ofx": "its account is commented out",
    "sepa_snippet_broken.sta": "one statement names two accounts",
    **dict.fromkeys(
        (
            "account_balance_credit.sta",
            "account_balance_debit.sta",
            "account_identification_iban.sta",
            "closing_balance.sta",
            "empty_86.sta",
            "empty_entry_date.sta",
            "empty_line.sta",
            "missing_crlf_at_end.sta",
            "reference.sta",
            "statement_line.sta",
            "statement_number.sta",
        ),
        "one field, not a statement",
    ),
}
"""The files that are no whole statement, and why."""

AMOUNT = re.compile(
    r"^    amount: !!python/object:mt940.models.Amount\n      amount: \S+\n      - '([^']*)'", re.MULTILINE
)


def files() -> Iterator[tuple[str, bytes]]:
    for folder in ("bank-ofx", "bank-mt940", "bank-qif"):
        for path in sorted((CORPUS / folder).iterdir()):
            if path.suffix in (".ofx", ".sta", ".txt", ".qif"):
                yield path.name, path.read_bytes()
    for path in (CORPUS / "bank-camt").glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            yield from ((name, archive.read(name)) for name in archive.namelist())


def missing(name: str, content: bytes) -> str:
    """What was not read of a statement; empty when it was read whole."""
    try:
        reading = formats.read(content, name, first_column)
    except StatementError as error:
        return str(error)
    marks = len(re.findall(rb"<STMTTRN>|^:61:|<Ntry>|^\^", content, re.MULTILINE))
    read = sum(len(statement.operations) for statement in reading.statements)
    return "; ".join(map(str, reading.problems)) or ("" if read == marks else f"{read} of {marks} operations")


def test_every_valid_statement_is_read_whole() -> None:
    for name, content in files():
        assert formats.recognise(content[: 1 << 16], name) >= 0.3
        if name in NO_STATEMENT:
            with pytest.raises(StatementError):
                formats.read(content, name, first_column)
        else:
            assert (name, missing(name, content)) == (name, "")


def test_amounts_are_those_the_corpus_knows() -> None:
    compared = 0
    for path in sorted((CORPUS / "bank-mt940").glob("*.yml")):
        source = path.with_suffix(".sta")
        if source.name in NO_STATEMENT:
            continue
        facts = path.read_text(encoding="utf-8").partition("\ntransactions:")[2]
        known = sorted(map(Decimal, AMOUNT.findall(facts)))
        reading = formats.read(source.read_bytes(), source.name, first_column)
        got = sorted(op.amount for statement in reading.statements for op in statement.operations)
        assert got == known, source.name
        compared += 1
    assert compared >= 7


def test_gathering_twice_changes_nothing() -> None:
    stack = FakeStack()
    first = gather(stack, files())
    assert {name for name, told in first.items() if told["outcome"] in ("error", "not_understood")} == set(NO_STATEMENT)
    before = json.dumps(stack.dump(), sort_keys=True)
    second = gather(stack, files())
    assert {told["outcome"] for name, told in second.items() if name not in NO_STATEMENT} == {"known"}
    assert json.dumps(stack.dump(), sort_keys=True) == before
    assert len(stack.all(OPERATIONS)) == 115
