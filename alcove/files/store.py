"""How nodes are found: by id, by name in a directory, by path, page by page. The only file with queries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from alcove.documents import Documents, Index, Policy, Query
from alcove.files.errors import NameTaken, NodeMissing
from alcove.files.model import FILES, ROOT, TRASH, VERSIONS, Node, locator_blob, node_from
from alcove.files.model.names import split

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from typing import Any

    from alcove.documents import Document

CHILDREN, NAMES, BY_PATH, VERSIONS_OF = "dir-children", "dir-names", "dir-by-path", "versions-of-file"
BY_DIGEST = "files-by-digest"
"""Every file by the digest of its bytes: whether they are here already, and which ones are twice."""
REFERENCED = "referenced"
KEPT_OFF = "kept-off"
"""The nodes that something refers to at all, the directories that a client keeps off: few of the many, and all that
`referring` has to look at."""
_VERSION_FILE = "relationships.file.data._id"
_ORDER = (("dir_id", False), ("type", False), ("name", False))

INDEXES = (
    Index(FILES, CHILDREN, ("dir_id", "type", "name"), offered=True, sure=("type", "name")),
    Index(FILES, NAMES, ("dir_id", "name")),
    Index(FILES, BY_PATH, ("path",), offered=True),
    Index(FILES, BY_DIGEST, ("md5sum",)),
    Index(FILES, REFERENCED, ("referenced_by.0",)),
    Index(FILES, KEPT_OFF, ("not_synchronized_on.0",)),
    Index(VERSIONS, VERSIONS_OF, (_VERSION_FILE,)),
)
"""What the queries of this room stand on."""

BACKUPS = "org.alcove.backups"
"""When each device last told that all of it is here; the ids are those of the devices."""

_ONLY_READ = Policy(readable=True, writable=False)
POLICIES = {FILES: _ONLY_READ, VERSIONS: _ONLY_READ, BACKUPS: _ONLY_READ}
"""Files are read through `/data`, and changed only here: the tree would not stay a tree otherwise (contract-b 1.2)."""

_FEW = 5
_PAGE = 200
"""Nodes of a directory that are read at once when all of them are told: few enough for the event loop."""
_WALK = 1000
"""Documents that are read at once when all of them are walked through."""


class Source(Protocol):
    """Where nodes are read: inside a unit of work (`Tx`), or outside of one (`Snapshot`)."""

    async def get(self, doctype: str, doc_id: str) -> Document | None:
        """The winning revision, or None."""
        ...

    async def find(self, doctype: str, query: Query) -> Sequence[Document]:
        """What a query finds."""
        ...


class Answer(Protocol):
    """A page of what a client's query found; `last` is the bookmark of its last document."""

    documents: list[Document]
    last: str


class Strict(Protocol):
    """Queries as clients send them: what no index serves is refused, so that they make one (contract-b 1.4)."""

    async def page(self, tenant: str, doctype: str, query: Query, *, strict: bool = False) -> Answer:
        """A page of a query. Raises `DocumentsError`."""
        ...


class Snapshot:
    """Reads what is committed."""

    def __init__(self, documents: Documents, tenant: str) -> None:
        self._documents = documents
        self._tenant = tenant

    async def get(self, doctype: str, doc_id: str) -> Document | None:
        """The winning revision, or None."""
        return await self._documents.get(self._tenant, doctype, doc_id)

    async def find(self, doctype: str, query: Query) -> Sequence[Document]:
        """What a query finds."""
        return (await self._documents.find(self._tenant, doctype, query)).documents


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a directory, the number of all its children, and the cursor of the next page (empty: the end)."""

    nodes: list[Node]
    count: int
    cursor: str = ""


async def find_node(source: Source, node_id: str) -> Node | None:
    """The node of that id."""
    document = await source.get(FILES, node_id)
    return None if document is None else node_from(document)


async def need_node(source: Source, node_id: str) -> Node:
    """The node of that id; raises `NodeMissing`."""
    node = await find_node(source, node_id)
    if node is None:
        raise NodeMissing
    return node


async def child(source: Source, dir_id: str, name: str) -> Node | None:
    """What a directory holds under that very name. The index compares as people do, so names are compared again."""
    async for node in _found(source, Query({"dir_id": dir_id, "name": name}, use_index=NAMES)):
        if node.name == name:
            return node
    return None


async def _found(source: Source, query: Query) -> AsyncIterator[Node]:
    """What a query finds of which one is meant, a few at first: there is hardly ever more than one."""
    few = await source.find(FILES, replace(query, limit=_FEW))
    for document in few:
        yield node_from(document)
    if len(few) == _FEW:
        for document in await source.find(FILES, query):
            yield node_from(document)


async def check_free(source: Source, dir_id: str, name: str) -> None:
    """Raises `NameTaken` when the directory holds that name."""
    if await child(source, dir_id, name) is not None:
        raise NameTaken


async def directory_at(source: Source, path: str) -> Node | None:
    """The directory of that path."""
    if path == "/":
        return await find_node(source, ROOT)
    async for node in _found(source, Query({"path": path}, use_index=BY_PATH)):
        if node.is_dir and node.path == path:
            return node
    return None


async def node_at(source: Source, path: str) -> Node | None:
    """The file or directory of that path."""
    found = await directory_at(source, path)
    if found is not None or path == "/":
        return found
    parent, name = split(path)
    directory = await directory_at(source, parent)
    return None if directory is None else await child(source, directory.id, name)


async def children(source: Source, dir_id: str, kind: str = "", limit: int | None = None) -> list[Node]:
    """What a directory holds, in order; of one type, if said. The trash is not something the root holds."""
    selector = {"dir_id": dir_id, **({"type": kind} if kind else {})}
    found = await source.find(FILES, Query(selector, sort=_ORDER, limit=limit, use_index=CHILDREN))
    return [node_from(document) for document in found if document.id != TRASH]


async def descendants(source: Source, top: Node, kind: str = "") -> list[Node]:
    """All that lies in a directory, at any depth, or all of one type; a directory comes before what it holds."""
    found = list[Node]()
    rest = [top.id] if top.is_dir else []
    while rest:
        held = await children(source, rest.pop(), kind)
        found += held
        rest += [node.id for node in held if node.is_dir]
    return found


async def with_digest(source: Source, md5sum: str, size: int, most: int | None = None) -> list[Node]:
    """The living files of that digest (in base64) and length; looks at `most` of them.

    An empty one is like any other: it is not looked for.
    """
    if not size:
        return []
    found = await source.find(FILES, Query({"md5sum": md5sum}, limit=most, use_index=BY_DIGEST))
    nodes = [node_from(document) for document in found]
    return [node for node in nodes if not node.trashed and node.md5sum == md5sum and node.size == size]


async def versions_of(source: Source, file_id: str) -> list[Document]:
    """The old versions of a file."""
    return list(await source.find(VERSIONS, Query({_VERSION_FILE: file_id}, use_index=VERSIONS_OF)))


async def page(
    documents: Documents,
    tenant: str,
    dir_id: str,
    *,
    limit: int | None,
    skip: int = 0,
    cursor: str = "",
    number: Callable[[], Awaitable[int]],
) -> Listing:
    """A page of a directory: directories first, then files, by name. `number` says how many it holds at all."""
    selector: dict[str, Any] = {"dir_id": dir_id}
    if dir_id == ROOT:
        selector["_id"] = {"$ne": TRASH}
    query = Query(selector, _ORDER, limit=limit, skip=skip, bookmark=cursor, use_index=CHILDREN)
    found = await documents.find(tenant, FILES, query)
    nodes = [node_from(document) for document in found.documents]
    if limit is None or (not cursor and skip == 0 and len(nodes) < limit):
        return Listing(nodes, len(nodes))
    count = await number() - (dir_id == ROOT)
    ended = len(nodes) < limit or (not cursor and skip + len(nodes) >= count)
    return Listing(nodes, count, "" if ended else found.bookmark)


async def pages(documents: Documents, tenant: str, dir_id: str) -> AsyncIterator[Sequence[Node]]:
    """All that a directory holds but the trash, directories first, then files, by name: some at a time."""
    bookmark = ""
    while True:
        query = Query({"dir_id": dir_id}, _ORDER, limit=_PAGE, bookmark=bookmark, use_index=CHILDREN)
        found = await documents.find(tenant, FILES, query)
        yield [node_from(document) for document in found.documents if document.id != TRASH]
        bookmark = found.bookmark
        if not bookmark:
            return


async def number_of_children(documents: Documents, tenant: str, dir_id: str) -> int:
    """How many nodes a directory holds, the trash among them."""
    return await documents.count(tenant, FILES, Query({"dir_id": dir_id}, _ORDER, use_index=CHILDREN))


async def referring(
    documents: Documents, tenant: str, kind: str, doc_id: str, member: str = "referenced_by"
) -> list[Node]:
    """The nodes that name a document in `referenced_by` or `not_synchronized_on`, in the order of their ids."""
    ids = [doc_id, doc_id.replace("/", "%2F")]  # old clients wrote the second form (contract-b 1.6)
    meant = {"$elemMatch": {"type": kind, "id": {"$in": ids}}}
    selector = {f"{member}.0": {"$exists": True}, member: meant}
    index = REFERENCED if member == "referenced_by" else KEPT_OFF
    found = await documents.find(tenant, FILES, Query(selector, use_index=index))
    return sorted((node_from(document) for document in found.documents), key=lambda node: node.id)


async def everything(documents: Documents, tenant: str, doctype: str) -> AsyncIterator[Mapping[str, Any]]:
    """The fields of every document of a type, some at a time."""
    bookmark = ""
    while True:
        found = await documents.find(tenant, doctype, Query({}, limit=_WALK, bookmark=bookmark))
        for document in found.documents:
            yield document.fields()
        bookmark = found.bookmark
        if len(found.documents) < _WALK or not bookmark:
            return


async def by_digest(documents: Documents, tenant: str) -> AsyncIterator[Mapping[str, Any]]:
    """The fields of every file with its `_id`, those of one MD5 after one another; some at a time."""
    query = Query({"md5sum": {"$gt": None}}, (("md5sum", False),), limit=_WALK, use_index=BY_DIGEST)
    while True:
        found = await documents.find(tenant, FILES, query)
        for document in found.documents:
            yield {**document.fields(), "_id": document.id}
        if len(found.documents) < _WALK or not found.bookmark:
            return
        query = replace(query, bookmark=found.bookmark)


async def files_after(
    documents: Documents, tenant: str, doctype: str, after: str, limit: int
) -> list[tuple[str, dict[str, Any]]]:
    """Documents of a type that come after an id, in the order of ids, with their `_id` and `_type` among the fields."""
    query = Query({"_id": {"$gt": after or None}}, limit=limit)
    found = await documents.find(tenant, doctype, query)
    return [(d.id, {**d.fields(), "_id": d.id, "_type": doctype}) for d in found.documents]


async def named_blobs(documents: Documents, tenant: str) -> set[str]:
    """Every blob that a document names, or named at some moment of this call.

    Documents change while they are walked through, and reverting moves a blob from one to another: what changed in the
    meantime is read again, so that a blob that is named all the time cannot be missed.
    """
    since = await documents.last_seq(tenant)
    named = set[str]()
    for doctype in (FILES, VERSIONS):
        async for fields in everything(documents, tenant, doctype):
            named.add(locator_blob(fields))
    while True:
        changes = await documents.changes(tenant, since, _WALK, frozenset((FILES, VERSIONS)))
        named.update(locator_blob(c.document.fields()) for c in changes if not c.document.deleted)
        if len(changes) < _WALK:
            return named
        since = changes[-1].seq
