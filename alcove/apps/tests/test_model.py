"""Templates, routes, names: the rules without a server."""

from __future__ import annotations

from html import unescape

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.apps.errors import ManifestWrong
from alcove.apps.model import Template, accepted_encodings, is_hashed, media_type, read_manifest
from alcove.apps.model.page import escape, for_attribute


def test_only_plain_variables_are_filled() -> None:
    page = Template("a {{.Locale}} {{ .Locale }} {{- .Locale -}} b {{if .Locale}} {{ Locale }} {.Locale}")
    assert page.fill({"Locale": "fr"}) == "a fr frfrb {{if .Locale}} {{ Locale }} {.Locale}"


def test_values_cannot_leave_their_place() -> None:
    filled = Template('<p title="{{.AppName}}">{{.AppName}}</p>').fill({"AppName": "\"><script>'&"})
    assert filled == '<p title="&#34;&gt;&lt;script&gt;&#39;&amp;">&#34;&gt;&lt;script&gt;&#39;&amp;</p>'


@given(st.text())
def test_escaped_text_reads_as_it_was(text: str) -> None:
    assert unescape(escape(text)) == text
    assert not set(escape(text)) & set("<>\"'")


@given(st.recursive(st.text() | st.booleans() | st.none(), lambda inner: st.dictionaries(st.text(), inner)))
def test_clients_undo_one_entity_only(value: object) -> None:
    written = escape(for_attribute(value))
    assert orjson.loads(written.replace("&#34;", '"')) == value
    assert not set(written) & set("<>\"'")


def test_the_longest_prefix_wins_by_whole_segments() -> None:
    routes = {
        "/": {"folder": "/", "index": "index.html"},
        "/public": {"folder": "/pub", "index": "p.html", "public": True},
        "/public/deep": {"folder": "/", "index": "d.html"},
    }
    manifest = read_manifest(orjson.dumps({"routes": routes}), "x")

    def found(*segments: str) -> tuple[str, str]:
        match = manifest.find(segments)
        assert match
        return match[0].index, match[1]

    assert found() == ("index.html", "")
    assert found("publicity") == ("index.html", "publicity")
    assert found("public") == ("p.html", "")
    assert found("public", "a.js") == ("p.html", "pub/a.js")
    assert found("public", "deep", "d.html") == ("d.html", "")
    assert read_manifest(b'{"routes":{"/a":{}}}', "x").find(("b",)) is None
    assert read_manifest(b"{}", "x").find(())


@pytest.mark.parametrize(
    ("content", "slug"),
    [(b"[]", "x"), (b"{", "x"), (b"{}", "X"), (b"{}", "_shared"), (b'{"type":"konnector"}', "x"),
     (b'{"routes":{"/":1}}', "x"), (b'{"routes":[1]}', "x"), (b'{"permissions":[1]}', "x"),
     (b" " * (3 << 20), "x")],
)  # fmt: skip
def test_what_cannot_be_served_is_told(content: bytes, slug: str) -> None:
    with pytest.raises(ManifestWrong):
        read_manifest(content, slug)


def test_names_tell_how_long_a_file_is_kept() -> None:
    assert is_hashed("js/main.0123456789.js")
    assert not is_hashed("js/main.012345678.js")
    assert not is_hashed("0123456789/main.js")
    assert not is_hashed("main-BX12ab3_.js")
    assert is_hashed("main-BX12ab3_.js", built=True)
    assert media_type("a.b/c.JS") == "text/javascript; charset=utf-8"
    assert media_type("unknown") == "application/octet-stream"


def test_the_smallest_twin_that_is_taken() -> None:
    assert accepted_encodings("gzip, deflate, br") == ["br", "gzip"]
    assert accepted_encodings("br;q=0.0, GZIP ; q=1") == ["gzip"]
    assert accepted_encodings("") == []
