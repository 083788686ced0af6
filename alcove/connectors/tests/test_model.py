"""Whatever a connector writes on its lines, the server stays as it is."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alcove.connectors.model import Heard, clean_name, decode_line, is_result, outcome_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["type", "input", "outcome", "reason", "counts", "question", "message", "detail", "no_retry"])
WORDS = st.sampled_from(["result", "begin", "end", "critical", "error", "progress", "new", "a"])


@settings(max_examples=50)
@given(st.lists(st.dictionaries(KEYS, WORDS | VALUES) | VALUES, max_size=8))
def test_any_line_is_taken_in_or_left_out(lines: list[Any]) -> None:
    heard = Heard()
    for value in lines:
        line = decode_line(orjson.dumps(value))
        if line is None:
            continue
        heard.hear(line)
        if is_result(line):
            orjson.dumps(outcome_of("file", "slug", line).json())
    assert isinstance(heard.failure(1, "reason"), str)


@given(st.binary(max_size=50))
def test_bytes_that_are_no_line_are_left_out(raw: bytes) -> None:
    decode_line(raw)


@given(st.text(st.characters() | st.sampled_from("./\\\0"), max_size=600))
@example(".\0./a")
@example("//a")
@example("a../" + "b" * 497)
def test_a_clean_name_is_relative_and_stays_so(name: str) -> None:
    clean = clean_name(name)
    assert not clean.startswith("/")
    assert ".." not in clean.split("/")
    assert clean.isprintable()
    assert clean_name(clean) == clean


def test_the_last_critical_line_wins_then_the_last_error_then_the_status() -> None:
    heard = Heard()
    assert heard.failure(1, "it crashed") == "it crashed"
    assert heard.failure(0, "it crashed") == ""
    for kind, message in (("error", "a"), ("critical", "b"), ("critical", "c"), ("error", "d")):
        heard.hear({"type": kind, "message": message})
    assert heard.failure(0, "") == "c"
    legacy = Heard()
    legacy.hear({"type": "error", "message": "LOGIN_FAILED"})
    assert legacy.failure(0, "") == "LOGIN_FAILED"
