"""The trie of routes: what wins over what, and that it agrees with a plain scan."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.base.router import Router


def test_a_literal_wins_over_a_name_and_a_name_over_the_rest() -> None:
    router = Router[str]()
    router.add("GET", "/files/*rest", "rest")
    router.add("GET", "/files/:id", "one")
    router.add("GET", "/files/trash", "trash")
    assert router.find("GET", "/files/trash") == ("trash", {})
    assert router.find("GET", "/files/a") == ("one", {"id": "a"})
    assert router.find("GET", "/files/a/b%2Fc") == ("rest", {"rest": "a/b%2Fc"})


def test_a_wrong_turn_is_taken_back() -> None:
    router = Router[str]()
    router.add("GET", "/data/_all/x", "literal")
    router.add("GET", "/data/:type/y", "named")
    assert router.find("GET", "/data/_all/y") == ("named", {"type": "_all"})


def test_an_encoded_slash_stays_in_its_segment() -> None:
    router = Router[str]()
    router.add("GET", "/data/:type/:id", "doc")
    assert router.find("GET", "/data/io.cozy.x/a%2Fb") == ("doc", {"type": "io.cozy.x", "id": "a/b"})


def test_an_empty_segment_is_not_a_name_but_can_be_a_route() -> None:
    router = Router[str]()
    router.add("POST", "/data/:type/", "create")
    assert router.find("POST", "/data/io.cozy.x/") == ("create", {"type": "io.cozy.x"})
    assert router.find("POST", "/data//") is None


def test_methods_of_a_path() -> None:
    router = Router[str]()
    router.add("GET", "/a", "get")
    router.add("PUT", "/a", "put")
    assert router.methods("/a") == ["GET", "PUT"]
    assert router.methods("/b") == []


def test_the_same_route_twice_is_an_error() -> None:
    router = Router[str]()
    router.add("GET", "/a/:x", "one")
    with pytest.raises(ValueError, match="declared twice"):
        router.add("GET", "/a/:y", "two")


SEGMENTS = st.sampled_from(["a", "b", ":x"])


@given(
    st.lists(st.lists(SEGMENTS, min_size=1, max_size=4), max_size=12),
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4),
)
def test_it_finds_a_route_exactly_when_a_scan_does(shapes: list[list[str]], asked: list[str]) -> None:
    router = Router[str]()
    patterns = set()
    for shape in shapes:
        path = "/" + "/".join(shape)
        if path not in patterns:
            patterns.add(path)
            router.add("GET", path, path)
    path = "/" + "/".join(asked)
    fits = {p for p in patterns if re.fullmatch(p.replace(":x", "[^/]+"), path)}
    found = router.find("GET", path)
    assert (found is not None) == bool(fits)
    assert found is None or found[0] in fits
