"""What was written a moment ago is told from memory, and is what the store itself would say."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from alcove.documents.backends.memory import MemoryBackend
from alcove.documents.model import Change, Document
from alcove.documents.recent import EACH, Recent
from alcove.documents.service import StoredDocuments

if TYPE_CHECKING:
    from alcove.documents.store import Store

TYPES = ("a.b", "a.c")
ALL = frozenset[str]()


def changes(first: int, last: int, tenant: str = "t") -> list[Change]:
    return [Change(tenant, seq, Document("a.b", f"d{seq}", "1-a", b"{}", seq)) for seq in range(first, last + 1)]


async def test_memory_and_store_say_the_same() -> None:
    dice, documents = random.Random(7), StoredDocuments(MemoryBackend())
    await documents.create("t")

    def write(store: Store) -> None:
        for _ in range(dice.randrange(1, 4)):
            doctype, ident = dice.choice(TYPES), f"d{dice.randrange(9)}"
            found = store.get(doctype, ident)
            if found is None:
                store.put(doctype, ident, b"{}")
            elif dice.random() < 0.3:
                store.delete(doctype, ident, found.rev)
            else:
                store.put(doctype, ident, b'{"n":1}', found.rev)

    for turn in range(60):
        await documents.write("t", write)
        if turn % 20 == 9:
            await documents.write("t", lambda store: store.drop(dice.choice(TYPES)))
        last = await documents.last_seq("t")
        asked = [
            (since, limit, wanted)
            for since in range(max(0, last - 6), last + 1)
            for limit in (1, 3, 100)
            for wanted in (ALL, frozenset(TYPES[:1]))
        ]
        remembered = [await documents.changes("t", *question) for question in asked]
        recent, documents._recent = documents._recent, Recent()
        assert remembered == [await documents.changes("t", *question) for question in asked]
        documents._recent = recent


def test_what_is_missing_is_not_made_up() -> None:
    recent = Recent()
    recent.add(changes(5, 9))
    assert not recent.reaches("t", 3)
    assert recent.since("t", 3, 9, 10, ALL) is None
    assert [change.seq for change in recent.since("t", 6, 9, 2, ALL) or ()] == [7, 8]
    assert recent.since("t", 9, 9, 10, ALL) == []
    assert recent.since("t", 6, 10, 10, ALL) is None, "another process wrote the tenth"
    recent.add(changes(11, 12))
    assert recent.since("t", 6, 12, 10, ALL) is None, "the tenth is missing"
    assert [change.seq for change in recent.since("t", 10, 12, 10, ALL) or ()] == [11, 12]
    recent.forget("t")
    assert not recent.reaches("t", 12)


def test_it_takes_no_more_room_than_it_may() -> None:
    recent = Recent(10 * (EACH + 2))
    recent.add(changes(1, 6))
    recent.add(changes(1, 6, "u"))
    assert not recent.reaches("t", 6), "the store that was written to longest ago goes first"
    recent.add(changes(7, 12, "u"))
    assert not recent.reaches("u", 6)
    assert [change.seq for change in recent.since("u", 8, 12, 10, ALL) or ()] == [9, 10, 11, 12]
    recent.add(changes(13, 40, "u"))
    assert not recent.reaches("u", 29)
    assert recent.reaches("u", 40)
