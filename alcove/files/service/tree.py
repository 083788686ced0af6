"""The rules of the tree, as units of work: each function runs inside one, sees a whole tree and leaves a whole tree.

Directories store their path and files whether they are in the trash, so moving and trashing rewrite what lies below
(contract-b 2.1, 2.5): that is done here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcove.base.ids import new_id
from alcove.files.errors import (
    AlreadyInTrash,
    ForbiddenMove,
    IllegalTime,
    NameTaken,
    NotInTrash,
    ParentInTrash,
    ParentMissing,
    StaleRevision,
)
from alcove.files.model import (
    FILES,
    FIXED,
    ROOT,
    TRASH,
    VERSIONS,
    Node,
    Stamp,
    birth,
    change_mark,
    checked_metadata,
    clean_tags,
    locator_blob,
    moment_of,
    node_from,
    parse_date,
    stored,
)
from alcove.files.model.kinds import kind_of
from alcove.files.model.names import below, checked_name, extension, join, next_free, plain_name, random_suffix
from alcove.files.model.texts import made_from, made_of
from alcove.files.store import check_free, child, children, descendants, find_node, need_node, versions_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.documents import Tx

TOGETHER = 500
"""Files that a unit of work marks as trashed, or living again, at the most: others wait for it to write."""
AT_ONCE = 300
"""Nodes that a unit of work destroys at the most, for the same reason."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What to change of a node; None leaves it as it is."""

    name: str | None = None
    dir_id: str | None = None
    tags: Sequence[str] | None = None
    updated_at: str | None = None
    executable: bool | None = None
    encrypted: bool | None = None
    metadata: Mapping[str, Any] | None = None
    favorite: bool | None = None
    backdates: bool = False
    """A change before the creation sets the creation back; otherwise it is refused."""
    classify: bool = False
    """Take media type and class from the name again."""


async def save(tx: Tx, node: Node, fields: Mapping[str, Any]) -> Node:
    """Writes a node's new fields."""
    return node_from(await tx.put(FILES, node.id, stored(fields), node.rev))


async def add(tx: Tx, node_id: str, fields: Mapping[str, Any], *, free: bool = False) -> Node:
    """Writes a new node. Raises `NameTaken`, unless who calls has seen that the name is `free`."""
    if not free:
        await check_free(tx, fields["dir_id"], fields["name"])
    return node_from(await tx.put(FILES, node_id, stored(fields)))


async def need_parent(tx: Tx, dir_id: str, *, living: bool) -> Node:
    """The directory of that id; raises `ParentMissing`, and `ParentInTrash` when a living one is asked for."""
    parent = await find_node(tx, dir_id)
    if parent is None or not parent.is_dir:
        raise ParentMissing
    if living and parent.trashed:
        raise ParentInTrash
    return parent


def directory_fields(name: str, parent: Node, stamp: Stamp, more: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a new directory. Raises `IllegalName`, `IllegalPath`."""
    return {
        "type": "directory",
        "name": checked_name(name),
        "dir_id": parent.id,
        "path": join(parent.path, name),
        "created_at": stamp.at,
        "updated_at": stamp.at,
        **more,
        "cozyMetadata": birth(stamp),
    }


async def add_directory(tx: Tx, name: str, dir_id: str, stamp: Stamp, more: Mapping[str, Any]) -> Node:
    """Makes a directory, in a trashed one too (as the reference does). Raises `ParentMissing`, `NameTaken`."""
    parent = await need_parent(tx, dir_id, living=False)
    return await add(tx, new_id(), directory_fields(name, parent, stamp, more))


async def fixed(tx: Tx, node_id: str, name: str, stamp: Stamp) -> Node:
    """The directory of a fixed id, in the root when it has to be made, out of the trash when it lies there."""
    node = await find_node(tx, node_id)
    if node is not None:
        return await restore(tx, node_id, stamp) if node.trashed else node
    root = await need_node(tx, ROOT)
    held = {one.name for one in await children(tx, ROOT)}
    return await add(tx, node_id, directory_fields(next_free(name, held.__contains__), root, stamp, {}))


async def ensure(tx: Tx, path: str, stamp: Stamp) -> Node:
    """The directory of that path, made with all above it where missing. Raises `NameTaken` when a file stands there."""
    here = await need_node(tx, ROOT)
    made = False
    for name in path.split("/"):
        if not name:
            continue
        held = None if made else await child(tx, here.id, name)
        if held is not None and not held.is_dir:
            raise NameTaken
        if held is None:
            made = True
            fields = directory_fields(name, here, stamp, {})
            held = node_from(await tx.put(FILES, new_id(), stored(fields)))
        here = held
    return here


async def change(tx: Tx, node_id: str, patch: Patch, stamp: Stamp, rev: str = "") -> Node:
    """Changes a node: renames, moves, tags it. Raises what contract-b 2.2 and 2.4 say for each."""
    node = await need_node(tx, node_id)
    if rev and rev != node.rev:
        raise StaleRevision
    if node.id in FIXED:
        raise ForbiddenMove
    name = node.name if patch.name is None else checked_name(patch.name)
    dir_id = node.dir_id if patch.dir_id is None else patch.dir_id
    parent = await _destination(tx, node, dir_id)
    if (name, dir_id) != (node.name, node.dir_id):
        await check_free(tx, dir_id, name)
    fields = {**node.fields, **_patched(node, patch, name), "name": name, "dir_id": dir_id}
    fields["cozyMetadata"] = change_mark(node.fields.get("cozyMetadata"), stamp)
    if patch.favorite is not None:
        fields["cozyMetadata"]["favorite"] = patch.favorite
    return await place(tx, node, fields, parent)


async def _destination(tx: Tx, node: Node, dir_id: str) -> Node:
    """The directory that a node is to be in. Raises why it cannot."""
    if dir_id == node.dir_id:
        return await need_parent(tx, dir_id, living=False)
    if node.trashed:
        raise AlreadyInTrash
    parent = await need_parent(tx, dir_id, living=False)
    if parent.trashed:
        raise AlreadyInTrash
    if node.is_dir and below(parent.path, node.path):
        raise ForbiddenMove
    return parent


def _patched(node: Node, patch: Patch, name: str) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if patch.tags is not None:
        changed["tags"] = clean_tags(patch.tags)
    if patch.metadata is not None:
        changed["metadata"] = checked_metadata(patch.metadata)
    if patch.updated_at is not None:
        changed["updated_at"] = parse_date(patch.updated_at, "UpdatedAt")
        created, updated = moment_of(node.fields.get("created_at")), moment_of(patch.updated_at)
        if created and updated and updated < created:
            if not patch.backdates:
                raise IllegalTime
            changed["created_at"] = patch.updated_at
    if node.is_dir:
        return changed
    changed |= {} if patch.executable is None else {"executable": patch.executable}
    changed |= {} if patch.encrypted is None else {"encrypted": patch.encrypted}
    if patch.classify or extension(name)[1] != extension(node.name)[1]:
        changed["mime"], changed["class"] = kind_of(name)
    return changed


async def place(tx: Tx, node: Node, fields: dict[str, Any], parent: Node) -> Node:
    """Writes a node at its place under `parent`, and makes true what lies below it."""
    living = not parent.trashed
    if not node.is_dir:
        if parent.id != node.dir_id:
            fields["trashed"] = not living
        return await save(tx, node, fields)
    path = join(parent.path, fields["name"])
    if path == node.path:
        return await save(tx, node, fields)
    directories = await descendants(tx, node, "directory")
    for held in directories:
        deeper = path + held.path.removeprefix(node.path)
        join(deeper, "")  # refuses what would lie too deep
        await save(tx, held, {**held.fields, "path": deeper})
    # Files say nothing of their path: as long as none is put into the trash or taken out, none is read.
    if living is node.trashed:
        await _mark_first(tx, (node, *directories), trashed=not living)
    return await save(tx, node, {**fields, "path": path})


async def _mark_first(tx: Tx, directories: Sequence[Node], *, trashed: bool) -> None:
    """Marks the files in directories, up to `TOGETHER` of them: those that are left follow in further units."""
    left = TOGETHER
    for directory in directories:
        files = await children(tx, directory.id, "file", left)
        for held in files:
            if held.trashed is not trashed:
                await save(tx, held, {**held.fields, "trashed": trashed})
        left -= len(files)
        if left <= 0:
            return


async def mark(tx: Tx, dir_id: str, ids: Sequence[str]) -> None:
    """Marks those of these files that lie in a directory as that is now: in the trash, or not."""
    directory = await find_node(tx, dir_id)
    if directory is None:
        return
    for node_id in ids:
        node = await find_node(tx, node_id)
        if node is not None and node.dir_id == dir_id and node.trashed is not directory.trashed:
            await save(tx, node, {**node.fields, "trashed": directory.trashed})


async def trash(tx: Tx, node_id: str, stamp: Stamp, by: Mapping[str, str], rev: str = "") -> Node:
    """Puts a node into the trash. Raises `AlreadyInTrash`, `ForbiddenMove` for the root and the trash itself."""
    node = await need_node(tx, node_id)
    if rev and rev != node.rev:
        raise StaleRevision
    if node.id in FIXED:
        raise ForbiddenMove
    bin_, parent = await need_node(tx, TRASH), await need_node(tx, node.dir_id)
    if parent.trashed:  # the node's own mark says nothing: a copy of a trashed file has it too
        raise AlreadyInTrash
    cozy = {**change_mark(node.fields.get("cozyMetadata"), stamp), "trashedAt": stamp.at, "trashedBy": dict(by)}
    fields = {**node.fields, "dir_id": TRASH, "restore_path": parent.path, "cozyMetadata": cozy}
    fields["name"] = await _free_name(tx, TRASH, node.name)
    return await place(tx, node, fields, bin_)


async def restore(tx: Tx, node_id: str, stamp: Stamp) -> Node:
    """Takes a node out of the trash, back to where it was; missing directories are made. Raises `NotInTrash`.

    Where a file stands in the way of a directory it was in, it comes back at the root: nothing stays out of reach.
    """
    node = await need_node(tx, node_id)
    if node.id in FIXED or not node.trashed:
        raise NotInTrash
    try:
        parent = await ensure(tx, await _origin(tx, node), Stamp(stamp.now, author=stamp.author))
    except NameTaken:
        parent = await need_node(tx, ROOT)
    fields = {k: v for k, v in node.fields.items() if k != "restore_path"}
    fields["name"] = await _free_name(tx, parent.id, plain_name(node.name), node.id)
    fields["dir_id"] = parent.id
    if not node.is_dir:
        fields["trashed"] = False
    return await place(tx, node, fields, parent)


async def _origin(tx: Tx, node: Node) -> str:
    """The path of the directory that a trashed node was in, computed when it was trashed with one above it."""
    if node.fields.get("restore_path"):
        return str(node.fields["restore_path"])
    lies = await need_node(tx, node.dir_id)
    if not lies.trashed:  # a copy of a trashed file: it lies where it belongs
        return lies.path
    names = list[str]()
    while node.dir_id != TRASH:
        node = await need_node(tx, node.dir_id)
        names.insert(0, plain_name(node.name) if node.dir_id == TRASH else node.name)
    return "/".join((str(node.fields.get("restore_path") or "").rstrip("/"), *names)) or "/"


async def _free_name(tx: Tx, dir_id: str, name: str, own: str = "") -> str:
    while (held := await child(tx, dir_id, name)) is not None and held.id != own:
        name = random_suffix(name)
    return name


async def destroy(tx: Tx, node_id: str, rev: str = "", most: int = AT_ONCE) -> tuple[list[str], bool]:
    """Removes a node and all below it, for ever, but not more than about so many nodes at once.

    Gives the blobs that are of no use any more, what was made from them too, and whether nothing is left. What is
    deepest goes first, so that what a crash leaves is a smaller tree.
    """
    top = await need_node(tx, node_id)
    if rev and rev != top.rev:
        raise StaleRevision
    if top.id in FIXED:
        raise ForbiddenMove
    blobs, way = list[str](), [top]
    while way and most > 0:
        here = way[-1]
        inner = await children(tx, here.id, "directory", 1) if here.is_dir else []
        if inner:
            way += inner
            continue
        files = await children(tx, here.id, "file", most) if here.is_dir else []
        for gone in (*files, here) if len(files) < most else files:
            blobs += await _remove(tx, gone)
        most -= len(files) + 1
        if most >= 0:
            way.pop()
    return blobs, not way


async def _remove(tx: Tx, node: Node) -> list[str]:
    """Removes a file with its old versions, or an empty directory; the blobs that are of no use any more."""
    await tx.delete(FILES, node.id, node.rev)
    if node.is_dir:
        return []
    old = [each for blob in await drop_versions(tx, node.id) for each in (blob, *made_from(blob))]
    return [node.blob, *made_of(node.fields), *old] if node.blob else old


async def drop_versions(tx: Tx, file_id: str) -> list[str]:
    """Removes the old versions of a file. Gives the blobs that no document names any more."""
    blobs = []
    for version in await versions_of(tx, file_id):
        await tx.delete(VERSIONS, version.id, version.rev)
        blobs.append(locator_blob(version.fields()))
    return [blob for blob in blobs if blob]
