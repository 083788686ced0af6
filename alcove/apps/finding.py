"""What an app says to who searches: its name and what it is for, in every language that it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.apps.model import APPS, OURS
from alcove.search import Findable, Said

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOLD = ("name", "short_description")


def says(
    ident: str,
    fields: Mapping[str, Any],
    beside: Mapping[str, Any] | None,  # noqa: ARG001 - what a findable is asked
    language: str,
) -> Said | None:
    """An app under its name in the person's language."""
    said = fields.get("locales")
    locales = {key: told for key, told in said.items() if isinstance(told, dict)} if isinstance(said, dict) else {}
    slug = str(fields.get("slug") or ident.rpartition("/")[2])
    own = locales.get(language, {})
    name, about = (str(own.get(key) or fields.get(key) or "") for key in _TOLD)
    words = [str(told.get(key) or "") for told in (fields, *locales.values()) for key in _TOLD]
    return Said(name or slug, about, " ".join([slug, *words]), shown={"slug": slug})


FINDABLE = Findable(APPS, says, also=(OURS,))
