"""A tree of named files out of a data folder alone, whatever is left of it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from alcove.cli import alcove
from alcove.files import ROOT, Author, Patch, Upload
from alcove.files.blobs import LocalBlobs
from alcove.files.blobs.local import place_of
from alcove.files.manifest import FILE, Manifest, read_manifest
from alcove.files.testing import FilesInMemory, files_in_memory, parts_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from alcove.files import Node

KEY = "cozy1"
DATE = "2019-03-04T05:06:07.089Z"


class Kept:
    """Files on a disk whose every change goes into the manifest; no database is written."""

    def __init__(self, files: FilesInMemory, home: Path) -> None:
        self.home = home
        self.files = files
        self.manifest = Manifest(files.documents, home, lambda _: "me.example:8080", pause=0)
        self.since = 0

    async def follow(self) -> None:
        changes = await self.files.documents.changes(KEY, self.since, 1000)
        kept = [change for change in changes if change.document.type.startswith("io.cozy.files")]
        await self.manifest.follow(KEY, kept)
        self.since = changes[-1].seq if changes else self.since

    async def put(self, name: str, content: bytes, dir_id: str = ROOT) -> Node:
        upload = Upload(name, dir_id, updated_at=DATE, created_at=DATE)
        node = await self.files.files.upload(self.files.instance, upload, parts_of(content))
        await self.follow()
        return node

    def path(self, node: Node) -> Path:
        return self.home / place_of(f"instances/{KEY}/blobs", node.blob)


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    home = tmp_path / "home"
    blobs = LocalBlobs(home)
    made = Kept(await files_in_memory(blobs=blobs), home)
    await made.follow()
    yield made
    await blobs.close()


def rescued(kept: Kept, out: Path, *options: str, status: int = 0) -> dict[str, object]:
    done = CliRunner().invoke(alcove, ["rescue", str(kept.home), str(out), "--json", *options])
    assert done.exit_code == status, done.output
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


def tree(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


async def test_names_survive_renames_moves_and_the_loss_of_the_database(kept: Kept, tmp_path: Path) -> None:
    files, instance = kept.files.files, kept.files.instance
    folder = await files.create_dir(instance, "Été")
    inner = await files.create_dir(instance, "inner", folder.id)
    await kept.follow()
    moved = await kept.put("a.txt", b"a")
    await files.change(instance, moved.id, Patch(name="b.txt", dir_id=inner.id))
    await files.change(instance, folder.id, Patch(name="Hiver"))
    gone = await kept.put("gone.txt", b"gone")
    await files.trash(instance, gone.id)
    await kept.follow()
    await files.destroy(instance, gone.id)
    binned = await kept.put("binned.txt", b"binned")
    await files.trash(instance, binned.id, Author())
    await kept.follow()
    out = tmp_path / "out"
    told = rescued(kept, out)
    assert told["files"] == 2
    assert told["source"] == "manifest"
    found = out / "me.example_8080"
    assert tree(found) == {"Hiver/inner/b.txt": b"a", ".cozy_trash/binned.txt": b"binned"}
    assert (found / "Hiver/inner/b.txt").stat().st_mtime == pytest.approx(1551675967.089, abs=0.01)


async def test_a_second_run_goes_on_and_versions_come_when_asked_for(kept: Kept, tmp_path: Path) -> None:
    node = await kept.put("a.txt", b"first")
    await kept.files.files.overwrite(kept.files.instance, node.id, Upload(updated_at=DATE), parts_of(b"second"))
    await kept.follow()
    out = tmp_path / "out"
    assert rescued(kept, out)["files"] == 1
    assert rescued(kept, out)["skipped"] == 1
    assert rescued(kept, out, "--versions")["versions"] == 1
    found = tree(out / "me.example_8080")
    assert found["a.txt"] == b"second"
    assert {name.partition("/")[0]: content for name, content in found.items() if name != "a.txt"} == {
        "versions": b"first"
    }


async def test_without_any_name_no_byte_is_left_behind(kept: Kept, tmp_path: Path) -> None:
    node = await kept.put("a.txt", b"%PDF-1.4 what a file begins with")
    (kept.home / "instances" / KEY / FILE).unlink()
    told = rescued(kept, tmp_path / "out")
    assert (told["source"], told["unnamed"]) == ("blobs alone", 1)
    assert tree(tmp_path / "out") == {f"{KEY}/unnamed/{node.blob}.pdf": b"%PDF-1.4 what a file begins with"}


async def test_what_is_damaged_or_missing_is_named(kept: Kept, tmp_path: Path) -> None:
    missing, damaged = await kept.put("missing", b"m"), await kept.put("damaged", b"d")
    kept.path(missing).unlink()
    kept.path(damaged).write_bytes(b"x")
    told = rescued(kept, tmp_path / "out", status=1)
    reasons = {os.path.basename(fault["path"]): fault["reason"] for fault in told["faults"]}  # type: ignore[attr-defined]
    assert "missing" in reasons["missing"]
    assert "damaged" in reasons["damaged"]
    assert tree(tmp_path / "out") == {"me.example_8080/damaged": b"x"}


async def test_a_torn_line_and_a_circle_are_no_hindrance(kept: Kept, tmp_path: Path) -> None:
    await kept.put("a.txt", b"a")
    path = kept.home / "instances" / KEY / FILE
    with path.open("ab") as file:
        file.write(b'{"id":"torn","na')
    inside = await kept.put("b.txt", b"b")
    with path.open("ab") as file:
        file.write(b'{"id":"one","type":"directory","name":"one","dir":"two"}\n')
        file.write(b'{"id":"two","type":"directory","name":"../two","dir":"one"}\n[1]\n"x"\n{"id":5}\n')
        line = {"id": inside.id, "type": "file", "name": "../../b.txt", "dir": "two", "blob": inside.blob}
        file.write(json.dumps(line).encode() + b"\n")
    rescued(kept, tmp_path / "out")
    found = tree(tmp_path)
    assert any(name.endswith(".._.._b.txt") and "lost+found" in name for name in found)
    assert all(name.startswith(("out/", "home/")) for name in found)


async def test_a_manifest_that_is_mostly_waste_is_written_anew(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    node = await kept.put("a.txt", b"a")
    monkeypatch.setattr("alcove.files.manifest.LEAST", 1000)
    path = kept.home / "instances" / KEY / FILE
    for number in range(100):
        await kept.files.files.change(kept.files.instance, node.id, Patch(name=f"{number}.txt"))
        await kept.follow()
    assert path.stat().st_size < 12_000
    domain, named = read_manifest(path)
    assert (domain, named[node.id].name) == ("me.example:8080", "99.txt")


def test_what_is_no_data_folder_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(alcove, ["rescue", str(tmp_path), str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "no data folder" in done.output
