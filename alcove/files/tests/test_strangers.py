"""Who comes without a token: told what is wrong with the request by itself, and nothing of what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alcove.files import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.files.tests.conftest import Door


async def other() -> AsyncIterator[bytes]:
    """Bytes that nobody sent."""
    yield b"b"


GONE = "0123456789abcdef0123456789abcdef"
EMPTY: dict[str, object] = {"data": {"attributes": {}}}


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("HEAD /files/unknown", 404),
        ("GET /files/unknown", 401),
        ("GET /files/download/unknown", 404),
        ("POST /files/unknown/copy", 404),
        ("DELETE /files/unknown", 404),
        ("GET /files/metadata", 400),
        ("GET /files/download?Path=a", 400),
        ("POST /files/?Type=link", 422),
        ("GET /shortcuts/unknown", 404),
    ],
)
async def test_what_could_never_be(door: Door, line: str, status: int) -> None:
    door.somebody = None
    await door.ask(line, status)


async def test_bodies_that_are_none(door: Door) -> None:
    door.somebody = None
    for line in ("PATCH /files/unknown", "PATCH /files/", "POST /files/archive", "POST /shortcuts"):
        await door.ask(line, 400, json={})
    await door.ask("PATCH /files/", 401, json={"data": []})
    await door.ask("POST /shortcuts", 401, json=EMPTY)
    await door.ask("POST /shortcuts", 401, content=b"x" * (17 << 10))  # nobody's body is read to its end


async def test_what_is_there_looks_like_what_is_not(door: Door) -> None:
    file = await door.make(f"{ROOT}?Type=file&Name=a.txt", b"a")
    door.somebody = None
    for ident in (file, GONE, ROOT):
        for line in ("GET /files/{}", "HEAD /files/{}", "GET /files/download/{}", "DELETE /files/{}", "PUT /files/{}"):
            await door.ask(line.format(ident), 401)
        await door.ask(f"PATCH /files/{ident}", 401, json=EMPTY)
    for path in ("/a.txt", "/b.txt"):
        await door.ask(f"GET /files/metadata?Path={path}", 401)


async def test_a_copy_of_what_is_in_the_trash(door: Door) -> None:
    """It is marked as trashed where it lies, as in the reference, and nothing but its person removes it."""
    file = await door.make(f"{ROOT}?Type=file&Name=a.txt", b"a")
    await door.ask(f"DELETE /files/{file}", 200)
    copied = (await door.ask(f"POST /files/{file}/copy?DirID={ROOT}&Name=b.txt", 201)).json()["data"]
    assert copied["attributes"]["trashed"] is True
    assert copied["attributes"]["restore_path"] == "/"
    await door.ask("DELETE /files/trash", 204)
    assert (await door.ask(f"GET /files/download/{copied['id']}", 200)).content == b"a"
    await door.ask(f"PUT /files/{copied['id']}", 200, content=b"new")
    other = (await door.ask(f"POST /files/{copied['id']}/copy?Name=c.txt", 201)).json()["data"]
    assert other["attributes"]["trashed"] is False


async def test_restoring_a_marked_copy_takes_the_marks_off(door: Door) -> None:
    folder = await door.make(f"{ROOT}?Type=directory&Name=box")
    file = await door.make(f"{folder}?Type=file&Name=a.txt", b"a")
    await door.ask(f"DELETE /files/{folder}", 200)
    copied = (await door.ask(f"POST /files/{file}/copy?DirID={ROOT}&Name=b.txt", 201)).json()["data"]["id"]
    restored = (await door.ask(f"POST /files/trash/{copied}", 200)).json()["data"]["attributes"]
    assert (restored["dir_id"], restored["name"], restored["trashed"]) == (ROOT, "b.txt", False)
    await door.ask(f"POST /files/trash/{copied}", 400)


async def test_the_directory_of_shared_drives(door: Door) -> None:
    await door.make(f"{ROOT}?Type=file&Name=Drives", b"mine")
    drives = (await door.ask("POST /files/shared-drives", 200)).json()["data"]
    assert (drives["id"], drives["attributes"]["path"]) == ("io.cozy.files.shared-drives-dir", "/Drives (2)")
    await door.ask(f"DELETE /files/{drives['id']}", 200)
    again = (await door.ask("POST /files/shared-drives", 200)).json()["data"]
    assert again["attributes"]["path"] == "/Drives (2)"
    door.somebody = door.somebody_else()
    await door.ask("POST /files/shared-drives", 403)


async def test_files_whose_bytes_are_others(door: Door) -> None:
    assert (await door.ask("GET /files/fsck", 200)).json() == []
    file = await door.make(f"{ROOT}?Type=file&Name=a.txt", b"a")
    node = await door.place.files.get(door.place.instance, file)
    await door.place.blobs.write(door.place.instance.key, other(), name=node.blob)
    assert (await door.ask("GET /files/fsck", 200)).json() == []  # told as it was found
    (fault,) = (await door.ask("GET /files/fsck?NoCache=true", 200)).json()
    assert (fault["type"], fault["file_doc"]["name"]) == ("content_mismatch", "a.txt")
    door.somebody = door.somebody_else()
    await door.ask("GET /files/fsck", 403)
