"""Putting things at a name, whatever is there: what clients do that think in paths (WebDAV), as units of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alcove.base.ids import new_id
from alcove.files.errors import NameTaken, StaleRevision
from alcove.files.model import Node, birth, locator, sha256_of
from alcove.files.model.kinds import kind_of
from alcove.files.model.names import join
from alcove.files.service import content, tree
from alcove.files.store import child

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.documents import Tx
    from alcove.files.model import Stamp
    from alcove.files.service.content import Received, Upload
    from alcove.files.service.customs import Keeping
    from alcove.files.service.tree import Patch


@dataclass(frozen=True, slots=True)
class Placed:
    """What stands at a name now, whether it is new there, and the blobs that no document names any more."""

    node: Node
    new: bool
    freed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy, the ids of all that was copied with those of the copies, and the files whose bytes are missing."""

    node: Node
    ids: Mapping[str, str]
    lost: Sequence[Node] = ()


async def put(tx: Tx, what: Upload, received: Received, stamp: Stamp, keeping: Keeping, rev: str | None) -> Placed:
    """Makes the file of that name, or gives it new bytes. With `rev` it must have that one; "" is not to be there.

    Raises `StaleRevision`, `NameTaken` where a directory stands, and what `content.create` raises.
    """
    held = await child(tx, what.dir_id, what.name)
    if rev is not None and rev != ("" if held is None else held.rev):
        raise StaleRevision
    if held is None:
        return Placed(await content.create(tx, what, received, stamp, free=True), new=True)
    if held.is_dir:
        raise NameTaken
    node, freed = await content.overwrite(tx, held.id, what, received, stamp, keeping)
    return Placed(node, new=False, freed=freed)


async def make_room(tx: Tx, dir_id: str, name: str, stamp: Stamp, by: Mapping[str, str], *, replacing: bool) -> bool:
    """Puts what has that name into the trash; whether there was something. Raises `NameTaken` without `replacing`."""
    held = await child(tx, dir_id, name)
    if held is None:
        return False
    if not replacing:
        raise NameTaken
    await tree.trash(tx, held.id, stamp, by)
    return True


async def move(tx: Tx, node_id: str, patch: Patch, stamp: Stamp, by: Mapping[str, str], *, replacing: bool) -> Placed:
    """Moves a node to another name (both of which `patch` says); what was there is in the trash then."""
    assert patch.dir_id is not None
    assert patch.name is not None
    replaced = await make_room(tx, patch.dir_id, patch.name, stamp, by, replacing=replacing)
    return Placed(await tree.change(tx, node_id, patch, stamp), new=not replaced)


async def copy(
    tx: Tx,
    nodes: Sequence[Node],
    blobs: Mapping[str, str],
    patch: Patch,
    stamp: Stamp,
    by: Mapping[str, str],
    *,
    replacing: bool,
) -> Copied:
    """Writes copies of nodes, the first of which is called and lies as `patch` says, the others below it.

    `blobs` are the copied bytes by the id of their file; files without are left out. A copy has the dates of what it is
    a copy of, and is nobody's but the copier's.
    """
    assert patch.dir_id is not None
    assert patch.name is not None
    parent = await tree.need_parent(tx, patch.dir_id, living=True)
    await make_room(tx, parent.id, patch.name, stamp, by, replacing=replacing)
    ids = {node.id: new_id() for node in nodes if node.is_dir or node.id in blobs}
    made = dict[str, Node]()
    for place, node in enumerate(nodes):
        if node.id not in ids:
            continue
        above = made[node.dir_id] if place else parent
        name = node.name if place else patch.name
        fields = _copied(node, name, above, stamp) | ({"updated_at": patch.updated_at} if patch.updated_at else {})
        if not node.is_dir:
            fields["internal_vfs_id"] = locator(blobs[node.id], sha256_of(node.fields))
        made[node.id] = await tree.add(tx, ids[node.id], fields, free=True)
    lost = [node for node in nodes if node.id not in ids]
    return Copied(made[nodes[0].id], ids, lost)


def _copied(node: Node, name: str, above: Node, stamp: Stamp) -> dict[str, object]:
    dropped = ("referenced_by", "restore_path", "not_synchronized_on")
    fields: dict[str, object] = {k: v for k, v in node.fields.items() if k not in dropped}
    fields |= {"name": name, "dir_id": above.id, "cozyMetadata": birth(stamp, uploaded=not node.is_dir)}
    if node.is_dir:
        return {**fields, "path": join(above.path, name)}
    mime, kind = kind_of(name) if name != node.name else (node.mime, node.fields.get("class"))
    return {**fields, "trashed": False, "mime": mime, "class": kind}
