"""Stores for tests, and what every backend must keep: hand in a factory, get the whole contract tested."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request

from alcove.base.errors import Forbidden, Refusal
from alcove.base.house import Registry
from alcove.base.http import Call, Route, Rule
from alcove.base.postgres import Postgres
from alcove.base.router import Router
from alcove.base.sqlite import Databases, StoreMissing
from alcove.documents import POLICIES
from alcove.documents.backends.memory import MemoryBackend
from alcove.documents.backends.postgres import SCHEMA, PostgresBackend
from alcove.documents.backends.sqlite import MIGRATIONS, SqliteBackend
from alcove.documents.errors import DocumentMissing, RevisionConflict
from alcove.documents.http import routes
from alcove.documents.model import Index, Query
from alcove.documents.revisions import Leaf
from alcove.documents.service import StoredDocuments
from alcove.documents.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from alcove.documents.model import Change, Document, Documents, Policy, Tx


def memory_documents(indexes: Iterable[Index] = ()) -> StoredDocuments:
    """Documents in memory. `await create(tenant)` first, for every tenant but the server's own `alcove`."""
    declared = tuple(indexes)
    return StoredDocuments(MemoryBackend(), lambda: declared)


def sqlite_documents(home: Path, indexes: Iterable[Index] = ()) -> StoredDocuments:
    """Documents in SQLite files under `home`. `await close()` at the end."""
    declared = tuple(indexes)
    return StoredDocuments(SqliteBackend(Databases(home, MIGRATIONS)), lambda: declared)


def postgres_documents(url: str, indexes: Iterable[Index] = ()) -> StoredDocuments:
    """Documents in the PostgreSQL database at `url`. `await close()` at the end."""
    declared = tuple(indexes)
    postgres = Postgres(url)
    postgres.lay(SCHEMA)
    return StoredDocuments(PostgresBackend(postgres), lambda: declared)


async def each(documents: Documents, tenant: str, doctype: str, bodies: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes documents by id, in one unit."""

    async def unit(tx: Tx) -> None:
        for doc_id, body in bodies.items():
            await tx.put(doctype, doc_id, body)

    await documents.work(tenant, unit)


class DocumentsContract:
    """What every backend keeps. A test class derives from it and provides a fixture `documents` with a tenant `t`."""

    async def test_a_document_is_read_back_as_it_was_written(self, documents: StoredDocuments) -> None:
        """Fields, revision, sequence."""

        async def unit(tx: Tx) -> Document:
            return await tx.put("a.b", "x", {"_id": "x", "n": 1})

        made = await documents.work("t", unit)
        assert (made.rev[:2], made.seq, made.fields()) == ("1-", 1, {"n": 1})
        assert await documents.get("t", "a.b", "x") == made
        assert await documents.get("t", "a.b", "y") is None
        assert await documents.get("t", "a.c", "x") is None

    async def test_a_stale_revision_is_refused(self, documents: StoredDocuments) -> None:
        """Create, change, delete and create again, each on the right revision only."""

        def put(body: bytes, rev: str = "") -> Callable[[Store], Document]:
            return lambda store: store.put("a.b", "x", body, rev)

        first = await documents.write("t", put(b'{"n":1}'))
        second = await documents.write("t", put(b'{"n":2}', first.rev))
        for rev in ("", first.rev, "2-" + "0" * 32):
            with pytest.raises(RevisionConflict):
                await documents.write("t", put(b'{"n":3}', rev))
        with pytest.raises(RevisionConflict):
            await documents.write("t", lambda store: store.delete("a.b", "x", first.rev))
        gone = await documents.write("t", lambda store: store.delete("a.b", "x", second.rev))
        assert gone.deleted
        assert await documents.get("t", "a.b", "x") is None
        with pytest.raises(DocumentMissing, match="deleted"):
            await documents.write("t", lambda store: store.delete("a.b", "x", gone.rev))
        assert (await documents.write("t", put(b"{}"))).rev.startswith("4-")

    async def test_the_same_edit_has_the_same_revision(self, documents: StoredDocuments) -> None:
        """So echoes between replicas converge."""
        await each(documents, "t", "a.b", {"x": {"n": 1}, "y": {"n": 1}})
        x, y = await documents.get("t", "a.b", "x"), await documents.get("t", "a.b", "y")
        assert x is not None
        assert y is not None
        assert x.rev == y.rev

    async def test_a_unit_is_all_or_nothing(self, documents: StoredDocuments) -> None:
        """Documents, counters, keys and the feed."""

        async def unit(tx: Tx) -> None:
            await tx.put("a.b", "x", {"n": 1})
            await tx.put("a.new", "y", {"n": 1})
            raise KeyError("on the way")

        with pytest.raises(KeyError):
            await documents.work("t", unit)
        assert await documents.last_seq("t") == 0
        assert await documents.changes("t", 0, 10) == []
        assert await documents.count("t", "a.b") == 0
        assert (await documents.find("t", "a.b", Query({"n": 1}))).documents == []

    async def test_units_that_wait_together_each_end_for_themselves(self, documents: StoredDocuments) -> None:
        """In the order in which they came: each sees those before it, and one that fails takes only itself away."""
        heard = list[list[int]]()
        documents.watch(lambda changes: heard.append([change.seq for change in changes]))

        async def add(n: int) -> int:
            async def unit(tx: Tx) -> int:
                old = await tx.get("a.b", "x")
                count = old.fields()["n"] + 1 if old else 1
                await tx.put("a.b", "x", {"n": count, "m": 1}, old.rev if old else "")
                await tx.put("a.b", f"y{n}", {"n": n, "m": 1})
                found = await tx.find("a.b", Query({"n": count, "m": 1}, use_index="by-n")) if n % 3 == 2 else ()
                if n % 4 == 3:
                    raise KeyError(n)
                assert n % 3 != 2 or "x" in [document.id for document in found]
                return count

            return await documents.work("t", unit)

        ended = await asyncio.gather(*(add(n) for n in range(20)), return_exceptions=True)
        assert [one if isinstance(one, int) else type(one) for one in ended] == [
            KeyError if n % 4 == 3 else 1 + n - n // 4 for n in range(20)
        ]
        assert heard == [[seq, seq + 1] for seq in range(1, 31, 2)]
        ids = [document.id for document in await documents.all("t", "a.b")]
        assert ids == sorted(["x", *(f"y{n}" for n in range(20) if n % 4 != 3)])
        assert await documents.last_seq("t") == 30

    async def test_a_unit_sees_its_own_writes(self, documents: StoredDocuments) -> None:
        """By id, by query and by count."""

        async def unit(tx: Tx) -> tuple[list[str], int]:
            await tx.put("a.b", "x", {"n": 1, "m": 1})
            got = await tx.get("a.b", "x")
            assert got is not None
            await tx.put("a.b", "x", {"n": 2, "m": 1}, got.rev)
            found = await tx.find("a.b", Query({"n": 2, "m": 1}, use_index="by-n"))
            return [document.id for document in found], await tx.count("a.b", Query({"n": 1}))

        assert await documents.work("t", unit) == (["x"], 0)

    async def test_a_unit_may_await_nothing_else(self, documents: StoredDocuments) -> None:
        """It would hold the only writer."""

        async def unit(tx: Tx) -> None:
            await tx.put("a.b", "x", {})
            await asyncio.sleep(0)

        with pytest.raises(RuntimeError, match="awaited something other"):
            await documents.work("t", unit)
        assert await documents.get("t", "a.b", "x") is None

    async def test_an_index_orders_and_pages(self, documents: StoredDocuments) -> None:
        """In CouchDB's order of types; documents that lack a field are not in it."""
        values: list[Any] = [{}, [], "b", "A", "a", 10, 9, True, False, None]
        await each(documents, "t", "a.b", {f"d{n}": {"n": value, "m": 1} for n, value in enumerate(values)})
        await each(documents, "t", "a.b", {"without": {"n": 5}})
        seen, bookmark = list[Any](), ""
        while True:
            query = Query({"n": {"$exists": True}, "m": 1}, [("n", False), ("m", False)], (), 3, 0, bookmark)
            page = await documents.find("t", "a.b", query)
            seen += [document.fields()["n"] for document in page.documents]
            bookmark = page.bookmark
            if not bookmark:
                break
        assert seen == [None, False, True, 9, 10, "a", "A", "b", [], {}]
        back = await documents.find("t", "a.b", Query({"n": {"$gt": 9}, "m": 1}, [("n", True), ("m", True)]))
        assert [document.fields()["n"] for document in back.documents] == [{}, [], "b", "A", "a", 10]

    @pytest.mark.parametrize("ask", ["find", "count"])
    async def test_a_long_query_does_not_hold_the_others_back(
        self, documents: StoredDocuments, monkeypatch: pytest.MonkeyPatch, ask: str
    ) -> None:
        """What is written while it runs is read at once: no read on the event loop is left half done behind it."""
        await each(documents, "t", "a.b", {f"d{n:03}": {"n": n} for n in range(400)})
        scan, begun, go = documents.scan, asyncio.Event(), asyncio.Event()

        async def slow(tenant: str, fn: Callable[[Store], Any]) -> Any:
            begun.set()
            await go.wait()
            return await scan(tenant, fn)

        monkeypatch.setattr(documents, "scan", slow)
        query = Query({"n": {"$gte": 0}})
        task = asyncio.ensure_future(getattr(documents, ask)("t", "a.b", query))
        await begun.wait()
        await each(documents, "t", "a.b", {"new": {"n": 400}})
        assert await documents.get("t", "a.b", "new") is not None
        go.set()
        found = await task
        assert (found if ask == "count" else len(found.documents)) == 401

    @pytest.mark.parametrize("selector", [{"m": 1, "n": {"$gte": 0}}, {"m": 1, "n": {"$gte": 0}, "o": 0}])
    async def test_some_are_skipped(self, documents: StoredDocuments, selector: dict[str, Any]) -> None:
        """In the index or by reading, both ways, from the start or from a bookmark."""
        await each(documents, "t", "a.b", {f"d{n:03}": {"n": n, "m": 1, "o": 0} for n in range(400)})
        for descending in (False, True):
            ids = sorted((f"d{n:03}" for n in range(400)), reverse=descending)
            order = [("n", descending), ("m", descending)]
            first = await documents.find("t", "a.b", Query(selector, order, limit=3))
            for skip, limit in ((0, 5), (7, 5), (7, None), (2, 350), (396, 5), (500, 5), (500, None)):
                for bookmark, rest in (("", ids), (first.bookmark, ids[3:])):
                    found = await documents.find("t", "a.b", Query(selector, order, (), limit, skip, bookmark))
                    end = None if limit is None else skip + limit
                    assert [document.id for document in found.documents] == rest[skip:end], (skip, limit)

    async def test_what_an_index_finds_is_counted(self, documents: StoredDocuments) -> None:
        """By its keys alone, by reading documents, and without an index."""
        await each(documents, "t", "a.b", {f"d{n:03}": {"n": n % 7, "m": n, "o": n % 2} for n in range(400)})
        selectors: list[dict[str, Any]] = [
            {"n": 3, "m": {"$gt": 50}},
            {"n": 3, "m": {"$gt": 50}, "o": 1},
            {"n": 3, "m": {"$lt": 1, "$gt": 9}},
            {"n": {"$gte": 0}, "m": {"$exists": True}},
            {"o": 1},
            {"n": 9, "m": 9},
        ]
        for selector in selectors:
            found = len((await documents.find("t", "a.b", Query(selector))).documents)
            assert await documents.count("t", "a.b", Query(selector, limit=1)) == found
            assert await documents.count("t", "a.b", Query(selector, skip=2)) == max(0, found - 2)

            async def unit(tx: Tx, selector: dict[str, Any] = selector) -> int:
                return await tx.count("a.b", Query(selector))

            assert await documents.work("t", unit) == found

    async def test_an_index_follows_changes_and_deletions(self, documents: StoredDocuments) -> None:
        """And a declared one is kept when the doctype is dropped."""
        await each(documents, "t", "a.b", {"x": {"n": 1, "m": 1}})
        x = await documents.get("t", "a.b", "x")
        assert x is not None
        named = Query({"n": 1, "m": 1}, use_index="by-n")
        await documents.write("t", lambda store: store.delete("a.b", "x", x.rev))
        assert (await documents.find("t", "a.b", named)).documents == []
        await documents.write("t", lambda store: store.drop("a.b"))
        await each(documents, "t", "a.b", {"y": {"n": 1, "m": 1}})
        assert [document.id for document in (await documents.find("t", "a.b", named)).documents] == ["y"]

    async def test_a_partial_index_serves_only_who_names_it(self, documents: StoredDocuments) -> None:
        """It lacks documents that others look for."""
        await each(documents, "t", "a.b", {"x": {"n": 1, "old": True}, "y": {"n": 1}})
        everything = await documents.find("t", "a.b", Query({"n": {"$gt": 0}}))
        fresh = await documents.find("t", "a.b", Query({"n": {"$gt": 0}}, use_index="fresh"))
        assert [document.id for document in everything.documents] == ["x", "y"]
        assert [document.id for document in fresh.documents] == ["y"]

    async def test_a_query_without_an_index_is_answered_all_the_same(self, documents: StoredDocuments) -> None:
        """For rooms; what `/data` refuses is in its own tests."""
        await each(documents, "t", "a.b", {f"d{n}": {"k": n % 3, "s": -n} for n in range(9)})
        page = await documents.find("t", "a.b", Query({"k": 1}, [("s", False)], ("s",), 2))
        assert [document.fields() for document in page.documents] == [{"s": -7}, {"s": -4}]
        rest = await documents.find("t", "a.b", Query({"k": 1}, [("s", False)], (), 2, 0, page.bookmark))
        assert [document.id for document in rest.documents] == ["d1"]
        assert rest.bookmark == ""
        assert await documents.count("t", "a.b", Query({"k": 1})) == 3
        assert [document.id for document in await documents.all("t", "a.b")] == [f"d{n}" for n in range(9)]

    async def test_the_feed_has_each_document_once_with_its_last_revision(self, documents: StoredDocuments) -> None:
        """Oldest first, without gaps, by doctype when asked."""
        await each(documents, "t", "a.b", {"x": {"n": 1}, "y": {"n": 1}})
        await each(documents, "t", "a.c", {"z": {}})
        x = await documents.get("t", "a.b", "x")
        assert x is not None
        await documents.write("t", lambda store: store.delete("a.b", "x", x.rev))
        changes = await documents.changes("t", 0, 10)
        assert [(change.seq, change.document.id, change.event) for change in changes] == [
            (2, "y", "CREATED"), (3, "z", "CREATED"), (4, "x", "DELETED"),
        ]  # fmt: skip
        assert [change.seq for change in await documents.changes("t", 2, 1)] == [3]
        assert [change.seq for change in await documents.changes("t", 0, 10, frozenset({"a.c"}))] == [3]
        assert await documents.last_seq("t") == 4
        counts = [await documents.count_changes("t", since, "a.b", most) for since, most in ((0, 9), (2, 9), (4, 9))]
        assert counts == [2, 1, 0]
        assert await documents.count_changes("t", 0, "a.b", 1) == 1
        assert await documents.count_changes("t", 0, "a.nothing", 9) == 0

    async def test_watchers_hear_of_commits_with_what_was_replaced(self, documents: StoredDocuments) -> None:
        """In order, and not of what was undone; a broken watcher disturbs nobody."""
        heard = list[tuple[str, str, bool]]()

        def broken(changes: Sequence[Change]) -> None:
            raise ValueError(changes)

        def watcher(changes: Sequence[Change]) -> None:
            heard.extend((change.event, change.document.id, change.old is not None) for change in changes)

        documents.watch(broken)
        stop = documents.watch(watcher)
        await each(documents, "t", "a.b", {"x": {"n": 1}})
        with pytest.raises(RevisionConflict):
            await each(documents, "t", "a.b", {"y": {}, "x": {}})
        x = await documents.get("t", "a.b", "x")
        assert x is not None
        await documents.write("t", lambda store: store.delete("a.b", "x", x.rev))
        stop()
        await each(documents, "t", "a.b", {"z": {}})
        assert heard == [("CREATED", "x", False), ("DELETED", "x", True)]

    async def test_branches_are_kept_and_the_winner_is_the_same_everywhere(self, documents: StoredDocuments) -> None:
        """Revisions from elsewhere, in any order; deleting the winner uncovers the other."""
        left = Leaf(2, "b" * 32, ("a" * 32,), False, b'{"n":"b"}')
        right = Leaf(2, "c" * 32, ("a" * 32,), False, b'{"n":"c"}')
        for doc_id, order in (("x", (left, right)), ("y", (right, left))):
            for leaf in order:
                await documents.write("t", partial(Store.graft, doctype="a.b", doc_id=doc_id, leaf=leaf))
            known = await documents.write("t", partial(Store.graft, doctype="a.b", doc_id=doc_id, leaf=right))
            assert known is None
            won = await documents.get("t", "a.b", doc_id)
            assert won is not None
            assert won.fields() == {"n": "c"}
            await documents.write("t", partial(Store.delete, doctype="a.b", doc_id=doc_id, rev=won.rev))
            other = await documents.get("t", "a.b", doc_id)
            assert other is not None
            assert other.fields() == {"n": "b"}
            put = partial(Store.put, doctype="a.b", doc_id=doc_id, body=b'{"n":"d"}', rev=other.rev)
            changed = await documents.write("t", put)
            assert await documents.get("t", "a.b", doc_id) == changed

    async def test_a_removed_store_is_gone(self, documents: StoredDocuments) -> None:
        """And a new one of the same name is empty."""
        await each(documents, "t", "a.b", {"x": {"n": 1}})
        await documents.destroy("t")
        with pytest.raises(StoreMissing):
            await documents.get("t", "a.b", "x")
        with pytest.raises(StoreMissing):
            await each(documents, "t", "a.b", {"x": {}})
        await documents.create("t")
        assert await documents.tenants() == ["t"]
        assert await documents.last_seq("t") == 0
        assert await documents.get("t", "a.b", "x") is None

    async def test_cursors_and_checkpoints_stay(self, documents: StoredDocuments) -> None:
        """What followers and replicators remember."""
        assert await documents.cursor("t", "f") == 0
        await documents.move_cursors("t", {"f": 7})
        assert await documents.cursor("t", "f") == 7

        def save(store: Store) -> None:
            store.rows.save_local(store.ensure("a.b").number, "p", 1, b'{"at":1}')

        await documents.write("t", save)
        kind = await documents.read("t", lambda store: store.open_kind("a.b"))
        assert await documents.read("t", lambda store: store.rows.local(kind.number, "p")) == (1, b'{"at":1}')


CONTRACT_INDEXES = (
    Index("a.b", "by-n", ("n", "m")),
    Index("a.b", "fresh", ("n",), {"old": {"$exists": False}}),
)
"""What the contract's `documents` must have been made with."""


class Anyone:
    """A caller with rules, for tests of routes. Without rules, everything is allowed."""

    audience, subject, source, session, document = "cli", "CLI", "", "", ""
    device: Mapping[str, str] = MappingProxyType({})

    def __init__(self, *rules: Rule) -> None:
        self._rules = rules or (Rule("*", frozenset()),)

    def rules(self, verb: str, doctype: str) -> Sequence[Rule]:
        """The rules that cover this verb and doctype."""
        return [rule for rule in self._rules if rule.covers(verb, doctype)]

    def allow_type(self, verb: str, doctype: str) -> None:
        """Raises `Forbidden` unless the whole doctype is allowed."""
        if not any(rule.whole for rule in self.rules(verb, doctype)):
            raise Forbidden

    def allow(self, verb: str, doctype: str, doc_id: str, fields: Mapping[str, Any] | None = None) -> None:
        """Raises `Forbidden` unless this document is allowed."""
        for rule in self.rules(verb, doctype):
            value = (fields or {}).get(rule.selector) if rule.selector else doc_id
            if not rule.values or value in rule.values:
                return
        raise Forbidden


@dataclass(frozen=True)
class Person:
    """A tenant for tests of routes."""

    domain: str = "alice.example"
    key: str = "t"
    locale: str = "en"


class Door:
    """An ASGI application of some routes for one tenant and one caller."""

    def __init__(self, routes: Iterable[Route], caller: Anyone) -> None:
        self._router: Router[Route] = Router()
        for route in routes:
            self._router.add(route.method, route.path, route)
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's door."""
        request = Request(scope, receive, send)
        found = self._router.find(request.method, scope["raw_path"].decode())
        assert found is not None, f"no route for {request.method} {scope['path']}"
        route, params = found
        call = Call(request, params, Person())
        call.admit(self._caller)
        try:
            response = await route.handler(call)
        except Refusal as refusal:
            response = route.errors(refusal, request.headers.get("accept", ""))
        await response(scope, receive, send)


def data_door(
    documents: StoredDocuments, *rules: Rule, policies: Registry[Policy] | None = None, indexes: Iterable[Index] = ()
) -> Door:
    """`/data` as an ASGI application for the tenant `t`, for a caller who may do what the rules say (all, without)."""
    return Door(routes(documents, policies or Registry(POLICIES), lambda: indexes), Anyone(*rules))
