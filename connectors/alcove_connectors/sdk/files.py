"""Files put into the person's place, once: the same content again is found again, not stored again."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from alcove_connectors.sdk.errors import SaveFileFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove_connectors.sdk.context import Context

FILES = "io.cozy.files"

NAMES = 100
"""Numbered names that are tried (`invoice (2).pdf`...) before giving up."""

FORBIDDEN = dict.fromkeys(map(ord, '/\0\n\r\t\\:*?"<>|'), "_")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file to save: its name, where its bytes are, and what names it.

    With `id_attributes` (such as `("invoice", "F-2025-17")`) the file is found by them wherever the person moved it;
    without, by name and content in its folder. `folder` is below the folder of the run, or absolute.
    """

    name: str
    content: Path | bytes
    folder: str = ""
    mime: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    id_attributes: tuple[str, ...] = ()
    replace: bool = False
    """Whether other content under the same `id_attributes` takes the place of the stored one (as a new version)."""
    created_at: str = ""
    """RFC 3339; empty: now."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file in the person's place. `outcome` is `new`, `replaced` or `known`."""

    id: str
    path: str
    outcome: str
    resource: Mapping[str, Any]
    """Its JSON:API resource: `attributes` and `relationships`."""

    @property
    def references(self) -> set[tuple[str, str]]:
        """The (doctype, id) of the documents it is referenced by, as far as the server told."""
        related = (self.resource.get("relationships") or {}).get("referenced_by") or {}
        return {(entry["type"], entry["id"]) for entry in related.get("data") or []}


def clean_name(name: str) -> str:
    """A name that every system can hold: no separators, no control characters, 200 characters at the most.

    >>> clean_name("EDF: 12/2025.pdf")
    'EDF_ 12_2025.pdf'
    """
    plain = "".join(sign for sign in name.translate(FORBIDDEN) if sign.isprintable()).strip(" .") or "file"
    stem, dot, extension = plain.rpartition(".")
    if len(plain) <= 200 or not dot or len(extension) > 10:
        return plain[:200]
    return f"{stem[: 199 - len(extension)]}.{extension}"


def save_files(ctx: Context, entries: Sequence[FileEntry]) -> list[SavedFile]:
    """Saves files, in order; raises `SaveFileFailed` or `StackError` (its code is DISK_QUOTA_EXCEEDED when full)."""
    return [_save(ctx, entry) for entry in entries]


def _save(ctx: Context, entry: FileEntry) -> SavedFile:
    md5 = _md5(entry.content)
    folder = str(PurePosixPath(ctx.folder, entry.folder))
    there = _by_attributes(ctx, entry)
    if there is None:
        return _new_name(ctx, entry, md5, folder)
    if there["attributes"]["md5sum"] == md5 or not entry.replace:
        return _saved(there, folder, "known")
    name = str(there["attributes"]["name"])
    return _saved(_send(ctx, ("PUT", f"/files/{there['id']}"), entry, md5, name), folder, "replaced")


def _new_name(ctx: Context, entry: FileEntry, md5: str, folder: str) -> SavedFile:
    parent = ctx.stack.make_folder(folder)
    name = PurePosixPath(clean_name(entry.name))
    for number in range(1, NAMES + 1):
        tried = name.name if number == 1 else f"{name.stem} ({number}){name.suffix}"
        there = ctx.stack.file_at(str(PurePosixPath(folder, tried)))
        if there is None:
            return _saved(_send(ctx, ("POST", f"/files/{parent['id']}"), entry, md5, tried), folder, "new")
        if there["attributes"].get("md5sum") == md5:
            return _saved(there, folder, "known")
    raise SaveFileFailed(f"{folder} holds {NAMES} other files called {name} already")


def _by_attributes(ctx: Context, entry: FileEntry) -> dict[str, Any] | None:
    if not entry.id_attributes:
        return None
    selector = {
        "metadata.fileIdAttributes": "####".join(entry.id_attributes),
        "trashed": False,
        "cozyMetadata.createdByApp": ctx.slug,
    }
    found = ctx.stack.find_files(selector, ("metadata.fileIdAttributes",))
    return found[0] if found else None


def _send(ctx: Context, where: tuple[str, str], entry: FileEntry, md5: str, name: str) -> dict[str, Any]:
    method, path = where
    size = entry.content.stat().st_size if isinstance(entry.content, Path) else len(entry.content)
    query = {"Name": name, "Type": "file", "Size": str(size)}
    query |= {"SourceAccount": ctx.account_id, "SourceAccountIdentifier": ctx.account_identifier}
    metadata = dict(entry.metadata)
    if entry.id_attributes:
        metadata["fileIdAttributes"] = "####".join(entry.id_attributes)
    if metadata:
        query["MetadataID"] = ctx.stack.describe(metadata)
    if entry.created_at:
        query |= {"CreatedAt": entry.created_at, "UpdatedAt": entry.created_at}
    mime = entry.mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {"Content-Type": mime, "Content-MD5": md5, "Content-Length": str(size)}
    with _opened(entry.content) as body:
        answer = ctx.stack.request(method, path, query=query, body=body, headers=headers)
    return dict(answer.json()["data"])


def _saved(resource: Mapping[str, Any], folder: str, outcome: str) -> SavedFile:
    attributes = resource["attributes"]
    path = attributes.get("path") or str(PurePosixPath(folder, attributes["name"]))
    return SavedFile(str(resource["id"]), str(path), outcome, resource)


def _opened(content: Path | bytes) -> IO[bytes]:
    return content.open("rb") if isinstance(content, Path) else BytesIO(content)


def _md5(content: Path | bytes) -> str:
    with _opened(content) as opened:
        digest = hashlib.md5(usedforsecurity=False)
        while chunk := opened.read(1 << 20):
            digest.update(chunk)
    return base64.b64encode(digest.digest()).decode()
