"""`alcove app`: which web apps an instance has, and from where."""

from __future__ import annotations

import click

from alcove.cli.installing import add_commands
from alcove.cli.named import Named


@click.group(cls=Named, aliases={"list": "ls", "remove": "rm", "uninstall": "rm"})
def app() -> None:
    """Install, update and remove web apps."""


add_commands(app, "apps")
