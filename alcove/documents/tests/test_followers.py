"""Followers hear of everything, at least once and in order, whatever happens in between."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alcove.documents import Change, Follower
from alcove.documents.followers import HANDS, StoreFollowers
from alcove.documents.testing import each, memory_documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.documents.service import StoredDocuments


class Ear:
    """A handler that remembers, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.heard: list[tuple[str, int, str]] = []
        self.failures = failures

    async def __call__(self, tenant: str, changes: Sequence[Change]) -> None:
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise ValueError("not this time")
        self.heard += [(tenant, change.seq, change.document.id) for change in changes]


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


def following(documents: StoredDocuments, *followers: Follower) -> StoreFollowers:
    return StoreFollowers(documents, lambda: followers, documents.tenants, pause=no_pause)


@pytest.fixture
async def documents() -> StoredDocuments:
    documents = memory_documents()
    await documents.create("t")
    return documents


async def test_what_was_committed_before_and_after_the_start_is_heard(documents: StoredDocuments) -> None:
    ear, picky = Ear(), Ear()
    await each(documents, "t", "a.b", {"x": {}})
    followers = following(
        documents, Follower("all", frozenset(), ear, batch=2), Follower("picky", frozenset({"a.c"}), picky)
    )
    await followers.start()
    await documents.create("u")
    await each(documents, "u", "a.c", {"y": {}})
    await each(documents, "t", "a.b", {f"d{n}": {} for n in range(5)})
    assert await followers.settle("t", "all") == 6
    assert await followers.settle("u", "picky") == 1
    assert [seq for tenant, seq, _id in ear.heard if tenant == "t"] == [1, 2, 3, 4, 5, 6]
    assert picky.heard == [("u", 1, "y")]
    assert await followers.settle("t", "picky") == 6
    await followers.stop()


async def test_a_failing_handler_is_tried_again_and_stops_nobody_else(documents: StoredDocuments) -> None:
    bad, good = Ear(failures=3), Ear()
    followers = following(documents, Follower("bad", frozenset(), bad), Follower("good", frozenset(), good))
    await followers.start()
    await each(documents, "t", "a.b", {"x": {}})
    assert await followers.settle("t", "good") == 1
    assert await followers.settle("t", "bad") == 1
    assert bad.heard == good.heard == [("t", 1, "x")]
    await followers.stop()


async def test_more_stores_than_hands_are_all_caught_up_a_few_at_a_time(documents: StoredDocuments) -> None:
    tenants = [f"many{number}" for number in range(3 * HANDS)]
    for tenant in tenants:
        await documents.create(tenant)
        await each(documents, tenant, "a.b", {"x": {}})
    heard, at_once, most = set[str](), 0, 0
    done = asyncio.Event()

    async def hear(tenant: str, _changes: Sequence[Change]) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        heard.add(tenant)
        if heard >= set(tenants):
            done.set()

    followers = StoreFollowers(documents, lambda: [Follower("f", frozenset(), hear)], documents.tenants, gather=0)
    await followers.start()
    await asyncio.wait_for(done.wait(), 10)
    assert most <= HANDS
    await followers.stop()


async def test_it_goes_on_from_its_cursor_after_a_restart(documents: StoredDocuments) -> None:
    first, second = Ear(), Ear()
    followers = following(documents, Follower("f", frozenset(), first))
    await followers.start()
    await each(documents, "t", "a.b", {"x": {}})
    await followers.settle("t", "f")
    await followers.stop()
    await each(documents, "t", "a.b", {"y": {}})
    assert first.heard == [("t", 1, "x")]
    again = following(documents, Follower("f", frozenset(), second))
    await again.start()
    await again.settle("t", "f")
    assert second.heard == [("t", 2, "y")]
    await again.stop()


async def test_unwanted_commits_are_passed_over_and_nothing_else_is(documents: StoredDocuments) -> None:
    ear, again, asked = Ear(), Ear(), list[int]()

    def wants(_tenant: str, changes: Sequence[Change]) -> bool:
        asked.extend(change.seq for change in changes)
        return any(change.document.type == "wanted" for change in changes)

    followers = StoreFollowers(
        documents, lambda: [Follower("f", frozenset(), ear, wants=wants)], documents.tenants, gather=0, lag=0
    )
    await followers.start()
    await followers.settle("t", "f")
    for round_ in range(3):
        await each(documents, "t", "dull", {f"d{round_}": {}, f"e{round_}": {}})
        assert await followers.settle("t", "f") == await documents.last_seq("t")
        await each(documents, "t", "wanted", {f"w{round_}": {}})
        await each(documents, "t", "dull", {f"f{round_}": {}})
        await followers.settle("t", "f")
    assert [doc_id for _, _, doc_id in ear.heard if doc_id[0] == "w"] == ["w0", "w1", "w2"]
    assert "e1" not in [doc_id for _, _, doc_id in ear.heard]
    assert asked
    await each(documents, "t", "dull", {"last": {}})
    await followers.stop()
    assert await documents.cursor("t", "f") == await documents.last_seq("t")
    after = StoreFollowers(documents, lambda: [Follower("f", frozenset(), again)], documents.tenants, gather=0)
    await after.start()
    await after.settle("t", "f")
    await after.stop()
    assert not again.heard


async def test_after_a_crash_what_was_passed_over_comes_again(documents: StoredDocuments) -> None:
    ear, again = Ear(), Ear()
    deaf = Follower("f", frozenset(), ear, wants=lambda _tenant, _changes: False)
    followers = StoreFollowers(documents, lambda: [deaf], documents.tenants, gather=0, lag=3600)
    await followers.start()
    await each(documents, "t", "a.b", {"x": {}})
    await followers.settle("t", "f")
    await each(documents, "t", "a.b", {"y": {}})
    assert await followers.settle("t", "f") == 2
    assert await documents.cursor("t", "f") == 1
    assert ear.heard == [("t", 1, "x")]
    after = following(documents, Follower("f", frozenset(), again))
    await after.start()
    await after.settle("t", "f")
    assert again.heard == [("t", 2, "y")]
    await after.stop()
    await followers.stop()


async def test_a_store_made_anew_is_followed_from_its_beginning(documents: StoredDocuments) -> None:
    ear = Ear()
    deaf = Follower("f", frozenset(), ear, wants=lambda _tenant, _changes: False)
    followers = StoreFollowers(documents, lambda: [deaf], documents.tenants, gather=0, lag=0)
    await followers.start()
    await each(documents, "t", "a.b", {"x": {}})
    await followers.settle("t", "f")
    await each(documents, "t", "a.b", {"y": {}})
    await documents.destroy("t")
    await documents.create("t")
    await each(documents, "t", "a.b", {"z": {}})
    assert await followers.settle("t", "f") == 1
    assert ear.heard == [("t", 1, "x"), ("t", 1, "z")]
    await followers.stop()


async def test_a_removed_store_is_not_followed_any_more(documents: StoredDocuments) -> None:
    ear = Ear(failures=10**9)
    followers = following(documents, Follower("f", frozenset(), ear))
    await followers.start()
    await each(documents, "t", "a.b", {"x": {}})
    await asyncio.sleep(0)
    await documents.destroy("t")
    await documents.create("t")
    ear.failures = 0
    await each(documents, "t", "a.b", {"y": {}})
    assert await followers.settle("t", "f") == 1
    assert ("t", 1, "y") in ear.heard
    await followers.stop()


async def test_stopping_does_not_wait_for_a_pause(documents: StoredDocuments) -> None:
    pausing = asyncio.Event()

    async def for_ever(_seconds: float) -> None:
        pausing.set()
        await asyncio.Event().wait()

    bad = Follower("bad", frozenset(), Ear(failures=10))
    followers = StoreFollowers(documents, lambda: [bad], documents.tenants, pause=for_ever)
    await followers.start()
    await each(documents, "t", "a.b", {"x": {}})
    await pausing.wait()
    await followers.stop()
    assert await documents.cursor("t", "bad") == 0


async def test_an_unknown_follower_is_said(documents: StoredDocuments) -> None:
    with pytest.raises(LookupError):
        await following(documents).settle("t", "nobody")
