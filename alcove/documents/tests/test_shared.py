"""Several processes on one PostgreSQL: here, several stores with connections of their own."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from alcove.base.clock import SystemClock
from alcove.base.config import Settings
from alcove.base.errors import NotFound
from alcove.base.house import House
from alcove.base.peers import Peers
from alcove.documents import Change, Follower, Tx
from alcove.documents.errors import RevisionConflict
from alcove.documents.followers import StoreFollowers
from alcove.documents.shared import shared_documents
from alcove.documents.testing import each

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from alcove.base.postgres.testing import TestServer
    from alcove.documents.service import StoredDocuments


class Process:
    """One process: its documents, and what its watchers were told."""

    def __init__(self, url: str, role: str = "all") -> None:
        self.house = House(Settings(database=url, role=role), SystemClock())
        self.documents: StoredDocuments = shared_documents(self.house, tuple)
        self.told: list[Change] = []
        self._more = asyncio.Event()
        self.documents.watch(self._hear)

    def _hear(self, changes: Sequence[Change]) -> None:
        self.told.extend(changes)
        self._more.set()

    async def start(self) -> Process:
        for _, step in self.house.starting:
            await step()
        await self.house.need(Peers).start()
        return self

    async def until(self, tenant: str, seq: int) -> list[Change]:
        """What was told of a tenant, when it was told up to a number."""
        async with asyncio.timeout(60):
            while not any(change.tenant == tenant and change.seq >= seq for change in self.told):
                self._more.clear()
                await self._more.wait()
        return [change for change in self.told if change.tenant == tenant]

    async def stop(self) -> None:
        await self.house.need(Peers).stop()
        await self.documents.close()


@pytest.fixture
async def processes(postgres: TestServer) -> AsyncIterator[list[Process]]:
    url = await postgres.database()
    processes = [await Process(url).start() for _ in range(2)]
    await processes[0].documents.create("t")
    yield processes
    for process in processes:
        await process.stop()


def seen(changes: Sequence[Change]) -> list[tuple[int, str, Any, Any]]:
    return [
        (change.seq, change.event, change.document.fields().get("n"), change.old and change.old.fields().get("n"))
        for change in changes
    ]


async def test_what_one_writes_the_others_hear_with_what_was_before(processes: list[Process]) -> None:
    one, other = processes

    async def change(tx: Tx) -> None:
        document = await tx.get("a.b", "x")
        assert document is not None
        await tx.put("a.b", "x", {"n": document.fields()["n"] + 1}, document.rev)

    await each(one.documents, "t", "a.b", {"x": {"n": 1}})
    await one.documents.work("t", change)
    await other.documents.work("t", change)
    expected = [(1, "CREATED", 1, None), (2, "UPDATED", 2, 1), (3, "UPDATED", 3, 2)]
    assert seen(await one.until("t", 3)) == expected
    assert seen(await other.until("t", 3)) == expected


async def test_many_writers_lose_nothing_and_everybody_hears_all_in_order(processes: list[Process]) -> None:
    lots = random.Random(7)
    wins: Counter[str] = Counter()

    async def add(process: Process, doc_id: str) -> None:
        document = await process.documents.get("t", "a.b", doc_id)
        if document is None:
            return

        async def unit(tx: Tx) -> None:
            assert document is not None
            await tx.put("a.b", doc_id, {"n": document.fields()["n"] + 1}, document.rev)

        try:
            await process.documents.work("t", unit)
        except RevisionConflict:
            return
        wins[doc_id] += 1

    await each(processes[0].documents, "t", "a.b", {name: {"n": 0} for name in "xyz"})
    await asyncio.gather(*(add(lots.choice(processes), lots.choice("xyz")) for _ in range(150)))
    last = await processes[0].documents.last_seq("t")
    assert last == 3 + wins.total()
    for name in "xyz":
        document = await processes[1].documents.get("t", "a.b", name)
        assert document is not None
        assert document.fields()["n"] == wins[name]
    for process in processes:
        assert [change.seq for change in await process.until("t", last)] == list(range(1, last + 1))


async def test_who_was_cut_off_is_told_later(processes: list[Process]) -> None:
    one, other = processes
    await other.house.need(Peers).stop()
    await each(one.documents, "t", "a.b", {"x": {"n": 1}})
    await each(one.documents, "t", "a.b", {"y": {"n": 2}})
    await one.documents._backend.postgres.fetch("delete from echo")  # type: ignore[attr-defined]
    await other.house.need(Peers).start()
    assert seen(await other.until("t", 2)) == [(1, "CREATED", 1, None), (2, "CREATED", 2, None)]


async def test_a_store_of_the_same_name_begins_anew(processes: list[Process]) -> None:
    one, other = processes
    await each(one.documents, "t", "a.b", {"x": {"n": 1}})
    await other.until("t", 1)
    await one.documents.destroy("t")
    with pytest.raises(NotFound):
        await each(other.documents, "t", "a.b", {"y": {}})
    await one.documents.create("t")
    assert await other.documents.last_seq("t") == 0
    await each(one.documents, "t", "a.b", {"z": {"n": 5}})
    async with asyncio.timeout(60):
        while seen(other.told)[-1] != (1, "CREATED", 5, None):
            other._more.clear()
            await other._more.wait()


async def test_a_follower_runs_in_one_process_and_the_others_can_wait_for_it(postgres: TestServer) -> None:
    url = await postgres.database()
    worker, web = await Process(url, "worker").start(), await Process(url, "web").start()
    handled: list[str] = []

    async def handle(_tenant: str, changes: Sequence[Change]) -> None:
        handled.extend(change.document.id for change in changes)

    def following(process: Process) -> StoreFollowers:
        documents = process.documents
        return StoreFollowers(
            documents, lambda: [Follower("f", frozenset(), handle)], documents.tenants, gather=0, shared=True
        )

    running, waiting = following(worker), following(web)
    await worker.documents.create("t")
    await running.start()
    await each(web.documents, "t", "a.b", {"x": {}})
    assert await waiting.settle("t", "f") == 1
    assert handled == ["x"]
    await running.stop()
    for process in (worker, web):
        await process.stop()
