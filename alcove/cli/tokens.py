"""`alcove token` and `alcove client`: ways into an instance, for scripts and for programs of people."""

from __future__ import annotations

import json

import click

from alcove.base.config import read_settings
from alcove.cli.running import pick, running

_expire = click.option("--expire", default="", help="How long it is good: 30m, 48h.")
_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


class Tokens(click.Group):
    """The kinds of token. Without a kind, `alcove token DOMAIN SCOPE` makes one of the command line."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first word; when it is none, that is a domain."""
        known = self.get_command(ctx, args[0]) is not None or args[0].startswith("-")
        return super().resolve_command(ctx, args if known else ["cli", *args])


@click.group(cls=Tokens)
def token() -> None:
    """Print a token for an instance: alone on its line, as scripts want it."""


@token.command("cli")
@click.argument("domain")
@click.argument("scope", default="")
@click.option("--audience", default="cli", type=click.Choice(["cli", "app", "konn"]), hidden=True)
@click.option("--subject", default="CLI", hidden=True)
@_expire
@_json
def of_command_line(domain: str, scope: str, audience: str, subject: str, expire: str, *, as_json: bool) -> None:
    """For scripts: SCOPE is like "io.cozy.files:GET io.cozy.bills", or * for everything."""
    _print(domain, audience, subject, scope, expire, as_json=as_json)


@token.command("app")
@click.argument("domain")
@click.argument("slug")
@_expire
@_json
def of_app(domain: str, slug: str, expire: str, *, as_json: bool) -> None:
    """As the app SLUG has it, with the permissions of the app."""
    _print(domain, "app", slug, "", expire, as_json=as_json)


@token.command("connector")
@click.argument("domain")
@click.argument("slug")
@_expire
@_json
def of_connector(domain: str, slug: str, expire: str, *, as_json: bool) -> None:
    """As the connector SLUG has it, with its permissions."""
    _print(domain, "konn", slug, "", expire, as_json=as_json)


@token.command("oauth")
@click.argument("domain")
@click.argument("client_id")
@click.argument("scope")
@click.option("--refresh", is_flag=True, help="The token that fetches others, instead.")
@_expire
@_json
def of_client(domain: str, client_id: str, scope: str, expire: str, *, refresh: bool, as_json: bool) -> None:
    """For a client that `alcove client add` has made, which is let in by this."""
    _print(domain, "refresh-token" if refresh else "access-token", client_id, scope, expire, as_json=as_json)


def _print(domain: str, audience: str, subject: str, scope: str, expire: str, *, as_json: bool) -> None:
    with running(read_settings()) as server:
        made = server.operator.token(pick(server, domain), audience, subject, scope, expire)
    click.echo(json.dumps({"token": made}) if as_json else made)


@click.group()
def client() -> None:
    """Make, find and remove programs that a person connects to an instance."""


@client.command("add")
@click.argument("domain")
@click.argument("redirect_uri")
@click.argument("name")
@click.argument("software_id")
@_json
def add(domain: str, redirect_uri: str, name: str, software_id: str, *, as_json: bool) -> None:
    """Make a client that nobody needs to let in, and print its id; with --json, all of it with its secrets."""
    with running(read_settings()) as server:
        made = server.operator.add_client(pick(server, domain), redirect_uri, name, software_id)
    click.echo(json.dumps(made, ensure_ascii=False) if as_json else made["client_id"])


@client.command("find")
@click.argument("domain")
@click.argument("software_id")
@_json
def find(domain: str, software_id: str, *, as_json: bool) -> None:
    """Print the id of the client that says it is the program SOFTWARE_ID."""
    with running(read_settings()) as server:
        found = server.operator.find_client(pick(server, domain), software_id)
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else found["client_id"])


@client.command("remove")
@click.argument("domain")
@click.option("--kind", default="", help="Only those of a kind: desktop, mobile, browser...")
@click.option("--force", is_flag=True, help="Do not ask.")
def remove(domain: str, kind: str, *, force: bool) -> None:
    """Remove the clients of an instance: each of them must be connected again."""
    with running(read_settings()) as server:
        named = pick(server, domain)
        if not force:
            click.confirm(f"Remove {kind or 'all'} clients of {named}? Each must be connected again.", abort=True)
        gone = server.operator.remove_clients(named, kind)
    click.echo(f"Removed {gone} clients")
