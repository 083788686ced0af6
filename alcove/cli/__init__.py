"""The `alcove` command: everything but starting the server goes over HTTP, like any other client."""

from __future__ import annotations

import importlib
import sys

import click

from alcove.base.config import WrongSetting

COMMANDS = {
    "up": "serve",
    "serve": "serve",
    "settings": "serve",
    "move-store": "serve",
    "finish-upgrade": "serve",
    "fsck": "upkeep",
    "scrub": "upkeep",
    "rescue": "rescue",
    "adopt": "adopt",
    "gather": "gather",
    "money": "money",
    "sample": "sample",
    "instance": "instance",
    "setting": "setting",
    "flags": "flags",
    "token": "tokens",
    "client": "tokens",
    "app": "app",
    "connector": "connector",
    "konnector": "connector",
    "account-type": "account_type",
    "remote": "remote",
}
"""Each command and the file it is in: only that file is loaded, so that a server on a small machine starts fast."""


class Commands(click.Group):
    """The commands, each loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order that a new user needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(
            importlib.import_module(f"alcove.cli.{COMMANDS[cmd_name]}"), cmd_name.replace("-", "_")
        )
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="alcove")
def alcove() -> None:
    """A personal cloud: one place per person, fed by connectors, sending nothing without consent."""


def main() -> None:
    """Runs the command; what a person can mend is told in one line, without a traceback."""
    try:
        alcove(prog_name="alcove")
    except WrongSetting as error:
        click.echo(f"alcove: {error}", err=True)
        sys.exit(1)
