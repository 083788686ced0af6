"""What must hold for every statement: reading gives back what was written, twice is once, order does not matter."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alcove_connectors.bankfiles import BankFiles, formats
from alcove_connectors.bankfiles.errors import AskPerson, Question, StatementError
from alcove_connectors.bankfiles.labels import tidy
from alcove_connectors.bankfiles.tests.writers import WRITERS, Line, without_references
from alcove_connectors.sdk.bank import BANK_ACCOUNTS, OPERATIONS
from alcove_connectors.sdk.testing import FakeStack, context_for, results
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

START = date(2024, 1, 1)
WORDS = [
    "CARTE 12/01 CARREFOUR CITY",
    "PRLV SEPA EDF",
    "VIR LOYER MARS",
    "Café & Thé <Gare>",
    "DAB PARIS 11",
    "Boulangerie",
]

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def statements(draw: st.DrawFn, most: int = 12) -> list[Line]:
    """Operations in the order of their days, equal ones among them, references unique."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 40),
                st.one_of(st.integers(-300_000, -1), st.integers(1, 300_000), st.sampled_from([-250, -250, 9900])),
                st.sampled_from(WORDS),
            ),
            min_size=1,
            max_size=most,
        )
    )
    rows.sort(key=lambda row: row[0])
    return [
        Line(START + timedelta(days=offset), cents, label, f"REF{number:05}X")
        for number, (offset, cents, label) in enumerate(rows)
    ]


def refuse(question: Question) -> str:
    raise AskPerson(question)


def first_column(question: Question) -> str:
    return question.columns[0]


def gather(stack: FakeStack, files: Iterable[tuple[str, bytes]], **fields: Any) -> dict[str, dict[str, Any]]:
    """One run of the connector over files; the results by file name."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, content in files:
            path = Path(folder, name)
            path.write_bytes(content)
            paths.append(path)
        connector = BankFiles()
        ctx, lines = context_for(connector, paths, stack, **fields)
        connector.run(ctx)
    told = results(lines)
    return {path.name: told[str(number)] for number, path in enumerate(paths)}


def multiset(stack: FakeStack) -> Counter[tuple[str, str, float]]:
    """What the place holds: account, day and amount of each operation."""
    return Counter((str(doc["account"]), doc["date"][:10], doc["amount"]) for doc in stack.all(OPERATIONS))


def expected(lines: Sequence[Line]) -> Counter[tuple[str, float]]:
    return Counter((str(line.day), float(Decimal(line.cents) / 100)) for line in lines)


def shape(stack: FakeStack) -> Counter[tuple[str, float]]:
    return Counter((day, amount) for _, day, amount in multiset(stack).elements())


@pytest.mark.parametrize("name", WRITERS)
@quick
@given(lines=statements())
def test_reading_gives_back_what_was_written(name: str, lines: list[Line]) -> None:
    reading = formats.read(WRITERS[name](lines), name, first_column)
    (statement,) = reading.statements
    got = sorted((op.day, int(op.amount * 100), tidy(op.label)) for op in statement.operations)
    assert got == sorted((line.day, line.cents, tidy(line.label)) for line in lines)
    assert not reading.remarks
    if statement.closing:
        assert statement.closing.amount * 100 == sum(line.cents for line in lines)


@pytest.mark.parametrize("name", WRITERS)
@quick
@given(lines=statements())
def test_the_same_file_twice_adds_nothing(name: str, lines: list[Line]) -> None:
    stack = FakeStack()
    answers = {"date_order": "day/month/year"}
    assert gather(stack, [(name, WRITERS[name](lines))], answers=answers)[name]["outcome"] == "new"
    before = stack.dump()[OPERATIONS] + stack.dump()[BANK_ACCOUNTS]
    assert shape(stack) == expected(lines)
    assert gather(stack, [(name, WRITERS[name](lines))], answers=answers)[name]["outcome"] == "known"
    assert stack.dump()[OPERATIONS] + stack.dump()[BANK_ACCOUNTS] == before


@pytest.mark.parametrize(("first", "second"), list(permutations(["csv.csv", "ofx1.ofx", "camt.xml", "mt940.sta"], 2)))
@settings(quick, max_examples=10)
@given(lines=statements(), named=st.booleans())
def test_two_formats_of_one_month_are_one(first: str, second: str, lines: list[Line], named: bool) -> None:
    stack = FakeStack()
    gather(stack, [(first, WRITERS[first](lines))])
    gather(stack, [(second, WRITERS[second](lines if named else without_references(lines)))])
    assert len(stack.all(BANK_ACCOUNTS)) == 1
    assert shape(stack) == expected(lines)


@pytest.mark.parametrize("name", ["csv.csv", "ofx1.ofx", "camt.xml", "mt940.sta"])
@quick
@given(lines=statements(most=20), cut=st.integers(0, 40), overlap=st.integers(0, 10), named=st.booleans())
def test_overlapping_exports_lose_and_repeat_nothing(
    name: str, lines: list[Line], cut: int, overlap: int, named: bool
) -> None:
    lines = lines if named else without_references(lines)
    turn = START + timedelta(days=cut)
    early = [line for line in lines if line.day <= turn]
    late = [line for line in lines if line.day > turn - timedelta(days=overlap)]
    files = [(f"{number}{name}", WRITERS[name](part)) for number, part in enumerate((early, late)) if part]
    if overlap == 0:
        assert len(early) + len(late) == len(lines)
    stack = FakeStack()
    gather(stack, files)
    assert shape(stack) == expected(lines)
    gather(stack, reversed(files))
    assert shape(stack) == expected(lines)


@settings(quick, max_examples=15)
@given(lines=statements(), order=st.permutations(["csv.csv", "ofx1.ofx", "camt.xml"]))
def test_the_order_of_files_is_irrelevant(lines: list[Line], order: list[str]) -> None:
    stack, other = FakeStack(), FakeStack()
    gather(stack, [(name, WRITERS[name](lines)) for name in sorted(order)])
    gather(other, [(name, WRITERS[name](lines)) for name in order])
    drop = ("_rev", "cozyMetadata", "dateImport")
    plain = [
        sorted(
            sorted((key, str(value)) for key, value in doc.items() if key not in drop) for doc in place.all(OPERATIONS)
        )
        for place in (stack, other)
    ]
    assert plain[0] == plain[1]


SAMPLE = [
    Line(START, -1250, "CARTE 01/01 CARREFOUR", "A1X"),
    Line(START, -1250, "CARTE 01/01 CARREFOUR", "A2X"),
    Line(START + timedelta(days=20), 210_000, "VIR SALAIRE é", "A3X"),
]


@pytest.mark.parametrize("name", WRITERS)
def test_a_cut_file_is_read_or_refused_with_a_sentence(name: str) -> None:
    content = WRITERS[name](SAMPLE)
    for end in range(len(content)):
        _read_or_refuse(content[:end], name)


@pytest.mark.parametrize("name", WRITERS)
@settings(quick, max_examples=250)
@given(data=st.data())
def test_damaged_bytes_never_raise_anything_else(name: str, data: st.DataObject) -> None:
    content = bytearray(WRITERS[name](SAMPLE))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    _read_or_refuse(bytes(content), name)


@quick
@given(content=st.binary(max_size=300), name=st.sampled_from(sorted(WRITERS)))
def test_any_bytes_are_refused_with_a_sentence(content: bytes, name: str) -> None:
    _read_or_refuse(content, name)
    assert 0.0 <= formats.recognise(content, name) <= 1.0


def _read_or_refuse(content: bytes, name: str) -> None:
    reason = "."
    try:
        formats.read(content, name, refuse)
    except StatementError as error:
        reason = error.reason
    assert reason.rstrip().endswith((".", "?"))
    assert "\n" not in reason
