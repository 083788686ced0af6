"""What a command is given: files, folders, and what only looks like a file."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from alcove.cli.given import Given, find_files


def told(folder: Path) -> dict[str, str]:
    return {given.name: given.reason for given in find_files([folder])}


def test_folders_are_walked_in_order_and_hidden_files_left(tmp_path: Path) -> None:
    (tmp_path / "b" / ".git").mkdir(parents=True)
    for name in ("b/2.ofx", "b/1.ofx", "b/.git/x", ".hidden", "a.ofx"):
        (tmp_path / name).write_text("12")
    top = tmp_path.name
    assert [given.name for given in find_files([tmp_path])] == [f"{top}/a.ofx", f"{top}/b/1.ofx", f"{top}/b/2.ofx"]
    assert {given.size for given in find_files([tmp_path])} == {2}


def test_what_is_no_file_has_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket may have 100 bytes
    folder = Path("f")
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "broken").symlink_to("nowhere")
    (folder / "circle").symlink_to("circle")
    (folder / "loop").symlink_to(".")
    (folder / "null").symlink_to("/dev/null")
    (folder / "good").write_text("x")
    (folder / "linked").symlink_to("good")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("f/socket")
    assert told(folder) == {
        "f/pipe": "it is a pipe, not a file",
        "f/broken": "the link leads nowhere",
        "f/circle": "the link leads back to itself",
        "f/loop": "it is a link to a folder: name that folder to gather what is in it",
        "f/null": "it is a device, not a file",
        "f/socket": "it is a socket, not a file",
        "f/good": "",
        "f/linked": "",
    }


def test_a_folder_that_is_closed_has_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = os.listdir

    def listdir(path: Path) -> list[str]:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "listdir", listdir)
    folder = tmp_path / "f"
    (folder / "closed").mkdir(parents=True)
    (folder / "good").write_text("x")
    assert told(folder) == {"f/closed": "you are not allowed to read it", "f/good": ""}


def test_a_linked_folder_is_walked_when_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x").write_text("x")
    (tmp_path / "link").symlink_to("real")
    assert told(tmp_path / "link") == {"link/x": ""}


@pytest.mark.parametrize("name", ["missing.ofx", "a" * 300])
def test_what_is_not_there_is_told_as_it_was_named(name: str, tmp_path: Path) -> None:
    (given,) = find_files([tmp_path / name])
    assert given == Given(tmp_path / name, str(tmp_path / name), reason="there is no such file")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"new\nline", "new\ufffdline"),
        ("a\u202efdp".encode(), "a\ufffdfdp"),
        (b"bad\xff", "bad\ufffd"),
        (b"\x1b[31m", "\ufffd[31m"),
        ("é".encode() * 127, "é" * 127),
    ],
)
def test_odd_names_are_told_as_text(name: bytes, shown: str, tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "f") + b"/" + name)).write_text("x")
    (given,) = find_files([tmp_path / "f"])
    assert given.name == f"f/{shown}"
    given.name.encode()


def test_folders_may_be_deeper_than_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    depth = sys.getrecursionlimit() + 100
    for _ in range(depth):
        os.mkdir("d")
        os.chdir("d")
    Path("x").write_text("x")
    os.chdir(tmp_path)
    (given,) = find_files([Path("d")])
    assert given == Given(given.path, "/".join("d" * depth) + "/x", 1)
    for number in range(depth, 0, -1):  # what removes the folder afterwards goes by calls
        folder = Path("d/" * number)
        if number == depth:
            (folder / "x").unlink()
        folder.rmdir()
