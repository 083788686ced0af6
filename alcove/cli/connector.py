"""`alcove connector`: which an instance has, and which are out of service for a while, on the whole server."""

from __future__ import annotations

import json

import click

from alcove.base.config import read_settings
from alcove.cli.installing import add_commands
from alcove.cli.named import Named
from alcove.cli.running import running


@click.group(cls=Named, aliases={"list": "ls", "remove": "rm", "uninstall": "rm"})
def connector() -> None:
    """Install, update and remove connectors; take them out of service while something is wrong."""


konnector = connector
"""As Cozy calls them."""
add_commands(connector, "konnectors")


@connector.command("close")
@click.argument("slug")
@click.option("--not-by-hand", is_flag=True, help="People cannot start it either.")
def close(slug: str, *, not_by_hand: bool) -> None:
    """Leave out the runs of the connector SLUG, for everybody; what people have set up stays."""
    with running(read_settings()) as server:
        server.operator.close_connector(slug, {"flag_disallow_manual_exec": not_by_hand})
    click.echo(f"{slug} is out of service; `alcove connector open {slug}` ends that")


@connector.command("open")
@click.argument("slug")
def open_again(slug: str) -> None:
    """Let the connector SLUG run again."""
    with running(read_settings()) as server:
        server.operator.open_connector(slug)
    click.echo(f"{slug} runs again")


@connector.command("closed")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def closed(*, as_json: bool) -> None:
    """List the connectors that are out of service."""
    with running(read_settings()) as server:
        found = server.operator.closed_connectors()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        by_hand = one["maintenance_options"].get("flag_disallow_manual_exec") is True
        click.echo(f"{one['slug']}{'  (not by hand either)' if by_hand else ''}")
