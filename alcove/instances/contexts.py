"""Contexts: what the settings of the server say of a group of instances (contract-a section 17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.instances.model import Instance

DEFAULT = "default"
"""The context of instances whose own is not among the settings."""


class Contexts:
    """The contexts of this server by name. What a context says is told to every app: it holds no secret."""

    def __init__(self, said: Mapping[str, Mapping[str, Any]]) -> None:
        self._said = said

    def names(self) -> list[str]:
        """All that were set, by name."""
        return sorted(self._said)

    def get(self, name: str) -> Mapping[str, Any]:
        """What a context says; without one of that name, what the context `default` says, or nothing."""
        named = self._said.get(name)
        return self._said.get(DEFAULT, {}) if named is None else named

    def of(self, instance: Instance) -> Mapping[str, Any]:
        """What the context of an instance says."""
        return self.get(str(instance.fields.get("context") or ""))

    def manager_page(self, instance: Instance, page: str) -> str:
        """A page about the instance at the manager that `manager_url` of its context names; empty without one."""
        manager, uuid = self.of(instance).get("manager_url"), str(instance.fields.get("uuid") or "")
        if not isinstance(manager, str) or not manager or not uuid:
            return ""
        return f"{manager.rstrip('/')}/cozy/instances/{quote(uuid, safe='')}/{page}"
