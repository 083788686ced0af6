"""`alcove instance`, `alcove token`: the operator's verbs."""

from __future__ import annotations

import click

from alcove.base.config import read_settings
from alcove.cli.running import pick, running

LEAST = 8
"""Characters of a passphrase at least, as on the page of the first start."""


@click.group()
def instance() -> None:
    """Make, list and remove instances."""


@instance.command("add")
@click.argument("domain")
@click.option("--name", default="", help="The person's name.")
@click.option("--email", default="", help="The person's mail address.")
@click.option("--locale", default="", help="fr or en.")
@click.option("--passphrase", prompt=True, hide_input=True, confirmation_prompt=True, envvar="ALCOVE_NEW_PASSPHRASE")
def add(domain: str, name: str, email: str, locale: str, passphrase: str) -> None:
    """Make the instance DOMAIN (a host, with the port where it is not 80 or 443)."""
    said = {"PublicName": name, "Email": email, "Locale": locale, "Passphrase": passphrase}
    with running(read_settings()) as server:
        server.operator.create(domain, **{k: v for k, v in said.items() if v})
    click.echo(f"Made {domain}")


@instance.command("list")
def list_all() -> None:
    """List the instances."""
    with running(read_settings()) as server:
        for record in server.operator.instances():
            mark = "  (sample)" if record.get("sample") else ""
            click.echo(f"{record['domain']}  {record['locale']}{mark}")


@instance.command("show")
@click.argument("domain")
def show(domain: str) -> None:
    """Show the record of an instance."""
    with running(read_settings()) as server:
        for name, value in sorted(server.operator.show(domain).items()):
            click.echo(f"{name}: {value}")


@instance.command("destroy")
@click.argument("domain")
@click.option("--force", is_flag=True, help="Do not ask.")
def destroy(domain: str, *, force: bool) -> None:
    """Remove an instance and everything in it."""
    if not force:
        click.confirm(f"Remove {domain} with all its files, bills and operations? This cannot be undone.", abort=True)
    with running(read_settings()) as server:
        server.operator.destroy(domain)
    click.echo(f"Removed {domain}")


@instance.command("passphrase")
@click.argument("domain")
@click.option("--passphrase", prompt=True, hide_input=True, confirmation_prompt=True, envvar="ALCOVE_NEW_PASSPHRASE")
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


@click.command()
@click.argument("domain")
@click.argument("scope", default="")
@click.option("--audience", default="cli", type=click.Choice(["cli", "app", "konn"]), help="The kind of token.")
@click.option("--subject", default="CLI", help="The slug of the app or connector.")
def token(domain: str, scope: str, audience: str, subject: str) -> None:
    """Print a token for an instance: SCOPE is like "io.cozy.files:GET io.cozy.bills"."""
    with running(read_settings()) as server:
        click.echo(server.operator.token(pick(server, domain), audience, subject, scope))
