"""The fields that bytes give to a file: new ones, newer ones, a copy's, an old version's (contract-b 2.3, 2.6)."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alcove.base.clock import rfc3339
from alcove.base.ids import new_id
from alcove.files.errors import NodeMissing, ParentInTrash, StaleRevision
from alcove.files.model import (
    FILES,
    ROOT,
    VERSIONS,
    Node,
    Stamp,
    birth,
    change_mark,
    checked_metadata,
    clean_tags,
    locator,
    locator_blob,
    moment_of,
    not_after,
    not_before,
    sha256_of,
    upload_mark,
)
from alcove.files.model.kinds import kind_of
from alcove.files.model.names import checked_name, extension, next_free
from alcove.files.service.tree import add, need_parent, save
from alcove.files.store import child, need_node, versions_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.documents import Document, Tx
    from alcove.files.blobs import Written
    from alcove.files.service.customs import Keeping
    from alcove.files.store import Source

COPY_WORD = {"fr": "copie"}
"""The word in the name of a copy; English elsewhere (contract-b 2.2)."""

CERTIFIED = {
    "carbonCopy": "io.cozy.certified.carbon_copy",
    "electronicSafe": "io.cozy.certified.electronic_safe",
}
"""What of a file's metadata certifies it, and the doctype that who says it must be allowed to make."""

_KEPT_IN_VERSION = ("updated_at", "size", "md5sum", "cozyMetadata", "internal_vfs_id")
_SWAPPED = ("updated_at", "size", "md5sum", "tags", "metadata", "cozyMetadata", "internal_vfs_id")


@dataclass(frozen=True, slots=True)
class Upload:
    """What a sender says of the bytes that follow. Dates are of RFC 3339; empty ones are not said."""

    name: str = ""
    dir_id: str = ROOT
    content_type: str = ""
    size: int | None = None
    """The announced length in bytes: a wrong one refuses the upload."""
    md5: bytes | None = None
    """The announced digest: a wrong one refuses the upload."""
    created_at: str = ""
    updated_at: str = ""
    backdates: bool = False
    """A change before the creation sets the creation back; otherwise it is taken for one at the creation."""
    tags: Sequence[str] = ()
    executable: bool = False
    encrypted: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    numbered: bool = False
    """Whether a name that is taken gets a number instead of being refused."""
    id: str = ""
    """The id that was promised to the new file; a random one unless it is said."""
    source: Mapping[str, str] = field(default_factory=dict)
    """`sourceAccount` and `sourceAccountIdentifier`: which connector's account it comes from."""


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes that are durable, and what was taken out of them."""

    written: Written
    found: Mapping[str, Any] = field(default_factory=dict)
    """Metadata; `datetime` is when a picture was taken, if it says so."""

    @property
    def taken(self) -> str:
        """When a picture was taken, as the API writes dates; empty if it does not say so."""
        moment = moment_of(self.found.get("datetime"))
        return "" if moment is None else rfc3339(moment)


def _bytes_fields(what: Upload, name: str, received: Received, created_at: str) -> dict[str, Any]:
    """The fields that follow from the bytes and what was said of them."""
    mime, kind = kind_of(name, what.content_type)
    written, found = received.written, received.found
    if found and kind == "image":
        found = {"datetime": created_at, **found}
    return {
        "internal_vfs_id": locator(written.id, written.sha256),
        "size": str(written.size),
        "md5sum": base64.b64encode(written.md5).decode(),
        "mime": mime,
        "class": kind,
        "executable": what.executable,
        "encrypted": what.encrypted,
        "tags": clean_tags(what.tags),
        "metadata": {**what.metadata, **found},
    }


def _born(what: Upload, created: str) -> str:
    """When a file was made, at the latest: an upload may say that it was changed before that."""
    return not_after(created, what.updated_at) if what.backdates else created


async def create(tx: Tx, what: Upload, received: Received, stamp: Stamp, *, free: bool = False) -> Node:
    """Commits a new file. Raises `ParentMissing`, `ParentInTrash`, `NameTaken` (not where the name is `free`)."""
    await need_parent(tx, what.dir_id, living=True)
    created = _born(what, received.taken or what.created_at or stamp.at)
    name = await _unclashing(tx, what.dir_id, what.name) if what.numbered else what.name
    fields = {
        "type": "file",
        "name": name,
        "dir_id": what.dir_id,
        "created_at": created,
        "updated_at": not_before(what.updated_at or created, created),
        "trashed": False,
        **_bytes_fields(what, name, received, created),
        "cozyMetadata": {**birth(stamp, uploaded=True), **what.source},
    }
    return await add(tx, what.id or new_id(), fields, free=free)


async def need_living_file(tx: Source, file_id: str, rev: str = "") -> Node:
    """The file of that id; raises `NodeMissing`, `StaleRevision`, `ParentInTrash`."""
    node = await need_node(tx, file_id)
    if node.is_dir:
        raise NodeMissing
    if node.trashed and (await need_node(tx, node.dir_id)).trashed:  # a copy of a trashed file may lie elsewhere
        raise ParentInTrash
    if rev and rev != node.rev:
        raise StaleRevision
    return node


async def overwrite(
    tx: Tx, file_id: str, what: Upload, received: Received, stamp: Stamp, keeping: Keeping, rev: str = ""
) -> tuple[Node, list[str]]:
    """Commits new bytes of a file; gives it, and the blobs that no document names any more.

    Id, name, place, creation, references and `cozyMetadata` stay; all else is as the sender says now.
    """
    old = await need_living_file(tx, file_id, rev)
    created = _born(what, str(old.fields.get("created_at") or stamp.at))
    fields = {
        **old.fields,
        "created_at": created,
        **_bytes_fields(what, old.name, received, created),
        "updated_at": not_before(what.updated_at or stamp.at, created),
        "trashed": False,
    }
    cozy = upload_mark(change_mark(old.fields.get("cozyMetadata"), stamp), stamp)
    fields["cozyMetadata"] = {**cozy, **what.source}
    node = await save(tx, old, fields)
    if old.md5sum == node.md5sum:
        return node, [old.blob]
    return node, await _keep_version(tx, old, stamp, keeping)


async def _keep_version(tx: Tx, old: Node, stamp: Stamp, keeping: Keeping) -> list[str]:
    """Keeps what a file was, by the rules of contract-b 2.6; gives the blobs that nothing names any more."""
    tagged = bool(old.fields.get("tags"))
    if keeping.number == 0 and not tagged:
        return [old.blob]
    versions = sorted(await versions_of(tx, old.id), key=_age)
    recent = moment_of(_written_at(versions[-1].fields())) if versions else None
    born = moment_of(_written_at(old.fields)) or stamp.now
    if recent is not None and born - recent < keeping.delay and not tagged:
        return [old.blob]
    await add_version(tx, old)
    dropped = list[str]()
    droppable = [v for v in versions if not v.fields().get("tags")]
    for version in droppable[: max(0, len(versions) + 1 - keeping.number)]:
        await tx.delete(VERSIONS, version.id, version.rev)
        dropped.append(locator_blob(version.fields()))
    return dropped


def _written_at(fields: Mapping[str, Any]) -> str:
    cozy = fields.get("cozyMetadata") or {}
    return str(cozy.get("uploadedAt") or fields.get("updated_at"))


def _age(version: Document) -> tuple[str, str]:
    return _written_at(version.fields()), version.id


async def add_version(tx: Tx, old: Node) -> Document:
    """Writes what a file is now as a version of it; the version names the file's blob from now on."""
    body = {
        **{name: old.fields[name] for name in _KEPT_IN_VERSION if name in old.fields},
        "tags": old.fields.get("tags"),
        "relationships": {"file": {"data": {"_id": old.id, "_type": FILES}}},
    }
    if old.fields.get("metadata"):
        body["metadata"] = old.fields["metadata"]
    return await tx.put(VERSIONS, f"{old.id}/{old.rev}", body)


async def need_version(tx: Tx, version_id: str) -> tuple[Document, Node]:
    """A version and the file it is of; raises `NodeMissing`."""
    version = await tx.get(VERSIONS, version_id)
    if version is None:
        raise NodeMissing
    return version, await need_node(tx, version_id.partition("/")[0])


async def revert(tx: Tx, version_id: str, stamp: Stamp) -> Node:
    """Makes an old version the file's content; what it was becomes a version."""
    version, old = await need_version(tx, version_id)
    await need_living_file(tx, old.id)
    await add_version(tx, old)
    await tx.delete(VERSIONS, version.id, version.rev)
    was = version.fields()
    fields = {**old.fields, **{name: was.get(name) for name in _SWAPPED}}
    fields["updated_at"] = not_before(str(was.get("updated_at")), str(old.fields.get("created_at")))
    fields["cozyMetadata"] = change_mark(was.get("cozyMetadata"), stamp)
    return await save(tx, old, fields)


async def tag_version(tx: Tx, version_id: str, tags: Sequence[str]) -> Document:
    """Gives an old version tags: a tagged one is never dropped by the rule."""
    version, _ = await need_version(tx, version_id)
    return await tx.put(VERSIONS, version.id, {**version.fields(), "tags": clean_tags(tags)}, version.rev)


async def describe(tx: Tx, file_id: str, metadata: Mapping[str, Any], tags: Sequence[str], stamp: Stamp) -> Node:
    """Replaces a file's metadata (and tags); its bytes stay, so no version is made.

    What certifies a file stays when it is only qualified anew (contract-b 2.6).
    """
    node = await need_living_file(tx, file_id)
    cozy = change_mark(node.fields.get("cozyMetadata"), stamp)
    said = checked_metadata(metadata)
    if set(said) == {"qualification"}:
        old = node.fields.get("metadata") or {}
        said = {**{name: old[name] for name in CERTIFIED if name in old}, **said}
    fields = {**node.fields, "metadata": said, "tags": clean_tags(tags), "cozyMetadata": cozy}
    return await save(tx, node, {**fields, "updated_at": stamp.at})


def copy_name(name: str, locale: str) -> str:
    """What a copy is called when nobody says it.

    >>> copy_name("report.pdf", "fr")
    'report (copie).pdf'
    """
    stem, last = extension(name)
    return f"{stem} ({COPY_WORD.get(locale, 'copy')}){last}"


async def copy(tx: Tx, source: Node, blob: str, name: str, dir_id: str, stamp: Stamp) -> Node:
    """Commits a copy of a file, whose bytes are in `blob` already. A clash gives it a number.

    What the trash wrote into the original stands in the copy too, as clients of the reference see it: a copy of a
    trashed file is marked as trashed where it lies. Nothing removes it there, and `restore` takes the marks off.
    """
    await need_parent(tx, dir_id, living=True)
    name = await _unclashing(tx, dir_id, checked_name(name))
    mime, kind = kind_of(name)
    fields = {
        **{k: v for k, v in source.fields.items() if k != "referenced_by"},
        "internal_vfs_id": locator(blob, sha256_of(source.fields)),
        "name": name,
        "dir_id": dir_id,
        "created_at": stamp.at,
        "updated_at": stamp.at,
        "mime": mime,
        "class": kind,
        "cozyMetadata": birth(stamp, uploaded=True),
    }
    return await add(tx, new_id(), fields)


async def _unclashing(tx: Tx, dir_id: str, name: str) -> str:
    taken = set[str]()
    while await child(tx, dir_id, name) is not None:
        taken.add(name)
        name = next_free(name, taken.__contains__)
    return name
