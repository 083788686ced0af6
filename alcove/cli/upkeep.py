"""`alcove fsck` and `alcove scrub`: whether what is kept is whole."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from alcove_client import ClientError
from rich.console import Console
from rich.filesize import decimal

from alcove.base.config import read_settings
from alcove.cli.care import told
from alcove.cli.running import named_or_all, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alcove.cli.running import Running

UNDONE = 2
"""The exit status when something could not be looked at: 1 is for what was looked at and is not well."""
KINDS = ("damaged", "missing", "unreadable")
_json = click.option("--json", "as_json", is_flag=True, help="Write JSON, a line for each thing.")


@click.command()
@click.argument("instance", required=False)
@click.option("--hashes", is_flag=True, help="Read every byte, too.")
@_json
def fsck(instance: str | None, *, hashes: bool, as_json: bool) -> None:
    """Check INSTANCE, or every one: documents, the tree of files, what is stored of them. Nothing is changed.

    The exit status is 0 when all is well, 1 when something does not fit, 2 when a part could not be looked at.
    """
    parts = "index,stored,content" if hashes else "index,stored"
    worst = 0
    with running(read_settings()) as server:
        for domain in named_or_all(server, instance):
            faults = 0
            for fault in _once(server, domain, parts):
                faults += 1
                worst = max(worst, UNDONE if fault["type"] == "check_failed" else 1)
                line = json.dumps({"instance": domain, **fault}, ensure_ascii=False) if as_json else told(fault)
                click.echo(line)
            if not as_json:
                click.echo(f"{domain} is well" if not faults else f"{domain}: {faults} faults", err=bool(faults))
    sys.exit(worst)


def _once(server: Running, domain: str, parts: str) -> Iterator[dict[str, Any]]:
    """The faults of an instance; what two parts of the check find is told once."""
    seen = set[str]()
    with Console(stderr=True).status(f"Checking {domain}"):
        for fault in server.operator.fsck(domain, Parts=parts):
            key = json.dumps(
                [fault["type"], fault.get("file_doc") or fault.get("version_doc") or fault], sort_keys=True
            )
            if key not in seen:
                seen.add(key)
                yield fault


@click.command()
@click.argument("instance", required=False)
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A copy of the data folder to mend from.",
)
@click.option("--report", is_flag=True, help="Only show what the last one found.")
@_json
def scrub(instance: str | None, folder: Path | None, *, report: bool, as_json: bool) -> None:
    """Read every byte of INSTANCE, or of every one, and mend what is damaged from the mirror or a copy.

    The server does this by itself once a month, slowly. The exit status is 1 when something is damaged or missing and
    could not be mended, 2 when the scrub could not be done.
    """
    worst = 0
    with running(read_settings()) as server:
        for domain in named_or_all(server, instance):
            found = server.operator.scrub_report(domain) if report else _scrubbed(server, domain, folder)
            bad = sum(int(found[kind]) for kind in KINDS) - int(found["mended"])
            worst = max(worst, 1 if bad else 0)
            if as_json:
                click.echo(json.dumps({"instance": domain, **found}, ensure_ascii=False))
            else:
                _tell(domain, found)
    sys.exit(worst)


def _scrubbed(server: Running, domain: str, folder: Path | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with Console(stderr=True).status(f"Reading {domain}") as status:
        for found in server.operator.scrub(domain, str(folder.resolve()) if folder else ""):
            if found.get("error"):
                click.echo(f"{domain}: the scrub ended before its end: {found['error']}", err=True)
                sys.exit(UNDONE)
            status.update(f"Reading {domain}: {found['files']} files, {decimal(found['bytes'])}")
    if not found:
        raise ClientError("the server sent no report")
    return found


def _tell(domain: str, found: dict[str, Any]) -> None:
    if not found["began"]:
        click.echo(f"{domain} was not scrubbed yet")
        return
    until = f"until {found['ended']}" if found["ended"] else "and goes on"
    click.echo(f"{domain}: {found['files']} files, {decimal(found['bytes'])}, since {found['began']} {until}")
    for fault in found["faults"]:
        state = "and mended" if fault["mended"] else "and no copy of it is whole"
        click.echo(f"  {fault['name'] or fault['_id']}: {fault['type']} {state} [{fault['_id']}]")
    if found["copied"]:
        click.echo(f"  {found['copied']} files were brought to the mirror")
