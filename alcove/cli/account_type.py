"""`alcove account-type`: the providers that people's accounts come from by OAuth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from alcove.base.config import read_settings
from alcove.cli.named import Named
from alcove.cli.running import running

if TYPE_CHECKING:
    from typing import TextIO


@click.group(cls=Named, aliases={"list": "ls", "remove": "rm"})
def account_type() -> None:
    """Say which providers grant access to connectors, and how this server is known to them."""


@account_type.command()
@click.argument("name")
@click.argument("file", type=click.File())
@click.option("--client-secret", is_flag=True, help="Ask for the secret that the provider knows this server by.")
def define(name: str, file: TextIO, *, client_secret: bool) -> None:
    """Define the type of accounts NAME, or CONTEXT/NAME: FILE is JSON with auth_endpoint, client_id...; - reads it."""
    try:
        members: dict[str, Any] = json.load(file)
    except ValueError as error:
        raise click.ClickException(f"{file.name} is not JSON: {error}") from None
    if client_secret:
        members = {**members, "client_secret": click.prompt("client_secret", hide_input=True)}
    with running(read_settings()) as server:
        server.operator.define_account_type(name, members)
    click.echo(f"Accounts of the type {name} can be connected")


@account_type.command()
@click.argument("name")
def rm(name: str) -> None:
    """Forget the type of accounts NAME, with its secrets; accounts that are there stay."""
    with running(read_settings()) as server:
        server.operator.drop_account_type(name)
    click.echo(f"No more accounts of the type {name} can be connected")


@account_type.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def ls(*, as_json: bool) -> None:
    """List the types of accounts, with where people are led to."""
    with running(read_settings()) as server:
        found = server.operator.account_types()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        click.echo("  ".join([one["type"], str(one.get("grant_mode") or "-"), str(one.get("auth_endpoint") or "-")]))
