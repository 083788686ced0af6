"""The documents of every instance over one backend: reads, units of work, changes, and who watches them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import orjson

from alcove.base.sqlite import SERVER
from alcove.documents import queries
from alcove.documents.model import FOUNDING, OUTSIDE, Change, Document, Found, Index, Query, Tx
from alcove.documents.queries import NEAR, TooFar
from alcove.documents.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping

    from alcove.documents.model import Hooks
    from alcove.documents.rows import Rows

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Backend(Protocol):
    """Where the rows of all tenants lie. Verbs raise `StoreMissing` for a tenant that has none."""

    def on_new(self, fill: Callable[[Rows], None]) -> None:
        """Says what every new store holds from the start; asked when the first one is made."""
        ...

    async def read(self, tenant: str, fn: Callable[[Rows], T]) -> T:
        """Runs a short read at once; `fn` may run more than once."""
        ...

    async def scan(self, tenant: str, fn: Callable[[Rows], T]) -> T:
        """Runs a longer read without holding up the event loop."""
        ...

    async def write(self, tenant: str, fn: Callable[[Rows], T], then: Callable[[T], None]) -> T:
        """Runs a unit, all of it or nothing; `then` gets its result in the order of the commits, on the event loop."""
        ...

    async def create(self, tenant: str) -> None:
        """Makes an empty store; does nothing when it is there."""
        ...

    async def destroy(self, tenant: str) -> None:
        """Removes a store; does nothing when there is none."""
        ...

    async def tenants(self) -> list[str]:
        """All tenants that have a store, the server itself left out."""
        ...

    async def close(self) -> None:
        """Lets go of everything, when all that was queued is durable."""
        ...


class StoredDocuments:
    """`Documents` on a backend. `indexes` are those that rooms declared, asked for when a store is first used."""

    def __init__(self, backend: Backend, indexes: Callable[[], Iterable[Index]] = tuple) -> None:
        self._backend = backend
        self._indexes = indexes
        self._prepared = set[str]()
        self._watchers = list[tuple[Callable[[Sequence[Change]], None], frozenset[str]]]()
        self._mourners = list[Callable[[str], None]]()
        backend.on_new(self._found)

    # -- the protocol that rooms use

    async def create(self, tenant: str) -> None:
        """Makes an empty store; does nothing when it is there."""
        await self._backend.create(tenant)
        await self.prepare(tenant)

    async def destroy(self, tenant: str) -> None:
        """Removes the store and everything in it, at once."""
        self.mourn(tenant)
        await self._backend.destroy(tenant)

    def mourn(self, tenant: str) -> None:
        """Tells who wanted to know that a store is removed, here or by another process."""
        self._prepared.discard(tenant)
        for told in list(self._mourners):
            told(tenant)

    async def get(self, tenant: str, doctype: str, doc_id: str) -> Document | None:
        """The winning revision, or None when missing or deleted."""
        found = await self._backend.read(tenant, lambda rows: rows.winner(doctype, doc_id))
        return None if found is None or found.deleted else found

    async def find(self, tenant: str, doctype: str, query: Query) -> Found:
        """What a query finds. `limit` None means all of it."""
        page = await self.page(tenant, doctype, query)
        more = query.limit is not None and len(page.documents) >= query.limit
        return Found(page.documents, page.last if more else "")

    async def count(self, tenant: str, doctype: str, query: Query | None = None) -> int:
        """How many documents of the type there are, or how many the query finds."""
        if query is None:
            return await self.read(tenant, lambda store: queries.count(store, doctype, None))
        await self.prepare(tenant)
        with suppress(TooFar):  # see `page`
            return await self.read(tenant, lambda store: queries.count(store, doctype, query, near=True))
        return await self.scan(tenant, lambda store: queries.count(store, doctype, query))

    async def all(self, tenant: str, doctype: str) -> list[Document]:
        """Every live document of a type, in the order of ids. For types that are small by nature."""

        def read(store: Store) -> list[Document]:
            kind = store.kind(doctype)
            return [row.document(doctype) for row in store.living(kind)] if kind else []

        near = await self.count(tenant, doctype) <= NEAR
        return await self.read(tenant, read) if near else await self.scan(tenant, read)

    async def survey(self, tenant: str, doctype: str, read: Callable[[Iterable[Document]], T]) -> tuple[T, int]:
        """What `read` makes of every live document of a type, as they all were after one write; and that one's number.

        For what a type of any size says as a whole. `read` may run in another thread, and more than once.
        """

        def look(store: Store) -> tuple[T, int]:
            kind = store.kind(doctype)
            rows = store.living(kind) if kind else ()
            return read(row.document(doctype) for row in rows), store.rows.seq()

        return await self.scan(tenant, look)

    async def work(self, tenant: str, unit: Callable[[Tx], Awaitable[T]]) -> T:
        """Runs a unit of work; when it returns, its writes are durable. The unit may run more than once."""
        return await self.write(tenant, lambda store: drive(unit, Transaction(store)))

    async def changes(
        self, tenant: str, since: int, limit: int, doctypes: frozenset[str] = frozenset()
    ) -> list[Change]:
        """Committed writes after `since`, oldest first, only the last one of each document (`old` is not filled)."""

        few = min(limit, NEAR)
        near = await self.read(tenant, lambda store: _changes(store, since, few, doctypes))
        if len(near) < few or few == limit:
            return near
        return await self.scan(tenant, lambda store: _changes(store, since, limit, doctypes))

    async def count_changes(self, tenant: str, since: int, doctype: str, most: int) -> int:
        """How many documents of a type were written after `since`; counting ends at `most`, and reads no document."""

        def read(store: Store) -> int:
            kind = store.kind(doctype)
            return store.rows.count_since(kind.number, since, most) if kind is not None and kind.seq > since else 0

        return await self.read(tenant, read)

    async def last_seq(self, tenant: str) -> int:
        """The sequence number of the last committed write; 0 for none."""
        return await self._backend.read(tenant, lambda rows: rows.seq())

    def watch(
        self, watcher: Callable[[Sequence[Change]], None], doctypes: frozenset[str] = frozenset()
    ) -> Callable[[], None]:
        """Calls `watcher` on the event loop after each commit of this process, must not block; answers how to stop.

        With `doctypes`, only after those that wrote to one of them; it is told of the whole commit.
        """
        watching = (watcher, doctypes)
        self._watchers.append(watching)
        return lambda: self._watchers.remove(watching)

    def on_destroy(self, told: Callable[[str], None]) -> Callable[[], None]:
        """Calls `told` with the tenant before its store is removed, must not block; answers how to stop."""
        self._mourners.append(told)
        return lambda: self._mourners.remove(told)

    # -- what this room's routes, and sharing, use beyond it

    async def read(self, tenant: str, fn: Callable[[Store], T]) -> T:
        """Runs a short read at once; `fn` may run more than once."""
        return await self._backend.read(tenant, lambda rows: fn(Store(rows, tenant)))

    async def scan(self, tenant: str, fn: Callable[[Store], T]) -> T:
        """Runs a longer read without holding up the event loop."""
        return await self._backend.scan(tenant, lambda rows: fn(Store(rows, tenant)))

    async def write(self, tenant: str, fn: Callable[[Store], T]) -> T:
        """Runs a unit on the store itself; durable when it returns, and told to the watchers."""
        if tenant not in self._prepared:
            await self.prepare(tenant)
        return await self._commit(tenant, fn)

    async def page(self, tenant: str, doctype: str, query: Query, *, strict: bool = False) -> queries.Page:
        """A page of a query; `strict` refuses what no index serves (`NoIndex`)."""
        await self.prepare(tenant)
        # The refusal has to be gone before anything is awaited: it holds the statement that was half read, and as long
        # as that is open everything else that is read on the event loop is as old as it.
        with suppress(TooFar):
            return await self.read(tenant, lambda store: queries.find(store, doctype, query, strict=strict, reach=NEAR))
        return await self.scan(tenant, lambda store: queries.find(store, doctype, query, strict=strict))

    async def cursor(self, tenant: str, follower: str) -> int:
        """How far a follower has come in this store."""
        return await self._backend.read(tenant, lambda rows: rows.cursor(follower))

    async def move_cursors(self, tenant: str, reached: Mapping[str, int]) -> None:
        """Remembers, durably, how far followers have come, by their names."""

        def unit(store: Store) -> None:
            for follower, seq in reached.items():
                store.rows.save_cursor(follower, seq)

        await self._commit(tenant, unit)

    async def prepare(self, tenant: str) -> None:
        """Builds the indexes that rooms declared since this store was made, once per process and store."""
        if tenant in self._prepared:
            return
        founding = () if tenant == SERVER else FOUNDING
        missing = await self.read(tenant, lambda store: store.undeclared(self._indexes()))
        absent = await self.read(tenant, lambda store: [name for name in founding if store.kind(name) is None])
        if missing or absent:
            await self._commit(tenant, lambda store: _lay(store, absent, missing))
        self._prepared.add(tenant)

    def _found(self, rows: Rows) -> None:
        _lay(Store(rows, ""), FOUNDING, self._indexes())

    async def tenants(self) -> list[str]:
        """All tenants that have a store, the server itself left out."""
        return await self._backend.tenants()

    async def close(self) -> None:
        """Lets go of everything, when all that was queued is durable."""
        await self._backend.close()

    async def _commit(self, tenant: str, fn: Callable[[Store], T]) -> T:
        def run(rows: Rows) -> tuple[T, list[Change]]:
            store = Store(rows, tenant)
            result = fn(store)
            changes = store.finish()
            rows.tell(changes)
            return result, changes

        result, _changes = await self._backend.write(tenant, run, self._tell)
        return result

    def _tell(self, committed: tuple[Any, list[Change]]) -> None:
        self.tell(committed[1])

    def tell(self, changes: Sequence[Change]) -> None:
        """Tells the watchers of a commit: one of this process, or one of another that was heard of."""
        types = {change.document.type for change in changes}
        for watcher, wanted in list(self._watchers) if changes else ():
            if wanted and wanted.isdisjoint(types):
                continue
            try:
                watcher(changes)
            except Exception:
                _log.exception("a watcher of changes failed")


def _changes(store: Store, since: int, limit: int, doctypes: frozenset[str]) -> list[Change]:
    # A commit may come in between two types: what is later than this look is left for the next one, so that nobody who
    # goes on from the last change misses an earlier one of another type.
    top = store.rows.seq()
    found = list[Change]()
    for kind in [store.kind(name) for name in doctypes] if doctypes else store.rows.kinds():
        if kind is not None and kind.seq > since:
            rows = islice(store.rows.by_seq(kind.number, since, limit=limit), limit)
            found.extend(Change(store.tenant, row.seq, row.document(kind.name)) for row in rows if row.seq <= top)
    found.sort(key=lambda change: change.seq)
    return found[:limit]


def _lay(store: Store, doctypes: Iterable[str], indexes: Iterable[Index]) -> None:
    for name in doctypes:
        store.ensure(name)
    store.declare(indexes)


class Transaction:
    """`Tx` over a store: nothing in it ever waits, so that a unit runs to its end in the writer's thread."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, doctype: str, doc_id: str) -> Document | None:
        """The winning revision, or None when missing or deleted."""
        return self._store.get(doctype, doc_id)

    async def put(self, doctype: str, doc_id: str, body: bytes | Mapping[str, Any], rev: str = "") -> Document:
        """Creates (no `rev`) or replaces. Raises `RevisionConflict` when `rev` is not the winning one."""
        if not isinstance(body, bytes):
            body = orjson.dumps({name: value for name, value in body.items() if name not in OUTSIDE})
        return self._store.put(doctype, doc_id, body, rev)

    async def delete(self, doctype: str, doc_id: str, rev: str) -> Document:
        """Leaves a tombstone. Raises `DocumentMissing`, `RevisionConflict`."""
        return self._store.delete(doctype, doc_id, rev)

    async def find(self, doctype: str, query: Query) -> list[Document]:
        """What a query finds, this unit's own writes included. Give `use_index` where one was declared."""
        return queries.find(self._store, doctype, query).documents

    async def count(self, doctype: str, query: Query) -> int:
        """How many documents a query would find, without its limit."""
        return queries.count(self._store, doctype, query)


def parted(store: Store, hooks: Hooks | None, doctype: str, doc_id: str, write: Callable[[], T]) -> T:
    """Does a write; when a document is gone by it, its room writes what goes with it, in the same unit."""
    before = store.get(doctype, doc_id) if hooks is not None and doc_id else None
    done = write()
    if hooks is not None and before is not None and store.get(doctype, doc_id) is None:
        drive(lambda tx: hooks.leaving(tx, before), Transaction(store))
    return done


def drive(unit: Callable[[Tx], Awaitable[T]], tx: Tx) -> T:
    """Runs a unit to its end at once; raises `RuntimeError` when it awaits anything but its `tx`."""
    steps = unit(tx).__await__()
    try:
        next(steps)
    except StopIteration as end:
        result: T = end.value
        return result
    steps.close()
    raise RuntimeError("a unit of work awaited something other than its transaction: do that before or after it")
