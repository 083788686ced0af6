"""What rules match, against an evaluator that reads their JSON in the plainest way; and what lies within what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.base.errors import Forbidden
from alcove.identity.model import VERBS, Who, WrongScope, read_scope, read_set
from alcove.identity.permissions.rules import added, all_within, shown, tidy, within

Said = dict[str, Any]

KINDS = ["io.cozy.bank", "io.cozy.bank.accounts", "io.cozy.bank.accounts.old", "io.cozy.bankers", "io.cozy.bills"]
TYPES = [*KINDS, "io.cozy.bank.*", "io.cozy.bank.accounts.*", "*"]
VALUES = ["a", "b", "true", "1", ""]
SELECTORS = ["kind", "place.kind", "_id", "tags"]
SIMPLE = st.one_of(st.sampled_from([*VALUES, "c"]), st.booleans(), st.integers(0, 2), st.none(), st.just(1.0))
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "kind": SIMPLE,
        "tags": st.lists(SIMPLE, max_size=2),
        "place": st.one_of(SIMPLE, st.fixed_dictionaries({"kind": SIMPLE})),
        "_id": st.sampled_from(VALUES),
    },
)
RULES = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES)},
    optional={
        "verbs": st.lists(st.sampled_from([*sorted(VERBS), "ALL", "get"]), max_size=3, unique=True),
        "values": st.lists(st.sampled_from(VALUES), max_size=2, unique=True),
        "selector": st.sampled_from(["", *SELECTORS]),
        "description": st.just("why"),
    },
)
SETS = st.dictionaries(st.sampled_from(["x", "y", "z"]), RULES, max_size=3)
ASKED = st.tuples(st.sampled_from(sorted(VERBS)), st.sampled_from(KINDS))
IDS = st.sampled_from([*VALUES, "c"])


def naive_type(rule: Said, verb: str, doctype: str) -> bool:
    """Whether a rule speaks of a verb and a doctype: by listing what it stands for."""
    verbs = [said.upper() for said in rule.get("verbs", [])] or ["ALL"]
    kinds = KINDS if rule["type"] == "*" else [rule["type"]]
    if rule["type"].endswith(".*"):
        family = rule["type"].split(".")[:-1]
        kinds = [kind for kind in KINDS if kind.split(".")[: len(family)] == family]
    return doctype in kinds and (verb in verbs or "ALL" in verbs)


def naive(rules: Said, verb: str, doctype: str, ident: str, document: Said) -> bool:
    """Whether a set allows this with this document."""
    for rule in rules.values():
        if not naive_type(rule, verb, doctype):
            continue
        values, selector = rule.get("values", []), rule.get("selector", "")
        if not values and not selector:
            return True
        found: list[Any]
        if selector in ("", "_id"):
            found = [ident] if ident else []
        else:
            node: Any = document
            for part in selector.split("."):
                node = node.get(part) if isinstance(node, dict) else None
            found = node if isinstance(node, list) else [node]
        names = [{True: "true", False: "false"}[one] if isinstance(one, bool) else one for one in found]
        if any(str(one) in values for one in names if isinstance(one, str | int)):
            return True
    return False


def caller(rules: Said) -> Who:
    return Who("app", "mini", "", read_set(rules))


def allows(who: Who, verb: str, doctype: str, ident: str, document: Said) -> bool:
    try:
        who.allow(verb, doctype, ident, document)
    except Forbidden:
        return False
    return True


@given(SETS, ASKED, IDS, DOCUMENTS)
def test_rules_match_what_they_say(rules: Said, asked: tuple[str, str], ident: str, document: Said) -> None:
    assert allows(caller(rules), *asked, ident, document) == naive(rules, *asked, ident, document)


@given(SETS, ASKED)
def test_a_whole_type_is_opened_by_rules_without_values_alone(rules: Said, asked: tuple[str, str]) -> None:
    whole = any(naive_type(r, *asked) for r in rules.values() if not r.get("values") and not r.get("selector"))
    try:
        caller(rules).allow_type(*asked)
    except Forbidden:
        assert not whole
    else:
        assert whole


@given(RULES, SETS, ASKED, IDS, DOCUMENTS)
def test_what_lies_within_a_set_opens_nothing_else(
    rule: Said, rules: Said, asked: tuple[str, str], ident: str, document: Said
) -> None:
    inner = read_set({"r": rule})
    if within(inner[0], read_set(rules)):
        assert allows(caller({"r": rule}), *asked, ident, document) <= allows(caller(rules), *asked, ident, document)
    assert all(within(own, read_set({"r": rule})) for own in inner if own.whole or own.values)
    assert not all_within([], read_set(rules))


@given(SETS, SETS, ASKED, IDS, DOCUMENTS)
def test_adding_rules_gives_what_both_sets_give(
    rules: Said, more: Said, asked: tuple[str, str], ident: str, document: Said
) -> None:
    both = allows(caller(rules), *asked, ident, document) or allows(caller(more), *asked, ident, document)
    assert allows(caller(added(rules, more)), *asked, ident, document) == both
    assert list(added(rules, more))[: len(rules)] == list(rules)


@given(SETS, ASKED, IDS, DOCUMENTS)
def test_a_set_means_the_same_when_it_is_written_out(
    rules: Said, asked: tuple[str, str], ident: str, document: Said
) -> None:
    said = allows(caller(rules), *asked, ident, document)
    assert allows(caller(tidy(rules)), *asked, ident, document) == said
    assert allows(caller(shown(read_set(rules))), *asked, ident, document) == said


@pytest.mark.parametrize(
    "said",
    [{"type": "io.cozy.bills", "values": value} for value in ("a", 1, {}, {"a": 1}, [1], [None], [["a"]], True)]
    + [{"type": "io.cozy.bills", "verbs": value} for value in ("GET", {"GET": 1}, [1], [""], 7)]
    + [
        {"type": value}
        for value in (1, None, "", "io.cozy.bills\n", "Io.Cozy", "io.*", "**", "io.cozy.bills.**", ["*"])
    ]
    + [{"type": "io.cozy.bills", "selector": ["a"], "values": ["a"]}, ["io.cozy.bills"], "io.cozy.bills", None],
)
def test_nothing_that_is_no_rule_is_read_as_one(said: Any) -> None:
    with pytest.raises(WrongScope):
        read_set({"r": said})


@pytest.mark.parametrize("scope", ["io.cozy.bills:GET:", "io.cozy.bills:GET::kind", "io.cozy.bills::"])
def test_values_that_are_left_empty_open_nothing(scope: str) -> None:
    who = Who("access", "client", "", read_scope(scope))
    for ident in ("", "a"):
        assert not allows(who, "GET", "io.cozy.bills", ident, {"kind": "a"})
    with pytest.raises(Forbidden):
        who.allow_type("GET", "io.cozy.bills")
