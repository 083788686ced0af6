"""The sorter opens what may be opened, refuses what may not, and names who takes the rest."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from alcove_connectors.sdk.context import Input
from alcove_connectors.sorter import archives
from alcove_connectors.sorter.sort import Sorted, Sorter

if TYPE_CHECKING:
    from pathlib import Path

RECOGNISERS = {
    "bank": lambda head, _name: 0.9 if head.startswith(b"OFX") else 0.0,
    "papers": lambda head, _name: 0.6 if head.startswith(b"%PDF") else 0.0,
    "broken": lambda _head, _name: 1 / 0,
}


def zipped(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The bytes of an archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def sort(folder: Path, content: bytes, name: str = "given") -> list[Sorted]:
    """What the sorter says of one file."""
    path = folder / "0"
    path.write_bytes(content)
    (folder / "out").mkdir(exist_ok=True)
    return list(Sorter(RECOGNISERS, folder / "out").sort(Input("0", name, path)))


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    assert sort(tmp_path, b"OFX...", "invoice.pdf") == [Sorted("0", "invoice.pdf", "bank", 0.9)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b"\x1f\x8b...", "gzip archive"),
        (b"Dear diary", "it is a text."),
        (b"\0\1\2", "of a kind that is not known"),
        (zipped({"[Content_Types].xml": b"", "a": b"OFX"}), "a document in ZIP form"),
        (zipped({}), "The archive holds no files."),
    ],
)
def test_what_nobody_takes_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    (said,) = sort(tmp_path, content)
    assert said.outcome == "not_understood"
    assert reason in said.reason


def test_archives_and_archives_within_are_opened(tmp_path: Path) -> None:
    inner = zipped({"b.pdf": b"%PDF-1"})
    whole = zipped({"a.ofx": b"OFX", "x/inner.zip": inner, "__MACOSX/._a": b"OFX", "dir/": b""})
    said = sort(tmp_path, whole, "all.zip")
    assert [(entry.name, entry.connector) for entry in said] == [
        ("all.zip/a.ofx", "bank"),
        ("all.zip/x/inner.zip/b.pdf", "papers"),
    ]
    assert all((tmp_path / "out" / entry.id).is_file() for entry in said)


def test_too_deep_is_refused(tmp_path: Path) -> None:
    content = b"OFX"
    for _ in range(archives.DEPTH + 1):
        content = zipped({"a.zip": content})
    (said,) = sort(tmp_path, content)
    assert "not deeper" in said.reason


def test_steps_upwards_stay_inside(tmp_path: Path) -> None:
    (said,) = sort(tmp_path, zipped({"../../etc/passwd": b"OFX"}), "a.zip")
    assert said.name == "a.zip/etc/passwd"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0.0"]


def test_a_bomb_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    content = zipped({"bomb": b"\0" * (archives.HARMLESS + (64 << 20)), "a.ofx": b"OFX"})
    bomb, rest = sort(tmp_path, content)
    assert (bomb.outcome, rest.connector) == ("error", "bank")
    assert "made to do harm" in bomb.reason
    assert not (tmp_path / "out" / "0.0").exists()


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.ofx": b"OFX", "b.ofx": b"OFX"}))
    for marker, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(marker) + offset] |= 1
    first, second = sort(tmp_path, bytes(content))
    assert "encrypted" in first.reason
    assert second.connector == "bank"


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives.Budget.__init__, "__defaults__", (2, archives.TOTAL))
    said = sort(tmp_path, zipped({f"{n}.ofx": b"OFX" for n in range(4)}))
    assert [(entry.id, entry.connector) for entry in said] == [("0", "")]
    assert "more than" in said[0].reason
    assert not list((tmp_path / "out").iterdir())
    within = zipped({"a.ofx": b"OFX", "b.zip": zipped({"c.ofx": b"OFX"})})
    assert [entry.connector for entry in sort(tmp_path, within)] == ["bank", ""]


def test_an_archive_takes_nothing_from_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives.Budget.__init__, "__defaults__", (2, archives.TOTAL))
    sorter = Sorter(RECOGNISERS, tmp_path)
    for ident in ("1", "2"):
        path = tmp_path / ident
        path.write_bytes(zipped({"a.ofx": b"OFX", "b.ofx": b"OFX"}))
        assert [entry.connector for entry in sorter.sort(Input(ident, ident, path))] == ["bank", "bank"]


def test_bytes_that_lie_open_in_an_archive_do_not_hide_it(tmp_path: Path) -> None:
    content = zipped({"a.txt": b"nobody's", "b.txt": b"%PDF-1.4 <OFX>"}, zipfile.ZIP_STORED)
    anywhere = {"eager": lambda head, _name: 0.9 if b"%PDF" in head else 0.0}
    path = tmp_path / "0"
    path.write_bytes(content)
    said = list(Sorter(anywhere, tmp_path).sort(Input("0", "all.zip", path)))
    assert [(entry.name, entry.connector) for entry in said] == [("all.zip/a.txt", ""), ("all.zip/b.txt", "eager")]


@pytest.mark.parametrize("cut", [30, 60])
def test_a_truncated_archive_is_damaged(tmp_path: Path, cut: int) -> None:
    (said,) = sort(tmp_path, zipped({"a.ofx": b"OFX" * 100})[:-cut])
    assert said.outcome == "error"
    assert "damaged" in said.reason


@pytest.mark.parametrize(
    ("name", "clean"),
    [("//a", "a"), (".\0./a", "a"), ("C:\\x\\..\\y", "x/y"), ("a../" + "b" * 497, "b" * 497), ("/", "")],
)
def test_a_clean_path_never_steps_upwards(name: str, clean: str) -> None:
    assert archives.clean_path(name) == clean
