"""`alcove instance`: the operator's verbs on the records of instances."""

from __future__ import annotations

import base64
import json
from typing import Any

import click

from alcove.base.config import read_settings
from alcove.cli.named import Named
from alcove.cli.records import parameters, record_options
from alcove.cli.running import pick, running

LEAST = 8
"""Characters of a passphrase at least, as on the page of the first start."""
ALIASES = {"ls": "list", "rm": "destroy", "set-passphrase": "passphrase"}
"""Shorter and older names of commands."""
_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")
_passphrase = click.option(
    "--passphrase", prompt=True, hide_input=True, confirmation_prompt=True, envvar="ALCOVE_NEW_PASSPHRASE"
)


@click.group(
    cls=Named,
    aliases=ALIASES,
    more={"alcove.cli.care": ("block", "unblock", "fsck", "usage", "notify", "debug", "log-out")},
)
def instance() -> None:
    """Make, list, change, block, check and remove instances."""


@instance.command("add")
@click.argument("domain")
@click.option("--invite", is_flag=True, help="Ask for no passphrase: print the link by which the person chooses one.")
@click.option("--passphrase", envvar="ALCOVE_NEW_PASSPHRASE", help="Asked for when it is not given.")
@click.option("--app", "apps", multiple=True, help="An app of the registries to install; can be said again.")
@record_options
@_json
def add(
    domain: str, passphrase: str | None, *, invite: bool, apps: tuple[str, ...], as_json: bool, **said: Any
) -> None:
    """Make the instance DOMAIN (a host, with the port where it is not 80 or 443)."""
    if invite and passphrase:
        raise click.UsageError("--invite lets the person choose the passphrase: leave --passphrase out")
    if not invite and not passphrase:
        passphrase = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    told = parameters(said) | ({} if invite else {"Passphrase": str(passphrase)})
    told |= {"Apps": ",".join(apps)} if apps else {}
    settings = read_settings()
    with running(settings) as server:
        record = server.operator.create(domain, **told)
    link = ""
    if invite:
        secret = base64.b64decode(record["register_token"]).hex()
        link = f"{settings.scheme}://{record['domain']}/?registerToken={secret}"
    if as_json:
        click.echo(json.dumps(record, ensure_ascii=False))
        return
    click.echo(f"Made {record['domain']}")
    if link:
        click.echo(f"The person begins at {link}")


@instance.command("modify")
@click.argument("domain")
@click.option("--domain", "new", help="Another domain; the one of before leads to it.")
@click.option("--onboarded/--not-onboarded", default=None, help="Whether the person has begun.")
@record_options
@_json
def modify(domain: str, new: str | None, *, onboarded: bool | None, as_json: bool, **said: Any) -> None:
    """Change what the options say of the instance DOMAIN; `--alias ""` takes all aliases away."""
    told = parameters(said)
    if said["alias"] == ("",):
        told["DomainAliases"] = ","
    if new:
        told["Domain"] = new
    if onboarded is not None:
        told["OnboardingFinished"] = str(onboarded).lower()
    if not told:
        raise click.UsageError("Say what to change: `alcove instance modify -h` lists the options")
    with running(read_settings()) as server:
        record = server.operator.modify(pick(server, domain), **told)
    click.echo(json.dumps(record, ensure_ascii=False) if as_json else f"Changed {record['domain']}")


@instance.command("list")
@_json
def list_all(*, as_json: bool) -> None:
    """List the instances."""
    with running(read_settings()) as server:
        records = server.operator.instances()
    if as_json:
        click.echo(json.dumps(records, ensure_ascii=False))
        return
    for record in records:
        marks = [name for name in ("sample", "blocked", "deleting") if record.get(name)]
        told = f"  ({', '.join(marks)})" if marks else ""
        click.echo(f"{record['domain']}  {record['locale']}{told}")


@instance.command("count")
@_json
def count(*, as_json: bool) -> None:
    """Tell how many instances there are."""
    with running(read_settings()) as server:
        found = server.operator.count()
    click.echo(json.dumps({"count": found}) if as_json else str(found))


@instance.command("show")
@click.argument("domain")
@_json
def show(domain: str, *, as_json: bool) -> None:
    """Show the record of an instance."""
    with running(read_settings()) as server:
        record = server.operator.show(pick(server, domain))
    if as_json:
        click.echo(json.dumps(record, ensure_ascii=False))
        return
    for name, value in sorted(record.items()):
        click.echo(f"{name}: {value}")


@instance.command("destroy")
@click.argument("domain")
@click.option("--force", is_flag=True, help="Do not ask.")
def destroy(domain: str, *, force: bool) -> None:
    """Remove an instance and everything in it."""
    with running(read_settings()) as server:
        named = pick(server, domain)
        if not force:
            question = f"Remove {named} with all its files, bills and operations? This cannot be undone."
            click.confirm(question, abort=True)
        server.operator.destroy(named)
    click.echo(f"Removed {named}")


@instance.command("passphrase")
@click.argument("domain")
@_passphrase
def set_passphrase(domain: str, passphrase: str) -> None:
    """Set a new passphrase for who has forgotten theirs: it is asked for, and not shown. All sessions end.

    DOMAIN is the instance, as its login page names it.
    """
    if len(passphrase) < LEAST:
        raise click.UsageError(f"A passphrase has at least {LEAST} characters: four or five words are best.")
    with running(read_settings()) as server:
        named = pick(server, domain)
        server.operator.passphrase(named, passphrase)
    click.echo(f"The passphrase of {named} is changed")


@instance.command("renew-secrets")
@click.argument("domain")
@click.option("--now", is_flag=True, help="End all that the old ones signed: for secrets that got into other hands.")
def renew_secrets(domain: str, *, now: bool) -> None:
    """Give the instance DOMAIN new secrets to sign tokens and sessions with. Nobody is logged out.

    The old ones are forgotten when nothing is left that they signed.
    """
    if now:
        click.confirm("All sessions, connected devices and links of this place end. Go on?", abort=True)
    with running(read_settings()) as server:
        named = pick(server, domain)
        server.operator.renew_secrets(named, now=now)
    click.echo(f"{named} has new secrets")
