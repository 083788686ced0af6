"""Design documents: how clients define indexes and compare them with what they would define (contract-b 1.4)."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

from alcove.documents import mango
from alcove.documents.errors import BadQuery, TooDeep
from alcove.documents.rows import define

DESIGN = "_design/"
FIELDS = 20
"""Fields of an index at the most."""


def definitions(design: dict[str, Any]) -> dict[str, bytes]:
    """The indexes in a design document, by name; what is not an index of Mango is left alone."""
    views = design.get("views")
    if design.get("language") != "query" or not isinstance(views, dict):
        return {}
    found = dict[str, bytes]()
    for name, view in views.items():
        try:
            fields = view["map"]["fields"]
            partial = view["map"].get("partial_filter_selector") or {}
            mango.parse(partial)
        except (KeyError, TypeError, AttributeError, BadQuery):
            continue
        if isinstance(fields, dict) and len(fields) <= FIELDS:
            found[name] = define(tuple(fields), partial)
    return found


def design(request: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """What a `_index` request asks for: id of the design document, name, and the view. Raises `BadQuery`."""
    index = request.get("index")
    if index is None:
        raise BadQuery("Missing required key: index", "missing_required_key")
    if not isinstance(index, dict):
        raise BadQuery(f"JSON indexes must be an object, not: {mango.erlang(index)}", "invalid_index")
    if request.get("type", "json") != "json":
        raise BadQuery(f"Invalid type for index: {request['type']}", "invalid_index")
    fields = _fields(index.get("fields"))
    partial = index.get("partial_filter_selector") or {}
    mango.parse(partial)
    _term(index)
    name = _text(request.get("name"), "name") or _made_name(index, request.get("ddoc"))
    ddoc = _text(request.get("ddoc"), "ddoc") or _made_name(index, None)
    view = {
        "map": {"fields": dict.fromkeys(fields, "asc"), "partial_filter_selector": partial},
        "reduce": "_count",
        "options": {"def": index},
    }
    return DESIGN + ddoc.removeprefix(DESIGN), name, view


def _fields(given: Any) -> list[str]:
    """The names; none is an index too: of all that its filter lets in, by id, as clients define it."""
    if not isinstance(given, list):
        raise BadQuery("Index is missing its definition.", "invalid_index")
    fields = [next(iter(field)) if isinstance(field, dict) and len(field) == 1 else field for field in given]
    if len(fields) > FIELDS or not all(isinstance(field, str) and field for field in fields):
        reason = f"Invalid sort field: an index has {FIELDS} fields at the most, each a string"
        raise BadQuery(reason, "invalid_sort_field")
    return fields


def _text(given: Any, name: str) -> str:
    if given is None:
        return ""
    if not isinstance(given, str) or not given or len(given) > 1000:
        raise BadQuery(f"Invalid value for {name}: {mango.erlang(given)}", "invalid_index_name")
    return given


def _made_name(index: dict[str, Any], ddoc: Any) -> str:
    """The name that CouchDB gives, SHA-1 of its own terms: a client's index keeps its name when it moves here."""
    auto = _atom("auto_name")
    options = (
        ("ddoc", auto if ddoc is None else _term(ddoc)),
        ("def", _term(index)),
        ("name", auto),
        ("partitioned", _atom("db_default")),
        ("type", _term("json")),
        ("w", _term(2)),
    )
    pairs = [_tuple(_atom(name), value) for name, value in options]
    return hashlib.sha1(b"\x83" + _tuple(_term(index), _list(pairs)), usedforsecurity=False).hexdigest()


def _term(value: Any, depth: int = 0) -> bytes:
    """A JSON value in Erlang's external term format; raises `TooDeep`."""
    if depth > mango.DEPTH:
        raise TooDeep(f"An index may be defined in {mango.DEPTH} levels at the most")
    if value is None or isinstance(value, bool):
        return _atom("null" if value is None else str(value).lower())
    if isinstance(value, str):
        return b"m" + struct.pack(">I", len(value.encode())) + value.encode()
    if isinstance(value, int) and 0 <= value < 256:
        return b"a" + bytes([value])
    if isinstance(value, int) and -(1 << 31) <= value < 1 << 31:
        return b"b" + struct.pack(">i", value)
    if isinstance(value, int | float):
        return b"F" + struct.pack(">d", value)
    if isinstance(value, list):
        return _list([_term(item, depth + 1) for item in value])
    return _tuple(_list([_tuple(_term(name), _term(value[name], depth + 1)) for name in sorted(value)]))


def _atom(name: str) -> bytes:
    return b"d" + struct.pack(">H", len(name)) + name.encode()


def _tuple(*terms: bytes) -> bytes:
    return b"h" + bytes([len(terms)]) + b"".join(terms)


def _list(terms: list[bytes]) -> bytes:
    return b"l" + struct.pack(">I", len(terms)) + b"".join(terms) + b"j" if terms else b"j"
