"""Words, questions and amounts: pure rules."""

from __future__ import annotations

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.search.asking import question
from alcove.search.words import LONGEST, amount_words, fold, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Électricité du CŒUR", ["electricite", "du", "coeur"]),
        ("facture_EDF-2024.pdf", ["facture", "edf", "2024", "pdf"]),
        ("Straße ＡＢＣ ½", ["strasse", "abc", "1", "2"]),
        ("Łódź Søren Æther", ["lodz", "soren", "aether"]),
        ("a\0b\x00", ["a", "b"]),
        ("« ” * ( ) : ^ - +", []),
        ("東京 2020", ["東京", "2020"]),
        ("İstanbul ıssız", ["istanbul", "issiz"]),
        ("x" * 100, ["x" * LONGEST]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-45.9, "45 45x90"),
        (45, "45 45x00"),
        (0.1 + 0.2, "0 0x30"),
        (1234567.891, "1234567 1234567x89"),
        (True, ""),
        (float("nan"), ""),
        (float("inf"), ""),
        ("45", ""),
        (None, ""),
        (10**400, ""),
    ],
)
def test_amounts(value: object, words: str) -> None:
    assert amount_words(value) == words


def _answers(typed: str, text: str) -> bool:
    asked = question(typed)
    assert asked is not None
    return asked.fits(text.split())


@pytest.mark.parametrize("typed", ["45,90", "45.90", "45,9", "-45,90 €", "€45.90", "edf 45,90", "45,90 edf", "45", "4"])
def test_an_amount_is_found_however_it_is_written(typed: str) -> None:
    assert _answers(typed, f"edf {amount_words(-45.9)}")


@pytest.mark.parametrize("typed", ["1234,56", "1 234,56", "1.234,56", "1,234.56", "1\u202f234,56", "1'234.5"])
def test_thousands(typed: str) -> None:
    assert _answers(typed, amount_words(1234.56))


@pytest.mark.parametrize("typed", ["45,91", "145,90", "45 90", "5,90"])
def test_another_amount_is_not(typed: str) -> None:
    assert not _answers(typed, amount_words(45.9))


def test_an_amount_that_a_text_writes_out_is_found_too() -> None:
    assert _answers("45,90", " ".join(words_of("CARTE 45,90 EUR")))
    assert _answers("12.05.2024", " ".join(words_of("du 12.05.2024")))


def test_all_words_are_asked_and_the_last_one_may_be_unfinished() -> None:
    assert _answers("edf fact", "facture edf")
    assert not _answers("fact edf", "facture edf")
    assert question(" ,;* ") is None


@pytest.fixture(scope="module")
def base() -> apsw.Connection:
    connection = apsw.Connection("")
    connection.execute("create virtual table t using fts5 (x, tokenize = 'ascii')")
    return connection


@given(typed=st.text(), text=st.text())
def test_nothing_typed_breaks_the_expression_and_it_means_what_fits_says(
    base: apsw.Connection, typed: str, text: str
) -> None:
    asked = question(typed)
    if asked is None:
        return
    words = [*words_of(text), *words_of(typed)[:1]]
    base.execute("delete from t")
    base.execute("insert into t values (?)", (" ".join(words),))
    found = base.execute("select count(*) from t where t match ?", (asked.expression(),)).get
    assert (found == 1) is asked.fits(words)


@given(st.text())
def test_words_are_folded_once_and_for_all(text: str) -> None:
    words = words_of(text)
    assert words_of(" ".join(words)) == words
    assert fold(text).isascii() or fold(text) == fold(fold(text))
