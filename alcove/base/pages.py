"""HTML pages from templates of a room's `pages/` folder. `page.html` is what they have in common: they extend it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

COMMON = Path(__file__).parent / "templates"


class Pages:
    """The templates of one folder; everything put into them is escaped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _templates(self) -> Environment:
        from jinja2 import (  # takes longer to load than the rest of base: at the first page
            Environment,
            FileSystemLoader,
        )

        return Environment(loader=FileSystemLoader([self._folder, COMMON]), autoescape=True)

    def render(self, name: str, **values: Any) -> str:
        """The page of that name."""
        return self._templates.get_template(name).render(**values)
