"""`alcove setting`: what a person's instance says of itself to its apps."""

from __future__ import annotations

import json

import click

from alcove.base.config import read_settings
from alcove.cli.running import pick, running

SCOPE = "io.cozy.settings"


@click.command()
@click.argument("domain")
@click.argument("changes", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def setting(domain: str, changes: tuple[str, ...], *, as_json: bool) -> None:
    """Show the settings of an instance, or change some: `alcove setting me.localhost tz=Europe/Paris`.

    VALUE is JSON, or a text; NAME= alone takes a setting away. (`alcove settings` shows those of the server.)
    """
    told = dict(_change(change) for change in changes)
    with running(read_settings()) as server:
        place = server.place(pick(server, domain), SCOPE)
        data = place.ask("GET", "/settings/instance")["data"]
        if told:
            attributes = {name: value for name, value in {**data["attributes"], **told}.items() if value is not None}
            body = {"data": {**data, "attributes": attributes}}
            data = place.ask("PUT", "/settings/instance", json=body)["data"]
    if as_json:
        click.echo(json.dumps(data["attributes"], ensure_ascii=False))
        return
    for name, value in sorted(data["attributes"].items()):
        click.echo(f"{name} = {json.dumps(value, ensure_ascii=False)}")


def _change(said: str) -> tuple[str, object]:
    name, sign, value = said.partition("=")
    if not sign or not name:
        raise click.UsageError(f"{said!r}: write it as NAME=VALUE, such as tz=Europe/Paris")
    if not value:
        return name, None
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
