"""Copying a store from one backend to another, as it lies there, and proving that the copy is the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from alcove.base.errors import Conflict, NotFound
from alcove.documents.revisions import Leaf, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alcove.documents.model import Document
    from alcove.documents.rows import Kind, Row, Rows
    from alcove.documents.service import StoredDocuments
    from alcove.documents.store import Store

BATCH = 500
"""Documents that are copied in one unit."""


class CopyDiffers(Exception):
    """What was copied is not what is there: the copy must not be used."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a store holds: documents with deleted ones, and one hash over every revision, checkpoint and cursor."""

    documents: int
    digest: str


async def copy_store(source: StoredDocuments, target: StoredDocuments, tenant: str) -> Extent:
    """Makes the store of a tenant in the target, verified. Nobody may write to the source meanwhile.

    A copy that fails leaves no store in the target. Raises `Conflict` when there is one already, `CopyDiffers`.
    """
    try:
        await target.last_seq(tenant)
    except NotFound:
        await target.create(tenant)
    else:
        raise Conflict(f"The target has a store of {tenant} already")
    try:
        for kind in await source.scan(tenant, lambda store: store.rows.kinds()):
            await _copy_kind(source, target, tenant, kind)
        cursors = await source.scan(tenant, lambda store: store.rows.cursors())
        await target.move_cursors(tenant, cursors)
        before, after = await extent(source, tenant), await extent(target, tenant)
        if before != after:
            raise CopyDiffers(f"{tenant}: {before} was copied as {after}")
    except BaseException:
        await target.destroy(tenant)
        raise
    return after


async def copy_documents(target: StoredDocuments, tenant: str, documents: Sequence[Document]) -> None:
    """Puts documents of another store into one that is there, with their revisions."""

    def write(store: Store) -> None:
        for document in documents:
            generation, name = parse(document.rev)
            store.graft(document.type, document.id, Leaf(generation, name, (), document.deleted, document.body))

    await target.write(tenant, write)


async def extent(documents: StoredDocuments, tenant: str) -> Extent:
    """What the store of a tenant holds."""
    return await documents.scan(tenant, lambda store: _extent(store.rows))


async def _copy_kind(source: StoredDocuments, target: StoredDocuments, tenant: str, kind: Kind) -> None:
    since = 0
    while rows := await source.scan(tenant, partial(_some, kind=kind, since=since)):
        await target.write(tenant, partial(_adopt, kind=kind, rows=rows))
        since = rows[-1].seq
    checkpoints = await source.scan(tenant, lambda store: list(store.rows.locals(kind.number)))

    def finish(store: Store) -> None:
        made = store.kind(kind.name) or store.rows.add_kind(kind.name)
        for name, rev, body in checkpoints:
            store.rows.save_local(made.number, name, rev, body)
        made.open, made.seq = kind.open, kind.seq
        store.rows.save_kind(made)

    await target.write(tenant, finish)


def _some(store: Store, kind: Kind, since: int) -> list[Row]:
    return list(islice(store.rows.by_seq(kind.number, since, limit=BATCH), BATCH))


def _adopt(store: Store, kind: Kind, rows: Iterable[Row]) -> None:
    for row in rows:
        store.adopt(kind.name, row)


def _extent(rows: Rows) -> Extent:
    documents, digest = 0, hashlib.sha256()
    for kind in rows.kinds():
        if kind.seq or kind.open:
            digest.update(f"{kind.name}\0{kind.open}\0{kind.living}\0{kind.dead}\0{kind.seq}\n".encode())
        for row in rows.by_seq(kind.number, 0):
            documents += 1
            line = f"{row.id}\0{row.rev}\0{row.seq}\0{row.deleted}\0{row.history}\0{row.branches}\0".encode()
            digest.update(line + row.body + b"\n")
        for name, rev, body in sorted(rows.locals(kind.number)):
            digest.update(f"{name}\0{rev}\0".encode() + body + b"\n")
    for follower, seq in sorted(rows.cursors().items()):
        digest.update(f"{follower}\0{seq}\n".encode())
    return Extent(documents, digest.hexdigest())
