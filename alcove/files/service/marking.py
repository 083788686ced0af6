"""Files say whether they lie in the trash; those below a directory that went there or came back follow it in steps.

The directory moves at once with all directories below it, and the first files in the same unit of work. A folder may
hold a hundred thousand: while one unit writes all of them, nobody else can write. So the others follow some at a time,
each unit asking anew where their directory lies. Who moved it does that; what a crash kept from being done the follower
does.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from alcove.files.model import FILES, node_from
from alcove.files.model.names import in_trash
from alcove.files.service import tree
from alcove.files.store import Snapshot, find_node, pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.documents import Change, Document, Documents

NAME = "files.marks"
"""The follower."""


class Marking:
    """Makes the marks of files true."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def below(self, tenant: str, dir_id: str) -> None:
        """Marks all files in a directory, at any depth, as what their directories are."""
        rest = [dir_id]
        while rest:
            rest += await self._held(tenant, rest.pop())

    def wants(self, _tenant: str, changes: Sequence[Change]) -> bool:
        """Whether a commit put a directory into the trash, or took one out."""
        return any(_directory(change.document) and _went(change) for change in changes)

    async def follow(self, tenant: str, changes: Sequence[Change]) -> None:
        """Marks what lies in the directories that changed: each below one that moved is among them."""
        for change in changes:
            if _directory(change.document):
                await self._held(tenant, change.document.id)

    async def _held(self, tenant: str, dir_id: str) -> list[str]:
        """Marks the files that a directory holds itself; the directories in it."""
        inner = list[str]()
        async for nodes in pages(self._documents, tenant, dir_id):
            directory = await find_node(Snapshot(self._documents, tenant), dir_id)
            if directory is None:
                break
            inner += [node.id for node in nodes if node.is_dir]
            wrong = [node.id for node in nodes if not node.is_dir and node.trashed is not directory.trashed]
            if wrong:
                await self._documents.work(tenant, partial(tree.mark, dir_id=dir_id, ids=wrong))
        return inner


def _directory(document: Document) -> bool:
    return document.type == FILES and not document.deleted and b'"type":"directory"' in document.body


def _went(change: Change) -> bool:
    if change.old is None:
        return False
    return in_trash(node_from(change.old).path) is not in_trash(node_from(change.document).path)
