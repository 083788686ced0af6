"""What clients look for: `basicsearch` of SEARCH (RFC 5323), and the rules of the report `filter-files`. Pure.

A test is asked about one file by its *facts*: a function from the name of a property to its value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from alcove.dav.errors import IllegalXML
from alcove.dav.model.xml import dav, parts_of, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

    Value = str | float | bool | None
    Facts = Callable[[str], Value]
    Test = Callable[[Facts], bool]

MOST = 10_000
"""Files of one answer at the most."""
TESTS = 200
"""Operators of one question at the most."""
FLAGS = frozenset(("favorite",))
NUMBERS = frozenset(
    (
        *("getlastmodified", "creationdate", "creation_time", "upload_time", "metadata-photos-original_date_time"),
        *("size", "getcontentlength", "fileid"),
    )
)
"""Properties that are no texts, by their local names (the same one is written in several namespaces). Moments are
seconds since 1970; literals may be dates too."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: the properties to tell, where (an address; empty: everywhere), and what must hold.

    `order` are properties to sort by, each with whether the greatest comes first. `first` results are left out, then
    `most` are told.
    """

    names: tuple[str, ...]
    scope: str
    holds: Test
    order: tuple[tuple[str, bool], ...] = ()
    most: int = MOST
    first: int = 0


def read_search(body: bytes) -> Question:
    """The question of a SEARCH. Raises `IllegalXML`."""
    search = read(body, dav("searchrequest")).find(dav("basicsearch"))
    if search is None:
        raise IllegalXML("Only DAV:basicsearch is understood here")
    select, where = search.find(f"{dav('select')}/{dav('prop')}"), search.find(dav("where"))
    scope = (search.findtext(f"{dav('from')}/{dav('scope')}/{dav('href')}") or "").strip()
    if where is not None and sum(1 for _ in where.iter()) > TESTS * 4:
        raise IllegalXML(f"A question may have {TESTS} operators at the most")
    tests = [_test(inner) for inner in where] if where is not None else []
    names = tuple(inner.tag for inner in select) if select is not None else ()
    limit = search.find(dav("limit"))
    most, first = _count(limit, "nresults", MOST), _count(limit, "firstresult", 0)
    return Question(names, scope, lambda facts: all(test(facts) for test in tests), _order(search), most, first)


def read_report(body: bytes, report: str) -> Question | None:
    """The question of a report `filter-files`, whose name this is; None for another report. Raises `IllegalXML`.

    Every rule must hold. One that is not known here holds for nothing: who asks for a label gets what has none.
    """
    root = read(body)
    if root.tag != report:
        return None
    space, _ = parts_of(report)
    rules, asked = root.find(f"{{{space}}}filter-rules"), root.find(dav("prop"))
    tests = [_rule(rule) for rule in rules] if rules is not None else []
    if not tests:
        raise IllegalXML("filter-files needs filter-rules with something in it")
    names = tuple(inner.tag for inner in asked) if asked is not None else ()
    return Question(names, "", lambda facts: all(test(facts) for test in tests))


def _rule(rule: Element) -> Test:
    if parts_of(rule.tag)[1] != "favorite":
        return lambda _: False
    wanted = _truth(rule.text or "")
    return lambda facts: bool(facts("favorite")) is wanted


def _order(search: Element) -> tuple[tuple[str, bool], ...]:
    found = list[tuple[str, bool]]()
    for one in search.iterfind(f"{dav('orderby')}/{dav('order')}"):
        named = one.find(dav("prop"))
        if named is not None and len(named):
            found.append((parts_of(named[0].tag)[1], one.find(dav("descending")) is not None))
    return tuple(found)


def _count(limit: Element | None, local: str, default: int) -> int:
    said = next((one.text or "" for one in limit if parts_of(one.tag)[1] == local), "") if limit is not None else ""
    said = said.strip()
    return min(int(said), MOST) if said.isascii() and said.isdigit() and len(said) < 10 else default


def _test(element: Element) -> Test:
    operator = parts_of(element.tag)[1]
    if operator in ("and", "or"):
        inner = [_test(one) for one in element]
        if operator == "and":
            return lambda facts: all(test(facts) for test in inner)
        return lambda facts: any(test(facts) for test in inner)
    if operator == "not":
        tests = [_test(one) for one in element]
        return lambda facts: not any(test(facts) for test in tests)
    if operator == "is-collection":
        return lambda facts: facts("is-collection") is True
    named = element.find(dav("prop"))
    if named is None or not len(named):
        raise IllegalXML(f"{operator} needs a prop")
    name = parts_of(named[0].tag)[1]
    if operator == "is-defined":
        return lambda facts: facts(name) is not None
    return _compared(operator, name, (element.findtext(dav("literal")) or "").strip())


def _compared(operator: str, name: str, literal: str) -> Test:
    if operator == "like":
        pieces = literal.casefold().split("%")
        return lambda facts: _like(str(facts(name) or "").casefold(), pieces)
    meant = _meant(name, literal)
    if operator == "eq":
        return lambda facts: facts(name) == meant
    ways: dict[str, Callable[[float], bool]] = {
        "gt": lambda by: by > 0,
        "gte": lambda by: by >= 0,
        "lt": lambda by: by < 0,
        "lte": lambda by: by <= 0,
    }
    if operator not in ways or isinstance(meant, str | bool):
        raise IllegalXML(f"{operator} does not compare {name} here")
    way, bound = ways[operator], meant

    def compares(facts: Facts) -> bool:
        value = facts(name)
        return isinstance(value, int | float) and way(value - bound)

    return compares


def _meant(name: str, literal: str) -> str | float | bool:
    """What a literal means beside a property."""
    if name in FLAGS:
        return _truth(literal)
    if name not in NUMBERS:
        return literal
    try:
        return int(literal) if literal.isascii() and literal.isdigit() and len(literal) < 20 else float(literal)
    except ValueError:
        moment = _moment(literal)
    if moment is None:
        raise IllegalXML(f"{literal[:40]} is no number and no date")
    return moment.timestamp()


def _moment(literal: str) -> datetime | None:
    for reads in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = reads(literal)
        except (ValueError, TypeError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _truth(said: str) -> bool:
    return said.strip().lower() in ("1", "yes", "true")


def _like(value: str, pieces: list[str]) -> bool:
    """Whether a text has these pieces one after the other, the first at its beginning and the last at its end.

    >>> _like("image/png", ["image/", ""]), _like("image/png", ["", "image"])
    (True, False)
    """
    if len(pieces) == 1:
        return value == pieces[0]
    first, *middle, last = pieces
    if not value.startswith(first):
        return False
    at = len(first)
    for piece in middle:
        at = value.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return len(value) - len(last) >= at and value.endswith(last)
