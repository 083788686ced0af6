"""Conditions of a request: the `If` header (RFC 4918 section 10.4) and lists of entity tags (RFC 9110 section 13)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alcove.dav.errors import IllegalHeader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LONGEST = 16 << 10
"""Characters of an `If` header that are read at the most."""

_TOKEN = re.compile(
    r"[ \t]*(?:(?P<sign>[()])|(?P<not>[Nn][Oo][Tt](?=[ \t<\[]))|<(?P<uri>[^<>\s]+)>|\[(?P<tag>[^\[\]]+)\])"
)
_ETAG = re.compile(r'[ \t,]*((?:W/)?"[^"\x00-\x20\x7f]*")[ \t]*(?:,|$)')
_ENTITY = re.compile(r'(?:W/)?"[^"]*"')


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold of a resource (or must not): that a lock of this token is on it, or its entity tag."""

    value: str
    is_etag: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """Conditions that must all hold. `resource` is the address they speak of; empty for that of the request."""

    conditions: tuple[Condition, ...]
    resource: str = ""


def read_if(header: str) -> tuple[Clause, ...]:
    """The clauses of an `If` header: one of them must hold. Raises `IllegalHeader`.

    >>> read_if('(<urn:a> ["x"]) (Not <DAV:no-lock>)')[1].conditions
    (Condition(value='DAV:no-lock', is_etag=False, negated=True),)
    """
    if len(header) > LONGEST:
        raise IllegalHeader("If", "it is too long")
    clauses, resource = list[Clause](), ""
    tagged: bool | None = None  # whether the lists speak of a resource each, or all of that of the request: not both
    bare = False
    tokens = _tokens(header)
    for kind, value in tokens:
        if kind == "uri" and tagged is not False and not bare:
            resource, tagged, bare = value, True, True
        elif (kind, value) == ("sign", "("):
            tagged, bare = bool(tagged), False
            clauses.append(Clause(tuple(_conditions(tokens)), resource))
        else:
            raise IllegalHeader("If", f"{value!r} cannot stand there")
    if not clauses or bare:
        raise IllegalHeader("If", "there is no list at its end")
    return tuple(clauses)


def _tokens(header: str) -> Iterator[tuple[str, str]]:
    place, header = 0, header.rstrip()
    while place < len(header):
        found = _TOKEN.match(header, place)
        if found is None or found.lastgroup is None:
            raise IllegalHeader("If", f"what begins at {header[place : place + 20]!r} is not understood")
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()


def _conditions(tokens: Iterator[tuple[str, str]]) -> Iterator[Condition]:
    negated, count = False, 0
    for kind, value in tokens:
        if kind == "not" and not negated:
            negated = True
        elif kind == "uri" or (kind == "tag" and _ENTITY.fullmatch(value.strip())):
            yield Condition(value.strip(), kind == "tag", negated)
            negated, count = False, count + 1
        elif (kind, value) == ("sign", ")") and count and not negated:
            return
        else:
            raise IllegalHeader("If", f"{value!r} cannot stand in a list")
    raise IllegalHeader("If", "a list does not end")


def tokens_in(clauses: Iterable[Clause]) -> frozenset[str]:
    """The tokens that a request brings: of whichever clause, but not those it says are not there."""
    return frozenset(c.value for clause in clauses for c in clause.conditions if not c.is_etag and not c.negated)


def holds(clause: Clause, has_token: Callable[[str], bool], etag: str) -> bool:
    """Whether all conditions of a clause hold of its resource, whose entity tag is `etag` (empty for none)."""
    for condition in clause.conditions:
        true = same(condition.value, etag) if condition.is_etag else has_token(condition.value)
        if true is condition.negated:
            return False
    return True


def same(one: str, other: str) -> bool:
    """Strong comparison of two entity tags (RFC 9110 section 8.8.3.2)."""
    return one == other and not one.startswith("W/")


def matches(header: str, etag: str, *, weak: bool = False) -> bool:
    """Whether a list of entity tags names this one; `*` names whatever there is. An empty `etag` is nothing there.

    >>> matches('"a", "b,c"', '"b,c"'), matches("*", "")
    (True, False)
    """
    if not etag:
        return False
    if header.strip() == "*":
        return True
    tags = _ETAG.findall(header) or [f'"{header.strip()}"']  # some clients leave the quotes out
    if weak:
        return etag.removeprefix("W/") in [tag.removeprefix("W/") for tag in tags]
    return any(same(tag, etag) for tag in tags)
