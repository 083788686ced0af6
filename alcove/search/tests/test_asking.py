"""What is typed into search: endings, phrases, filters; and the pieces of texts that answer."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.search.asking import question
from alcove.search.filters import Filters, days_of, one, split
from alcove.search.snippets import marks, snippet
from alcove.search.words import stems, stems_of, words_of


def related(text: str) -> dict[str, list[str]]:
    """What an index of that text knows of endings."""
    there: dict[str, list[str]] = {}
    for stem, word in sorted(stems(text)):
        there.setdefault(stem, []).append(word)
    return there


def answers(typed: str, text: str) -> bool:
    asked = question(typed)
    assert asked is not None
    return asked.widened(related(text)).fits(words_of(text))


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("factures payees", "La facture payée hier"),
        ("facture payée", "les factures payees"),
        ("ÉLECTRIQUES", "compteur électrique"),
        ("electriques", "l'électrique"),
        ("chevaux blancs", "un cheval blanc"),
        ("invoices", "your invoice no. 7"),
        ("contract signing", "the contracts were signed"),
        ("assurances", "ASSURANCE HABITATION"),
    ],
)
def test_another_ending_is_the_same_word(typed: str, text: str) -> None:
    assert answers(typed, text)


@pytest.mark.parametrize(
    ("typed", "text"), [("facteur", "facture"), ("2023", "2024"), ("eaux", "eau"), ('"les factures"', "la facture")]
)
def test_another_word_number_or_phrase_is_not(typed: str, text: str) -> None:
    assert not answers(f"{typed} x", f"{text} x")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ('"eau chaude"', True),
        ('"chaude eau"', False),
        ('"eau cha"', False),
        ('"eau cha', True),
        ("«eau chaude» facture", True),
        ('facture "eau chaude"', True),
        ('facture "Eau, CHAUDE"', True),
    ],
)
def test_a_phrase_is_found_as_it_stands(typed: str, found: bool) -> None:
    asked = question(typed)
    assert asked is not None
    assert asked.fits(words_of("Facture d'eau chaude")) is found


DAY = date(2025, 3, 14).toordinal()


@pytest.mark.parametrize(
    ("typed", "rest", "filters"),
    [
        ("facture type:pdf", "facture", Filters((("type:pdf",),))),
        ("type:Photo mer", "mer", Filters((("type:image",),))),
        ("type:docx", "", Filters((("type:docx",),))),
        ("type:pdf,image", "", Filters((("type:pdf", "type:image"),))),
        ("date:2025-03-14 eau", "eau", Filters(since=DAY, until=DAY)),
        ("date:14/03/2025", "", Filters(since=DAY, until=DAY)),
        ("date:2025-03-14..", "", Filters(since=DAY)),
        ("après:14/03/2025 avant:2025-03-14", "", Filters(since=DAY, until=DAY)),
        ('dans:"Mes Impôts" avis', "avis", Filters((("in:mes impots",),))),
        ("in:Impôts/2025", "", Filters((("in:impots",), ("in:2025",)))),
        ("de:edf source:free", "", Filters((("from:edf",), ("from:free",)))),
        ("date:soon x", "date:soon x", Filters()),
        ("http://a.b c:d", "http://a.b c:d", Filters()),
        ("type: pdf", "type: pdf", Filters()),
    ],
)
def test_filters_are_typed_among_the_words(typed: str, rest: str, filters: Filters) -> None:
    assert split(typed) == (rest, filters)


@pytest.mark.parametrize("value", ["", "x", "2025-13", "2025-02-30", "..", "2025..x", "0000", "99999", "1/2/3", "²025"])
def test_what_is_no_date_is_none(value: str) -> None:
    assert days_of(value) is None
    assert one("date", value) is None


@given(st.text())
def test_nothing_typed_breaks_the_filters(typed: str) -> None:
    rest, filters = split(typed)
    assert filters or rest == typed
    assert isinstance(filters.tokens, list)


def test_a_snippet_shows_where_it_is_said() -> None:
    text = "Rien. " * 3000 + "Votre facture de <b>gaz</b> est payée. " + "Rien. " * 3000
    asked = question("factures gaz")
    assert asked is not None
    piece = snippet(text, asked.widened(related("facture gaz")))
    assert piece is not None
    assert [part for part, marked in piece if marked] == ["facture", "gaz"]
    whole = "".join(part for part, _ in piece)
    assert "Votre facture de <b>gaz</b> est payée." in whole
    assert len(whole) < 300
    assert snippet("autre chose", asked) is None


@given(text=st.text(max_size=300), typed=st.text(min_size=1, max_size=20))
def test_a_snippet_is_a_part_of_its_text(text: str, typed: str) -> None:
    asked = question(typed)
    if asked is None:
        return
    piece = snippet(text, asked)
    if asked.fits(words_of(text)):
        assert piece is not None
        assert any(marked for _, marked in piece)
    if piece is not None:
        said = "".join(part for part, _ in piece).removeprefix("… ").removesuffix(" …")
        assert said.split() == [] or said.split()[0] in text


def test_marks_are_the_words_of_a_title() -> None:
    asked = question("factures avr")
    assert asked is not None
    assert marks("Facture Avril", asked.widened(related("facture avril"))) == ["avril", "facture"]
    assert stems_of(stems("la les une 123")) == frozenset()
