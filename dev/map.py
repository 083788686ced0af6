"""Prints the house from its code: rooms and floors, what each imports, routes, followers and registries."""

from __future__ import annotations

import ast
import configparser
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from alcove.base.config import Settings
from alcove.server.compose import compose

if TYPE_CHECKING:
    from alcove.base.house import House

ROOT = Path(__file__).parents[1]


def floors() -> list[list[str]]:
    """The rooms of each floor, the top first, as the import contract declares them."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    lines = parser["importlinter:contract:floors"]["layers"].split("\n")
    return [[room.strip(" ()") for room in line.split("|")] for line in lines if line.strip()]


def imports() -> dict[str, set[str]]:
    """The rooms that each room imports."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in (ROOT / "alcove").rglob("*.py"):
        parts = file.relative_to(ROOT / "alcove").parts
        if len(parts) < 2 or "tests" in parts:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [f"{node.module}.{a.name}" for a in node.names]
            for name in names:
                if name.startswith("alcove.") and name.split(".")[1] != parts[0]:
                    found[parts[0]].add(name.split(".")[1])
    return found


def house() -> House:
    """The whole house on memory stores."""
    with tempfile.TemporaryDirectory(prefix="alcove-map-") as home:
        return compose(Settings(home=Path(home), store="memory", blobs="memory", admin_passphrase="map"))


def main() -> None:
    """Prints the map."""
    used = imports()
    order = floors()
    sys.stdout.write("ROOMS, from the top floor down\n")
    for number, rooms in enumerate(order):
        for room in rooms:
            below = ", ".join(sorted(used[room])) or "nothing of ours"
            sys.stdout.write(f"  {len(order) - number:>2}  {room:<12} imports {below}\n")
    built = house()
    sys.stdout.write("\nROUTES, by first segment\n")
    counted = Counter((r.operator, r.path.split("/")[1]) for r in built.routes)
    for (operator, segment), count in sorted(counted.items()):
        side = "operator" if operator else "public"
        sys.stdout.write(f"  {side:<9} /{segment:<18} {count}\n")
    for socket in built.sockets:
        sys.stdout.write(f"  websocket {socket.path}\n")
    sys.stdout.write("\nREGISTRIES\n")
    for name, registry in sorted(built.registries.items()):
        sys.stdout.write(f"  {name}: {registry.slot.about}\n")
        for entry, _ in registry.items():
            sys.stdout.write(f"      {entry}\n")


if __name__ == "__main__":
    main()
