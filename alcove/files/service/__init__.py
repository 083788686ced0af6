"""The verbs on a tree of files, free of HTTP. One call of a verb is one unit of work."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from alcove.base.digits import whole
from alcove.base.errors import Refusal
from alcove.base.ids import new_id
from alcove.documents import Document, Query
from alcove.files.blobs import BlobMissing, BlobTooLarge
from alcove.files.errors import (
    NodeMissing,
    NotADirectory,
    ParentInTrash,
    ParentMissing,
    QuotaReached,
    StaleRevision,
    WrongDigest,
    WrongLength,
)
from alcove.files.model import (
    FILES,
    NOBODY,
    ROOT,
    SHARED_DRIVES,
    TRASH,
    VERSIONS,
    Author,
    Node,
    Stamp,
    locator_blob,
    moment_of,
    node_from,
    sha256_of,
    stored,
)
from alcove.files.model.kinds import kind_of
from alcove.files.model.names import checked_name, checked_path, join, split
from alcove.files.model.texts import made_from
from alcove.files.service import content, placing, tree
from alcove.files.service.counts import Counts
from alcove.files.service.customs import Customs
from alcove.files.service.extraction import extracted, is_extracted
from alcove.files.service.integrity import Integrity
from alcove.files.service.links import ThumbnailKeys
from alcove.files.service.places import Places
from alcove.files.service.usage import Usage
from alcove.files.store import (
    BY_PATH,
    Listing,
    Snapshot,
    check_free,
    children,
    descendants,
    find_node,
    named_blobs,
    need_node,
    node_at,
    number_of_children,
    page,
    pages,
    referring,
    versions_of,
    with_digest,
)

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterable,
        AsyncIterator,
        Awaitable,
        Callable,
        Collection,
        Iterable,
        Mapping,
        Sequence,
    )
    from datetime import datetime

    from alcove.base.clock import Clock
    from alcove.documents import Documents, Tx
    from alcove.files.blobs import Blobs, Written
    from alcove.files.service.content import Upload
    from alcove.files.service.placing import Copied
    from alcove.files.service.tree import Patch
    from alcove.instances import Instance

T = TypeVar("T")
log = logging.getLogger("alcove.files")

MAX_SIZE = 1 << 40
"""Bytes of one file at the most, whatever the quota is."""

INITIAL_FOLDERS = {
    "administrative": {"en": "Administrative", "fr": "Administratif"},
    "photos": {"en": "Photos", "fr": "Photos"},
}
"""The directories of a new instance, by language (contract-b 2.2)."""
ADMINISTRATIVE = {"type": "io.cozy.apps", "id": "io.cozy.apps/administrative"}
"""What refers to the directory of administrative papers: it is found by this, whatever it is called."""

_PRECHECK = 256 << 10


class Files:
    """The files of every instance: the tree in documents, the bytes in blobs.

    A document is committed only after its blob is durable. The blob of a refused commit is removed at once; what a
    crash leaves is found by `sweep`.
    """

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        clock: Clock,
        *,
        scheme: str = "http",
        customs: Customs | None = None,
        integrity: Integrity | None = None,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._clock = clock
        self._scheme = scheme
        self._customs = customs or Customs()
        self._integrity = integrity or Integrity(blobs)
        self._usage = Usage(documents)
        self._counts = Counts(documents)
        self._places = Places()
        self.thumbnail_keys = ThumbnailKeys(clock)

    # -- reading --------------------------------------------------------------------------------------------------

    async def get(self, instance: Instance, node_id: str) -> Node:
        """The node of that id; raises `NodeMissing`."""
        document = await self._documents.get(instance.key, FILES, node_id)
        if document is None:
            raise NodeMissing
        return node_from(document)

    async def find(self, instance: Instance, node_id: str) -> Node | None:
        """The node of that id, or None."""
        return await find_node(self._now(instance), node_id)

    async def by_path(self, instance: Instance, path: str) -> Node:
        """The node of that path; raises `RelativePath`, `NodeMissing`."""
        node = await node_at(self._now(instance), checked_path(path))
        if node is None:
            raise NodeMissing
        return node

    async def path(self, instance: Instance, node: Node) -> str:
        """The path of a node; raises `NodeMissing` when its directory is gone."""
        if node.is_dir:
            return node.path
        return join((await self.get(instance, node.dir_id)).path, node.name)

    async def paths(self, instance: Instance, nodes: Iterable[Node]) -> dict[str, str]:
        """The paths of many nodes by id, each directory read once; nodes whose directory is gone are left out."""
        known: dict[str, str | None] = {}
        found = dict[str, str]()
        for node in nodes:
            if node.is_dir:
                found[node.id] = node.path
                continue
            if node.dir_id not in known:
                parent = await self.find(instance, node.dir_id)
                known[node.dir_id] = parent.path if parent is not None and parent.is_dir else None
            parent_path = known[node.dir_id]
            if parent_path is not None:
                found[node.id] = join(parent_path, node.name)
        return found

    async def list(
        self, instance: Instance, dir_id: str, *, limit: int | None = 30, skip: int = 0, cursor: str = ""
    ) -> Listing:
        """A page of what a directory holds, directories first, by name. `limit` None: all of it."""
        tenant = instance.key
        number = partial(self._counts.of, tenant, dir_id, partial(number_of_children, self._documents, tenant, dir_id))
        return await page(self._documents, tenant, dir_id, limit=limit, skip=skip, cursor=cursor, number=number)

    async def below(self, instance: Instance, top: Node) -> Sequence[Node]:
        """All that lies in a directory, at any depth; a directory comes before what it holds."""
        return await descendants(self._now(instance), top)

    async def weight(self, instance: Instance, top: Node) -> int:
        """Bytes of all files in a directory, at any depth."""
        if not top.is_dir:
            raise NotADirectory
        return sum(node.size for node in await self.below(instance, top))

    async def count(self, instance: Instance) -> int:
        """How many files there are, those in the trash too."""
        directories = Query({"path": {"$gt": None}}, use_index=BY_PATH)
        return await self._documents.count(instance.key, FILES) - await self._documents.count(
            instance.key, FILES, directories
        )

    async def usage(self, instance: Instance) -> tuple[int, int]:
        """Bytes taken by files, and by their old versions."""
        return await self._usage.of(instance.key)

    async def usage_by_kind(self, instance: Instance) -> dict[str, int]:
        """Bytes taken by files of each class; those in the trash are one kind, `trash`."""
        return await self._usage.kinds(instance.key)

    async def versions(self, instance: Instance, file_id: str) -> Sequence[Document]:
        """The old versions of a file, oldest first."""
        return sorted(await versions_of(self._now(instance), file_id), key=lambda v: v.id)

    async def version(self, instance: Instance, version_id: str) -> Document:
        """An old version; raises `NodeMissing`."""
        document = await self._documents.get(instance.key, VERSIONS, version_id)
        if document is None:
            raise NodeMissing
        return document

    def read(self, instance: Instance, node: Node, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Bytes of a file, or of it as it was. Raises `BlobMissing`, and `BlobDamaged` before the last ones of all."""
        return self._integrity.read(instance.key, node.blob, sha256_of(node.fields), node.size, start, length)

    def open_range(
        self, instance: Instance, blob: str, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Bytes of a file (`Node.blob`) or of a version. Raises `BlobMissing` at the first step."""
        return self._blobs.read(instance.key, blob, start, length)

    # -- directories ----------------------------------------------------------------------------------------------

    async def create_dir(
        self,
        instance: Instance,
        name: str,
        dir_id: str = ROOT,
        author: Author = NOBODY,
        more: Mapping[str, Any] | None = None,
    ) -> Node:
        """Makes a directory; `more` are further fields (tags, dates, metadata).

        Raises `IllegalName`, `IllegalPath`, `ParentMissing`, `NameTaken`.
        """
        return await self._work(
            instance,
            partial(tree.add_directory, name=name, dir_id=dir_id, stamp=self._stamp(instance, author), more=more or {}),
        )

    async def create_dir_at(self, instance: Instance, path: str, author: Author, more: Mapping[str, Any]) -> Node:
        """Makes the directory of a path, in one that is there. Raises `NodeMissing`, `NameTaken`."""
        parent, name = split(checked_path(path))
        found = await self.by_path(instance, parent)
        return await self.create_dir(instance, name, found.id, author, more)

    async def ensure_path(self, instance: Instance, path: str, author: Author = NOBODY) -> Node:
        """The directory of a path, made with all above it where missing. Raises `NameTaken` when a file is there."""
        stamp = replace(self._stamp(instance, author), url="")
        return await self._work(instance, partial(tree.ensure, path=checked_path(path), stamp=stamp))

    async def administrative(self, instance: Instance, author: Author = NOBODY) -> Node:
        """The directory of administrative papers, whatever it is called; made again when somebody destroyed it."""
        for node in await referring(self._documents, instance.key, ADMINISTRATIVE["type"], ADMINISTRATIVE["id"]):
            if node.is_dir and not node.trashed:
                return node
        names = INITIAL_FOLDERS["administrative"]
        path = "/" + names.get(instance.locale, names["en"])
        made = await self.ensure_path(instance, path, author)
        return await self.refer(instance, made.id, [ADMINISTRATIVE])

    async def shared_drives(self, instance: Instance, author: Author = NOBODY) -> Node:
        """The directory of shared drives, made when it is missing and taken out of the trash when it lies there."""
        stamp = self._stamp(instance, author)
        return await self._work(instance, partial(tree.fixed, node_id=SHARED_DRIVES, name="Drives", stamp=stamp))

    async def provision(self, instance: Instance, without: Collection[str] = ()) -> None:
        """Makes the root, the trash and the first directories but those named by `without`, unless they are there.

        Without a directory for them, administrative papers lie in the root.
        """
        stamp = self._stamp(instance)

        async def unit(tx: Tx) -> None:
            if await tx.get(FILES, ROOT) is not None:
                return
            dates = {"created_at": stamp.at, "updated_at": stamp.at}
            above = {"referenced_by": [ADMINISTRATIVE]} if "administrative" in without else {}
            root = node_from(await tx.put(FILES, ROOT, stored({"type": "directory", "path": "/", **dates, **above})))
            bin_ = {"type": "directory", "name": ".cozy_trash", "dir_id": ROOT, "path": "/.cozy_trash", **dates}
            await tx.put(FILES, TRASH, stored(bin_))
            for key, names in INITIAL_FOLDERS.items():
                if key in without:
                    continue
                more = {"referenced_by": [ADMINISTRATIVE]} if key == "administrative" else {}
                name = names.get(instance.locale, names["en"])
                fields = tree.directory_fields(name, root, stamp, more)
                await tx.put(FILES, new_id(), stored(fields))

        await self._work(instance, unit)

    # -- bytes ----------------------------------------------------------------------------------------------------

    async def upload(
        self, instance: Instance, what: Upload, parts: AsyncIterable[bytes], author: Author = NOBODY
    ) -> Node:
        """Makes a file of the bytes that come.

        Raises `IllegalName`, `ParentMissing`, `ParentInTrash`, `NameTaken`, `QuotaReached`, `WrongLength`,
        `WrongDigest`, `StorageFull`; nothing is kept then.
        """
        checked_name(what.name)
        if what.size is None or what.size > _PRECHECK:
            await self._expect(instance, what)
        return await self._make(instance, what, await self._receive(instance, what, parts), author)

    async def _expect(self, instance: Instance, what: Upload, *, free: bool = True) -> None:
        """Refuses a long body before it comes, not after; for a short one the commit's own checks are soon enough."""
        parent = await self.find(instance, what.dir_id)
        if parent is None or not parent.is_dir:
            raise ParentMissing
        if parent.trashed:
            raise ParentInTrash
        if free:
            await check_free(self._now(instance), what.dir_id, what.name)

    async def overwrite(
        self,
        instance: Instance,
        file_id: str,
        what: Upload,
        parts: AsyncIterable[bytes],
        author: Author = NOBODY,
        rev: str = "",
    ) -> Node:
        """Gives a file new bytes; what it was becomes a version. Raises as `upload`, and `StaleRevision`."""
        await content.need_living_file(self._now(instance), file_id, rev)
        return await self._replace(instance, what, await self._receive(instance, what, parts), author, file_id, rev)

    async def expect(self, instance: Instance, what: Upload, file_id: str = "", rev: str = "") -> None:
        """Refuses what could not be kept, before its bytes come: as `upload`, or as `overwrite` of that file."""
        if file_id:
            await content.need_living_file(self._now(instance), file_id, rev)
        else:
            checked_name(what.name)
            await self._expect(instance, what, free=not what.numbered)
        await self._limit(instance, what)

    async def accept(
        self,
        instance: Instance,
        what: Upload,
        written: Written,
        author: Author = NOBODY,
        file_id: str = "",
        rev: str = "",
    ) -> Node:
        """Makes a file, or new bytes of that file, of a blob that was written already.

        Raises as `upload` and `overwrite`; the blob is removed then, and whoever holds its bytes elsewhere has them.
        """
        try:
            await self._limit(instance, what)
        except Refusal:
            await self._free(instance, [written.id])
            raise
        if not file_id:
            return await self._make(instance, what, written, author)
        return await self._replace(instance, what, written, author, file_id, rev)

    async def same(self, instance: Instance, md5sum: str, size: int) -> Sequence[Node]:
        """The living files of that digest (in base64) and length."""
        return await with_digest(self._now(instance), md5sum, size)

    async def copy(
        self, instance: Instance, source: Node, dir_id: str = "", name: str = "", author: Author = NOBODY
    ) -> Node:
        """Copies a file; without a name it is called a copy. Raises `NodeMissing`, `QuotaReached`, as `upload`."""
        if source.is_dir:
            raise NodeMissing
        left = await self.space(instance)
        if left is not None and source.size > left:
            raise QuotaReached
        name = name or content.copy_name(source.name, instance.locale)
        blob = await self._blobs.copy(instance.key, source.blob)
        stamp, dir_id = self._stamp(instance, author), dir_id or source.dir_id
        unit = partial(content.copy, source=source, blob=blob, name=name, dir_id=dir_id, stamp=stamp)
        return await self._commit(instance, blob, unit)

    async def revert(self, instance: Instance, version_id: str, author: Author = NOBODY) -> Node:
        """Makes an old version the content again. Raises `NodeMissing`, `ParentInTrash`."""
        stamp = self._stamp(instance, author)
        return await self._work(instance, partial(content.revert, version_id=version_id, stamp=stamp))

    async def tag_version(self, instance: Instance, version_id: str, tags: Sequence[str]) -> Document:
        """Gives an old version tags. Raises `NodeMissing`."""
        return await self._work(instance, partial(content.tag_version, version_id=version_id, tags=tags))

    async def describe(
        self,
        instance: Instance,
        file_id: str,
        metadata: Mapping[str, Any],
        tags: Sequence[str] = (),
        author: Author = NOBODY,
    ) -> Node:
        """Replaces the metadata of a file. Raises `NodeMissing`, `ParentInTrash`."""
        stamp = self._stamp(instance, author)
        unit = partial(content.describe, file_id=file_id, metadata=metadata, tags=tags, stamp=stamp)
        return await self._work(instance, unit)

    async def destroy_version(self, instance: Instance, version_id: str) -> None:
        """Removes an old version. Raises `NodeMissing`."""

        async def unit(tx: Tx) -> str:
            version, _ = await content.need_version(tx, version_id)
            await tx.delete(VERSIONS, version.id, version.rev)
            return locator_blob(version.fields())

        await self._free(instance, [await self._work(instance, unit)])

    async def destroy_versions(self, instance: Instance) -> None:
        """Removes every old version there is."""
        for version in await self._documents.all(instance.key, VERSIONS):
            await self.destroy_version(instance, version.id)

    # -- changing -------------------------------------------------------------------------------------------------

    async def change(
        self, instance: Instance, node_id: str, patch: Patch, author: Author = NOBODY, rev: str = ""
    ) -> Node:
        """Renames, moves, tags... Raises what contract-b 2.2 and 2.4 say for each."""
        stamp = self._stamp(instance, author)
        return await self._work(instance, partial(tree.change, node_id=node_id, patch=patch, stamp=stamp, rev=rev))

    async def refer(
        self,
        instance: Instance,
        node_id: str,
        add: Sequence[Mapping[str, str]] = (),
        remove: Sequence[Mapping[str, str]] = (),
        *,
        member: str = "referenced_by",
    ) -> Node:
        """Adds and removes references `{type, id}` of a node. Raises `NodeMissing`."""
        gone = {(str(r.get("type")), str(r.get("id"))) for r in remove}

        async def unit(tx: Tx) -> Node:
            node = await need_node(tx, node_id)
            kept = [r for r in node.fields.get(member) or [] if (r["type"], r["id"]) not in gone]
            kept += [{"type": r["type"], "id": r["id"]} for r in add]
            return await tree.save(tx, node, {**node.fields, member: kept})

        return await self._work(instance, unit)

    async def referring(
        self, instance: Instance, kind: str, doc_id: str, *, member: str = "referenced_by"
    ) -> Sequence[Node]:
        """The nodes that refer to a document."""
        return await referring(self._documents, instance.key, kind, doc_id, member)

    async def trash(self, instance: Instance, node_id: str, author: Author = NOBODY, rev: str = "") -> Node:
        """Puts a node into the trash. Raises `NodeMissing`, `AlreadyInTrash`, `StaleRevision`, `ForbiddenMove`."""
        by, stamp = await self._trasher(instance), self._stamp(instance, author)
        return await self._work(instance, partial(tree.trash, node_id=node_id, stamp=stamp, by=by, rev=rev))

    async def _trasher(self, instance: Instance) -> Mapping[str, str]:
        """Who puts something into the trash, as the document says it."""
        return {"kind": "member", "displayName": await self._customs.name(instance), "domain": instance.domain}

    async def restore(self, instance: Instance, node_id: str, author: Author = NOBODY) -> Node:
        """Takes a node out of the trash, to where it was. Raises `NodeMissing`, `NotInTrash`."""
        stamp = self._stamp(instance, author)
        return await self._work(instance, partial(tree.restore, node_id=node_id, stamp=stamp))

    async def destroy(self, instance: Instance, node_id: str, rev: str = "") -> None:
        """Removes a node and all below it, for ever. Raises `NodeMissing`, `StaleRevision`, `ForbiddenMove`."""
        done = False
        while not done:
            # Some at a time: nobody else can write meanwhile, and a folder may hold a hundred thousand files.
            freed, done = await self._work(instance, partial(tree.destroy, node_id=node_id, rev=rev))
            await self._remove(instance, freed)
            rev = ""

    async def empty_trash(self, instance: Instance) -> None:
        """Destroys all that is in the trash, one thing after the other."""
        for node in await children(self._now(instance), TRASH):
            await self.destroy(instance, node.id)

    async def clean_trash(self, instance: Instance) -> int:
        """Destroys what lies in the trash for longer than the context lets it; how many things there were."""
        after = self._customs.emptied_after(instance)
        if after is None:
            return 0
        gone, before = 0, self._clock.now() - after
        for node in await children(self._now(instance), TRASH):
            trashed = moment_of((node.fields.get("cozyMetadata") or {}).get("trashedAt"))
            if trashed is None or trashed > before:
                continue
            with suppress(NodeMissing, StaleRevision):  # restored or destroyed in the meantime
                await self.destroy(instance, node.id, node.rev)
                gone += 1
        return gone

    # -- what clients do that think in paths ----------------------------------------------------------------------

    async def at(self, instance: Instance, path: str) -> Node | None:
        """The node of a path that is written as it should be, or None."""
        return await self._places.at(self._now(instance), instance.key, path)

    async def child(self, instance: Instance, dir_id: str, name: str) -> Node | None:
        """What a directory holds under that very name, or None."""
        return await self._places.child(self._now(instance), instance.key, dir_id, name)

    def pages(self, instance: Instance, dir_id: str) -> AsyncIterator[Sequence[Node]]:
        """All that a directory holds, some at a time, directories first: what a listing is streamed from."""
        return pages(self._documents, instance.key, dir_id)

    async def entries(self, instance: Instance, dir_id: str) -> int:
        """How many nodes a directory holds itself."""
        tenant = instance.key
        count = partial(number_of_children, self._documents, tenant, dir_id)
        return await self._counts.of(tenant, dir_id, count) - (dir_id == ROOT)

    async def subdirectories(self, instance: Instance, dir_id: str) -> Sequence[Node]:
        """The directories in a directory."""
        return await children(self._now(instance), dir_id, "directory")

    async def put(
        self,
        instance: Instance,
        what: Upload,
        parts: AsyncIterable[bytes],
        author: Author = NOBODY,
        rev: str | None = None,
    ) -> tuple[Node, bool]:
        """Makes the file of that name in a directory, or gives it new bytes; whether it is new.

        With `rev` the file must have that revision, with "" there must be none.

        Raises as `upload`, and `StaleRevision`.
        """
        checked_name(what.name)
        written = await self._receive(instance, what, parts)
        received = await self._looked_into(instance, what, what.name, written)
        unit = partial(placing.put, what=what, received=received, rev=rev)
        unit = partial(unit, stamp=self._stamp(instance, author), keeping=self._customs.keeping(instance))
        placed = await self._commit(instance, written.id, unit)
        await self._free(instance, placed.freed)
        self._places.put(instance.key, placed.node)
        return placed.node, placed.new

    async def move(
        self, instance: Instance, node_id: str, patch: Patch, author: Author = NOBODY, *, replacing: bool = False
    ) -> tuple[Node, bool]:
        """Gives a node another name and directory; whether nothing was there.

        With `replacing` what was there is in the trash then. Raises as `change`.
        """
        by = await self._trasher(instance)
        unit = partial(
            placing.move, node_id=node_id, patch=patch, stamp=self._stamp(instance, author), by=by, replacing=replacing
        )
        placed = await self._work(instance, unit)
        return placed.node, placed.new

    async def copy_all(
        self,
        instance: Instance,
        source: Node,
        patch: Patch,
        author: Author = NOBODY,
        *,
        deep: bool = True,
        replacing: bool = False,
    ) -> Copied:
        """Copies a node with all below it to the name and directory of `patch`: all of it at once, or nothing.

        With `replacing` what has that name is in the trash then. Files whose bytes are missing are left out and told.
        Raises `QuotaReached`, `StorageFull`, `ParentMissing`, `NameTaken`.
        """
        nodes = [source, *(await self.below(instance, source) if deep else ())]
        left = await self.space(instance)
        if left is not None and sum(node.size for node in nodes) > left:
            raise QuotaReached
        blobs = dict[str, str]()
        by, stamp = await self._trasher(instance), self._stamp(instance, author)
        unit = partial(placing.copy, nodes=nodes, blobs=blobs, patch=patch, stamp=stamp, by=by, replacing=replacing)
        try:
            for node in nodes:
                if not node.is_dir:
                    with suppress(BlobMissing):
                        blobs[node.id] = await self._blobs.copy(instance.key, node.blob)
            if not source.is_dir and not blobs:
                raise BlobMissing
            return await self._work(instance, unit)
        except Refusal:
            await self._free(instance, list(blobs.values()))
            raise

    # -- keeping blobs and documents in step ----------------------------------------------------------------------

    async def sweep(self, tenant: str, before: datetime) -> int:
        """Removes the blobs written before a moment that no document names; how many there were.

        `before` must lie further back than any upload takes from its last byte to its commit.
        """
        listed = await self._blobs.list(tenant, before)  # first: what is committed from now on is seen below
        if not listed:
            return 0
        named = await named_blobs(self._documents, tenant)
        named |= {made for blob in named for made in made_from(blob)}
        orphans = [blob.id for blob in listed if blob.id not in named]
        for blob in orphans:
            await self._blobs.remove(tenant, blob)
        if orphans:
            log.info("blobs that no file names are removed", extra={"tenant": tenant, "blobs": len(orphans)})
        return len(orphans)

    def forget(self, tenant: str) -> None:
        """Drops what is kept in memory of an instance that is gone."""
        self._usage.drop(tenant)
        self._counts.drop(tenant)

    async def _receive(self, instance: Instance, what: Upload, parts: AsyncIterable[bytes]) -> Written:
        """Writes the bytes of an upload, and checks what was said of them. Raises as `upload`."""
        limit = await self._limit(instance, what)
        try:
            written = await self._blobs.write(instance.key, parts, limit, size=what.size)
        except BlobTooLarge:
            raise QuotaReached from None
        refusal: Refusal | None = None
        if what.size is not None and what.size != written.size:
            refusal = WrongLength()
        elif what.md5 is not None and what.md5 != written.md5:
            refusal = WrongDigest()
        if refusal is not None:
            await self._free(instance, [written.id])
            raise refusal
        return written

    async def _make(self, instance: Instance, what: Upload, written: Written, author: Author) -> Node:
        received = await self._looked_into(instance, what, what.name, written)
        unit = partial(content.create, what=what, received=received, stamp=self._stamp(instance, author))
        return await self._commit(instance, written.id, unit)

    async def _replace(
        self, instance: Instance, what: Upload, written: Written, author: Author, file_id: str, rev: str
    ) -> Node:
        old = await self.find(instance, file_id)
        received = await self._looked_into(instance, what, old.name if old else "", written)
        unit = partial(content.overwrite, file_id=file_id, what=what, received=received, rev=rev)
        unit = partial(unit, stamp=self._stamp(instance, author), keeping=self._customs.keeping(instance))
        node, freed = await self._commit(instance, written.id, unit)
        await self._free(instance, freed)
        return node

    async def _looked_into(self, instance: Instance, what: Upload, name: str, written: Written) -> content.Received:
        """A blob with what it says of itself."""
        mime, _ = kind_of(name, what.content_type)
        if what.encrypted or not is_extracted(mime):
            return content.Received(written)
        read = partial(self._blobs.read, instance.key, written.id)
        found = await extracted(mime, written, read, await self._customs.zone(instance))
        return content.Received(written, found)

    async def _limit(self, instance: Instance, what: Upload) -> int:
        """Bytes that a file may have now. Raises `QuotaReached` when more are announced."""
        left = await self.space(instance)
        limit = MAX_SIZE if left is None else min(left, MAX_SIZE)
        if what.size is not None and what.size > limit:
            raise QuotaReached
        return limit

    async def space(self, instance: Instance) -> int | None:
        """Bytes that still fit, or None without a quota."""
        quota = str(instance.fields.get("disk_quota") or "")
        allowed = whole(quota, 18)
        if not allowed:
            return None
        return max(0, allowed - sum(await self._usage.of(instance.key)))

    async def _commit(self, instance: Instance, blob: str, unit: Callable[[Tx], Awaitable[T]]) -> T:
        """Runs the unit that names a new blob. Only a refusal proves that nothing was committed: then it goes."""
        try:
            return await self._work(instance, unit)
        except Refusal:
            await self._free(instance, [blob])
            raise

    async def _free(self, instance: Instance, blobs: Sequence[str]) -> None:
        """Removes blobs that no document names any more, with what was made from them."""
        await self._remove(instance, [each for blob in blobs for each in (blob, *made_from(blob))])

    async def _remove(self, instance: Instance, blobs: Sequence[str]) -> None:
        for blob in blobs:
            try:
                await self._blobs.remove(instance.key, blob)
            except (OSError, Refusal) as error:  # the commit stands; what stays is swept
                log.warning("a blob could not be removed", extra={"blob": blob, "reason": str(error)})

    async def _work(self, instance: Instance, unit: Callable[[Tx], Awaitable[T]]) -> T:
        return await self._documents.work(instance.key, unit)

    def _now(self, instance: Instance) -> Snapshot:
        return Snapshot(self._documents, instance.key)

    def _stamp(self, instance: Instance, author: Author = NOBODY) -> Stamp:
        return Stamp(self._clock.now(), f"{self._scheme}://{instance.domain}/", author)
