"""Lints of this house: each says what is wrong, why, and how to escape where it must be.

- every route, setting and registry is named in the docs, so that they cannot go stale;
- no file holds a path of a machine or the host of a package registry;
- no room has a `utils`, and none looks behind another's door;
- an effect of a page gives nothing back but what undoes it.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from map import floors, house

from alcove.base.config import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
MACHINE = re.compile(r"(?<![\w.])/(?:root|work|Users)/[\w.-]+|/home/(?!me\b)[a-z][\w-]+/")
REGISTRIES = re.compile(r"\b(?:pypi|npmjs|pythonhosted|debian)\.(?:org|com)\b")
BEHIND_DOORS = {"alcove/server/compose.py", "alcove/cli/serve.py"}
"""Who may look behind doors: the composition, which calls each room's wiring, and the command that starts it."""
EXEMPT = {"uv.lock", "dev/house_lints.py"}
BARE_EFFECT = re.compile(r"use(?:Layout|Insertion)?Effect\(\(\) => (?!\{|\(\) =>)")


def undocumented() -> Iterator[str]:
    """Routes, settings, registries and rooms that no page of docs/ names."""
    docs = {page: page.read_text("utf-8") for page in (ROOT / "docs").rglob("*.md")}
    everything = "\n".join(docs.values())
    for room in [room for line in floors() for room in line]:
        if ROOT / "docs" / "rooms" / f"{room}.md" not in docs:
            yield f"docs/rooms/{room}.md is missing: say what the room is for, its verbs and its traps"
    for entry in fields(Settings):
        if f"ALCOVE_{entry.name.upper()}" not in everything:
            yield f"the setting ALCOVE_{entry.name.upper()} is in no page: add it to docs/howto/settings.md"
    built = house()
    for name in built.registries:
        if f"`{name}`" not in everything:
            yield f"the registry `{name}` is in no page: add it to the page of the room that declares it"
    for route in built.routes:
        line = f"{route.method} {route.path}"
        if line not in everything:
            yield f"the route `{line}` is in no page: add it to docs/routes.md (`python dev/routes.py` writes it)"


def tracked() -> list[Path]:
    """The files of the project."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def leaks() -> Iterator[str]:
    """Paths of a machine and hosts of registries in any file."""
    for file in tracked():
        name = str(file.relative_to(ROOT))
        if name in EXEMPT:
            continue
        try:
            text = file.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for what, pattern in (("a path of a machine", MACHINE), ("the host of a registry", REGISTRIES)):
                if found := pattern.search(line):
                    yield f"{name}:{number}: {found[0]} is {what}; the project is the same everywhere"


def rooms() -> Iterator[str]:
    """Folders that have not found their noun."""
    for file in tracked():
        if file.suffix == ".py" and re.search(r"util|helper|common|misc", file.stem):
            yield f"{file.relative_to(ROOT)}: this name says nothing; give the code the noun of a room"


def doors() -> Iterator[str]:
    """Imports that go round the door of another room."""
    for file in tracked():
        parts = file.relative_to(ROOT).parts
        if parts[0] != "alcove" or file.suffix != ".py" or "tests" in parts or len(parts) < 3:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            for name in names:
                steps = name.split(".")
                inside = len(steps) > 2 and steps[0] == "alcove" and steps[1] not in ("base", parts[1])
                if inside and steps[-1] != "testing" and str(file.relative_to(ROOT)) not in BEHIND_DOORS:
                    yield (
                        f"{file.relative_to(ROOT)}:{node.lineno}: {name} is behind the door of {steps[1]}; "
                        f"import it from alcove.{steps[1]}, and name it there if others may use it"
                    )


def effects() -> Iterator[str]:
    """Effects that hand React the value of an expression."""
    for file in tracked():
        if file.suffix not in (".ts", ".tsx"):
            continue
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if BARE_EFFECT.search(line):
                yield (
                    f"{file.relative_to(ROOT)}:{number}: put the effect's body in braces: React calls whatever it "
                    "gives back to undo it, and a browser may give a promise back tomorrow where it gave nothing"
                )


def main() -> int:
    """Prints what is wrong; 1 when something is."""
    found = [*undocumented(), *leaks(), *rooms(), *doors(), *effects()]
    for line in found:
        sys.stderr.write(line + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
