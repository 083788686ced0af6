"""A large folder goes into the trash and comes back in steps between which others write; a crash loses none of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from alcove.base.clock import SetClock
from alcove.documents import Documents, Followers
from alcove.files import ROOT, Files, Upload
from alcove.files.model import Stamp
from alcove.files.service import marking, tree
from alcove.files.service.checking import Checking
from alcove.files.testing import FilesInMemory, files_in_memory, parts_of
from alcove.instances import Instances
from alcove.server.testing import front

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.documents import Change
    from alcove.files import Node
    from alcove.instances import Instance

STAMP = Stamp(SetClock().now())


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "TOGETHER", 3)
    monkeypatch.setattr("alcove.files.store._PAGE", 4)


async def filled(files: Files, instance: Instance) -> Node:
    """A folder with a folder in it, ten files in each."""
    outer = await files.create_dir(instance, "outer")
    inner = await files.create_dir(instance, "inner", outer.id)
    for number in range(10):
        for folder in (outer, inner):
            await files.upload(instance, Upload(f"{number}.txt", folder.id), parts_of(b"x"))
    return outer


async def marks(files: Files, instance: Instance, top: Node) -> set[bool]:
    """What the files in a folder say of the trash."""
    return {bool(node.fields["trashed"]) for node in await files.below(instance, top) if not node.is_dir}


async def faults(place: FilesInMemory) -> list[str]:
    """What a check of the tree finds."""
    return [str(fault) async for fault in Checking(place.documents, place.blobs).tree(place.instance)]


async def test_all_files_follow_in_units_of_a_few() -> None:
    place = await files_in_memory()
    files, instance = place.files, place.instance
    outer = await filled(files, instance)
    units = list[int]()

    def heard(changes: Sequence[Change]) -> None:
        units.append(len(changes))

    place.documents.watch(heard)
    await files.trash(instance, outer.id)
    assert await marks(files, instance, outer) == {True}
    assert max(units) == 2 + 3, "two directories and the first three files; then four files at a time"
    assert await faults(place) == []
    await files.restore(instance, outer.id)
    assert await marks(files, instance, outer) == {False}
    assert await faults(place) == []


async def test_a_directory_that_came_back_meanwhile_has_living_files() -> None:
    place = await files_in_memory()
    files, instance = place.files, place.instance
    outer = await filled(files, instance)
    node = await files.trash(instance, outer.id)
    held = [one.id for one in await files.below(instance, outer) if one.dir_id == outer.id and not one.is_dir]
    await files.restore(instance, outer.id)
    # A step of the trashing that comes late: it asks where the directory lies now.
    await place.documents.work(instance.key, partial(tree.mark, dir_id=node.id, ids=held))
    assert await marks(files, instance, outer) == {False}


async def test_what_left_the_directory_meanwhile_is_left_alone() -> None:
    place = await files_in_memory()
    files, instance = place.files, place.instance
    outer = await filled(files, instance)
    held = [one for one in await files.below(instance, outer) if one.dir_id == outer.id and not one.is_dir]
    await files.change(instance, held[0].id, tree.Patch(dir_id=ROOT))
    await files.destroy(instance, held[1].id)
    await files.trash(instance, outer.id)
    await place.documents.work(instance.key, partial(tree.mark, dir_id=outer.id, ids=[one.id for one in held]))
    assert not (await files.get(instance, held[0].id)).trashed
    await place.documents.work(instance.key, partial(tree.mark, dir_id="nowhere", ids=[held[2].id]))


@pytest.mark.parametrize("back", [False, True])
async def test_what_a_crash_kept_from_being_marked_is_marked_later(back: bool) -> None:
    async with front() as house:
        await house.instance()
        files, documents = house.house.need(Files), house.house.need(Documents)
        instance = house.house.need(Instances).by_domain("alice.example")
        outer = await filled(files, instance)
        unit = partial(tree.trash, node_id=outer.id, stamp=STAMP, by={})
        if back:
            await files.trash(instance, outer.id)
            unit = partial(tree.restore, node_id=outer.id, stamp=STAMP)
        await documents.work(instance.key, unit)  # and the process ends before the next step
        assert await marks(files, instance, outer) == {True, False}
        await house.house.need(Followers).settle(instance.key, marking.NAME)
        assert await marks(files, instance, outer) == {not back}


async def test_only_what_goes_there_or_comes_back_is_looked_at() -> None:
    place = await files_in_memory()
    files, instance = place.files, place.instance
    wants, heard = marking.Marking(place.documents).wants, list[bool]()
    outer = await filled(files, instance)
    place.documents.watch(lambda changes: heard.append(wants("cozy1", changes)))
    await files.change(instance, outer.id, tree.Patch(name="other"))
    await files.create_dir(instance, "new")
    assert set(heard) == {False}
    await files.trash(instance, outer.id)
    assert heard.count(True) == 1
