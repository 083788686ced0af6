"""Scopes and what they allow (contract-a section 4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.base.errors import Forbidden
from alcove.identity.model import VERBS, Who, WrongScope, read_scope, read_set


def who(scope: str) -> Who:
    return Who("cli", "CLI", "", read_scope(scope))


def allowed(caller: Who, verb: str, doctype: str, doc_id: str = "", fields: dict[str, object] | None = None) -> bool:
    try:
        if doc_id:
            caller.allow(verb, doctype, doc_id, fields)
        else:
            caller.allow_type(verb, doctype)
    except Forbidden:
        return False
    return True


def test_verbs_ids_and_fields_limit_a_rule() -> None:
    reader = who("io.cozy.contacts:GET")
    assert allowed(reader, "GET", "io.cozy.contacts")
    assert not allowed(reader, "POST", "io.cozy.contacts")
    one = who("io.cozy.contacts:GET:the-one")
    assert allowed(one, "GET", "io.cozy.contacts", "the-one")
    assert not allowed(one, "GET", "io.cozy.contacts", "other")
    assert not allowed(one, "GET", "io.cozy.contacts")
    home = who("io.cozy.contacts:ALL:home:place.kind")
    assert allowed(home, "PUT", "io.cozy.contacts", "x", {"place": {"kind": "home"}})
    assert allowed(home, "PUT", "io.cozy.contacts", "x", {"place": {"kind": ["work", "home"]}})
    assert not allowed(home, "PUT", "io.cozy.contacts", "x", {"place": "home"})
    assert not allowed(home, "PUT", "io.cozy.contacts", "x")


def test_a_wildcard_covers_a_family_and_no_neighbour() -> None:
    family = who("io.cozy.bank.*")
    assert allowed(family, "GET", "io.cozy.bank")
    assert allowed(family, "GET", "io.cozy.bank.accounts")
    assert not allowed(family, "GET", "io.cozy.bankaccounts")


@pytest.mark.parametrize("scope", ["Io.Cozy", "io.*", "io.cozy.files:EAT", "a/b", "io.cozy.x:GET,:"])
def test_an_unreadable_scope_is_refused(scope: str) -> None:
    with pytest.raises(WrongScope):
        read_scope(scope)


@pytest.mark.parametrize("said", [{"a": 1}, {"a": {}}, {"a": {"type": 3}}, {"a": {"type": "x.y", "verbs": ["EAT"]}}])
def test_an_unreadable_set_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(WrongScope):
        read_set(said)


TYPES = st.sampled_from(["io.cozy.files", "io.cozy.bills", "io.cozy.bank.accounts"])
RULES = st.builds(
    lambda kind, verbs, values: f"{kind}:{','.join(sorted(verbs)) or 'ALL'}{':' + ','.join(values) if values else ''}",
    TYPES,
    st.sets(st.sampled_from(sorted(VERBS))),
    st.lists(st.sampled_from(["a", "b"]), unique=True),
)


@given(st.lists(RULES, max_size=4), RULES, st.sampled_from(sorted(VERBS)), TYPES, st.sampled_from(["a", "b", "c"]))
def test_more_rules_never_allow_less(rules: list[str], more: str, verb: str, kind: str, doc_id: str) -> None:
    few, many = who(" ".join(rules)), who(" ".join([*rules, more]))
    assert allowed(many, verb, kind, doc_id) >= allowed(few, verb, kind, doc_id)
    assert allowed(many, verb, kind, doc_id) >= allowed(many, verb, kind)
