"""A folder that exists becomes a folder of an instance: dates kept, gone on with, errors by file."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from alcove.cli import alcove

if TYPE_CHECKING:
    from pathlib import Path

    from alcove.server.testing import Front

DATE = 1551675967.089
ARGUMENTS = ("--instance", "alice.example", "--to", "/Old", "--json")


@pytest.fixture
def folder(door: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALCOVE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "old"
    (folder / "in" / "ner").mkdir(parents=True)
    for name, content in {"a.txt": b"a", "in/b.txt": b"b" * 300_000, "in/ner/\u00e9.txt": b""}.items():
        (folder / name).write_bytes(content)
        os.utime(folder / name, (DATE, DATE))
    (folder / ".hidden").write_bytes(b"h")
    done = CliRunner().invoke(alcove, ["instance", "add", "alice.example", "--invite"])
    assert done.exit_code == 0, done.output
    return folder


def adopt(folder: Path, *more: str, status: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(alcove, ["adopt", str(folder), *ARGUMENTS, *more])
    assert done.exit_code == status, done.output
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_a_folder_is_copied_and_gone_on_with(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    told = adopt(folder, status=1)
    assert (told["taken"], told["there"]) == (3, 0)
    assert told["errors"] == [{"file": "old/pipe", "reason": "it is a pipe, not a file"}]
    (folder / "pipe").unlink()
    (folder / "new.txt").write_bytes(b"new")
    told = adopt(folder)
    assert (told["taken"], told["there"]) == (1, 3)
    (folder / "a.txt").write_bytes(b"other")
    assert adopt(folder, status=1)["errors"][0]["reason"] == "another one of this name is there"
    assert (folder / "in/b.txt").exists()


def test_a_folder_is_moved_and_nothing_of_it_is_left(folder: Path) -> None:
    adopt(folder)
    (folder / "in/c.txt").write_bytes(b"c")
    told = adopt(folder, "--move", "--hidden")
    assert (told["taken"], told["there"], told["errors"]) == (2, 3, [])
    assert list(folder.iterdir()) == []
