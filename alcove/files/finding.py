"""What files and folders say to who searches: their name, the path of the folder they are in, their tags."""

from __future__ import annotations

from posixpath import dirname
from typing import TYPE_CHECKING, Any

from alcove.files.model import FILES, FIXED
from alcove.files.model.names import in_trash
from alcove.files.store import CHILDREN, INDEXES
from alcove.search import Beside, Findable, Said

if TYPE_CHECKING:
    from collections.abc import Mapping


def says(
    ident: str,
    fields: Mapping[str, Any],
    folder: Mapping[str, Any] | None,
    language: str,  # noqa: ARG001 - what a findable is asked
) -> Said | None:
    """A file with its folder's path, or a folder with that of the one it is in; None for what is in the trash."""
    name, path = str(fields.get("name") or ""), str(fields.get("path") or "")
    directory = fields.get("type") == "directory"
    if ident in FIXED or not name or fields.get("trashed") or (directory and in_trash(path)):
        return None
    above = dirname(path) if directory else str((folder or {}).get("path") or "")
    tags = fields.get("tags")
    return Said(
        name,
        detail=above,
        words=" ".join(str(tag) for tag in tags) if isinstance(tags, list) else "",
        date=str(fields.get("updated_at") or "")[:10],
        shown={
            "type": "directory" if directory else "file",
            "class": str(fields.get("class") or ""),
            "folder": str(fields.get("dir_id") or ""),
        },
    )


_IN_FOLDER = next(index for index in INDEXES if index.name == CHILDREN)
FINDABLE = Findable(
    FILES, says, beside=Beside(FILES, "dir_id", _IN_FOLDER, lambda fields: fields.get("type") == "directory")
)
