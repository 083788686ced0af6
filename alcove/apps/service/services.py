"""What apps do in the background: a trigger for each of their services, made and removed with them (contract-a 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alcove.apps.errors import ManifestRefused
from alcove.base.errors import Refusal
from alcove.jobs import Trigger, Triggers, add_trigger, drop_trigger

if TYPE_CHECKING:
    from alcove.documents import Tx

SERVICE = "service"
"""The worker that runs services."""
BY_CALL = "@at 2000-01-01T00:00:00.000Z"
"""How a manifest says that a service runs only when somebody asks: a time that has passed."""
MOST = 50
"""Services of an app at the most."""
_SAME = ("type", "file", "trigger", "debounce")
"""Members of a service that its trigger is made of: one that changes makes another trigger."""


@dataclass(frozen=True, slots=True)
class Hung:
    """The triggers that hang on a version of an app: what shall be made, what stays, what goes."""

    new: Mapping[str, Trigger] = field(default_factory=dict)
    """By the name of the service."""
    kept: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    @property
    def changes(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.new or self.gone)

    async def weave(self, tx: Tx, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Makes and removes them in the unit of work that writes the app; gives its fields, which name them."""
        for ident in sorted(self.gone):
            await drop_trigger(tx, ident)
        made = {name: (await add_trigger(tx, trigger)).id for name, trigger in self.new.items()}
        known = {**self.kept, **made}
        services = fields.get("services") or {}
        named = {name: {**told, "trigger_id": known[name]} for name, told in services.items() if name in known}
        return {**fields, "services": {**services, **named}} if named else dict(fields)


class Services:
    """Finds out which triggers a version of an app needs."""

    def __init__(self, triggers: Triggers) -> None:
        self._triggers = triggers

    def hung(self, tenant: str, slug: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Hung:
        """What changes from a version to another; raises `ManifestRefused` for a time that cannot be understood."""
        were, wanted = _services(old), _services(new)
        if len(wanted) > MOST:
            raise ManifestRefused(f"it has {len(wanted)} services, and {MOST} are the most")
        had = {name: str(told["trigger_id"]) for name, told in were.items() if told.get("trigger_id")}
        kept = {name: ident for name, ident in had.items() if _same(were[name], wanted.get(name, {}))}
        fresh = {name: told for name, told in wanted.items() if name not in kept and _by_itself(told)}
        made = {name: self._drafted(tenant, slug, name, told) for name, told in fresh.items()}
        return Hung(made, kept, frozenset(had.values()) - frozenset(kept.values()))

    async def known(self, tenant: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of an app without the triggers that are gone: somebody removed them, or they were never made."""
        services = _services(fields)
        there = {trigger.id for trigger in await self._triggers.list(tenant, frozenset((SERVICE,)), frozenset())}
        kept = {name: {**told, "trigger_id": told.get("trigger_id")} for name, told in services.items()}
        for told in kept.values():
            if told["trigger_id"] not in there:
                del told["trigger_id"]
        return {**fields, "services": kept} if services else dict(fields)

    def _drafted(self, tenant: str, slug: str, name: str, told: Mapping[str, Any]) -> Trigger:
        kind, _, arguments = str(told["trigger"]).partition(" ")
        said = {"type": kind, "worker": SERVICE, "arguments": arguments.strip(), "debounce": told.get("debounce")}
        try:
            return self._triggers.drafted(tenant, {**said, "message": {"slug": slug, "name": name}}, by=slug)
        except Refusal as refusal:
            raise ManifestRefused(f"its service {name[:40]!r} cannot be started: {refusal}") from None


def _services(fields: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found = fields.get("services")
    return dict(found) if isinstance(found, Mapping) else {}


def _by_itself(told: Mapping[str, Any]) -> bool:
    return bool(told.get("trigger")) and told["trigger"] != BY_CALL


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return all(old.get(name) == new.get(name) for name in _SAME)
