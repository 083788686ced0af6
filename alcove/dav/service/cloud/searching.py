"""Finding files by what clients ask for: every file of the place is looked at once, in a thread."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from alcove.base.errors import Refusal
from alcove.dav.model.numbers import number_of
from alcove.dav.service.cloud.properties import liked
from alcove.dav.service.tree import Resource
from alcove.files import FILES, ROOT, TRASH, Node

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from alcove.dav.model.paths import Names
    from alcove.dav.model.searching import Question, Value
    from alcove.dav.service.tagged import TaggedTree
    from alcove.dav.service.tree import View
    from alcove.documents import Document, Documents

TOGETHER = 200
"""Results that are looked at and written at once."""
_MOMENTS = {
    "getlastmodified": "updated_at",
    "creationdate": "created_at",
    "creation_time": "created_at",
    "upload_time": "created_at",
}
_FOLDER = "httpd/unix-directory"


class Searching:
    """Looks through the files of an instance."""

    def __init__(self, documents: Documents, tree: TaggedTree) -> None:
        self._documents = documents
        self._tree = tree

    async def find(self, view: View, question: Question, top: Names) -> AsyncIterator[Sequence[Resource]]:
        """What answers a question below a folder and may be read, in its order, some at a time."""
        nodes, _ = await self._documents.survey(view.instance.key, FILES, lambda found: _answering(found, question))
        left, told = question.first, 0
        for start in range(0, len(nodes), TOGETHER):
            some: list[Resource] = []
            for resource in await self._readable(view, nodes[start : start + TOGETHER], top):
                if left:
                    left -= 1
                elif told < question.most:
                    some.append(resource)
                    told += 1
            if some:
                yield some
            if told >= question.most:
                return

    async def _readable(self, view: View, nodes: Sequence[Node], top: Names) -> list[Resource]:
        """Those that lie below a folder and may be read."""
        paths, found = await self._tree.files.paths(view.instance, nodes), list[Resource]()
        for node in nodes:
            names = tuple(paths.get(node.id, "").split("/")[1:])
            if not names or names[: len(top)] != top or names == top:
                continue
            (resource,) = await self._tree.resources(view, names[:-1], [node])
            if await self._may_read(view, resource):
                found.append(resource)
        return found

    async def _may_read(self, view: View, resource: Resource) -> bool:
        with suppress(Refusal):
            await self._tree.allow(view, "GET", resource)
            return True
        return False


def _answering(documents: Iterable[Document], question: Question) -> list[Node]:
    """Those for which it holds, in order. What lies in the trash is not in this tree."""
    found = list[Node]()
    for document in documents:
        node = Node(document.id, document.rev, document.fields(), document.body)
        if node.id in (ROOT, TRASH) or node.trashed or not node.dir_id:
            continue
        if question.holds(partial(fact, node)):
            found.append(node)
    for name, descending in reversed(question.order):
        found.sort(key=lambda node: _sorted(fact(node, name)), reverse=descending)
    return found


def _sorted(value: Value) -> tuple[bool, float, str]:
    """A value among others: what is not there comes first, whatever kind the others are."""
    if isinstance(value, str):
        return True, 0.0, value.casefold()
    return value is not None, float(value or 0), ""


def fact(node: Node, name: str) -> Value:
    """What is true of a file, by the local name of a property; None where nothing is known."""
    if name == "displayname":
        return node.name
    if name == "getcontenttype":
        return _FOLDER if node.is_dir else node.mime
    if name == "is-collection":
        return node.is_dir
    if name == "favorite":
        return liked(node)
    if name == "fileid":
        return number_of(node.id)
    if name in ("size", "getcontentlength"):
        return None if node.is_dir else node.size
    if name == "metadata-photos-original_date_time":
        metadata = node.fields.get("metadata")
        return _seconds(metadata.get("datetime") if isinstance(metadata, dict) else None)
    return _seconds(node.fields.get(_MOMENTS[name])) if name in _MOMENTS else None


def _seconds(stored: object) -> float | None:
    try:
        return datetime.fromisoformat(str(stored)).timestamp()
    except ValueError:
        return None
