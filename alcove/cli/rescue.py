"""`alcove rescue`: a tree of named files out of a data folder, without a server."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.filesize import decimal

SHOWN = 20
"""Faults that are told to people of each instance; JSON has all."""


@click.command()
@click.argument("data_folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--versions", is_flag=True, help="Old versions too, into folders `versions`.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, a line for each instance.")
def rescue(data_folder: Path, out: Path, *, versions: bool, as_json: bool) -> None:
    """Write every file of DATA_FOLDER into OUT under its name, with its date, without a server or a database.

    The server must be stopped. DATA_FOLDER is only read: it may be a damaged disk or a backup. A run that was
    interrupted goes on where it was. The exit status is 1 when a file could not be given whole.
    """
    from alcove.files import rescued  # the whole room, which only this command needs

    if not (data_folder / "instances").is_dir():
        raise click.ClickException(f"{data_folder} is no data folder: there is no folder `instances` in it")
    if out.resolve().is_relative_to(data_folder.resolve()):
        raise click.ClickException(f"{out} lies in the data folder, which is only read: choose another place")
    bad = False
    try:
        with Console(stderr=True).status("Reading") as status:
            for done in rescued(data_folder, out, versions=versions, told=status.update):
                bad = bad or bool(done.faults)
                if as_json:
                    click.echo(json.dumps(asdict(done), ensure_ascii=False))
                    continue
                counts = f"{done.files} files ({decimal(done.bytes)}), {done.skipped} there before"
                more = f"{done.unnamed} without a name; names from {done.source}"
                click.echo(f"{done.domain or done.key}: {counts}, {more}")
                for fault in done.faults[:SHOWN]:
                    click.echo(f"  {fault['path']}: {fault['reason']}", err=True)
                if len(done.faults) > SHOWN:
                    click.echo(f"  and {len(done.faults) - SHOWN} more; --json tells all", err=True)
    except OSError as error:
        raise click.ClickException(f"{error.filename or out}: {error.strerror or error}") from None
    sys.exit(1 if bad else 0)
