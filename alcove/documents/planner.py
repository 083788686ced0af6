"""Which index serves a query, and which stretch of it; the choice is CouchDB's, so that its errors are too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcove.documents import mango
from alcove.documents.collation import AFTER, LENGTH, encode
from alcove.documents.errors import BadQuery, NoSortIndex
from alcove.documents.mango import Either, Every, Node, Test

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Listing:
    """An index of a type as the store knows it. `ddoc` is empty for those that rooms declare."""

    number: int
    ddoc: str
    name: str
    fields: tuple[str, ...]
    filter: Node | None
    paths: tuple[mango.Path, ...]
    belongs: mango.Match | None
    offered: bool = True
    """Whether it serves clients that do not name it."""
    sure: frozenset[str] = frozenset()
    """Fields that no document in question lacks, whatever a query says."""

    def key(self, fields: dict[str, Any]) -> bytes | None:
        """The document's place in it (its id comes after), or None when it does not belong in it."""
        parts = list[bytes]()
        for path in self.paths:
            value = mango.lookup(fields, path)
            if not mango.has(value):
                return None
            parts.append(encode(value, LENGTH))
        if self.belongs is not None and not self._belongs(fields):
            return None
        return b"".join(parts)

    def _belongs(self, fields: dict[str, Any]) -> bool:
        try:
            return self.belongs is None or self.belongs(fields)
        except BadQuery:
            return False  # a slow pattern in somebody's index must not stop the document from being written


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to look: keys from `low` up to and without `high`; `rest` is what is still to be asked of each document."""

    listing: Listing
    low: bytes
    high: bytes
    rest: Node | None
    descending: bool = False


def choose(
    listings: Sequence[Listing],
    node: Node,
    sort: Sequence[tuple[str, bool]] = (),
    use: Sequence[str] = (),
    *,
    internal: bool = False,
) -> Plan | None:
    """The plan, or None when no index serves; raises `BadQuery` for a sort in two directions, `NoSortIndex`.

    `use` is what the caller named: a design document, or a design document and a name, or a declared index. Others that
    rooms declared serve only `internal` queries, unless they are offered: clients must not come to depend on them
    without knowing.
    """
    if len({descending for _field, descending in sort}) > 1:
        reason = "Sorts currently only support a single direction for all fields."
        raise BadQuery(reason, "unsupported_mixed_sort")
    fields = [field for field, _descending in sort]
    named = [listing for listing in listings if use and _is_named(listing, use)]
    offered = [listing for listing in listings if (internal or listing.offered) and listing.filter is None]
    usable = [listing for listing in named if is_usable(listing, node, fields)]
    usable = usable or [listing for listing in offered if is_usable(listing, node, fields)]
    if not usable:
        if fields and fields != ["_id"]:
            raise NoSortIndex
        return None
    constrained = {_join(test.path) for test in _top(node) if test.op in _RANGES}
    best = min(usable, key=lambda listing: _cost(listing, constrained))
    return _stretch(best, node, bool(sort) and sort[0][1])


def straight(
    listings: Sequence[Listing], selector: Mapping[str, Any], sort: Sequence[tuple[str, bool]], use: str
) -> Plan | None:
    """The plan that `choose` makes for the commonest query of rooms, without reading the selector as one.

    That is: the first fields of a declared index have these plain values, in the index's own order or in any. None for
    every other query.
    """
    listing = next((listing for listing in listings if listing.name == use and not listing.ddoc), None)
    if listing is None or any(one.ddoc == use for one in listings):
        return None
    fields, given = listing.fields, len(selector)
    ordered = [name for name, descending in sort if not descending]
    if len(ordered) != len(sort) or (ordered and tuple(ordered) != fields) or (not sort and given < len(fields)):
        return None
    prefix = b""
    for field in fields[:given]:
        value = selector.get(field, ())
        if field == "_id" or not (isinstance(value, _PLAIN) and (not isinstance(value, str) or len(value) < LENGTH)):
            return None
        prefix += encode(value, LENGTH)
    return Plan(listing, prefix, prefix + AFTER, None) if 0 < given <= len(fields) else None


_PLAIN = (str, int, float, bool)


def _is_named(listing: Listing, use: Sequence[str]) -> bool:
    ddoc = use[0].removeprefix("_design/")
    if not listing.ddoc:
        return len(use) == 1 and listing.name == ddoc
    return listing.ddoc == ddoc and (len(use) == 1 or listing.name == use[1])


def is_usable(listing: Listing, node: Node, sort: Sequence[str]) -> bool:
    """Whether whatever matches is surely in the index, in the order asked for."""
    wanted = {field for field in listing.fields if field not in sort} - {"_id", "_rev"} - listing.sure
    return not _uncovered(node, wanted) and _can_sort(listing.fields, sort, node)


def _uncovered(node: Node, wanted: set[str]) -> set[str]:
    """The wanted fields that a matching document may lack."""
    if isinstance(node, Test):
        absent = node.op == "$exists" and node.arg is False
        return wanted if absent else wanted - {_join(node.path)}
    if isinstance(node, Every):
        for part in node.parts:
            wanted = _uncovered(part, wanted)
        return wanted
    return set().union(*(_uncovered(part, wanted) for part in node.parts)) if node.parts else wanted


def _can_sort(columns: Sequence[str], sort: Sequence[str], node: Node) -> bool:
    constant = {_join(test.path) for test in _top(node) if test.op == "$eq"}
    for start in range(len(columns)):
        if list(columns[start : start + len(sort)]) == list(sort):
            return True
        if columns[start] not in constant:
            return False
    return not sort


def _cost(listing: Listing, constrained: set[str]) -> tuple[int, int, str, str]:
    prefix = 0
    for field in listing.fields:
        if field not in constrained:
            break
        prefix += 1
    return (-prefix, len(listing.fields), listing.ddoc, listing.name)


def _top(node: Node) -> list[Test]:
    """The conditions that every match fulfils."""
    if isinstance(node, Test):
        return [node]
    return [test for part in node.parts for test in _top(part)] if isinstance(node, Every) else []


def _join(path: Sequence[str]) -> str:
    return ".".join(step.replace(".", "\\.") for step in path)


_RANGES = ("$eq", "$lt", "$lte", "$gt", "$gte")


def _stretch(listing: Listing, node: Node, descending: bool) -> Plan:
    bounds = dict[str, list[Test]]()
    for test in _top(node):
        if test.op in _RANGES and test.path != ("_id",):  # ids are compared by bytes, keys are collated
            bounds.setdefault(_join(test.path), []).append(test)
    prefix, served = b"", list[Test]()
    low, high = b"", AFTER
    for field in listing.fields:
        given = bounds.get(field, [])
        equal = [test for test in given if test.op == "$eq"][:1]
        served.extend(equal or given)
        low, high = _column(equal or given)
        if not equal:
            break
        prefix, low, high = prefix + low, b"", AFTER
    done = _is_served(node, set(map(id, served)), listing)
    return Plan(listing, prefix + low, prefix + high, None if done else node, descending)


def _column(given: list[Test]) -> tuple[bytes, bytes]:
    lows, highs = [b""], [AFTER]
    for test in given:
        key = encode(test.arg, LENGTH)
        if test.op == "$eq":
            return key, key + AFTER
        if test.op in ("$gt", "$gte"):
            lows.append(key + AFTER if test.op == "$gt" else key)
        else:
            highs.append(key if test.op == "$lt" else key + AFTER)
    return max(lows), min(highs)


def _is_served(node: Node, served: set[int], listing: Listing) -> bool:
    """Whether the stretch answers the whole selector, so that no document has to be decoded."""
    if isinstance(node, Either):
        return False
    for test in [node] if isinstance(node, Test) else _top(node):
        exists = test.op == "$exists" and test.arg is True and _join(test.path) in listing.fields
        short = not isinstance(test.arg, list | dict) and len(str(test.arg)) < LENGTH
        if not exists and not (id(test) in served and short):
            return False
    return isinstance(node, Test) or all(
        isinstance(part, Test) or _is_served(part, served, listing) for part in node.parts
    )
