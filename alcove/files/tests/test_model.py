"""Pure rules: names, media types, sizes of pictures, dates, digests, ranges."""

from __future__ import annotations

import doctest
import struct
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.base.errors import Refusal
from alcove.files.http.downloads import Unsatisfiable, disposition, range_of
from alcove.files.model import clean_tags, moment_of, not_before, parse_md5
from alcove.files.model.kinds import kind_of
from alcove.files.model.names import checked_name, next_free, plain_name, random_suffix
from alcove.files.model.pictures import size_of


@pytest.mark.parametrize("module", ["model.names", "model.kinds", "service.content", "http.downloads"])
def test_examples(module: str) -> None:
    assert doctest.testmod(import_module(f"alcove.files.{module}")).failed == 0


@pytest.mark.parametrize(
    ("name", "said", "mime", "kind"),
    [
        ("a.pdf", "", "application/pdf", "pdf"),
        ("a.PDF", "application/octet-stream", "application/pdf", "pdf"),
        ("a", "", "application/octet-stream", "files"),
        ("a.txt", "image/jpeg", "image/jpeg", "image"),
        ("a.md", "", "text/markdown", "text"),
        ("a.tar.gz", "", "application/gzip", "zip"),
        ("a.docx", "", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "text"),
        ("a.ods", "", "application/vnd.oasis.opendocument.spreadsheet", "spreadsheet"),
        ("a.py", "", "text/x-python", "code"),
        ("a.mp3", "", "audio/mpeg", "audio"),
        ("a.url", "text/plain", "application/internet-shortcut", "shortcut"),
        (".hidden", "", "application/octet-stream", "files"),
        ("a.txt", "Text/Plain; charset=utf-8", "text/plain", "text"),
        ("a.txt", "nonsense", "text/plain", "text"),
    ],
)
def test_kinds(name: str, said: str, mime: str, kind: str) -> None:
    assert kind_of(name, said) == (mime, kind)


def test_sizes_of_pictures() -> None:
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 320, 200)
    assert size_of(png) == (320, 200)
    assert size_of(b"GIF89a" + struct.pack("<HH", 7, 9)) == (7, 9)
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab" + b"\xff\xff\xc0" + struct.pack(">HBHH", 17, 8, 30, 40)
    assert size_of(jpeg) == (40, 30)


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xe0", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
)
def test_no_bytes_harm_the_reader(content: bytes, start: bytes) -> None:
    size_of(start + content)


@given(st.text(min_size=1))
def test_a_suffix_comes_off_again(name: str) -> None:
    assert plain_name(random_suffix(name)) == plain_name(name)


@given(st.lists(st.sampled_from(["a.txt", "a (2).txt", "a (3).txt", "b"])), st.sampled_from(["a.txt", "b", ".x"]))
def test_a_free_name_is_free_and_legal(taken: list[str], name: str) -> None:
    found = next_free(name, taken.__contains__)
    assert found not in taken
    assert checked_name(found) == found


@pytest.mark.parametrize(
    "text", ["2020-01-02", "2020-01-02T03:04:05", "x", "", 5, None, "2020-02-30T00:00:00Z", "２020-01-01T00:00:00Z"]
)
def test_dates_that_are_none(text: object) -> None:
    assert moment_of(text) is None


def test_dates() -> None:
    assert not_before("2020-01-01T00:00:00Z", "2020-01-01T01:30:00+01:00") == "2020-01-01T01:30:00+01:00"
    assert not_before("2020-01-01T00:30:00.000000001Z", "2020-01-01T00:00:00Z") == "2020-01-01T00:30:00.000000001Z"


@pytest.mark.parametrize("text", ["nope", "=" * 24, "A" * 30, "é" * 22, "A" * 24])
def test_digests_that_are_none(text: str) -> None:
    with pytest.raises(Refusal):
        parse_md5(text)


def test_digests() -> None:
    assert parse_md5("") is None
    assert parse_md5("rL0Y20zC+Fzt72VPzMSk2A==") == parse_md5("rL0Y20zC+Fzt72VPzMSk2A")


def test_tags() -> None:
    assert clean_tags([" a ", "a", "", 5, "b"]) == ["a", "b"]


@given(st.text(), st.integers(0, 1000))
def test_a_range_is_a_part_of_the_file(header: str, size: int) -> None:
    for text in (header, f"bytes={header}"):
        try:
            found = range_of(text, size)
        except Unsatisfiable:
            continue
        if found is not None:
            assert 0 <= found[0] < found[0] + found[1] <= size


@given(st.text(min_size=1).filter(lambda t: not any(c in t for c in "/\0\r\n") and t.isprintable()))
def test_a_name_never_breaks_the_header(name: str) -> None:
    value = disposition(name)
    assert value.isascii()
    assert value.count('"') == 2
    assert not set("\r\n\\") & set(value)
