"""`alcove remote`: which requests to other servers apps may have made."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from alcove.base.config import read_settings
from alcove.cli.named import Named
from alcove.cli.running import running


@click.group(cls=Named, aliases={"list": "ls", "remove": "rm"})
def remote() -> None:
    """Say what apps may ask of other servers; without a definition they ask nothing."""


@remote.command()
@click.argument("doctype")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--secret", "names", multiple=True, metavar="NAME", help="A secret, asked for; {{secret_NAME}} in FILE.")
def define(doctype: str, file: str, names: tuple[str, ...]) -> None:
    """Define the request of DOCTYPE: FILE holds its verb and address, its headers, and its body; - reads it."""
    text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    secrets: dict[str, str | None] = {name: click.prompt(name, hide_input=True) for name in names}
    with running(read_settings()) as server:
        server.operator.define_remote(doctype, text, secrets)
    click.echo(f"Apps with the permission on {doctype} may have it asked")


@remote.command()
@click.argument("doctype")
def rm(doctype: str) -> None:
    """Forget the request of DOCTYPE, with its secrets."""
    with running(read_settings()) as server:
        server.operator.drop_remote(doctype)
    click.echo(f"Nothing is asked for {doctype} any more")


@remote.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def ls(*, as_json: bool) -> None:
    """List what may be asked: the doctype, the first line of its request, and the names of its secrets."""
    with running(read_settings()) as server:
        found = server.operator.remote_requests()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        click.echo("  ".join([one["doctype"], one["request"].split("\n")[0], *one["secrets"]]))
