"""Uploads that end badly leave nothing: a full disk, a quota, a client that goes away."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest

from alcove.files.blobs import LocalBlobs
from alcove.files.testing import files_in_memory
from alcove.files.tests.conftest import Door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[Door]:
    """A place whose bytes lie on a disk, with a quota of five million."""
    blobs = LocalBlobs(tmp_path)
    door = Door(await files_in_memory(blobs=blobs, quota="5000000"), tmp_path / "drawing")
    yield door
    await door.close()
    await blobs.close()


def left(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "instances").rglob("*") if path.is_file()]


async def settled(tmp_path: Path, count: int) -> None:
    """Waits until so many files are there: what was begun is removed in a thread. Else the test runs out of time."""
    while len(left(tmp_path)) != count:  # noqa: ASYNC110 - nothing tells of a thread that has removed a file
        await asyncio.sleep(0)


async def parts(*given: bytes) -> AsyncIterator[bytes]:
    for part in given:
        yield part


async def test_a_full_disk(disk: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, room = os.write, [2_000_000]

    def writes(file: int, content: Any) -> int:
        room[0] -= len(content)
        if room[0] < 0:
            raise OSError(28, "No space left on device")
        return write(file, content)

    monkeypatch.setattr("alcove.files.blobs.local.os.write", writes)
    answer = await disk.ask("POST /files/?Type=file&Name=a", 507, content=b"x" * 3_000_000)
    assert answer.headers["content-type"] == "application/vnd.api+json"
    detail = "The disk of the server is full: nothing was changed"
    assert answer.json() == {
        "errors": [{"status": "507", "title": "Insufficient Storage", "detail": detail, "source": {}}]
    }
    monkeypatch.undo()
    await disk.ask("GET /files/metadata?Path=/a", 404)
    await settled(tmp_path, 0)
    await disk.make("?Type=file&Name=a", b"x" * 3_000_000)


async def test_a_quota_is_known_before_the_body_comes(disk: Door, tmp_path: Path) -> None:
    asked = list[int]()

    async def body() -> AsyncIterator[bytes]:
        asked.append(1)
        yield b"x" * 6_000_000

    file_id = await disk.make("?Type=file&Name=a", b"x")
    begun = len(left(tmp_path))
    for line in ("POST /files/?Type=file&Name=b", f"PUT /files/{file_id}"):
        headers = {"Content-Length": "6000000"}
        answer = await disk.ask(line, 413, content=body(), headers=headers)
        assert answer.json()["errors"][0]["detail"] == "The file is too big and exceeds the disk quota"
        answer = await disk.ask(f"{line}{'&' if '?' in line else '?'}Size=6000000", 413, content=parts(b"x"))
    assert len(left(tmp_path)) == begun
    long = await disk.ask("POST /files/?Type=file&Name=b", 413, content=parts(*[b"x" * 500_000] * 12))
    assert long.json()["errors"][0]["status"] == "413"
    await settled(tmp_path, begun)


def leaving(after: int) -> Callable[[], Any]:
    """What a server hears of a client that goes away after so many parts of a body."""
    said = iter(range(after))

    async def receive() -> dict[str, Any]:
        if next(said, None) is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"x" * 400_000, "more_body": True}

    return receive


async def test_a_client_that_goes_away(disk: Door, tmp_path: Path) -> None:
    sent = list[Any]()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/files/",
        "raw_path": b"/files/",
        "query_string": b"Type=file&Name=a",
        "headers": [(b"host", b"me.localhost:8080"), (b"content-length", b"4000000")],
    }
    await disk(scope, leaving(7), send)
    assert sent[0]["status"] == 400
    await settled(tmp_path, 0)
    await disk.ask("GET /files/metadata?Path=/a", 404)


async def test_uploads_at_once_hold_little(disk: Door) -> None:
    """Each holds a megabyte at the most, however long it is; all of them fit or are refused whole."""
    answers = await asyncio.gather(
        *(disk.http.post(f"/files/?Type=file&Name={n}", content=parts(*[b"x" * 100_000] * 15)) for n in range(4))
    )
    assert sorted({answer.status_code for answer in answers} - {413}) == [201]
