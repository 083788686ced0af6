"""Who may do what with which node, against an evaluator that walks the tree in the plainest way (contract-b 2.10)."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from hypothesis import given
from hypothesis import strategies as st

from alcove.base.errors import Forbidden
from alcove.base.http import Rule
from alcove.files.http.access import check
from alcove.files.model import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.files.service import Files
    from alcove.instances import Instance

IDS = ["root", "a", "b", "c", "d", ""]
PARENTS = {"root": "", "a": "root", "b": "a", "c": "b", "d": "a", "": "b"}
"""A tree of four levels, and what is about to be made in it: it has no id yet."""
VALUES = ["", "a", "b", "c", "d", "image", "red", "io.cozy.albums/1", "true"]
RULES = st.builds(
    Rule,
    st.sampled_from(["io.cozy.files", "io.cozy.files.*", "io.cozy.bills", "*"]),
    st.sampled_from([frozenset({"GET"}), frozenset({"PATCH"}), frozenset({"GET", "PATCH"})]),
    st.frozensets(st.sampled_from(VALUES), max_size=2),
    st.sampled_from(["", "id", "_id", "class", "tags", "referenced_by", "trashed"]),
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "class": st.sampled_from(["image", "text"]),
        "tags": st.lists(st.sampled_from(["red", "blue"]), max_size=2),
        "referenced_by": st.lists(st.just({"type": "io.cozy.albums", "id": "1"}), max_size=1),
        "trashed": st.booleans(),
    },
)
TREES = st.fixed_dictionaries(dict.fromkeys(IDS, FIELDS))


class Tree:
    """Files by id, and a caller with some rules."""

    audience, subject, source, session, document = "cli", "CLI", "", "", ""
    device: Mapping[str, str] = MappingProxyType({})

    def __init__(self, fields: dict[str, dict[str, Any]], rules: list[Rule]) -> None:
        self.nodes = {ident: Node(ident, "1-a", {**fields[ident], "dir_id": PARENTS[ident]}) for ident in IDS}
        self._rules = rules

    async def find(self, instance: Instance, ident: str) -> Node | None:
        return self.nodes.get(ident)

    def rules(self, verb: str, doctype: str) -> list[Rule]:
        return [rule for rule in self._rules if rule.covers(verb, doctype)]

    def allow_type(self, verb: str, doctype: str) -> None:
        raise NotImplementedError

    def allow(self, verb: str, doctype: str, doc_id: str, fields: Any = None) -> None:
        raise NotImplementedError

    def lets(self, verb: str, ident: str) -> bool:
        """Whether the guard lets the caller do this."""
        try:
            asyncio.run(check(cast("Files", self), cast("Instance", None), self, verb, self.nodes[ident]))
        except Forbidden:
            return False
        return True


def said(fields: dict[str, Any], ident: str, selector: str) -> set[str]:
    """The values that a node has for a selector."""
    if selector in ("", "id", "_id"):
        return {ident} - {""}
    if selector == "referenced_by":
        return {f"{one['type']}/{one['id']}" for one in fields.get("referenced_by", [])}
    value = fields.get(selector, [])
    return {"true" if value else "false"} if isinstance(value, bool) else {value} if value == str(value) else set(value)


def naive(fields: dict[str, dict[str, Any]], rules: list[Rule], verb: str, ident: str) -> bool:
    """The same, rule by rule, from the node up to the root."""
    way = [ident]
    while PARENTS[way[-1]]:
        way.append(PARENTS[way[-1]])
    for rule in rules:
        if rule.type not in ("io.cozy.files", "io.cozy.files.*", "*") or verb not in rule.verbs:
            continue
        if not rule.values and not rule.selector:
            return True
        for place, here in enumerate(way):
            if (place == 0 or rule.selector != "class") and said(fields[here], here, rule.selector) & rule.values:
                return True
    return False


@given(TREES, st.lists(RULES, max_size=3), st.sampled_from(["GET", "PATCH", "DELETE"]), st.sampled_from(IDS))
def test_rules_reach_down_the_tree_and_nowhere_else(
    fields: dict[str, dict[str, Any]], rules: list[Rule], verb: str, ident: str
) -> None:
    assert Tree(fields, rules).lets(verb, ident) == naive(fields, rules, verb, ident)
