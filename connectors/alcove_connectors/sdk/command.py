"""`alcove-connector`: runs connectors without a server, for who writes them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alcove_connectors.sdk.context import Context, Input, print_line
from alcove_connectors.sdk.entry import MANIFEST, connector_in, read_manifest, run
from alcove_connectors.sdk.testing import FakeStack

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent.parent


def folders() -> dict[str, Path]:
    """The folders of the connectors that came with this kit, by slug."""
    return {path.parent.name: path.parent for path in sorted(HERE.glob(f"*/{MANIFEST}"))}


@click.group()
def main() -> None:
    """Tries connectors out."""


@main.command("list")
def list_connectors() -> None:
    """Names the connectors that came with this kit."""
    for slug, folder in folders().items():
        manifest = read_manifest(folder)
        click.echo(f"{slug}\t{manifest.get('version', '')}\t{manifest.get('name', '')}")


class Terminal:
    """Lines of a run on standard error; its questions are asked there, when somebody sits at it."""

    def __init__(self) -> None:
        self._asked: Mapping[str, Any] = {}

    def tell(self, line: Mapping[str, Any]) -> None:
        """Prints a line, and keeps a question in mind."""
        print_line(line, sys.stderr)
        if line["type"] == "ask":
            self._asked = line

    def listen(self) -> str:
        """The answer to the last question."""
        question = self._asked["question"]
        reply = {"type": "answer", "ask": self._asked["ask"]}
        if not sys.stdin.isatty():
            return json.dumps(reply | {"why": "late"})
        choices = click.Choice([choice["value"] for choice in question["choices"]]) if question["choices"] else None
        secret = question["kind"] in ("code", "password")
        return json.dumps(reply | {"answer": click.prompt(question["text"], type=choices, hide_input=secret, err=True)})


@main.command("run")
@click.argument("slug")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--standalone", is_flag=True, help="Store into a server in memory, then print what it holds as JSON.")
@click.option("--fields", default="{}", help="The job's message, as JSON.")
@click.option("--locale", default="en")
def run_connector(slug: str, files: tuple[Path, ...], standalone: bool, fields: str, locale: str) -> None:
    """Runs a connector over FILES. SLUG may be the path of a connector's folder.

    The lines of the run go to standard error, the dump to standard output.
    """
    if not standalone:
        raise click.UsageError("only --standalone runs exist; through a server, use: alcove gather FILES")
    folder = Path(slug) if (Path(slug) / MANIFEST).is_file() else folders().get(slug)
    if folder is None:
        raise click.UsageError(f"there is no connector {slug!r}; there are {', '.join(folders())}")
    connector = connector_in(folder)
    stack, terminal = FakeStack(), Terminal()
    stack.slug = connector.slug
    account = stack.add("io.cozy.accounts", {"account_type": connector.slug, "auth": {"accountName": "standalone"}})
    ctx = Context(
        stack=stack,
        slug=connector.slug,
        version=connector.version,
        fields={"account": account["_id"], **json.loads(fields)},
        inputs=[Input(str(number), path.name, path) for number, path in enumerate(files)],
        locale=locale,
        emit=terminal.tell,
        listen=terminal.listen,
    )
    status = run(connector(), ctx)
    click.echo(json.dumps(stack.dump(), ensure_ascii=False, indent=2))
    sys.exit(status)
