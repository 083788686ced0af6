"""Bytes and documents stay in step: what is refused, what a crash leaves, what a quota allows, what is kept of old."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest

from alcove.base.clock import SetClock
from alcove.base.errors import StorageFull
from alcove.documents import Query
from alcove.files import ROOT, Author, NameTaken, Patch, QuotaReached, Upload
from alcove.files.blobs import LocalBlobs
from alcove.files.errors import NodeMissing, ParentInTrash
from alcove.files.model import sha256_of
from alcove.files.service.customs import Customs, wrong_settings
from alcove.files.store import REFERENCED
from alcove.files.testing import LATER, FilesInMemory, files_in_memory, parts_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from alcove.documents import Tx
    from alcove.files import Node
    from alcove.files.store import Strict

T = TypeVar("T")


@pytest.fixture
async def place() -> FilesInMemory:
    return await files_in_memory()


async def blobs(place: FilesInMemory) -> set[str]:
    return {blob.id for blob in await place.blobs.list("cozy1", LATER)}


async def write(place: FilesInMemory, node: Node, content: bytes) -> Node:
    return await place.files.overwrite(place.instance, node.id, Upload(), parts_of(content))


async def test_a_refused_commit_leaves_no_blob(place: FilesInMemory) -> None:
    first = await place.put("f", b"one")
    with pytest.raises(NameTaken):
        await place.put("f", b"two")
    assert await blobs(place) == {first.blob}


async def test_the_same_name_many_times_at_once(place: FilesInMemory) -> None:
    answers = await asyncio.gather(*(place.put("f", bytes([n])) for n in range(20)), return_exceptions=True)
    kept = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(kept) == 1
    assert all(isinstance(answer, NameTaken) for answer in answers if answer is not kept[0])
    assert await blobs(place) == {kept[0].blob}


async def test_a_commit_that_may_have_happened_keeps_its_blob(
    place: FilesInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = place.documents.work

    async def torn(tenant: str, unit: Callable[[Tx], Awaitable[T]]) -> T:
        await work(tenant, unit)
        raise asyncio.CancelledError

    monkeypatch.setattr(place.documents, "work", torn)
    with pytest.raises(asyncio.CancelledError):
        await place.put("f", b"one")
    node = await place.files.by_path(place.instance, "/f")
    assert await place.bytes_of(node) == b"one"


async def test_a_full_disk_at_the_commit(place: FilesInMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(_tenant: str, _unit: Any) -> None:
        raise StorageFull("The disk of the server is full: nothing was changed")

    monkeypatch.setattr(place.documents, "work", full)
    with pytest.raises(StorageFull):
        await place.put("f", b"one")
    assert await blobs(place) == set()


async def test_the_sweep(place: FilesInMemory) -> None:
    node = await write(place, await place.put("f", b"one"), b"two")
    named = await blobs(place)
    assert len(named) == 2  # the file's and its old version's
    orphan = await place.blobs.write("cozy1", parts_of(b"lost"))
    young = place.clock.now() - timedelta(hours=1)
    assert await place.files.sweep("cozy1", young) == 0
    assert await place.files.sweep("cozy1", LATER) == 1
    assert await blobs(place) == named == (await blobs(place)) - {orphan.id}
    assert await place.bytes_of(node) == b"two"


async def test_the_sweep_sees_what_moves_while_it_reads(place: FilesInMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reverting swaps the blobs of a file and its version, in the middle of the walk through documents."""
    node = await write(place, await place.put("f", b"one"), b"two")
    version = (await place.files.versions(place.instance, node.id))[0]
    find = place.documents.find

    async def find_and_revert(tenant: str, doctype: str, query: Any) -> Any:
        found = await find(tenant, doctype, query)
        if doctype == "io.cozy.files" and not query.use_index:
            monkeypatch.setattr(place.documents, "find", find)
            await place.files.revert(place.instance, version.id)
        return found

    monkeypatch.setattr(place.documents, "find", find_and_revert)
    assert await place.files.sweep("cozy1", LATER) == 0
    assert await place.bytes_of(await place.files.get(place.instance, node.id)) == b"one"


async def test_quotas() -> None:
    place = await files_in_memory(quota="10")
    await place.put("a", b"12345")
    with pytest.raises(QuotaReached):
        await place.put("b", b"123456")
    with pytest.raises(QuotaReached):
        await place.files.upload(place.instance, Upload("b", size=6), parts_of())
    b = await place.put("b", b"12345")
    with pytest.raises(QuotaReached):
        await place.files.copy(place.instance, b)
    assert await place.files.usage(place.instance) == (10, 0)
    assert len(await blobs(place)) == 2
    await place.files.destroy(place.instance, b.id)
    assert await place.files.usage(place.instance) == (5, 0)
    await place.put("c", b"12345")


async def test_old_versions_count() -> None:
    place = await files_in_memory(quota="10")
    file = await place.put("a", b"12345")
    await write(place, file, b"123")
    assert await place.files.usage(place.instance) == (3, 5)
    await place.files.destroy_versions(place.instance)
    assert await place.files.usage(place.instance) == (3, 0)
    assert len(await blobs(place)) == 1


async def test_versions() -> None:
    clock = SetClock()
    place = await files_in_memory(clock=clock)
    file = await place.put("f.txt", b"0")
    for n in range(1, 30):
        clock.pass_time(minutes=20)
        await write(place, file, str(n).encode())
    versions = await place.files.versions(place.instance, file.id)
    assert len(versions) == 20
    assert len(await blobs(place)) == 21
    assert min(int(v.fields()["size"]) for v in versions) == 1
    kept = await place.files.versions(place.instance, file.id)
    await write(place, file, b"29")  # the same bytes
    assert await place.files.versions(place.instance, file.id) == kept
    assert len(await blobs(place)) == 21


async def test_versions_in_quick_succession() -> None:
    clock = SetClock()
    place = await files_in_memory(clock=clock)
    file = await place.put("f.txt", b"0")
    for content in (b"1", b"2", b"3"):
        clock.pass_time(seconds=30)
        await write(place, file, content)
    assert len(await place.files.versions(place.instance, file.id)) == 1
    assert len(await blobs(place)) == 2
    await place.files.change(place.instance, file.id, Patch(tags=["keep"]))
    await write(place, file, b"4")  # what is tagged is kept, however young
    assert len(await place.files.versions(place.instance, file.id)) == 2


async def test_tagged_versions_are_never_dropped() -> None:
    clock = SetClock()
    place = await files_in_memory(clock=clock)
    file = await write(place, await place.put("f.txt", b"first"), b"second")
    first = (await place.files.versions(place.instance, file.id))[0]
    await place.files.tag_version(place.instance, first.id, ["keep"])
    for n in range(30):
        clock.pass_time(minutes=20)
        await write(place, file, str(n).encode())
    assert first.id in {v.id for v in await place.files.versions(place.instance, file.id)}


async def test_copies(place: FilesInMemory) -> None:
    file = await place.put("report.pdf", b"abc")
    names = [(await place.files.copy(place.instance, file)).name for _ in range(3)]
    assert names == ["report (copy).pdf", "report (copy) (2).pdf", "report (copy) (3).pdf"]
    copied = await place.files.by_path(place.instance, "/report (copy).pdf")
    assert sha256_of(copied.fields) == sha256_of(file.fields)
    await place.files.destroy(place.instance, file.id)
    assert await place.bytes_of(copied) == b"abc"
    box = await place.files.create_dir(place.instance, "box")
    await place.files.trash(place.instance, box.id)
    with pytest.raises(ParentInTrash):
        await place.files.copy(place.instance, copied, box.id)
    await place.files.trash(place.instance, copied.id)
    back = await place.files.copy(place.instance, await place.files.get(place.instance, copied.id), ROOT, "back")
    assert back.trashed  # what the trash wrote into the original stands in its copy, as in the reference
    assert (back.dir_id, back.fields["restore_path"]) == (ROOT, "/")


async def test_overwriting_what_is_gone_or_in_the_trash(place: FilesInMemory) -> None:
    file = await place.put("f", b"one")
    await place.files.trash(place.instance, file.id)
    with pytest.raises(ParentInTrash):
        await write(place, file, b"two")
    await place.files.destroy(place.instance, file.id)
    with pytest.raises(NodeMissing):
        await write(place, file, b"two")
    assert await blobs(place) == set()


async def test_references(place: FilesInMemory) -> None:
    file = await place.put(
        "f",
        b"one",
    )
    bill = {"type": "io.cozy.bills", "id": "b1"}
    await place.files.refer(place.instance, file.id, [bill])
    assert [n.id for n in await place.files.referring(place.instance, "io.cozy.bills", "b1")] == [file.id]
    node = await write(place, file, b"two")
    assert node.references == [bill]
    node = await place.files.refer(place.instance, file.id, remove=[bill])
    assert node.references == []


async def test_who_refers_is_found_without_reading_every_file(place: FilesInMemory) -> None:
    first, second = await place.put("f", b"one"), await place.put("g", b"two")
    for number in range(30):
        await place.put(f"other {number}", b"more")
    bill, photo = {"type": "io.cozy.bills", "id": "b1"}, {"type": "io.cozy.photos.albums", "id": "a/1"}
    await place.files.refer(place.instance, first.id, [photo, bill])
    await place.files.refer(place.instance, second.id, [{**photo, "id": "a%2F1"}])

    async def referring(meant: dict[str, str]) -> list[str]:
        return [node.id for node in await place.files.referring(place.instance, meant["type"], meant["id"])]

    assert await referring(photo) == sorted([first.id, second.id])
    await place.files.refer(place.instance, first.id, remove=[photo])
    assert await referring(photo) == [second.id]
    assert await referring(bill) == [first.id]
    selector = {"referenced_by.0": {"$exists": True}, "tags": {"$exists": False}}
    strict, query = cast("Strict", place.documents), Query(selector, use_index=REFERENCED)
    page = await strict.page(place.instance.key, "io.cozy.files", query, strict=True)  # refuses what no index serves
    assert len(page.documents) == 3, "two files, and the administrative directory"


async def test_on_a_real_disk(tmp_path: Path) -> None:
    local = LocalBlobs(tmp_path)
    place = await files_in_memory(blobs=local)
    file = await place.put("f", b"x" * 3_000_000)
    await write(place, file, b"y")
    await place.files.trash(place.instance, file.id, Author("drive"))
    await place.files.empty_trash(place.instance)
    await local.close()
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


async def test_versions_by_the_rules_of_the_context() -> None:
    rules: dict[str, object] = {"max_number_of_versions_to_keep": 3, "min_delay_between_two_versions": "1h"}
    clock = SetClock()
    place = await files_in_memory(clock=clock)
    place.files._customs = Customs(context=lambda _: rules)
    file = await place.put("f", b"one")
    for n in range(10):
        clock.pass_time(minutes=70)
        await write(place, file, str(n).encode())
    assert len(await place.files.versions(place.instance, file.id)) == 3
    clock.pass_time(minutes=40)
    await write(place, file, b"soon")
    clock.pass_time(minutes=10)
    await write(place, file, b"sooner")
    assert len(await place.files.versions(place.instance, file.id)) == 3
    rules["max_number_of_versions_to_keep"] = 0
    clock.pass_time(minutes=70)
    before = {v.id for v in await place.files.versions(place.instance, file.id)}
    await write(place, file, b"none")
    assert {v.id for v in await place.files.versions(place.instance, file.id)} == before


async def test_the_trash_is_emptied_of_what_is_old() -> None:
    rules: dict[str, object] = {}
    clock = SetClock()
    place = await files_in_memory(clock=clock)
    place.files._customs = Customs(context=lambda _: rules)
    old, new = await place.put("old", b"o"), await place.put("new", b"n")
    await place.files.trash(place.instance, old.id)
    clock.pass_time(minutes=31 * 24 * 60)
    await place.files.trash(place.instance, new.id)
    assert await place.files.clean_trash(place.instance) == 0
    rules["auto_clean_trashed_after"] = "30D"
    assert await place.files.clean_trash(place.instance) == 1
    assert await place.files.find(place.instance, old.id) is None
    assert await place.files.find(place.instance, new.id) is not None


def test_settings_of_a_context_that_cannot_be_used() -> None:
    wrong = {"max_number_of_versions_to_keep": -1, "min_delay_between_two_versions": "soon", "other": 1}
    assert list(wrong_settings(wrong)) == ["max_number_of_versions_to_keep", "min_delay_between_two_versions"]
