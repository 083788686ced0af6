"""A group whose commands have other names too, and may lie in other files, loaded when they are asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Named(click.Group):
    """Commands by name. `aliases` leads from other names to theirs; `more` tells which are in which module."""

    def __init__(
        self,
        *args: Any,
        aliases: Mapping[str, str] | None = None,
        more: Mapping[str, Sequence[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._aliases = aliases or {}
        self._more = {name: module for module, names in (more or {}).items() for name in names}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, those of other files last."""
        return [*self.commands, *self._more]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or of the one that it stands for."""
        name = self._aliases.get(cmd_name, cmd_name)
        if name in self._more:
            command: click.Command = getattr(importlib.import_module(self._more[name]), name.replace("-", "_"))
            return command
        return super().get_command(ctx, name)
