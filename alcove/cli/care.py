"""`alcove instance block|unblock|fsck|usage|log-out`: looking after an instance."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from rich.console import Console
from rich.filesize import decimal

from alcove.base.config import read_settings
from alcove.cli.running import pick, running

WORDS = {
    "index_missing_root": "the root directory is missing",
    "index_missing_trash": "the trash is missing",
    "index_orphan_tree": "the directory that it is in is missing",
    "index_bad_fullpath": "its path is not the one of the directory that it is in",
    "index_duplicate_name": "another one in the same directory has the same name",
    "index_file_with_path": "it is a file and has a path of its own",
    "trashed_not_in_trash": "it is marked as trashed and does not lie in the trash",
    "not_trashed_in_trash": "it lies in the trash and is not marked as trashed",
    "file_missing": "it is an old version of a file that is missing",
    "filesystem_missing": "its bytes are missing",
    "content_mismatch": "its bytes are not those that it was made of",
    "document_unreadable": "the document cannot be read",
    "document_not_found": "the document is not found by its name",
    "index_missing": "no file and no old version has these bytes",
    "thumbnail_damaged": "its thumbnails are damaged",
    "check_failed": "a part of the check could not be done",
}
"""What the faults mean."""
_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.command()
@click.argument("domain")
@click.option("--reason", default="", help="Shown to who comes; PAYMENT_FAILED, LOGIN_FAILED... have their own words.")
def block(domain: str, reason: str) -> None:
    """Close an instance: browsers see a page that says why, and nothing in it is lost."""
    with running(read_settings()) as server:
        named = pick(server, domain)
        server.operator.modify(named, Blocked="true", **({"BlockingReason": reason} if reason else {}))
    click.echo(f"{named} is blocked; `alcove instance unblock {named}` opens it again")


@click.command()
@click.argument("domain")
def unblock(domain: str) -> None:
    """Open an instance that was blocked."""
    with running(read_settings()) as server:
        named = pick(server, domain)
        server.operator.modify(named, Blocked="false")
    click.echo(f"{named} is open")


@click.command()
@click.argument("domain")
@click.argument("title")
@click.argument("message", default="")
@click.option("--category", default="operator", show_default=True, help="What it belongs together with.")
def notify(domain: str, title: str, message: str, category: str) -> None:
    """Let the person of an instance know something: it stands in the place, and is mailed where mail is set up."""
    said = {"category": category, "title": title, **({"message": message} if message else {})}
    with running(read_settings()) as server:
        named = pick(server, domain)
        server.operator.notify(named, said)
    click.echo(f"{named} is told")


@click.command()
@click.argument("domain")
@click.argument("lasting", default="24h")
def debug(domain: str, lasting: str) -> None:
    """Write every request of an instance into the log of the server, for LASTING (30m, 2h; 0 ends it)."""
    with running(read_settings()) as server:
        named = pick(server, domain)
        server.operator.debug(named, lasting)
    click.echo(f"Requests of {named} are logged {'as those of others' if lasting == '0' else f'for {lasting}'}")


@click.command("log-out")
@click.argument("domain")
def log_out(domain: str) -> None:
    """End every session of an instance: every browser must log in again."""
    with running(read_settings()) as server:
        named = pick(server, domain)
        server.operator.end_sessions(named)
    click.echo(f"Every browser of {named} must log in again")


@click.command()
@click.argument("domain")
@_json
def usage(domain: str, *, as_json: bool) -> None:
    """Tell how much space the files of an instance take."""
    with running(read_settings()) as server:
        told = server.operator.disk_usage(pick(server, domain))
    if as_json:
        click.echo(json.dumps(told))
        return
    for name in ("files", "versions", "used", "quota"):
        if name in told:
            click.echo(f"{name:>8}  {decimal(int(told[name]))}")


@click.command()
@click.argument("domain")
@click.option("--part", type=click.Choice(["index", "content"]), help="Only documents, or only bytes (all are read).")
@click.option("--fail-fast", is_flag=True, help="Stop at the first fault.")
@_json
def fsck(domain: str, part: str | None, *, fail_fast: bool, as_json: bool) -> None:
    """Check an instance: whether its files fit together and their bytes are there. Nothing is changed.

    The exit status is 1 when something does not fit.
    """
    asked = {"index": {"IndexIntegrity": "true"}, "content": {"FilesConsistency": "true"}}.get(part or "", {})
    if fail_fast:
        asked["FailFast"] = "true"
    faults = 0
    with running(read_settings()) as server:
        named = pick(server, domain)
        with Console(stderr=True).status(f"Checking {named}"):
            for fault in server.operator.fsck(named, **asked):
                faults += 1
                click.echo(json.dumps(fault, ensure_ascii=False) if as_json else told(fault))
    if not faults and not as_json:
        click.echo(f"{named} is well")
    sys.exit(1 if faults else 0)


def told(fault: dict[str, Any]) -> str:
    """A fault as a line for people."""
    document = fault.get("file_doc") or fault.get("dir_doc") or fault.get("version_doc") or fault
    what = (
        document.get("path")
        or document.get("name")
        or fault.get("check")
        or fault.get("blob")
        or document.get("_id", "")
    )
    more = [fault[name] for name in ("expected_fullpath", "error") if fault.get(name)]
    words = WORDS.get(fault["type"], fault["type"])
    return f"{what}: {words}{f' ({more[0]})' if more else ''} [{document.get('_id', '')}]"
