"""Scopes, permission sets, and the caller that they make (contract-a sections 2 and 4)."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from alcove.base.errors import Forbidden
from alcove.base.http import Rule, Tenant

if TYPE_CHECKING:
    from alcove.instances import Instance

VERBS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

LIFETIMES = {
    "app": 24 * 3600,
    "konn": 30 * 60,
    "cli": 30 * 60,
    "access": 7 * 24 * 3600,
    "refresh": math.inf,
    "registration": math.inf,
    "share": math.inf,
}
"""Seconds that a token is good for, by audience.

A link's code is good as long as its permission document says; what refreshes and changes a client, as long as it is.
"""
SERVICE_LIFETIME = 30 * 60
"""Seconds that an app's token without a session is good for."""

MAKERS = frozenset({"app", "konn", "access", "cli"})
"""The audiences of callers that may make links, and give others of what they have."""

Grant = Callable[[Tenant, str], Awaitable[Mapping[str, Any] | None]]
"""Finds the permission set of an app or a connector by its slug; None when it is not installed."""


class Offers(Protocol):
    """Apps that are not installed, and can be: what a client that speaks for one asks for is known before."""

    async def offered(self, instance: Instance, slug: str) -> Mapping[str, Any] | None:
        """The permission set of an app, as its source has it; None when it cannot be had."""
        ...

    async def install(self, instance: Instance, slug: str) -> None:
        """Installs an app; does nothing when it is there. Raises a `Refusal` that says why it cannot be."""
        ...


_TYPE = re.compile(r"[a-z0-9][a-z0-9._]*(\.\*)?|\*")


class WrongScope(ValueError):
    """A scope or a permission set that cannot be read. The message names the part."""


def read_scope(scope: str) -> list[Rule]:
    """The rules of a scope string: `type[:VERBS[:values[:selector]]]`, joined by spaces; raises `WrongScope`.

    >>> read_scope("io.cozy.files:GET:id1,id2")[0].values == {"id1", "id2"}
    True
    """
    rules = []
    for part in scope.split():
        kind, verbs, values, selector = [*part.split(":", 3), *[None] * 3][:4]
        # A part that is there and empty is a value that nothing has: only one that is left out opens the whole type.
        said = values.split(",") if values is not None else []
        rules.append(_rule(str(kind), verbs.split(",") if verbs else [], said, selector or ""))
    return rules


def read_set(permissions: Mapping[str, Any]) -> list[Rule]:
    """The rules of a manifest's permission set, a mapping title -> rule; raises `WrongScope`."""
    rules = []
    for title, said in permissions.items():
        if not isinstance(said, dict) or not isinstance(said.get("type"), str):
            raise WrongScope(f"the permission {title!r} has no type")
        verbs, values = _texts(title, said, "verbs"), _texts(title, said, "values")
        selector, about = said.get("selector") or "", said.get("description") or ""
        if not isinstance(selector, str) or not isinstance(about, str):
            raise WrongScope(f"selector and description of the permission {title!r} must be texts")
        rules.append(_rule(said["type"], verbs, values, selector, title, about))
    return rules


def _texts(title: str, said: Mapping[str, Any], member: str) -> list[str]:
    """A list of texts in a rule. Anything else is refused: read as no value, it would open the whole type."""
    value = said.get(member)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise WrongScope(f"the {member} of the permission {title!r} must be a list of texts")
    return value


def _rule(
    kind: str, verbs: Sequence[str], values: Sequence[str], selector: str, title: str = "", about: str = ""
) -> Rule:
    if not _TYPE.fullmatch(kind) or (kind.endswith(".*") and kind.count(".") < 3):
        raise WrongScope(f"{kind!r} is not a doctype")
    upper = frozenset(verb.upper() for verb in verbs)
    if upper - VERBS - {"ALL"}:
        raise WrongScope(f"{', '.join(sorted(upper - VERBS))}: allowed verbs are {', '.join(sorted(VERBS))} and ALL")
    return Rule(kind, VERBS if not upper or "ALL" in upper else upper, frozenset(values), selector, title, about)


@dataclass(frozen=True, slots=True)
class Who:
    """A caller: the kind of its token, its name, and its rules."""

    audience: str
    subject: str
    source: str
    permissions: Sequence[Rule]
    session: str = ""
    device: Mapping[str, str] = field(default_factory=dict)
    """What is known of an OAuth client: `{id, kind, name, slug}`."""
    document: str = ""
    """The id of the permission document that a link's code stands in."""
    lock: str = ""
    """The hash of the password that must have been said before this caller is let in."""
    until: float = math.inf
    """When the permission itself ends, in seconds since 1970."""
    _found: dict[tuple[str, str], Sequence[Rule]] = field(default_factory=dict, repr=False, compare=False)

    def rules(self, verb: str, doctype: str) -> Sequence[Rule]:
        """The rules that cover this verb and doctype."""
        key = (verb, doctype)
        found = self._found.get(key)
        if found is None:
            found = [rule for rule in self.permissions if rule.covers(verb, doctype)]
            if len(self._found) < 1000:
                self._found[key] = found
        return found

    def allow_type(self, verb: str, doctype: str) -> None:
        """Raises `Forbidden` unless the whole doctype is allowed."""
        if not any(rule.whole for rule in self.rules(verb, doctype)):
            raise Forbidden

    def allow(self, verb: str, doctype: str, doc_id: str, fields: Mapping[str, Any] | None = None) -> None:
        """Raises `Forbidden` unless this document is allowed, by type, by id or by a field's value."""
        for rule in self.rules(verb, doctype):
            if rule.whole:
                return
            by_id = rule.selector in ("", "_id")
            if by_id and doc_id and doc_id in rule.values:
                return
            if not by_id and fields is not None and holds(fields, rule.selector, rule.values):
                return
        raise Forbidden


def holds(fields: Mapping[str, Any], selector: str, values: frozenset[str]) -> bool:
    """Whether the field at a dotted path has one of the values (or holds it, for a list)."""
    found: Any = fields
    for part in selector.split("."):
        if not isinstance(found, dict):
            return False
        found = found.get(part)
    return any(_said(item) in values for item in (found if isinstance(found, list) else [found]))


def _said(value: Any) -> str | None:
    """A value of a field as a rule names it: texts, whole numbers, `true` and `false`; None for all others."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else None


OWNER = Rule("*", VERBS, title="the person who lives here")
"""What a logged-in person may do through the pages of their own place."""
NEWCOMER = Rule("io.cozy.settings", frozenset({"GET"}), frozenset({"io.cozy.settings.instance"}))
"""What may do who holds the one-time secret of a new instance, until its passphrase is chosen."""
