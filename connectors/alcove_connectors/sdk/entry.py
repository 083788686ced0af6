"""How a run begins and ends: `python -m alcove_connectors.sdk.entry FOLDER`, told everything by its environment.

The process contract is Cozy's (contract-b section 8): variables in, JSON lines out. Exit status 0 means success.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from alcove_connectors.sdk.context import Context, Input, masked, print_line
from alcove_connectors.sdk.errors import ConnectorError
from alcove_connectors.sdk.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alcove_connectors.sdk.connector import Connector

MANIFEST = "manifest.konnector"

SPARE = 5.0
"""Seconds that Cozy adds to the time limit it tells."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the connector in a folder."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    return manifest


def load(folder: Path, name: str) -> Any:
    """What a manifest names as `module:attribute`; the folder's parent is searched too."""
    module, _, attribute = name.partition(":")
    if str(folder.parent) not in sys.path:
        sys.path.append(str(folder.parent))
    return getattr(importlib.import_module(module), attribute)


def connector_in(folder: Path) -> type[Connector]:
    """The connector class that the manifest's `entrypoint` names."""
    return cast("type[Connector]", load(folder, read_manifest(folder)["entrypoint"]))


def recogniser_in(folder: Path) -> Callable[[bytes, str], float]:
    """The function that recognises the connector's files: the manifest's `recogniser`, else its class's method.

    A module of its own for it spares the sorter the imports that the work needs.
    """
    manifest = read_manifest(folder)
    if "recogniser" in manifest:
        return cast("Callable[[bytes, str], float]", load(folder, manifest["recogniser"]))
    return connector_in(folder).recognise


def context_of(connector: type[Connector], environ: Mapping[str, str]) -> Context:
    """The context that the environment describes."""
    token = environ.get("COZY_CREDENTIALS", "")
    stack = Stack(environ["COZY_URL"], token, environ.get("ALCOVE_SOCKET", ""))
    limit = float(environ.get("COZY_TIME_LIMIT") or 300) - SPARE
    return Context(
        stack=stack,
        slug=connector.slug,
        version=connector.version,
        fields=json.loads(environ.get("COZY_FIELDS") or "{}"),
        inputs=read_inputs(environ.get("ALCOVE_INPUTS", "")),
        locale=environ.get("COZY_LOCALE", "en"),
        deadline=time.monotonic() + limit,
        listen=sys.stdin.readline,
        secrets={token} if token else set(),
    )


def read_inputs(path: str) -> list[Input]:
    """The inputs listed in a JSON file `[{id, name, path}]`; none without a file."""
    if not path:
        return []
    listed = json.loads(Path(path).read_text("utf-8"))
    return [Input(entry["id"], entry["name"], Path(entry["path"])) for entry in listed]


def run(connector: Connector, ctx: Context) -> int:
    """Runs a connector to its end; gives the exit status. Nothing but JSON lines is written on standard output."""
    try:
        ctx.load()
        connector.run(ctx)
        ctx.commit_state()
    except ConnectorError as error:
        return _failed(ctx, error.full_code, error, retry=error.retry)
    except Exception as error:
        return _failed(ctx, ConnectorError.code, error, retry=not isinstance(error, MemoryError))
    finally:
        ctx.stack.close()
    return 0


def _failed(ctx: Context, code: str, error: Exception, *, retry: bool) -> int:
    """The last line, with Cozy's code alone as its message; the words go to `detail` and to standard error."""
    print(masked("".join(traceback.format_exception(error)), ctx.secrets), file=sys.stderr)
    words = str(error) if isinstance(error, ConnectorError) else type(error).__name__
    more = {} if retry else {"no_retry": True}
    ctx.log.line("critical", code, detail=masked(words, ctx.secrets)[:1000], **more)
    return 1


def main(arguments: Sequence[str]) -> int:
    """Runs the connector in the folder that is the first argument."""
    try:
        connector = connector_in(Path(arguments[0]))
        ctx = context_of(connector, os.environ)
    except Exception as error:
        traceback.print_exc()
        detail = f"The connector cannot start: {type(error).__name__}."
        print_line({"type": "critical", "message": ConnectorError.code, "detail": detail, "no_retry": True})
        return 1
    return run(connector(), ctx)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
