"""Sets of rules as they are written in JSON, and whether one lies within another (contract-a section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.identity.model import VERBS, read_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alcove.base.http import Rule

ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")
_MEMBERS = ("type", "verbs", "selector", "values", "description")


def shown(rules: Iterable[Rule]) -> dict[str, dict[str, Any]]:
    """Rules as JSON, by title; those without one are called `rule0`, `rule1` after their places."""
    said = {}
    for place, rule in enumerate(rules):
        told: dict[str, Any] = {"type": rule.type}
        if rule.verbs != VERBS:
            told["verbs"] = [verb for verb in ORDER if verb in rule.verbs]
        if rule.selector:
            told["selector"] = rule.selector
        if rule.values:
            told["values"] = sorted(rule.values)
        if rule.description:
            told["description"] = rule.description
        said[rule.title or f"rule{place}"] = told
    return said


def tidy(permissions: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The set as somebody wrote it, without members that mean nothing; raises `WrongScope`."""
    told = {}
    for rule in read_set(permissions):
        said = permissions[rule.title]
        names = [name for name in _MEMBERS if said.get(name) and (name != "verbs" or rule.verbs != VERBS)]
        told[rule.title] = {name: said[name] for name in names}
    return told


def verbs_shown(verbs: Iterable[str]) -> list[str]:
    """Verbs as answers name them: in the contract's order, `ALL` for all of them."""
    known = set(verbs)
    return ["ALL"] if known >= VERBS else [verb for verb in ORDER if verb in known]


def within(rule: Rule, rules: Iterable[Rule]) -> bool:
    """Whether one of the rules allows everything that this one does."""
    return any(_contains(own, rule) for own in rules)


def all_within(asked: Sequence[Rule], rules: Sequence[Rule]) -> bool:
    """Whether each rule lies within the others; a set that says nothing lies within none."""
    return bool(asked) and all(within(rule, rules) for rule in asked)


def _contains(own: Rule, other: Rule) -> bool:
    if not _family_of(own.type, other.type) or not own.verbs >= other.verbs:
        return False
    if own.whole:
        return True
    same = own.selector == other.selector or {own.selector, other.selector} == {"", "_id"}
    return same and bool(other.values) and own.values >= other.values


def _family_of(own: str, other: str) -> bool:
    """Whether a type of a rule, perhaps a wildcard, covers all that another one does."""
    if own in ("*", other):
        return True
    return own.endswith(".*") and f"{other.removesuffix('.*')}.".startswith(own[:-1])


def added(permissions: Mapping[str, Mapping[str, Any]], more: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A set with more rules, of which none takes the place of another.

    A rule that differs from that of its title by its values alone adds them to it: a connector gets one folder after
    the other under the same title. Any other is put beside it, under a title of its own.
    """
    result = {title: dict(rule) for title, rule in permissions.items()}
    for title, rule in more.items():
        name, number = title, 2
        while name in result and not _alike(result[name], rule):
            name, number = f"{title}-{number}", number + 1
        if name in result:
            result[name]["values"] = [*dict.fromkeys([*result[name].get("values", ()), *rule.get("values", ())])]
            if not result[name]["values"]:
                del result[name]["values"]
        else:
            result[name] = dict(rule)
    return result


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two rules differ by their values alone, and both have some or both none."""
    if bool(one.get("values")) != bool(other.get("values")):
        return False
    first, second = read_set({"": one})[0], read_set({"": other})[0]
    return (first.type, first.verbs, first.selector) == (second.type, second.verbs, second.selector)
