"""`alcove sample`: a marked instance with an invented household, gathered by the same connectors as real files."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click
from rich.console import Console

from alcove.base.config import read_settings
from alcove.base.ids import new_code
from alcove.cli.gather import SCOPE, gather_into, tell
from alcove.cli.given import find_files
from alcove.cli.running import Running, running

HOST = "sample.localhost"


def _known(server: Running) -> list[str]:
    """The sample person of this command, on whatever port it was made; not those that people had made for them."""
    records = server.operator.instances()
    return [r["domain"] for r in records if r.get("sample") and r["domain"].partition(":")[0] == HOST]


def _remove(server: Running) -> bool:
    known = _known(server)
    for domain in known:
        server.operator.destroy(domain)
    return bool(known)


@click.command()
@click.option("--seed", default=1, show_default=True, help="Another seed invents another household.")
@click.option("--again", is_flag=True, help="Make it anew when it is there.")
@click.option("--remove", is_flag=True, help="Remove it.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
def sample(seed: int, *, again: bool, remove: bool, as_json: bool) -> None:
    """Make a sample person: three years of an invented French household, in an instance of its own.

    Its statements and invoices are drawn from the seed and gathered by the same connectors as real files. Nothing in it
    is true; it can be removed without a trace.
    """
    import alcove_sample  # draws PDFs: loaded only here
    from alcove_sample.export import write

    console = Console(stderr=True)
    begin = time.monotonic()
    with running(read_settings()) as server:
        domain = f"{HOST}:{server.settings.port}"
        here = f"{server.settings.scheme}://{domain}/"
        if _known(server) and not (again or remove):
            console.print(f"The sample person is there: {here} (--again makes it anew, --remove removes it)")
            return
        removed = _remove(server)
        if remove:
            console.print("The sample person is removed" if removed else "There was no sample person")
            return
        passphrase = "-".join(new_code(5).lower() for _ in range(3))
        server.operator.create(domain, Passphrase=passphrase, Locale="fr", PublicName="Foyer d’exemple", Sample="true")
        with tempfile.TemporaryDirectory(prefix="alcove-sample-") as folder:
            write(Path(folder), alcove_sample.make(seed))
            kept = [path for path in sorted(Path(folder).iterdir()) if path.is_dir()]
            outcome = gather_into(server.place(domain, SCOPE), list(find_files(kept)), {}, console)
    tell(outcome, console)
    took = time.monotonic() - begin
    console.print(f"Open {here}  (passphrase: {passphrase}), made in {took:.0f} s", markup=False)
    if as_json:
        click.echo(outcome.as_json())
