"""Entity tags of directories: that of a directory is another one after any change to what lies below it, at any depth.

Clients that keep a folder in step ask for the tag of the root, and go down only where a tag has changed. A tag is the
sum of a digest of each node below, made of its id and its revision. So it tells what is there, and nothing of how it
came to be so: no process and no restart makes it another one, nothing has to be stored for it, and no crash can tear
it. A sum is cheap to keep: a change takes one digest off and puts one on, in each directory above. The bytes below a
directory are summed up in the same number.

The sums of an instance are made when somebody first asks for a tag, then kept true from the changes of its nodes. A tag
is as old as the last change that this process heard of. It is never newer than what is read after it, and that is what
counts: who keeps an old tag beside new contents looks again, who kept a new one beside old contents never would.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from alcove.files.model import FILES, node_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alcove.documents import Change, Document, Documents
    from alcove.files.model import Node

KEPT = 200
"""Instances whose sums are kept at the most; who asks again after that has them made again."""
BITS = 128
"""Of a digest, and of a tag."""
BYTES = 192
"""From this bit on a sum counts bytes: below it, that many digests find room."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What is known of all that lies below a directory: its entity tag, with the quotes, and the bytes there are."""

    tag: str
    size: int


class Sums:
    """The sums of one instance, as they are after the change `seq`."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.seq = 0
        self._above: dict[str, str] = {}
        self._below: dict[str, int] = {}
        for document in documents:
            node = node_from(document)
            if node.is_dir:
                self._above[node.id] = node.dir_id
            self._below[node.dir_id] = self._below.get(node.dir_id, 0) + _value(node)
        self._gather()

    def _gather(self) -> None:
        """Adds what lies directly in each directory to all that are above it."""
        own, self._below = self._below, {}
        for dir_id, value in own.items():
            self._add(dir_id, value)

    def of(self, node: Node) -> Folder:
        """What is known of a directory."""
        below = self._below.get(node.id, 0)
        return Folder(f'"{(below + _value(node)) % (1 << BITS):032x}"', below >> BYTES)

    def hear(self, change: Change) -> None:
        """Makes a change of a node true."""
        if change.old is not None and not change.old.deleted:
            self._take(node_from(change.old), gone=change.document.deleted)
        if not change.document.deleted:
            self._put(node_from(change.document))
        self.seq = change.seq

    def _take(self, node: Node, *, gone: bool) -> None:
        """Takes a node out of the directory it was in, with all below it."""
        value = _value(node)
        if node.is_dir:
            value += self._below.get(node.id, 0)
        self._add(node.dir_id, -value)
        if node.is_dir:
            # What is below may be removed after it, in the same breath: its own sum goes on until then.
            self._above.pop(node.id, None)
            if gone and not self._below.get(node.id):
                self._below.pop(node.id, None)

    def _put(self, node: Node) -> None:
        """Puts a node into its directory, with all below it."""
        value = _value(node)
        if node.is_dir:
            self._above[node.id] = node.dir_id
            value += self._below.get(node.id, 0)
        self._add(node.dir_id, value)

    def _add(self, dir_id: str, value: int) -> None:
        """Adds to the sum of a directory, and of all above it."""
        while dir_id:
            total = self._below.get(dir_id, 0) + value
            if total or dir_id in self._above:
                self._below[dir_id] = total
            else:
                self._below.pop(dir_id, None)
            dir_id = self._above.get(dir_id, "")


class FolderTags:
    """The entity tags of the directories of every instance."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._kept: dict[str, Sums] = {}
        self._waiting: dict[str, list[Change]] = {}
        self._making: dict[str, asyncio.Task[Sums]] = {}
        documents.watch(self._hear)

    async def of(self, tenant: str, nodes: Sequence[Node]) -> list[Folder | None]:
        """What is known of these directories; None for a file."""
        if not any(node.is_dir for node in nodes):
            return [None] * len(nodes)
        sums = self._kept.get(tenant) or await self._made(tenant)
        return [sums.of(node) if node.is_dir else None for node in nodes]

    def drop(self, tenant: str) -> None:
        """Forgets an instance."""
        self._kept.pop(tenant, None)
        self._waiting.pop(tenant, None)
        making = self._making.pop(tenant, None)
        if making is not None:
            making.cancel()

    async def _made(self, tenant: str) -> Sums:
        """Makes the sums; those who ask meanwhile wait for the same."""
        making = self._making.get(tenant)
        if making is None:
            making = self._making[tenant] = asyncio.ensure_future(self._make(tenant))
        return await asyncio.shield(making)

    async def _make(self, tenant: str) -> Sums:
        self._waiting[tenant] = []
        try:
            sums, seq = await self._documents.survey(tenant, FILES, Sums)
            sums.seq = seq
            heard = self._waiting.pop(tenant)
            if self._follow(sums, heard):
                while len(self._kept) >= KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[tenant] = sums
            return sums
        finally:
            self._waiting.pop(tenant, None)
            self._making.pop(tenant, None)

    def _hear(self, changes: Sequence[Change]) -> None:
        tenant = changes[0].tenant
        if tenant in self._waiting:
            self._waiting[tenant] += changes
        sums = self._kept.get(tenant)
        if sums is not None and not self._follow(sums, changes):
            del self._kept[tenant]

    @staticmethod
    def _follow(sums: Sums, changes: Sequence[Change]) -> bool:
        """Makes the changes true that are new. False where some in between are missing: the sums are wrong then."""
        for change in changes:
            if change.seq <= sums.seq:
                continue
            if change.seq != sums.seq + 1 or _incomplete(change):
                return False
            if change.document.type == FILES:
                sums.hear(change)
            else:
                sums.seq = change.seq
        return True


def _incomplete(change: Change) -> bool:
    """Whether a change does not say what it replaced: what was heard late comes so."""
    document = change.document
    return document.type == FILES and change.old is None and (document.deleted or not document.rev.startswith("1-"))


def _value(node: Node) -> int:
    """What one node adds to the sums above it: a digest, and its bytes."""
    digest = blake2b(f"{node.id} {node.rev}".encode(), digest_size=BITS // 8).digest()
    return (node.size << BYTES) + int.from_bytes(digest, "big")
