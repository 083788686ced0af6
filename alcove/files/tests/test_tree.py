"""The rules of the tree, one by one, and against a naive model for any sequence of changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alcove.base.errors import Refusal
from alcove.files import ROOT, TRASH, Files, Patch, Upload
from alcove.files.errors import (
    AlreadyInTrash,
    ForbiddenMove,
    IllegalName,
    IllegalPath,
    NameTaken,
    NodeMissing,
    NotInTrash,
    ParentInTrash,
    ParentMissing,
    RelativePath,
    StaleRevision,
)
from alcove.files.service.tree import destroy
from alcove.files.testing import FilesInMemory, files_in_memory, parts_of

if TYPE_CHECKING:
    from alcove.files import Node
    from alcove.instances import Instance


@pytest.fixture
async def place() -> FilesInMemory:
    return await files_in_memory()


async def test_a_new_place(place: FilesInMemory) -> None:
    listing = await place.files.list(place.instance, ROOT)
    assert [n.path for n in listing.nodes] == ["/Administrative", "/Photos"]
    assert listing.count == 2
    assert listing.nodes[0].references == [{"type": "io.cozy.apps", "id": "io.cozy.apps/administrative"}]
    root = await place.files.get(place.instance, ROOT)
    await place.files.provision(place.instance)
    assert (await place.files.get(place.instance, ROOT)).rev == root.rev
    assert (await place.files.administrative(place.instance)).path == "/Administrative"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b", "a\nb", "a\rb", "x" * 5000])
async def test_names_that_are_refused(place: FilesInMemory, name: str) -> None:
    with pytest.raises(IllegalName):
        await place.files.create_dir(place.instance, name)
    with pytest.raises(IllegalName):
        await place.put(name)


@pytest.mark.parametrize("name", ["été 🌴", "e\u0301", "é", "A", "a", " ", "a\\b", ":", "x" * 255])
async def test_names_that_are_taken_as_they_are(place: FilesInMemory, name: str) -> None:
    made = await place.files.create_dir(place.instance, name)
    assert (await place.files.by_path(place.instance, f"/{name}")).id == made.id
    with pytest.raises(NameTaken):
        await place.put(name)


async def test_names_are_compared_exactly(place: FilesInMemory) -> None:
    made = [await place.put(name) for name in ("é", "e\u0301", "a", "A")]
    found = [await place.files.by_path(place.instance, f"/{name}") for name in ("é", "e\u0301", "a", "A")]
    assert [n.id for n in found] == [n.id for n in made]


async def test_parents_that_are_not_there(place: FilesInMemory) -> None:
    file = await place.put("f")
    for parent in ("nowhere", file.id):
        with pytest.raises(ParentMissing):
            await place.put("g", dir_id=parent)
        with pytest.raises(ParentMissing):
            await place.files.create_dir(place.instance, "g", parent)


async def test_too_deep(place: FilesInMemory) -> None:
    deep = await place.files.ensure_path(place.instance, "/d" * 510)
    with pytest.raises(IllegalPath):
        await place.files.ensure_path(place.instance, "/d" * 512)
    top = await place.files.create_dir(place.instance, "top")
    await place.files.create_dir(place.instance, "in", top.id)
    with pytest.raises(IllegalPath):
        await place.files.change(place.instance, top.id, Patch(dir_id=deep.id))
    assert (await place.files.get(place.instance, top.id)).path == "/top"


async def test_paths(place: FilesInMemory) -> None:
    made = await place.files.ensure_path(place.instance, "/a/b//c/")
    assert made.path == "/a/b/c"
    assert (await place.files.ensure_path(place.instance, "/a/b/c")).id == made.id
    file = await place.put("f", dir_id=made.id)
    assert await place.files.path(place.instance, file) == "/a/b/c/f"
    assert (await place.files.by_path(place.instance, "/a/b/c/f")).id == file.id
    with pytest.raises(NameTaken):
        await place.files.ensure_path(place.instance, "/a/b/c/f/g")
    for wrong in ("", "a/b"):
        with pytest.raises(RelativePath):
            await place.files.by_path(place.instance, wrong)
    with pytest.raises(NodeMissing):
        await place.files.by_path(place.instance, "/a/x/c")


async def test_moving_a_directory_moves_what_is_below(place: FilesInMemory) -> None:
    inner = await place.files.ensure_path(place.instance, "/a/b/c")
    a, b = [await place.files.by_path(place.instance, path) for path in ("/a", "/a/b")]
    with pytest.raises(ForbiddenMove):
        await place.files.change(place.instance, a.id, Patch(dir_id=inner.id))
    with pytest.raises(ForbiddenMove):
        await place.files.change(place.instance, a.id, Patch(dir_id=a.id))
    await place.files.change(place.instance, b.id, Patch(dir_id=ROOT, name="z"))
    assert (await place.files.get(place.instance, inner.id)).path == "/z/c"


@pytest.mark.parametrize("fixed", [ROOT, TRASH])
async def test_the_root_and_the_trash_stay(place: FilesInMemory, fixed: str) -> None:
    target = await place.files.create_dir(place.instance, "a")
    for verb in (
        place.files.change(place.instance, fixed, Patch(name="b")),
        place.files.change(place.instance, fixed, Patch(dir_id=target.id)),
        place.files.trash(place.instance, fixed),
        place.files.destroy(place.instance, fixed),
    ):
        with pytest.raises(ForbiddenMove):
            await verb
    with pytest.raises(NotInTrash):
        await place.files.restore(place.instance, fixed)


async def test_a_stale_revision(place: FilesInMemory) -> None:
    file = await place.put("f")
    await place.files.change(place.instance, file.id, Patch(name="g"))
    for verb in (
        place.files.change(place.instance, file.id, Patch(name="h"), rev=file.rev),
        place.files.trash(place.instance, file.id, rev=file.rev),
        place.files.destroy(place.instance, file.id, rev=file.rev),
    ):
        with pytest.raises(StaleRevision):
            await verb


async def test_trash_and_restore(place: FilesInMemory) -> None:
    box = await place.files.ensure_path(place.instance, "/box/in")
    file = await place.put("f.txt", b"abc", box.id)
    top = await place.files.by_path(place.instance, "/box")
    trashed = await place.files.trash(place.instance, top.id)
    assert (trashed.path, trashed.fields["restore_path"]) == ("/.cozy_trash/box", "/")
    assert (await place.files.get(place.instance, box.id)).path == "/.cozy_trash/box/in"
    assert (await place.files.get(place.instance, file.id)).trashed
    with pytest.raises(AlreadyInTrash):
        await place.files.trash(place.instance, file.id)
    with pytest.raises(ParentInTrash):
        await place.put("g", dir_id=box.id)
    back = await place.files.restore(place.instance, file.id)
    assert await place.files.path(place.instance, back) == "/box/in/f.txt"
    assert not back.trashed
    with pytest.raises(NotInTrash):
        await place.files.restore(place.instance, file.id)
    again = await place.files.restore(place.instance, top.id)
    assert re.fullmatch(r"/box \(\d{12}\)", again.path)  # a new /box was made for the file
    assert "restore_path" not in again.fields


async def test_clashes_in_the_trash(place: FilesInMemory) -> None:
    first = await place.put("f.txt")
    await place.files.trash(place.instance, first.id)
    second = await place.put("f.txt")
    trashed = await place.files.trash(place.instance, second.id)
    assert re.fullmatch(r"f\.txt \(\d{12}\)", trashed.name)
    assert (await place.files.restore(place.instance, second.id)).name == "f.txt"
    assert re.fullmatch(r"f\.txt \(\d{12}\)", (await place.files.restore(place.instance, first.id)).name)


async def test_restoring_where_a_file_stands_in_the_way(place: FilesInMemory) -> None:
    box = await place.files.create_dir(place.instance, "box")
    file = await place.put("f", b"", box.id)
    await place.files.trash(place.instance, file.id)
    await place.files.destroy(place.instance, box.id)
    await place.put("box")
    assert (await place.files.restore(place.instance, file.id)).dir_id == ROOT


async def test_destroying_frees_documents_and_bytes(place: FilesInMemory) -> None:
    box = await place.files.ensure_path(place.instance, "/box/in")
    file = await place.put("f.txt", b"abc", box.id)
    top = await place.files.by_path(place.instance, "/box")
    await place.files.trash(place.instance, top.id)
    await place.files.empty_trash(place.instance)
    for gone in (top, box, file):
        with pytest.raises(NodeMissing):
            await place.files.get(place.instance, gone.id)
    assert await place.blobs.list("cozy1", place.clock.now().replace(year=9000)) == []
    assert await place.files.count(place.instance) == 0


@dataclass
class Thing:
    """A node of the naive model."""

    id: str
    name: str
    parent: str
    is_dir: bool


class NaiveTree:
    """Nodes with a parent, nothing else: paths and flags are computed each time."""

    def __init__(self) -> None:
        self.things: dict[str, Thing] = {}

    def path(self, ident: str) -> str:
        if ident == ROOT:
            return ""
        if ident == TRASH:
            return "/.cozy_trash"
        thing = self.things[ident]
        return f"{self.path(thing.parent)}/{thing.name}"

    def trashed(self, ident: str) -> bool:
        return self.path(ident).startswith("/.cozy_trash")

    def below(self, ident: str, top: str) -> bool:
        while ident in self.things:
            if ident == top:
                return True
            ident = self.things[ident].parent
        return ident == top


NAMES = st.sampled_from(["a", "b", "A", "é", "e\u0301", "a (2)"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["dir", "file", "file", "dir", "move", "move", "rename", "trash", "restore", "destroy"]),
        st.integers(0, 30),
        st.integers(0, 30),
        NAMES,
    ),
    min_size=8,
    max_size=40,
)


async def step(files: Files, instance: Instance, tree: NaiveTree, verb: str, one: str, other: str, name: str) -> None:
    """Does a step on both; the model says whether it is allowed."""
    taken = any(t.parent == other and t.name == name for t in tree.things.values())
    is_dir = other in (ROOT, TRASH) or (other in tree.things and tree.things[other].is_dir)
    if verb == "dir":
        if not is_dir or taken:
            with pytest.raises(Refusal):
                await files.create_dir(instance, name, other)
            return
        made = await files.create_dir(instance, name, other)
        tree.things[made.id] = Thing(made.id, name, other, True)
    elif verb == "file":
        if not is_dir or taken or tree.trashed(other):
            with pytest.raises(Refusal):
                await upload(files, instance, name, other)
            return
        file = await upload(files, instance, name, other)
        tree.things[file.id] = Thing(file.id, name, other, False)
    elif one in tree.things:
        await change(files, instance, tree, verb, tree.things[one], other, name)


async def upload(files: Files, instance: Instance, name: str, dir_id: str) -> Node:
    return await files.upload(instance, Upload(name, dir_id), parts_of(b"x"))


async def change(
    files: Files, instance: Instance, tree: NaiveTree, verb: str, thing: Thing, other: str, name: str
) -> None:
    taken = {t.name for t in tree.things.values() if t.id != thing.id and t.parent == thing.parent}
    try:
        if verb == "move":
            moved = await files.change(instance, thing.id, Patch(dir_id=other))
            held = {t.name for t in tree.things.values() if t.id != thing.id and t.parent == other}
            assert moved.name not in held
            assert not (thing.is_dir and tree.below(other, thing.id))
            if other != thing.parent:
                assert not tree.trashed(thing.id)
                assert not tree.trashed(other)
            thing.parent = other
        elif verb == "rename":
            await files.change(instance, thing.id, Patch(name=name))
            assert name not in taken
            thing.name = name
        elif verb == "trash":
            was = tree.trashed(thing.id)
            node = await files.trash(instance, thing.id)
            assert not was
            thing.parent, thing.name = TRASH, node.name
        elif verb == "restore":
            was = tree.trashed(thing.id)
            node = await files.restore(instance, thing.id)
            assert was
            thing.parent, thing.name = node.dir_id, node.name
        else:
            gone = [t for t in tree.things if tree.below(t, thing.id)]
            await files.destroy(instance, thing.id)
            for ident in gone:
                del tree.things[ident]
    except Refusal:
        if verb in ("restore", "trash"):
            assert tree.trashed(thing.id) is (verb == "trash")
        assert verb != "destroy"


async def compare(files: Files, instance: Instance, tree: NaiveTree) -> None:
    """The stored tree is the model's: places, paths, flags; every name stands once in its directory."""
    root = await files.get(instance, ROOT)
    stored = {n.id: n for n in await files.below(instance, root)}
    stored |= {n.id: n for n in await files.below(instance, await files.get(instance, TRASH))}
    for node in list(stored.values()):
        if node.id not in tree.things:  # made on the way: by provisioning, or by restoring into what was gone
            tree.things[node.id] = Thing(node.id, node.name, node.dir_id, node.is_dir)
    assert stored.keys() == tree.things.keys()
    for node in stored.values():
        thing = tree.things[node.id]
        assert (node.name, node.dir_id, node.is_dir) == (thing.name, thing.parent, thing.is_dir)
        assert node.trashed == tree.trashed(node.id)
        if node.is_dir:
            assert node.path == tree.path(node.id)
    places = [(t.parent, t.name) for t in tree.things.values()]
    assert len(places) == len(set(places))


@settings(max_examples=60)
@given(steps=STEPS)
async def test_any_sequence_of_changes_leaves_a_true_tree(steps: list[tuple[str, int, int, str]]) -> None:
    place = await files_in_memory()
    tree = NaiveTree()
    await compare(place.files, place.instance, tree)
    for verb, first, second, name in steps:
        known = [ROOT, TRASH, *tree.things]
        one, other = known[first % len(known)], known[second % len(known)]
        await step(place.files, place.instance, tree, verb, one, other, name)
        await compare(place.files, place.instance, tree)


@pytest.mark.parametrize("most", [1, 2, 3, 7, 1000])
async def test_a_large_tree_is_destroyed_some_nodes_at_a_time(place: FilesInMemory, most: int) -> None:
    """What is left in between is a whole tree, and in the end nothing is."""
    top = await place.files.create_dir(place.instance, "top")
    stays = await place.put("stays")
    for name in ("a", "b"):
        inner = await place.files.create_dir(place.instance, name, top.id)
        deep = await place.files.create_dir(place.instance, "deep", inner.id)
        for n in range(4):
            await place.put(f"f{n}", dir_id=deep.id)
            await place.put(f"f{n}", dir_id=inner.id)
    done, blobs = False, list[str]()
    while not done:
        unit = partial(destroy, node_id=top.id, most=most)
        freed, done = await place.documents.work(place.instance.key, unit)
        blobs += freed
        for node in await place.files.below(place.instance, top):
            assert (await place.files.get(place.instance, node.dir_id)).is_dir
    assert len(set(blobs)) == 16
    assert await place.files.find(place.instance, top.id) is None
    assert await place.files.below(place.instance, top) == []
    assert await place.files.find(place.instance, stays.id) is not None
