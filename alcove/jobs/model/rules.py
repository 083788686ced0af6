"""Which changes fire an `@event` trigger: `doctype[:VERBS][:values][:selector]`, several apart by spaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

VERBS = frozenset({"CREATED", "UPDATED", "DELETED"})
CHANGED = "!="
"""The value that stands for: the field is not what it was."""
_MISSING = object()


class BadRule(ValueError):
    """The text is no rule of events."""


@dataclass(frozen=True, slots=True)
class EventRule:
    """One rule. Without values every document of the type matches; without a selector the values are ids."""

    type: str
    verbs: frozenset[str] = VERBS
    values: tuple[str, ...] = ()
    selector: str = ""

    def covers(self, event: str, doctype: str) -> bool:
        """Whether the rule speaks of this event on this doctype."""
        return doctype == self.type and event in self.verbs

    def matches(self, doc_id: str, fields: Mapping[str, Any], old: Mapping[str, Any] | None) -> bool:
        """Whether a document of the type is meant. `old` is what it was, None when that is not known or was nothing."""
        if not self.values:
            return True
        if not self.selector:
            return doc_id in self.values
        now = _at(fields, self.selector)
        if CHANGED in self.values:
            was = _at(old, self.selector) if old is not None else _MISSING
            return bool(now != was)
        return any(_text(item) in self.values for item in (now if isinstance(now, list) else [now]))


def read_rules(arguments: str) -> list[EventRule]:
    """The rules of an `@event` trigger; raises `BadRule`."""
    rules = [_rule(text) for text in arguments.split()]
    if not rules:
        raise BadRule("an @event trigger needs a doctype")
    return rules


def _rule(text: str) -> EventRule:
    parts = text.split(":", 3)
    doctype, verbs, values, selector = [*parts, "", "", ""][:4]
    chosen = frozenset(filter(None, verbs.upper().split(",")))
    if not doctype or not chosen <= VERBS:
        raise BadRule(text)
    return EventRule(doctype, chosen or VERBS, tuple(filter(None, values.split(","))), selector)


def _at(fields: Mapping[str, Any], path: str) -> Any:
    value: Any = fields
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return _MISSING
        value = value[name]
    return value


def _text(item: Any) -> str:
    """A value as a rule writes it; a reference is `type/id`."""
    if isinstance(item, dict) and isinstance(item.get("type"), str) and isinstance(item.get("id"), str):
        return f"{item['type']}/{item['id']}"
    if isinstance(item, bool):
        return "true" if item else "false"
    return item if isinstance(item, str) else str(item)
