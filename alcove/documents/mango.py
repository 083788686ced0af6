"""Mango selectors: read into a normal form, then asked of documents (CouchDB's query language; contract-b 1.4).

In the normal form negations stand at the conditions only, and every condition knows its whole path, so that a planner
can see which fields a document must have. Comparisons are those of `collation`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcove.documents.collation import encode
from alcove.documents.errors import BadQuery, TooDeep

if TYPE_CHECKING:
    import regex

DEPTH = 50
"""Levels of nesting of a selector."""
CONDITIONS = 2000
"""Conditions of a selector."""
PATTERN = 500
"""Characters of a regular expression."""
REGEX_SECONDS = 0.5
"""Time that the regular expressions of one selector may take in all, over all documents."""

Path = tuple[str, ...]
Match = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on one field; `path` is empty for an element under `$elemMatch`. `arg` may be a `Node` there."""

    path: Path
    op: str
    arg: Any
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Every:
    """All parts must match; no parts match everything."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One part must match."""

    parts: tuple[Node, ...]


Node = Test | Every | Either

_NEGATIONS = {
    "$lt": "$gte", "$gte": "$lt", "$gt": "$lte", "$lte": "$gt",
    "$eq": "$ne", "$ne": "$eq", "$in": "$nin", "$nin": "$in",
}  # fmt: skip
_UNSUPPORTED = ("$where", "$geoWithin", "$geoIntersects", "$near", "$nearSphere", "$text")
_MISSING = object()


def parse(selector: Any) -> Node:
    """The normal form of a selector; raises `BadQuery` with CouchDB's names and words."""
    if not isinstance(selector, dict):
        raise BadQuery(f"Selector must be a JSON object, not: {erlang(selector)}", "invalid_selector_json")
    node = _Reader().read(selector, (), False, 0)
    if any(not test.path for test in tests(node)):
        raise BadQuery("One or more conditions is missing a field name.", "invalid_selector")
    return node


class _Reader:
    def __init__(self) -> None:
        self.count = 0

    def read(self, selector: Any, path: Path, negated: bool, depth: int) -> Node:
        self.count += 1
        if depth > DEPTH or self.count > CONDITIONS:
            raise TooDeep(f"A selector may have {DEPTH} levels and {CONDITIONS} conditions at the most")
        if not isinstance(selector, dict) or (path and not selector):
            return Test(path, "$ne" if negated else "$eq", selector)
        parts = tuple(self.pair(key, arg, path, negated, depth + 1) for key, arg in selector.items())
        if len(parts) == 1:
            return parts[0]
        return Either(parts) if negated else Every(parts)

    def pair(self, key: str, arg: Any, path: Path, negated: bool, depth: int) -> Node:
        if key in ("$and", "$or", "$nor"):
            if not isinstance(arg, list):
                raise _bad_arg(key, arg)
            negated = negated != (key == "$nor")
            parts = tuple(self.read(part, path, negated, depth) for part in arg)
            return Every(parts) if (key == "$and") != negated else Either(parts)
        if key == "$not":
            if not isinstance(arg, dict):
                raise _bad_arg(key, arg)
            return self.read(arg, path, not negated, depth)
        if key in ("$elemMatch", "$allMatch", "$keyMapMatch"):
            if not isinstance(arg, dict):
                raise _bad_arg(key, arg)
            return Test(path, key, self.read(arg, (), False, depth), negated)
        if key.startswith("$"):
            return _condition(key, arg, path, negated)
        return self.read(arg, (*path, *split(key)), negated, depth)


def split(field: str) -> Path:
    """The steps of a dotted path; `\\.` is a dot in a name."""
    if "\\" not in field:
        return tuple(field.split("."))
    return tuple(step.replace("\0", ".") for step in field.replace("\\.", "\0").split("."))


def _condition(op: str, arg: Any, path: Path, negated: bool) -> Test:
    if op in _UNSUPPORTED:
        raise BadQuery(f"Unsupported operator: {op}", "not_supported")
    check = _ARGUMENTS.get(op)
    if check is None:
        raise BadQuery(f"Invalid operator: {op}", "invalid_operator")
    if not check(arg):
        raise _bad_arg(op, arg)
    if not negated:
        return Test(path, op, arg)
    if op == "$exists":
        return Test(path, op, not arg)
    opposite = _NEGATIONS.get(op)
    return Test(path, opposite, arg) if opposite else Test(path, op, arg, True)


def _is_int(arg: Any) -> bool:
    return isinstance(arg, int) and not isinstance(arg, bool)


def _is_modulus(arg: Any) -> bool:
    return isinstance(arg, list) and len(arg) == 2 and _is_int(arg[0]) and _is_int(arg[1]) and arg[0] != 0


def _pattern(text: str) -> regex.Pattern[bytes]:
    """A compiled pattern; raises `ValueError` when it is none. The library is loaded for the first: it takes 8 MiB."""
    import regex

    try:
        return regex.compile(text.encode())
    except regex.error as error:
        raise ValueError(str(error)) from None


def _is_pattern(arg: Any) -> bool:
    if not isinstance(arg, str) or len(arg) > PATTERN:
        return False
    try:
        _pattern(arg)
    except (ValueError, RecursionError, OverflowError, MemoryError):
        return False
    return True


def _anything(_arg: Any) -> bool:
    return True


_ARGUMENTS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("$lt", "$lte", "$eq", "$ne", "$gte", "$gt"), _anything),
    **dict.fromkeys(("$in", "$nin", "$all"), lambda arg: isinstance(arg, list)),
    **dict.fromkeys(("$type", "$beginsWith"), lambda arg: isinstance(arg, str)),
    "$exists": lambda arg: isinstance(arg, bool),
    "$size": lambda arg: _is_int(arg) and arg >= 0,
    "$mod": _is_modulus,
    "$regex": _is_pattern,
}


def _bad_arg(op: str, arg: Any) -> BadQuery:
    return BadQuery(f"Bad argument for operator {op}: {erlang(arg)[:500]}", "bad_arg")


def erlang(value: Any, depth: int = 0) -> str:
    """A JSON value as CouchDB's error messages show it (Erlang's `~w`).

    >>> erlang({"a": [None, 1]})
    '{[{<<97>>,[null,1]}]}'
    """
    if isinstance(value, str):
        return "<<" + ",".join(map(str, value.encode()[:200])) + ">>"
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    if depth > 10:
        return "..."
    if isinstance(value, list):
        return "[" + ",".join(erlang(item, depth + 1) for item in value[:50]) + "]"
    if isinstance(value, dict):
        pairs = (f"{{{erlang(key)},{erlang(item, depth + 1)}}}" for key, item in list(value.items())[:50])
        return "{[" + ",".join(pairs) + "]}"
    return repr(value)


def tests(node: Node) -> list[Test]:
    """All conditions of a selector, those inside `$elemMatch` left out."""
    return [node] if isinstance(node, Test) else [test for part in node.parts for test in tests(part)]


# -- asking


def matcher(node: Node, *, lasting: bool = False) -> Match:
    """A function that says whether a document (its fields with `_id`) matches. Raises `BadQuery` on a slow regex.

    It serves one query; a `lasting` one may be kept, and has its time for regular expressions for each document.
    """
    return _matcher(node, _Clock(lasting))


class _Clock:
    """What is left of the time for regular expressions: one slow pattern must not hold the whole house."""

    def __init__(self, refilled: bool) -> None:
        self.left = REGEX_SECONDS
        self.refilled = refilled

    def search(self, pattern: regex.Pattern[bytes], text: str) -> bool:
        """Whether the pattern is found. It sees the bytes of UTF-8, as the reference's does: é is two of them."""
        begin = time.perf_counter()
        try:
            found = pattern.search(text.encode(), timeout=max(self.left, 0.001), concurrent=True) is not None
        except TimeoutError:
            raise BadQuery("The regular expression takes too long", "timeout") from None
        if not self.refilled:
            self.left -= time.perf_counter() - begin
        return found


def _matcher(node: Node, clock: _Clock) -> Match:
    if isinstance(node, Test):
        return _test(node, clock)
    parts = [_matcher(part, clock) for part in node.parts]
    if isinstance(node, Every):
        return lambda value: all(part(value) for part in parts)
    return lambda value: any(part(value) for part in parts)


def _test(test: Test, clock: _Clock) -> Match:
    check, path, negated = _check(test, clock), test.path, test.negated
    absent = test.op == "$exists" and not test.arg

    def match(value: Any) -> bool:
        found = lookup(value, path) if path else value
        if found is _MISSING:
            return absent
        return check(found) != negated

    return match


def lookup(value: Any, path: Path) -> Any:
    """The value at the end of a path, through objects by name and arrays by position; a sentinel when not there."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, _MISSING)
            if value is _MISSING:
                return _MISSING
        elif isinstance(value, list):
            if not step.isascii() or not step.isdigit() or len(step) > 9 or int(step) >= len(value):
                return _MISSING
            value = value[int(step)]
        else:
            return _MISSING
    return value


def has(value: Any) -> bool:
    """Whether `lookup` found anything."""
    return value is not _MISSING


def _key(value: Any, raw: bool) -> bytes:
    # Ids are compared by their bytes, as in the list of all documents.
    return b"\x40" + value.encode() if raw and isinstance(value, str) else encode(value)


def _check(test: Test, clock: _Clock) -> Match:
    arg, raw = test.arg, test.path == ("_id",)
    if test.op in _COMPARISONS:
        compare, key = _COMPARISONS[test.op], _key(arg, raw)
        return lambda value: compare(_key(value, raw), key)
    if test.op in ("$in", "$nin"):
        return _membership({_key(item, raw) for item in arg}, test.op == "$in", raw)
    if test.op in ("$elemMatch", "$allMatch", "$keyMapMatch"):
        return _elements(test.op, _matcher(arg, clock))
    if test.op == "$regex":
        pattern = _pattern(arg)
        return lambda value: isinstance(value, str) and clock.search(pattern, value)
    return _SIMPLE[test.op](arg)


_COMPARISONS: dict[str, Callable[[bytes, bytes], bool]] = {
    "$lt": bytes.__lt__, "$lte": bytes.__le__, "$gt": bytes.__gt__,
    "$gte": bytes.__ge__, "$eq": bytes.__eq__, "$ne": bytes.__ne__,
}  # fmt: skip


def _membership(keys: set[bytes], wanted: bool, raw: bool) -> Match:
    def match(value: Any) -> bool:
        values = value if isinstance(value, list) else [value]
        return any(_key(item, raw) in keys for item in values) == wanted

    return match


def _elements(op: str, matches: Match) -> Match:
    if op == "$keyMapMatch":
        return lambda value: isinstance(value, dict) and any(matches(key) for key in value)
    if op == "$elemMatch":
        return lambda value: isinstance(value, list) and any(matches(item) for item in value)
    return lambda value: isinstance(value, list) and bool(value) and all(matches(item) for item in value)


def _all(arg: list[Any]) -> Match:
    wanted = [encode(item) for item in arg]
    whole = wanted[0] if len(arg) == 1 and isinstance(arg[0], list) else None

    def match(value: Any) -> bool:
        if not isinstance(value, list):
            return False
        keys = {encode(item) for item in value}
        return all(key in keys for key in wanted) or (whole is not None and encode(value) == whole)

    return match


def _mod(arg: list[int]) -> Match:
    divisor, rest = arg

    def match(value: Any) -> bool:
        if not _is_int(value):
            return False
        remainder = abs(value) % abs(divisor)
        return bool((-remainder if value < 0 else remainder) == rest)  # the sign of the dividend, as in Erlang and C

    return match


def _type_name(value: Any) -> str:
    names = ((bool, "boolean"), (int | float, "number"), (str, "string"), (list, "array"), (dict, "object"))
    return next((name for kind, name in names if isinstance(value, kind)), "null")


_SIMPLE: dict[str, Callable[[Any], Match]] = {
    "$exists": lambda arg: lambda _value: arg,
    "$type": lambda arg: lambda value: _type_name(value) == arg,
    "$size": lambda arg: lambda value: isinstance(value, list) and len(value) == arg,
    "$beginsWith": lambda arg: lambda value: isinstance(value, str) and value.startswith(arg),
    "$all": _all,
    "$mod": _mod,
}
