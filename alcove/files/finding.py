"""What files and folders say to who searches: their name, the path of the folder they are in, their tags."""

from __future__ import annotations

from posixpath import dirname
from typing import TYPE_CHECKING, Any

from alcove.files.model import APP_PASSWORD, FILES, FIXED
from alcove.files.model.names import extension, in_trash
from alcove.files.store import CHILDREN, INDEXES
from alcove.search import Beside, Findable, Said, below, came_from, in_folder, sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.search import Contents


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
        facets=[*_kinds(name, fields), *sources(fields), *_way(fields), *_lies_in(above)],
    )


def _kinds(name: str, fields: Mapping[str, Any]) -> list[str]:
    """What a file is: its class, its extension; a mail is a message, whatever its class."""
    kinds = ["directory"] if fields.get("type") == "directory" else [str(fields.get("class") or "")]
    kinds += [extension(name)[1].lstrip(".").lower()] if kinds != ["directory"] else []
    return [f"type:{kind}" for kind in dict.fromkeys(kinds) if kind]


def _way(fields: Mapping[str, Any]) -> list[str]:
    """By which way a file's bytes came: a connector, a device, WebDAV, a guest with a link, or the person's browser."""
    if fields.get("type") == "directory":
        return []
    cozy = fields.get("cozyMetadata")
    cozy = cozy if isinstance(cozy, dict) else {}
    by = cozy.get("uploadedBy")
    by = by if isinstance(by, dict) else {}
    client = by.get("oauthClient")
    if isinstance(client, dict):
        return [came_from("webdav" if client.get("kind") == APP_PASSWORD else "device")]
    if by.get("link"):
        return [came_from("guest")]
    return [came_from("connector" if cozy.get("sourceAccount") else "upload")]


def _lies_in(path: str) -> list[str]:
    """Every folder above, by its name and by its path."""
    names = [name for name in path.split("/") if name]
    paths = ["/" + "/".join(names[: count + 1]) for count in range(len(names))]
    return [*map(in_folder, names), *map(below, paths)]


_IN_FOLDER = next(index for index in INDEXES if index.name == CHILDREN)


def findable(contents: Contents | None = None) -> Findable:
    """How files are found; `contents` are the texts in them."""

    def is_folder(fields: Mapping[str, Any]) -> bool:
        return fields.get("type") == "directory"

    def facet(fields: Mapping[str, Any]) -> str:
        return below(str(fields["path"])) if is_folder(fields) and fields.get("path") not in (None, "", "/") else ""

    beside = Beside(FILES, "dir_id", _IN_FOLDER, is_folder, facet)
    return Findable(FILES, says, 3, beside, contents=contents)
