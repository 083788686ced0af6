"""Starting the server: the only commands that reach into it."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import fields, replace

import click

from alcove.base.config import CHOICES, Settings, WrongSetting, read_settings
from alcove.base.logs import set_up
from alcove.cli.first import first_place


def _run(chosen: Settings, *, first: bool) -> None:
    # The server's libraries are only loaded to serve.
    from alcove.instances import Instances
    from alcove.server.run import FolderTaken, Server

    set_up(chosen.log_level, chosen.log_format)

    async def serve_until_stopped() -> None:
        server = Server(chosen)
        try:
            house = await server.start()
        except BaseException:
            await server.stop()
            raise
        if first:
            domain, secret = await first_place(house.need(Instances), server.settings.port, server.settings.locale)
            # While nobody has chosen a passphrase, with the secret that lets the first person do it.
            click.echo(f"Open {server.settings.scheme}://{domain}/{secret and f'?registerToken={secret}'}")
        else:
            click.echo(f"Alcove serves on http://{server.settings.host}:{server.settings.port}")
        sys.stdout.flush()
        await server.wait()

    try:
        if sys.platform != "win32":
            import uvloop

            uvloop.run(serve_until_stopped())
        else:
            asyncio.run(serve_until_stopped())
    except FolderTaken as error:
        raise WrongSetting(str(error)) from None


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="The port of the people's side (0: any free one).")
@click.option("--admin-port", type=click.IntRange(0, 65535), help="The port of the operator's side (0: any free one).")
@click.option("--role", type=click.Choice(CHOICES["role"]), help="What this process does, of several on one database.")
def serve(port: int | None, admin_port: int | None, role: str | None) -> None:
    """Serve the instances of the data folder until stopped."""
    chosen = read_settings({**os.environ, **({"ALCOVE_ROLE": role} if role else {})})
    chosen = replace(chosen, port=chosen.port if port is None else port)
    _run(replace(chosen, admin_port=chosen.admin_port if admin_port is None else admin_port), first=False)


@click.command()
def up() -> None:
    """Serve, with an instance at me.localhost made at the first start."""
    _run(read_settings(), first=True)


@click.command()
def settings() -> None:
    """Show the settings in force and what they mean (secrets hidden)."""
    chosen = read_settings()
    for entry in fields(Settings):
        value = getattr(chosen, entry.name)
        shown = "***" if entry.metadata["secret"] and value else str(value)
        click.echo(f"ALCOVE_{entry.name.upper()} = {shown}\n    {entry.metadata['about']}")


@click.command("move-store")
@click.argument("target")
@click.option("--instance", "domains", multiple=True, help="An instance to copy; all of them without it.")
def move_store(target: str, domains: tuple[str, ...]) -> None:
    """Copy instances to TARGET, a postgresql:// address, or `files` for the data folder.

    The server must be stopped. Each copy is compared with what it was made from, by every revision; the source stays
    as it is. Afterwards set ALCOVE_DATABASE to TARGET (or to nothing, for files) and start the server again.
    """
    from alcove.server.moving import move_store as move

    chosen = read_settings()
    there = read_settings({**os.environ, "ALCOVE_DATABASE": "" if target == "files" else target, "ALCOVE_ROLE": "all"})
    asyncio.run(move(chosen, there if target != "files" else replace(there, database=""), domains, click.echo))


@click.command("finish-upgrade")
def finish_upgrade() -> None:
    """Take away from the database what only older releases needed, when none of them runs any more."""
    from alcove.server.moving import finish_upgrade as finish

    asyncio.run(finish(read_settings()))
    click.echo("The tables are those of this release; older ones refuse to start now if they need what is gone")
