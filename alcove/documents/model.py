"""What a document is, and what can be asked of a store of documents (CouchDB's model; contract-b section 1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from alcove.base.http import Caller

T = TypeVar("T")

OUTSIDE = frozenset({"_id", "_rev", "_type"})
"""Members that clients see in a document and that are not stored in its body."""

FOUNDING = (
    "com.bitwarden.ciphers",
    "io.cozy.apps",
    "io.cozy.contacts",
    "io.cozy.files",
    "io.cozy.files.versions",
    "io.cozy.jobs",
    "io.cozy.konnectors",
    "io.cozy.nextcloud.migrations",
    "io.cozy.notifications",
    "io.cozy.sessions.logins",
    "io.cozy.settings",
    "io.cozy.triggers",
)
"""Doctypes that every instance has from its first day: clients ask for them before anything is written."""


@dataclass(frozen=True, slots=True)
class Document:
    """One revision of a document. `body` is its JSON object as stored: without `_id`, `_rev`, `_type`."""

    type: str
    id: str
    rev: str
    body: bytes
    seq: int = 0
    deleted: bool = False

    @property
    def design(self) -> bool:
        """Whether it says how documents are listed (`_design/x`): nothing that a person has, and no event to tell."""
        return self.id.startswith("_design/")

    def json(self, **more: str) -> bytes:
        """The JSON that clients see: `_id` and `_rev` (and `more`) spliced in front of the stored bytes."""
        head = orjson.dumps({"_id": self.id, "_rev": self.rev, **more})
        return head[:-1] + b"," + self.body[1:] if len(self.body) > 2 else head

    def fields(self) -> dict[str, Any]:
        """The stored fields, decoded (without `_id` and `_rev`)."""
        decoded: dict[str, Any] = orjson.loads(self.body)
        return decoded


@dataclass(frozen=True, slots=True)
class Change:
    """One committed write, as followers and watchers see it. `old` is what it replaced (None for a creation)."""

    tenant: str
    seq: int
    document: Document
    old: Document | None = None

    @property
    def event(self) -> str:
        """CREATED, UPDATED or DELETED."""
        if self.document.deleted:
            return "DELETED"
        return "CREATED" if self.old is None else "UPDATED"


@dataclass(frozen=True, slots=True)
class Index:
    """An ordered list of the documents of a type that have all these fields (dotted paths), and match the filter."""

    type: str
    name: str
    fields: tuple[str, ...]
    partial_filter: Mapping[str, Any] = field(default_factory=dict)
    offered: bool = False
    """Whether it serves the queries of clients too, as the indexes do that the reference makes by itself."""
    sure: tuple[str, ...] = ()
    """Fields that every document of the type has which has the others: a query need not ask for them."""


@dataclass(frozen=True, slots=True)
class Query:
    """A Mango query (contract-b section 1.4). `sort` is a list of (field, descending); `fields` empty means all."""

    selector: Mapping[str, Any]
    sort: Sequence[tuple[str, bool]] = ()
    fields: Sequence[str] = ()
    limit: int | None = None
    skip: int = 0
    bookmark: str = ""
    use_index: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what a query found, and the bookmark of the next one (empty: the end)."""

    documents: list[Document]
    bookmark: str = ""


class Tx(Protocol):
    """One unit of work: all its writes become true together, or none. `await` nothing else in it."""

    async def get(self, doctype: str, doc_id: str) -> Document | None:
        """The winning revision, or None when missing or deleted."""
        ...

    async def put(self, doctype: str, doc_id: str, body: bytes | Mapping[str, Any], rev: str = "") -> Document:
        """Creates (no `rev`) or replaces. Raises `RevisionConflict` when `rev` is not the winning one."""
        ...

    async def delete(self, doctype: str, doc_id: str, rev: str) -> Document:
        """Leaves a tombstone. Raises `DocumentMissing`, `RevisionConflict`."""
        ...

    async def find(self, doctype: str, query: Query) -> list[Document]:
        """What a query finds, this unit's own writes included. Give `use_index` where one was declared."""
        ...

    async def count(self, doctype: str, query: Query) -> int:
        """How many documents a query would find, without its limit."""
        ...


class Documents(Protocol):
    """The documents of every instance. `tenant` is an instance's key; the key `alcove` is the server's own store."""

    async def create(self, tenant: str) -> None:
        """Makes an empty store; does nothing when it is there."""
        ...

    async def destroy(self, tenant: str) -> None:
        """Removes the store and everything in it, at once."""
        ...

    async def get(self, tenant: str, doctype: str, doc_id: str) -> Document | None:
        """The winning revision, or None when missing or deleted."""
        ...

    async def find(self, tenant: str, doctype: str, query: Query) -> Found:
        """What a query finds. `limit` None means all of it."""
        ...

    async def count(self, tenant: str, doctype: str, query: Query | None = None) -> int:
        """How many documents of the type there are, or how many the query finds."""
        ...

    async def all(self, tenant: str, doctype: str) -> list[Document]:
        """Every live document of a type, in the order of ids. For types that are small by nature."""
        ...

    async def survey(self, tenant: str, doctype: str, read: Callable[[Iterable[Document]], T]) -> tuple[T, int]:
        """What `read` makes of every live document of a type, as they all were after one write; and that one's number.

        For what a type of any size says as a whole. `read` may run in another thread, and more than once.
        """
        ...

    async def work(self, tenant: str, unit: Callable[[Tx], Awaitable[T]]) -> T:
        """Runs a unit of work; when it returns, its writes are durable. The unit may run more than once."""
        ...

    async def changes(
        self, tenant: str, since: int, limit: int, doctypes: frozenset[str] = frozenset()
    ) -> list[Change]:
        """Committed writes after `since`, oldest first, only the last one of each document (`old` is not filled)."""
        ...

    async def count_changes(self, tenant: str, since: int, doctype: str, most: int) -> int:
        """How many documents of a type were written after `since`; counting ends at `most`, and reads no document."""
        ...

    async def last_seq(self, tenant: str) -> int:
        """The sequence number of the last committed write; 0 for none."""
        ...

    def watch(
        self, watcher: Callable[[Sequence[Change]], None], doctypes: frozenset[str] = frozenset()
    ) -> Callable[[], None]:
        """Calls `watcher` on the event loop after each commit of this process, must not block; answers how to stop.

        With `doctypes`, only after those that wrote to one of them; it is told of the whole commit.
        """
        ...


@dataclass(frozen=True, slots=True)
class Follower:
    """Who must hear of every change of some doctypes, even after a crash: at least once, in order, per instance.

    The cursor is durable and moves when `handle` returns; `handle` gets (tenant, changes) and must be idempotent.
    `wants` says at once, from memory, whether a commit may concern it: one that does not is passed over without a
    look at the store, and the cursor behind it is saved within a second (so after a crash it may come again).
    """

    name: str
    doctypes: frozenset[str]
    handle: Callable[[str, Sequence[Change]], Awaitable[None]]
    batch: int = 500
    wants: Callable[[str, Sequence[Change]], bool] | None = None


class Followers(Protocol):
    """Runs the followers of this process."""

    async def settle(self, tenant: str, name: str) -> int:
        """Waits until that follower has handled everything committed so far; answers its sequence number."""
        ...


class Hooks(Protocol):
    """What a room does with the documents of its doctype on their way through `/data` (contract-b section 9).

    Lists, queries and the feed show documents as they are stored.
    """

    def kept(self, tenant: str, fields: dict[str, Any], caller: Caller, *, new: bool) -> dict[str, Any]:
        """What is stored of a write: `fields` as they were sent, with `_id` and its like."""
        ...

    async def shown(self, tenant: str, document: Document, caller: Caller, include: str) -> bytes:
        """The stored body, or what this caller sees of it; `include` is what the call asks for beside it."""
        ...

    async def former(self, tenant: str, doc_id: str, rev: str) -> Document | None:
        """A document that was deleted, as it was in a revision; None where that is not kept."""
        ...

    async def leaving(self, tx: Tx, document: Document) -> None:
        """Writes what goes with a document that is deleted, in the same unit of work."""
        ...


@dataclass(frozen=True, slots=True)
class Policy:
    """What `/data` may do with a doctype that another room owns (contract-b section 1.2)."""

    readable: bool = True
    writable: bool = True
    held: frozenset[str] = frozenset()
    """Ids of documents that a route of their own changes, and `/data` does not."""
    hooks: Hooks | None = None
