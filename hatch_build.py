"""Puts the built pages into the wheel, as `alcove/apps/built`, so that nobody who installs it needs Node."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Pages(BuildHookInterface[Any]):
    """The build hook that hatchling runs for a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds the pages when their sources are newer; an sdist brings them along, built."""
        if version == "editable":
            return  # a checkout is served from web/dist, which dev/web.py keeps fresh
        root = Path(self.root)
        script, pages = root / "dev" / "web.py", root / "web" / "dist"
        if (root / ".git").exists():
            # The development environment has Node; the isolated one of this build has not.
            own = root / ".venv" / "bin" / "python"
            subprocess.run([str(own) if own.exists() else sys.executable, str(script)], check=True)
        if not (pages / ".built").is_file():
            message = "web/dist is not built: run ./dev/run python dev/web.py first"
            raise RuntimeError(message)
        build_data["force_include"][str(pages)] = "alcove/apps/built"
