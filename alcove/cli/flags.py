"""`alcove flags`: what is switched on, for an instance, a context or everybody."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from alcove_client import ClientError

from alcove.base.config import read_settings
from alcove.cli.running import Running, pick, running

if TYPE_CHECKING:
    from collections.abc import Callable

_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@dataclass(frozen=True, slots=True)
class Layer:
    """Where flags are said, of the options of a command: exactly one."""

    domain: str | None
    context: str | None
    bundle: str | None
    defaults: bool

    def path(self, server: Running) -> str:
        """Its address in the operator API; raises `ClientError`."""
        said = [self.domain, self.context, self.bundle, self.defaults or None]
        if sum(value is not None for value in said) != 1:
            raise ClientError("say one of --instance DOMAIN, --context NAME, --set NAME and --defaults")
        if self.domain is not None:
            return f"{pick(server, self.domain)}/feature/flags"
        if self.context is not None:
            return f"feature/contexts/{self.context}"
        return "feature/defaults" if self.defaults else f"feature/sets/{self.bundle}"


def layer_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name a layer."""
    command = click.option("--defaults", is_flag=True, help="Those of everybody.")(command)
    command = click.option("--set", "bundle", help="Those of a set, which instances are given by name.")(command)
    command = click.option("--context", help="The shares of a context: a list of {ratio, value} for each.")(command)
    return click.option("--instance", "domain", help="Those of one instance.")(command)


@click.group()
def flags() -> None:
    """Show and set feature flags. An instance's own win over those of its sets, its context and everybody."""


@flags.command("list")
@layer_options
@_json
def show(domain: str | None, context: str | None, bundle: str | None, *, defaults: bool, as_json: bool) -> None:
    """List the flags of a layer."""
    with running(read_settings()) as server:
        said = server.operator.flags(Layer(domain, context, bundle, defaults).path(server))
    _tell(said, as_json=as_json)


@flags.command("set")
@click.argument("name")
@click.argument("value", default="true")
@layer_options
@_json
def set_flag(
    name: str, value: str, domain: str | None, context: str | None, bundle: str | None, *, defaults: bool, as_json: bool
) -> None:
    """Set the flag NAME to VALUE: JSON, or a text; true when it is left out."""
    try:
        read = json.loads(value)
    except ValueError:
        read = value
    if read is None:
        raise click.UsageError("null is how a flag is taken away: use `alcove flags unset`")
    with running(read_settings()) as server:
        said = server.operator.change_flags(Layer(domain, context, bundle, defaults).path(server), {name: read})
    _tell(said, as_json=as_json)


@flags.command("unset")
@click.argument("name")
@layer_options
@_json
def unset(
    name: str, domain: str | None, context: str | None, bundle: str | None, *, defaults: bool, as_json: bool
) -> None:
    """Take the flag NAME away from a layer."""
    with running(read_settings()) as server:
        layer = Layer(domain, context, bundle, defaults)
        patch: dict[str, Any] = {name: [] if context is not None else None}
        said = server.operator.change_flags(layer.path(server), patch)
    _tell(said, as_json=as_json)


@flags.command("give")
@click.argument("domain")
@click.argument("sets", nargs=-1)
def give(domain: str, sets: tuple[str, ...]) -> None:
    """Give an instance the sets of these names, in place of those it had; none takes all away."""
    with running(read_settings()) as server:
        named = pick(server, domain)
        chosen = server.operator.choose_sets(named, list(sets))
    click.echo(f"{named} has the sets: {', '.join(chosen) or 'none'}")


def _tell(said: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    for name, value in sorted(said.items()):
        click.echo(f"{name} = {json.dumps(value, ensure_ascii=False)}")
