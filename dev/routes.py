"""Writes docs/routes.md from the route tables: every route, its guard and its handler's first sentence."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from map import house

PAGE = Path(__file__).parents[1] / "docs" / "routes.md"


def page() -> str:
    """The page's text."""
    built = house()
    lines = [
        "# Routes",
        "",
        "Written by `python dev/routes.py` from the code. What each means is in the room's page.",
        "",
    ]
    for operator, title in ((False, "The people's side"), (True, "The operator's side")):
        lines += [f"## {title}", "", "| route | guard | what |", "|---|---|---|"]
        for route in sorted((r for r in built.routes if r.operator is operator), key=lambda r: (r.path, r.method)):
            about = (inspect.getdoc(route.handler) or "").split("\n")[0].replace("|", "\\|")
            lines.append(f"| `{route.method} {route.path}` | {route.guard.value} | {about} |")
        lines.append("")
    lines += ["## Websockets", ""] + [f"- `{socket.path}`" for socket in built.sockets]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text("utf-8") == page() else "docs/routes.md is stale: run python dev/routes.py")
    PAGE.write_text(page(), "utf-8")
