"""The first directories in the person's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.errors import Refusal
from alcove.files.service.tree import Patch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.files.service import Files
    from alcove.instances import Instance


async def translate(files: Files, instance: Instance, folders: Mapping[str, Mapping[str, str]]) -> None:
    """Renames the first directories from any other language to the instance's.

    One that is not there any more, or whose new name is taken, is left alone.
    """
    for names in folders.values():
        wanted = names.get(instance.locale, names["en"])
        for name in sorted(set(names.values()) - {wanted}):
            try:
                node = await files.by_path(instance, f"/{name}")
                await files.change(instance, node.id, Patch(name=wanted))
            except Refusal:
                continue
