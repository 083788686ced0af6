"""Commands that install, update, remove and list, for apps and for connectors alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alcove.base.config import read_settings
from alcove.cli.running import pick, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alcove_client import Place

    from alcove.cli.running import Running

_instance = click.option("--instance", "domain", help="Whose; the only instance, unless there are more.")
_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


def add_commands(group: click.Group, kind: str) -> None:
    """Gives a group the commands `install`, `update`, `rm`, `show` and `ls` of a kind: `apps` or `konnectors`."""

    @group.command()
    @click.argument("slug")
    @click.argument("source", default="")
    @_instance
    @_json
    def install(slug: str, source: str, domain: str | None, *, as_json: bool) -> None:
        """Install SLUG from SOURCE: a folder, https://..., git+https://...#branch, registry://slug/channel.

        Without one it comes from the registry.
        """
        with running(read_settings()) as server:
            place = _place(server, domain, kind)
            _tell(place.install(kind, slug, where(source) or f"registry://{slug}"), as_json=as_json)

    @group.command()
    @click.argument("slug")
    @click.argument("source", default="")
    @click.option("--yes", is_flag=True, help="Also when it asks for more than before.")
    @_instance
    @_json
    def update(slug: str, source: str, domain: str | None, *, yes: bool, as_json: bool) -> None:
        """Bring SLUG to the version that its source has now, or take it from another SOURCE."""
        with running(read_settings()) as server:
            place = _place(server, domain, kind)
            told = place.update(kind, slug, where(source), acked=yes)
        _tell(told, as_json=as_json)
        if told.get("available_version") and not as_json:
            click.echo(f"Version {told['available_version']} asks for more than before: say --yes to take it")
            _tell_more(told.get("pending") or {})

    @group.command()
    @click.argument("slug")
    @_instance
    def rm(slug: str, domain: str | None) -> None:
        """Remove SLUG; with a connector go its accounts, not what it brought."""
        with running(read_settings()) as server:
            _place(server, domain, kind).uninstall(kind, slug)
        click.echo(f"{slug} is removed")

    @group.command()
    @click.argument("slug")
    @_instance
    @_json
    def show(slug: str, domain: str | None, *, as_json: bool) -> None:
        """Show SLUG: where it comes from, what it may do, and what a version that waits for a yes wants more."""
        with running(read_settings()) as server:
            told = _place(server, domain, kind).installed_one(kind, slug)
        _tell(told, as_json=as_json)
        if not as_json:
            _tell_rules("may", told.get("permissions") or {})
            if told.get("available_version"):
                click.echo(f"Version {told['available_version']} waits for a yes")
                _tell_more(told.get("pending") or {})

    @group.command()
    @_instance
    @_json
    def ls(domain: str | None, *, as_json: bool) -> None:
        """List what is installed: slug, version, state and source."""
        with running(read_settings()) as server:
            found = _place(server, domain, kind).installed(kind)
        if as_json:
            click.echo(json.dumps(found, ensure_ascii=False))
            return
        for one in found:
            click.echo("  ".join(_words(one)))


def _tell_more(pending: dict[str, Any]) -> None:
    """What a version wants beside what the present one may do."""
    _tell_rules("wants", pending.get("permissions") or {})
    if terms := pending.get("terms"):
        click.echo(f"  wants you to agree to its terms {terms.get('version')}: {terms.get('url')}")


def _tell_rules(word: str, rules: dict[str, Any]) -> None:
    for title, rule in rules.items():
        verbs = ",".join(rule.get("verbs") or ["ALL"])
        only = f" only {','.join(rule['values'])}" if rule.get("values") else ""
        click.echo(f"  {word} {rule.get('type')} {verbs}{only}  ({rule.get('description') or title})")


def where(source: str) -> str:
    """A source as the server reads it: a folder of this machine by its whole path."""
    if not source or "://" in source:
        return source
    return Path(source).expanduser().resolve().as_uri()


def _place(server: Running, domain: str | None, kind: str) -> Place:
    return server.place(pick(server, domain), f"io.cozy.{kind}")


def _words(told: dict[str, Any]) -> Iterator[str]:
    for name in ("slug", "version", "state", "source"):
        yield str(told.get(name) or "-")


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else "  ".join(_words(told)))
