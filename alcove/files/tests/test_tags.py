"""The entity tags of directories: laws for any sequence of changes, and what happens when some are not heard."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alcove.base.errors import Refusal
from alcove.documents import Change
from alcove.files import FILES, ROOT, TRASH, Files, FolderTags, Patch, Upload
from alcove.files.testing import FilesInMemory, files_in_memory, parts_of
from alcove.instances import Instances
from alcove.server.testing import front

if TYPE_CHECKING:
    from pathlib import Path

    from alcove.files import Node
    from alcove.instances import Instance

NAMES = ("a", "b", "c")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("mkdir", "put", "overwrite", "rename", "move", "trash", "restore", "destroy", "empty", "tag")),
        st.integers(0, 50),
        st.integers(0, 50),
        st.sampled_from(NAMES),
    ),
    max_size=25,
)


async def every(place: FilesInMemory) -> list[Node]:
    found: dict[str, Node] = {}
    for ident in (ROOT, TRASH):
        top = await place.files.get(place.instance, ident)
        found |= {node.id: node for node in [top, *await place.files.below(place.instance, top)]}
    return list(found.values())


async def tags(kept: FolderTags, place: FilesInMemory) -> dict[str, str]:
    dirs = [node for node in await every(place) if node.is_dir]
    told = await kept.of(place.instance.key, dirs)
    return {node.id: one.tag for node, one in zip(dirs, told, strict=True) if one is not None}


async def contents(place: FilesInMemory) -> dict[str, frozenset[tuple[str, str]]]:
    """The truth: of each directory, itself and all that lies below it, by id and revision."""
    nodes = await every(place)
    above = {node.id: node.dir_id for node in nodes}
    held: dict[str, set[tuple[str, str]]] = {node.id: set() for node in nodes if node.is_dir}
    for node in nodes:
        here = node.id
        while here:
            if here in held:
                held[here].add((node.id, node.rev))
            here = above[here]
    return {ident: frozenset(one) for ident, one in held.items()}


async def step(files: Files, at: Instance, verb: str, one: Node, other: Node, name: str) -> None:
    match verb:
        case "mkdir":
            await files.create_dir(at, name, one.id)
        case "put":
            await files.upload(at, Upload(name, one.id), parts_of(name.encode()))
        case "overwrite":
            await files.overwrite(at, one.id, Upload(), parts_of(name.encode()))
        case "rename":
            await files.change(at, one.id, Patch(name=name))
        case "move":
            await files.change(at, one.id, Patch(dir_id=other.id))
        case "trash":
            await files.trash(at, one.id)
        case "restore":
            await files.restore(at, one.id)
        case "destroy":
            await files.destroy(at, one.id)
        case "empty":
            await files.empty_trash(at)
        case _:
            await files.change(at, one.id, Patch(tags=[name]))


@settings(deadline=None, max_examples=60)
@given(steps=STEPS)
async def test_tags_differ_just_where_something_below_does(steps: list[tuple[str, int, int, str]]) -> None:
    place = await files_in_memory()
    kept = FolderTags(place.documents)
    seen: dict[tuple[str, frozenset[tuple[str, str]]], str] = {}
    sums = None
    for verb, first, second, name in [("none", 0, 0, ""), *steps]:
        nodes = await every(place)
        if verb != "none":
            with suppress(Refusal):
                one, other = nodes[first % len(nodes)], nodes[second % len(nodes)]
                await step(place.files, place.instance, verb, one, other, name)
        now = await tags(kept, place)
        assert now == await tags(FolderTags(place.documents), place), "what is kept true is what is made anew"
        for ident, content in (await contents(place)).items():
            assert seen.setdefault((ident, content), now[ident]) == now[ident]
        assert len(set(seen.values())) == len(seen)
        sums = sums or kept._kept[place.instance.key]
        assert kept._kept[place.instance.key] is sums, "they are made once"
        dirs = [node for node in await every(place) if node.is_dir]
        for node, told in zip(dirs, await kept.of(place.instance.key, dirs), strict=True):
            if node.id != ROOT:
                assert told is not None
                assert told.size == await place.files.weight(place.instance, node)


async def test_many_who_ask_at_once_have_them_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    place = await files_in_memory()
    kept, made = FolderTags(place.documents), list[str]()
    survey = place.documents.survey

    async def counted(tenant: str, *more: Any) -> Any:
        made.append(tenant)
        return await survey(tenant, *more)

    monkeypatch.setattr(place.documents, "survey", counted)
    found = await asyncio.gather(*(tags(kept, place) for _ in range(5)))
    assert len(made) == 1
    assert all(one == found[0] for one in found)


async def test_what_is_written_while_they_are_made_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    place = await files_in_memory()
    kept = FolderTags(place.documents)
    survey = place.documents.survey

    async def slow(*asked: Any) -> Any:
        found = await survey(*asked)
        await place.put("meanwhile.txt", b"x")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(place.documents, "survey", slow)
        await tags(kept, place)
    assert place.instance.key in kept._kept
    assert await tags(kept, place) == await tags(FolderTags(place.documents), place)


@pytest.mark.parametrize("ahead", [1, 2])
async def test_changes_that_are_missing_have_them_made_anew(ahead: int) -> None:
    """One that does not say what it replaced, and one before which another was not heard."""
    place = await files_in_memory()
    kept = FolderTags(place.documents)
    file = await place.put("a.txt", b"1")
    await place.files.change(place.instance, file.id, Patch(tags=["x"]))
    document = await place.documents.get(place.instance.key, FILES, file.id)
    assert document is not None
    await tags(kept, place)
    last = await place.documents.last_seq(place.instance.key)
    kept._hear([Change(place.instance.key, last + ahead, document, document if ahead == 2 else None)])
    assert place.instance.key not in kept._kept
    assert await tags(kept, place) == await tags(FolderTags(place.documents), place)


async def test_a_file_has_none_and_the_trash_has_one() -> None:
    place = await files_in_memory()
    kept = FolderTags(place.documents)
    file = await place.put("a.txt", b"1")
    bin_ = await place.files.get(place.instance, TRASH)
    assert await kept.of(place.instance.key, [file]) == [None]
    before = await kept.of(place.instance.key, [bin_])
    await place.files.trash(place.instance, file.id)
    assert await kept.of(place.instance.key, [bin_]) != before


async def test_they_outlive_the_server(tmp_path: Path) -> None:
    seen = list[list[object]]()
    for _ in range(2):
        async with front(home=tmp_path, store="sqlite", blobs="local") as entry:
            if not seen:
                await entry.instance()
            files, kept = entry.house.need(Files), entry.house.need(FolderTags)
            at = entry.house.need(Instances).by_domain("alice.example")
            if not seen:
                deep = await files.ensure_path(at, "/a/b/c")
                await kept.of(at.key, [deep])
                made = await files.upload(at, Upload("x.txt", deep.id), parts_of(b"x"))
                await files.trash(at, made.id)
            dirs = [await files.by_path(at, path) for path in ("/", "/a", "/a/b", "/a/b/c")]
            seen.append([*await kept.of(at.key, dirs)])
    assert seen[0] == seen[1]
    assert len({str(one) for one in seen[0]}) == 4


async def test_an_instance_that_is_gone_is_forgotten() -> None:
    async with front() as entry:
        await entry.instance()
        at = entry.house.need(Instances).by_domain("alice.example")
        kept = entry.house.need(FolderTags)
        root = await entry.house.need(Files).get(at, ROOT)
        await kept.of(at.key, [root])
        assert at.key in kept._kept
        await entry.operator.delete("/instances/alice.example")
        assert at.key not in kept._kept
