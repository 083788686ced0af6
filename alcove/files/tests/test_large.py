"""Directories with many entries: pages, their number, and answers that are put together from stored bytes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from alcove.files import ROOT, TRASH, Patch
from alcove.files.http.shapes import child_resource, file_resource
from alcove.files.model import FILES, Node
from alcove.files.service import counts

if TYPE_CHECKING:
    from alcove.files.testing import FilesInMemory
    from alcove.files.tests.conftest import Door


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five entries are many."""
    monkeypatch.setattr(counts, "WORTH", 5)
    monkeypatch.setattr(counts, "KEPT", 3)


async def number(door: Door, dir_id: str) -> int:
    """The number of entries that a first page tells of; a second look says the same."""
    found = set[int]()
    for path in (
        f"/files/{dir_id}/relationships/contents?page[limit]=2",
        f"/files/{dir_id}?page[limit]=2&page[skip]=1",
    ):
        body = (await door.ask(f"GET {path}", 200)).json()
        found.add(
            body["meta"]["count"] if "meta" in body else body["data"]["relationships"]["contents"]["meta"]["count"]
        )
    assert len(found) == 1
    return found.pop()


async def test_the_number_stays_true(door: Door) -> None:
    box = await door.make("?Type=directory&Name=box")
    made = [await door.make(f"{box}?Type=file&Name={n}") for n in range(6)]
    assert await number(door, box) == 6
    made.append(await door.make(f"{box}?Type=directory&Name=inner"))
    await door.ask(f"PUT /files/{made[0]}", 200, content=b"new")
    assert await number(door, box) == 7
    await door.place.files.change(door.place.instance, made[1], Patch(dir_id=made[6]))
    await door.ask(f"DELETE /files/{made[2]}", 200)
    assert await number(door, box) == 5
    await door.ask(f"POST /files/trash/{made[2]}", 200)
    await door.ask(f"DELETE /files/trash/{made[3]}", 204)
    assert await number(door, box) == 5
    await door.ask(f"DELETE /files/{box}", 200)
    await door.ask("DELETE /files/trash", 204)
    again = await door.make("?Type=directory&Name=box")
    assert await number(door, again) == 0


async def test_the_trash_is_none_of_the_root(door: Door) -> None:
    before = await number(door, ROOT)
    for n in range(6):
        await door.make(f"?Type=directory&Name=d{n}")
    for _ in range(2):
        assert await number(door, ROOT) == before + 6
    listed = await door.place.files.list(door.place.instance, ROOT, limit=None)
    assert len(listed.nodes) == before + 6
    assert TRASH not in [node.id for node in listed.nodes]


async def test_many_large_directories(door: Door) -> None:
    boxes = [await door.make(f"?Type=directory&Name=box{n}") for n in range(5)]
    for box in boxes:
        for n in range(6):
            await door.make(f"{box}?Type=directory&Name={n}")
        assert await number(door, box) == 6
    assert len(door.place.files._counts._kept["cozy1"]) == 3
    assert [await number(door, box) for box in boxes] == [6] * 5


async def test_what_comes_while_it_is_counted(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    box = await door.make("?Type=directory&Name=box")
    for n in range(6):
        await door.make(f"{box}?Type=directory&Name={n}")
    place: FilesInMemory = door.place
    count = place.documents.count

    async def slow(*given: Any) -> int:
        found = await count(*given)
        monkeypatch.setattr(place.documents, "count", count)
        await place.put("late", b"x", box)
        return found

    monkeypatch.setattr(place.documents, "count", slow)
    await door.ask(f"GET /files/{box}/relationships/contents?page[limit]=2", 200)
    assert await number(door, box) == 7


async def test_a_dropped_tree_is_made_once(door: Door) -> None:
    """Many uploads of one folder each make sure of their directories at the same moment."""
    line = "POST /files/?Type=directory&Path=/a/b/c&Recursive=true"
    answers = await asyncio.gather(*(door.ask(line, 201) for _ in range(20)))
    assert len({answer.json()["data"]["id"] for answer in answers}) == 1
    assert (await door.ask("GET /files/metadata?Path=/a/b", 200)).json()["data"]["attributes"]["name"] == "b"


@pytest.mark.parametrize("name", ["a.txt", "a.png", "a.pdf", 'odd "name"\u2028.svg'])
async def test_stored_bytes_make_the_same_answer(door: Door, name: str) -> None:
    place = door.place
    node = await place.put(name, b"x")
    referred = await place.files.refer(
        place.instance, (await place.put("b" + name, b"")).id, [{"type": "t", "id": "1"}]
    )

    def secret(node_id: str) -> str:
        return f"secret-of-{node_id}"

    strange = Node('a"b', node.rev, node.fields, node.body)
    for one in (node, referred, strange):
        built = orjson.loads(orjson.dumps(file_resource(secret, one)))
        listed = orjson.loads(orjson.dumps(child_resource(secret, one)))
        assert listed == built
        assert list(listed) == list(built)
        assert listed["type"] == FILES
        assert "internal_vfs_id" not in listed["attributes"]
    assert not isinstance(child_resource(secret, node), dict)
