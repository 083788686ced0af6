"""Laws of what stands on the wire: conditions, addresses, dates."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.dav.errors import IllegalHeader, IllegalURL, OtherServer
from alcove.dav.model.conditions import Clause, Condition, holds, matches, read_if, tokens_in
from alcove.dav.model.dates import from_http, from_seconds, http_date
from alcove.dav.model.paths import destination_of, forms, href, names_of
from alcove.dav.model.xml import Tags, read, text, written

CODED = st.text("abcXYZ019:/-_.~%", min_size=1, max_size=20)
ETAG = st.builds(lambda weak, tag: f'{weak}"{tag}"', st.sampled_from(["", "W/"]), st.text("abc019+/=,()<>", max_size=9))
CONDITION = st.one_of(
    st.builds(Condition, CODED, st.just(value=False), st.booleans()),
    st.builds(Condition, ETAG, st.just(value=True), st.booleans()),
)
CONDITIONS = st.lists(CONDITION, min_size=1, max_size=4).map(tuple)
UNTAGGED = st.lists(st.builds(Clause, CONDITIONS), min_size=1, max_size=4).map(tuple)
TAGGED = st.lists(st.builds(Clause, CONDITIONS, CODED), min_size=1, max_size=4).map(tuple)
SPACE = st.sampled_from(["", " ", "\t "])


@st.composite
def headers(draw: st.DrawFn) -> tuple[str, tuple[Clause, ...]]:
    """An `If` header, and what it says."""
    clauses, parts, last = draw(st.one_of(UNTAGGED, TAGGED)), list[str](), None
    for clause in clauses:
        if clause.resource and clause.resource != last:
            parts.append(f"<{clause.resource}>")
        last = clause.resource
        inner = [
            f"{'Not ' if one.negated else ''}{f'[{one.value}]' if one.is_etag else f'<{one.value}>'}"
            for one in clause.conditions
        ]
        parts.append(f"({draw(SPACE)}{draw(SPACE).join(inner)}{draw(SPACE)})")
    return draw(SPACE) + draw(SPACE).join(parts), clauses


@given(headers())
def test_an_if_header_says_what_was_written(case: tuple[str, tuple[Clause, ...]]) -> None:
    header, clauses = case
    assert read_if(header) == clauses


@given(st.text('()<>[]"Not W/ab \t', max_size=40))
def test_any_if_header_is_read_or_refused(header: str) -> None:
    try:
        clauses = read_if(header)
    except IllegalHeader:
        return
    assert clauses
    assert all(clause.conditions for clause in clauses)


@pytest.mark.parametrize(
    "header",
    [
        *("", " ", "()", "(<a>", "<a>", "<a> <b> (<c>)", "(<a>) <b>", "(<a>) <b> (<c>)", "(Not)", "(Not Not <a>)"),
        *("([a])", "(<>)", "(<a> (<b>))", "<r> (<a>) <r2>", "x", "(<a>)" * 5000),
    ],
)
def test_what_is_no_if_header(header: str) -> None:
    with pytest.raises(IllegalHeader):
        read_if(header)


@given(CONDITIONS, st.sets(CODED, max_size=3), ETAG)
def test_a_negated_condition_holds_when_it_would_not(
    conditions: tuple[Condition, ...], tokens: set[str], etag: str
) -> None:
    for one in conditions:
        other = Condition(one.value, one.is_etag, not one.negated)
        assert _hold(tokens, etag, one) is not _hold(tokens, etag, other)
    assert _hold(tokens, etag, *conditions) is all(_hold(tokens, etag, one) for one in conditions)


def _hold(tokens: set[str], etag: str, *conditions: Condition) -> bool:
    return holds(Clause(conditions), tokens.__contains__, etag)


@given(UNTAGGED)
def test_a_token_that_is_said_not_to_be_there_is_not_brought(clauses: tuple[Clause, ...]) -> None:
    brought = tokens_in(clauses)
    for clause in clauses:
        for one in clause.conditions:
            assert one.is_etag or one.negated or one.value in brought


@given(st.lists(ETAG, min_size=1, max_size=4), ETAG)
def test_a_list_of_tags_names_what_is_in_it(tags: list[str], etag: str) -> None:
    header = ", ".join(tags)
    assert matches(header, etag, weak=True) is (etag.removeprefix("W/") in [t.removeprefix("W/") for t in tags])
    assert matches(header, etag) is (etag in tags and not etag.startswith("W/"))
    assert matches("*", etag)
    assert not matches(header, "")


PLAIN = st.text(st.characters(exclude_characters="/\x00", codec="utf-8"), min_size=1, max_size=12)
NAMES = st.lists(PLAIN.filter(lambda name: name not in (".", "..")), max_size=4).map(tuple)


@given(NAMES)
def test_an_address_leads_to_the_names_it_was_made_of(names: tuple[str, ...]) -> None:
    address = href("/dav/files", names, collection=False)
    assert address.isascii()
    assert not set(address) & set('<>&"? #')
    assert names_of(address.removeprefix("/dav/files")) == names
    assert destination_of(f"https://me.example:8080{address}", "/dav/files", "me.example") == names
    assert destination_of(address, "/dav/files", "") == names


@given(st.text(max_size=30))
def test_any_path_leads_to_names_or_is_refused(raw: str) -> None:
    try:
        names = names_of(raw)
    except IllegalURL:
        return
    assert all(name and name not in (".", "..") and "/" not in name and "\x00" not in name for name in names)


@given(st.text(max_size=40))
def test_any_destination_is_read_or_refused(header: str) -> None:
    with suppress(IllegalHeader, IllegalURL, OtherServer):
        destination_of(header, "/dav/files", "me.example")


@given(PLAIN)
def test_other_forms_of_a_name_look_alike(name: str) -> None:
    for form in forms(name):
        assert form != name
        assert unicodedata.normalize("NFC", form) == unicodedata.normalize("NFC", name)


@given(st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - its zone is the next argument
def test_dates_pass_through_http_to_the_second(moment: datetime) -> None:
    stored = str(moment).replace(" ", "T")
    assert from_http(http_date(stored))[:19] == stored[:19]


@given(st.text(max_size=20))
def test_any_seconds_are_a_date_or_nothing(said: str) -> None:
    assert http_date(from_seconds(said)) or not from_seconds(said)


@given(st.text(max_size=30))
def test_any_text_stands_in_xml(content: str) -> None:
    read(b"<a>" + text(content) + b"</a>")


NAMED = st.text("abc", min_size=1, max_size=3)
XML = st.recursive(
    st.builds(lambda tag, inner: (tag, inner, ()), NAMED, st.text("x<&> é", max_size=5)),
    lambda inner: st.tuples(NAMED, st.text("y", max_size=2), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=6,
)


def as_xml(tree: tuple[str, str, tuple[object, ...]]) -> str:
    """A tree of elements as XML."""
    tag, said, within = tree
    inner = "".join(as_xml(one) for one in within)  # type: ignore[arg-type]  # a recursive type
    return f'<{tag} xmlns="urn:{tag}">{text(said).decode()}{inner}</{tag}>'


@given(XML)
def test_an_element_that_is_kept_reads_as_it_did(tree: tuple[str, str, tuple[object, ...]]) -> None:
    first = read(as_xml(tree).encode())
    again = read(written(first))
    was, now = ([(one.tag, one.text, one.tail) for one in root.iter()] for root in (first, again))
    assert was == now


@given(st.text("ab:/&\"'<", max_size=8), NAMED)
def test_tags_name_what_they_were_made_of(space: str, local: str) -> None:
    tags = Tags({"urn:known": "k"})
    inner = tags.empty(f"{{{space}}}{local}") + b"".join(tags.around(f"{{urn:known}}{local}"))
    first, second = read(tags.root("x") + inner + b"</d:x>")
    assert first.tag == (f"{{{space}}}{local}" if space else local)
    assert second.tag == f"{{urn:known}}{local}"
