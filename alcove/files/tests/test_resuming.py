"""Uploads in pieces (tus 1.0): whatever stops them, they go on where they were, and become the file once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alcove.base.clock import SetClock
from alcove.base.errors import BadRequest
from alcove.base.http import Rule
from alcove.files import ROOT, Author, Files, Upload
from alcove.files.blobs import LocalBlobs
from alcove.files.model.arriving import said_in
from alcove.files.parts import Part, Parts
from alcove.files.service.resuming import Resuming
from alcove.files.testing import files_in_memory, md5_base64
from alcove.files.tests.conftest import Door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[Door]:
    """A place whose bytes lie on a disk, with a quota of five million."""
    blobs = LocalBlobs(tmp_path)
    door = Door(await files_in_memory(blobs=blobs, quota="5000000", clock=SetClock()), tmp_path / "drawing")
    yield door
    await door.close()
    await blobs.close()


def said(**pairs: str) -> str:
    """An `Upload-Metadata` header."""
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())


async def begin(door: Door, size: int, status: int = 201, **pairs: str) -> httpx.Response:
    pairs.setdefault("name", "a.bin")
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": said(**pairs)}
    return await door.ask("POST /files/uploads", status, headers=headers)


async def begun(door: Door, size: int, **pairs: str) -> str:
    return str((await begin(door, size, 201, **pairs)).headers["location"])


async def piece(
    door: Door, where: str, offset: int, content: bytes, status: int = 204, **headers: str
) -> httpx.Response:
    more = {**PIECE, "Upload-Offset": str(offset), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await door.ask(f"PATCH {where}", status, content=content, headers=more)


async def offset_of(door: Door, where: str) -> int:
    return int((await door.ask(f"HEAD {where}", 200, headers=TUS)).headers["upload-offset"])


async def content_of(door: Door, file_id: str) -> bytes:
    return (await door.ask(f"GET /files/download/{file_id}", 200)).content


async def names(door: Door) -> list[str]:
    found = await door.place.files.list(door.place.instance, ROOT)
    return [node.name for node in found.nodes if not node.is_dir]


async def test_what_the_server_speaks(door: Door) -> None:
    headers = (await door.ask("OPTIONS /files/uploads", 204)).headers
    assert headers["tus-version"] == headers["tus-resumable"] == "1.0.0"
    assert headers["tus-extension"] == "creation,creation-with-upload,checksum,expiration,termination"
    assert headers["tus-checksum-algorithm"] == "sha256,sha1,md5"
    assert int(headers["tus-max-size"]) == 1 << 40


async def test_a_file_in_pieces(disk: Door) -> None:
    made = await begin(disk, 10, name="hello.txt", created_at="1969-07-20T20:17:40.123Z", tags="moon")
    where = made.headers["location"]
    assert where.startswith("/files/uploads/")
    assert made.headers["upload-offset"] == "0"
    assert made.headers["upload-expires"] == "Thu, 08 Jan 2026 12:00:00 GMT"
    first = await piece(disk, where, 0, b"hello")
    assert first.headers["upload-offset"] == "5"
    assert await names(disk) == []
    told = await disk.ask(f"HEAD {where}", 200, headers=TUS)
    assert (told.headers["upload-offset"], told.headers["upload-length"]) == ("5", "10")
    assert told.headers["cache-control"] == "no-store"
    assert "Upload-Offset" in told.headers["access-control-expose-headers"]
    last = await piece(disk, where, 5, b"world")
    shown = (await disk.ask(f"GET /files/{last.headers['alcove-file']}", 200)).json()["data"]["attributes"]
    assert (shown["name"], shown["size"], shown["tags"]) == ("hello.txt", "10", ["moon"])
    assert shown["updated_at"] == "1969-07-20T20:17:40.123Z"
    assert (shown["mime"], shown["md5sum"]) == ("text/plain", md5_base64(b"helloworld"))
    assert await content_of(disk, last.headers["alcove-file"]) == b"helloworld"


async def test_all_at_once_and_nothing_at_all(disk: Door) -> None:
    headers = {**PIECE, "Upload-Length": "3", "Upload-Metadata": said(filename="b.bin", filetype="text/plain")}
    made = await disk.ask("POST /files/uploads", 201, headers=headers, content=b"abc")
    assert made.headers["upload-offset"] == "3"
    assert await content_of(disk, made.headers["alcove-file"]) == b"abc"
    empty = await begin(disk, 0, name="empty")
    assert await content_of(disk, empty.headers["alcove-file"]) == b""


@pytest.mark.parametrize("algorithm", ["sha1", "md5", "sha256"])
async def test_a_piece_that_is_not_what_was_hashed(disk: Door, algorithm: str) -> None:
    where = await begun(disk, 6)
    sums = {content: hashlib.new(algorithm, content).digest() for content in (b"abc", b"def")}
    right = {key: f"{algorithm} {base64.b64encode(value).decode()}" for key, value in sums.items()}
    await piece(disk, where, 0, b"abc", Upload_Checksum=right[b"abc"])
    await piece(disk, where, 3, b"dxf", 460, Upload_Checksum=right[b"def"])
    assert await offset_of(disk, where) == 3
    last = await piece(disk, where, 3, b"def", Upload_Checksum=right[b"def"])
    assert await content_of(disk, last.headers["alcove-file"]) == b"abcdef"


async def test_a_whole_that_is_not_what_was_hashed(disk: Door, tmp_path: Path) -> None:
    right = hashlib.sha256(b"abcd").hexdigest()
    where = await begun(disk, 4, sha256=right)
    await piece(disk, where, 0, b"abcx", 412)
    await disk.ask(f"HEAD {where}", 404, headers=TUS)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    where = await begun(disk, 4, sha256=right, md5sum=md5_base64(b"abcd"))
    await piece(disk, where, 0, b"abcd")
    assert await names(disk) == ["a.bin"]


async def test_what_is_wrong_with_a_request(disk: Door) -> None:
    where = await begun(disk, 4)
    no_version = await disk.ask(f"PATCH {where}", 412, headers={"Upload-Offset": "0"})
    assert no_version.headers["tus-version"] == "1.0.0"
    await disk.ask(f"PATCH {where}", 415, headers={**TUS, "Upload-Offset": "0"})
    await disk.ask(f"PATCH {where}", 400, headers=PIECE)
    wrong = await piece(disk, where, 2, b"cd", 409)
    assert wrong.headers["tus-resumable"] == "1.0.0"
    assert wrong.json()["errors"][0]["detail"] == "0 bytes are here: go on from there"
    await piece(disk, where, 0, b"abcde", 413)
    await piece(disk, where, 0, b"ab", 400, Upload_Checksum="crc32 AAAA")
    assert await offset_of(disk, where) == 0
    await begin(disk, 4, 422, name="a/b")
    await begin(disk, 4, 404, dir_id="0" * 32)
    await begin(disk, 4, 400, md5sum="short")
    await disk.ask("POST /files/uploads", 400, headers={**TUS, "Upload-Length": "-1"})
    await disk.ask("POST /files/uploads", 400, headers={**TUS, "Upload-Defer-Length": "1"})
    await disk.ask("POST /files/uploads", 400, headers={**TUS, "Upload-Length": "1", "Upload-Metadata": "name ?"})
    for unknown in ("0" * 32, "..", "%00"):
        await disk.ask(f"HEAD /files/uploads/{unknown}", 404, headers=TUS)


async def test_more_bytes_than_announced_without_a_length(disk: Door) -> None:
    where = await begun(disk, 4)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"abc"

    await disk.ask(f"PATCH {where}", 413, content=endless(), headers={**PIECE, "Upload-Offset": "0"})
    assert await names(disk) == []
    assert await offset_of(disk, where) <= 4


async def test_what_does_not_fit_is_refused_before_a_byte_comes(disk: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    await begin(disk, 5_000_001, 413)
    where = await begun(disk, 3_000_000)
    await piece(disk, where, 0, b"x" * 2_000_000)
    await begin(disk, 3_500_000, 413, name="b")  # what has come of the first one takes space
    monkeypatch.setattr("alcove.files.blobs.local.RESERVE", 1 << 60)
    monkeypatch.setattr(os, "fstatvfs", lambda _: os.statvfs_result((4096, 4096, 10, 10, 10, 0, 0, 0, 0, 255)))
    await begin(disk, 1_000_000, 507, name="c")


async def test_too_many(disk: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alcove.files.service.resuming.MANY", 2)
    first = await begun(disk, 5)
    await begun(disk, 5, name="b")
    await begin(disk, 5, 429, name="c")
    await disk.ask(f"DELETE {first}", 204, headers=TUS)
    await begin(disk, 5, name="c")


async def test_guests_have_fewer(disk: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alcove.files.service.resuming.FEW", 1)
    everybody = Rule("io.cozy.files", frozenset())
    disk.somebody = disk.somebody_else(everybody, audience="share", subject="link")
    await begun(disk, 5)
    await begin(disk, 5, 429, name="b")
    disk.somebody = disk.somebody_else(everybody, audience="app", subject="files")
    await begin(disk, 5, name="c")


async def test_giving_up(disk: Door, tmp_path: Path) -> None:
    where = await begun(disk, 5)
    await piece(disk, where, 0, b"abc")
    override = {**TUS, "X-HTTP-Method-Override": "DELETE"}
    await disk.ask(f"POST {where}", 204, headers=override)
    await disk.ask(f"HEAD {where}", 404, headers=TUS)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    await disk.ask(f"POST {where}", 405, headers=TUS)


async def test_past_its_time(disk: Door, tmp_path: Path) -> None:
    where = await begun(disk, 5)
    await piece(disk, where, 0, b"abc")
    clock = disk.place.clock
    assert isinstance(clock, SetClock)
    clock.pass_time(days=6.9)
    await piece(disk, where, 3, b"d")  # each piece gives it seven days more
    clock.pass_time(days=6.9)
    assert await disk.resuming.sweep("cozy1") == 0
    assert await offset_of(disk, where) == 4
    clock.pass_time(days=0.2)
    await disk.ask(f"HEAD {where}", 404, headers=TUS)
    assert await disk.resuming.sweep("cozy1") == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_only_who_began_it_goes_on(disk: Door) -> None:
    disk.somebody = disk.somebody_else(Rule("io.cozy.files", frozenset()), audience="app", subject="files")
    where = await begun(disk, 5)
    assert len((await disk.ask("GET /files/uploads", 200)).json()["data"]) == 1
    disk.somebody = disk.somebody_else(Rule("io.cozy.files", frozenset()), audience="app", subject="drive")
    await disk.ask(f"HEAD {where}", 404, headers=TUS)
    await piece(disk, where, 0, b"abcde", 404)
    await disk.ask(f"DELETE {where}", 404, headers=TUS)
    assert (await disk.ask("GET /files/uploads", 200)).json()["data"] == []


async def test_the_permissions_of_an_upload_in_one_piece(disk: Door) -> None:
    box = await disk.make("?Type=directory&Name=box")
    put = await disk.make("?Type=file&Name=there.txt", b"old")
    inside = Rule("io.cozy.files", frozenset(("POST",)), frozenset((box,)))
    disk.somebody = disk.somebody_else(inside, audience="share", subject="me")
    await begin(disk, 5, 403)
    await begin(disk, 5, 403, file_id=put)
    where = await begun(disk, 5, dir_id=box)
    disk.somebody = disk.somebody_else(audience="share", subject="me")
    await piece(disk, where, 0, b"abcde", 403)
    disk.somebody = disk.somebody_else(inside, audience="share", subject="me")
    await piece(disk, where, 0, b"abcde")


async def test_new_bytes_of_a_file(disk: Door) -> None:
    put = await disk.make("?Type=file&Name=there.txt", b"old")
    rev = (await disk.ask(f"GET /files/{put}", 200)).json()["data"]["meta"]["rev"]
    where = await begun(disk, 3, file_id=put, rev=rev)
    last = await piece(disk, where, 0, b"new")
    assert last.headers["alcove-file"] == put
    found = (await disk.ask(f"GET /files/{put}", 200)).json()
    assert found["data"]["attributes"]["name"] == "there.txt"
    assert len(found["included"]) == 1
    assert await content_of(disk, put) == b"new"
    await begin(disk, 3, 412, file_id=put, rev=rev)


async def test_a_name_that_is_taken(disk: Door) -> None:
    await disk.make("?Type=file&Name=a.bin", b"there")
    await begin(disk, 3, 409)
    numbered = await begun(disk, 3, taken="number")
    await piece(disk, numbered, 0, b"abc")
    assert await names(disk) == ["a (2).bin", "a.bin"]
    late = await begun(disk, 3, name="late")
    await disk.make("?Type=file&Name=late", b"faster")
    await piece(disk, late, 0, b"abc", 409)
    assert await offset_of(disk, late) == 3  # nothing has to be sent again
    last = await piece(disk, late, 3, b"", Upload_Metadata=said(name="later"))
    assert await content_of(disk, last.headers["alcove-file"]) == b"abc"
    assert await names(disk) == ["a (2).bin", "a.bin", "late", "later"]


async def test_a_full_disk_keeps_what_came(disk: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    where = await begun(disk, 3_000_000)
    content = os.urandom(3_000_000)
    with monkeypatch.context() as full:
        write, room = os.write, [2_000_000]

        def writes(file: int, content: Any) -> int:
            room[0] -= len(content)
            if room[0] < 0:
                raise OSError(28, "No space left on device")
            return write(file, content)

        full.setattr("alcove.files.blobs.local.os.write", writes)
        await disk.ask(f"PATCH {where}", 507, content=_slices(content), headers={**PIECE, "Upload-Offset": "0"})
    there = await offset_of(disk, where)
    assert 0 < there < 3_000_000
    last = await piece(disk, where, there, content[there:])
    assert await content_of(disk, last.headers["alcove-file"]) == content


async def _slices(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 100_000):
        yield content[at : at + 100_000]


async def test_what_is_here_already(disk: Door) -> None:
    box = await disk.make("?Type=directory&Name=box")
    here = await disk.make(f"{box}?Type=file&Name=a", b"same")
    elsewhere = await disk.make("?Type=file&Name=b", b"other")
    gone = await disk.make("?Type=file&Name=c", b"gone")
    await disk.ask(f"DELETE /files/{gone}", 200)

    async def known() -> list[dict[str, Any]]:
        files = [{"md5sum": md5_base64(content), "size": len(content)} for content in (b"same", b"other", b"gone", b"")]
        body = {"data": {"attributes": {"dir_id": box, "files": files}}}
        found = (await disk.ask("POST /files/uploads/known", 200, json=body)).json()["data"]
        return [one["attributes"] for one in found]

    nothing = {"here": None, "elsewhere": None}
    assert await known() == [
        {"here": here, "elsewhere": None},
        {"here": None, "elsewhere": elsewhere},
        nothing,
        nothing,
    ]
    disk.somebody = disk.somebody_else(Rule("io.cozy.files", frozenset(("GET",)), frozenset((box,))))
    assert await known() == [{"here": here, "elsewhere": None}, nothing, nothing, nothing]
    await disk.ask("POST /files/uploads/known", 400, json={"data": {"attributes": {"files": [1]}}})


async def test_a_file_of_bytes_that_are_here_under_another_name(disk: Door) -> None:
    box = await disk.make("?Type=directory&Name=box")
    there = await disk.make(f"{box}?Type=file&Name=a.txt", b"same")
    other = await disk.make("?Type=file&Name=other.txt", b"old words")

    async def same(status: int, **said: Any) -> list[str]:
        attributes = {"md5sum": md5_base64(b"same"), "size": 4, **said}
        answer = await disk.ask("POST /files/uploads/same", status, json={"data": {"attributes": attributes}})
        return [one["id"] for one in answer.json()["data"]] if status == 200 else []

    (made,) = await same(200, name="b.md", created_at="2020-01-02T03:04:05Z")
    assert await content_of(disk, made) == b"same"
    file = (await disk.ask(f"GET /files/{made}", 200)).json()["data"]["attributes"]
    assert (file["name"], file["mime"], file["created_at"]) == ("b.md", "text/markdown", "2020-01-02T03:04:05Z")
    await same(409, name="b.md")
    assert await same(200, file_id=other) == [other]
    assert await content_of(disk, other) == b"same"
    assert len((await disk.ask(f"GET /files/{other}", 200)).json()["included"]) == 1  # what it was is a version
    assert await same(200, name="c", size=5) == []
    assert await same(200, name="c", md5sum=md5_base64(b"other")) == []
    await same(404, name="c", dir_id="nowhere")
    await same(422, name="a/b")
    for wrong in ({"size": "4"}, {"size": -1}, {"md5sum": ""}, {"md5sum": 3}, {"name": 3}):
        await same(400, **{"name": "c", **wrong})
    disk.somebody = disk.somebody_else(Rule("io.cozy.files", frozenset(("POST",)), frozenset()))
    assert await same(200, name="c") == []  # who may only put something in is told of nothing
    disk.somebody = disk.somebody_else(Rule("io.cozy.files", frozenset(("GET", "PUT")), frozenset((other, there))))
    await same(403, name="c")
    assert await same(200, file_id=other) == [other]


class Killed(BaseException):
    """The process ends here."""


async def test_killed_between_the_file_and_its_answer(disk: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each step of finishing: who asks again gets the file, and there is one of it."""
    for number, (owner, method) in enumerate(
        [(LocalBlobs, "adopt"), (Files, "accept"), (Part, "finish"), (Parts, "open"), (Part, "keep")]
    ):
        where = await begun(disk, 3, name=f"{number}")
        with monkeypatch.context() as broken:

            def dies(*_: object, **__: object) -> None:
                raise Killed

            broken.setattr(owner, method, dies)
            with suppress(Killed):
                await piece(disk, where, 0, b"abc", 0)
        there = await offset_of(disk, where)
        last = await piece(disk, where, there, b"abc"[there:])
        assert await content_of(disk, last.headers["alcove-file"]) == b"abc"
        again = await piece(disk, where, 3, b"")
        assert again.headers["alcove-file"] == last.headers["alcove-file"]
    assert await names(disk) == ["0", "1", "2", "3", "4"]


async def test_what_a_power_cut_leaves_is_not_believed(disk: Door, tmp_path: Path) -> None:
    where = await begun(disk, 6)
    await piece(disk, where, 0, b"abc")
    (part,) = tmp_path.rglob("*.part")
    part.write_bytes(b"abc" + b"\0\0")
    after = Resuming(disk.place.files, disk.place.blobs, Parts(tmp_path), disk.place.clock)
    _, there = await after.get(disk.place.instance, where.rpartition("/")[2])
    assert there == 5  # the same start of the machine: what the system took is there
    other = Parts(tmp_path)
    other._boot = "another start"
    after = Resuming(disk.place.files, disk.place.blobs, other, disk.place.clock)
    _, there = await after.get(disk.place.instance, where.rpartition("/")[2])
    assert there == 3
    offset, node = await after.append(disk.place.instance, where.rpartition("/")[2], 3, _slices(b"def"))
    assert offset == 6
    assert node is not None
    assert await disk.place.bytes_of(node) == b"abcdef"


async def test_who_comes_back_ends_the_connection_that_hangs(disk: Door) -> None:
    where = await begun(disk, 6)
    came = asyncio.Event()

    async def hangs() -> AsyncIterator[bytes]:
        yield b"ab"
        came.set()
        await asyncio.Event().wait()

    instance, ident = disk.place.instance, where.rpartition("/")[2]
    first = asyncio.create_task(disk.resuming.append(instance, ident, 0, hangs()))
    await came.wait()
    there = await offset_of(disk, where)
    assert there == 2
    assert await first == (2, None)
    second = asyncio.create_task(disk.resuming.append(instance, ident, 2, hangs()))
    other = Resuming(disk.place.files, disk.place.blobs, Parts(disk.scratch.parent), disk.place.clock)
    came.clear()
    await came.wait()
    await piece(disk, where, 2, b"", 409)  # ends it, which has taken two more
    assert await second == (4, None)
    third = asyncio.create_task(disk.resuming.append(instance, ident, 4, hangs()))
    came.clear()
    await came.wait()
    with pytest.raises(Exception, match="being received"):  # another process cannot end it, and is told to come back
        await other.append(instance, ident, 6, _slices(b""))
    third.cancel()
    with suppress(asyncio.CancelledError):
        await third
    assert await offset_of(disk, where) == 6


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(min_size=1, max_size=400),
    stops=st.lists(
        st.tuples(st.integers(0, 120), st.sampled_from(["client", "server", "answer", "none"])), max_size=12
    ),
)
def test_any_stops_give_the_same_file(tmp_path_factory: pytest.TempPathFactory, content: bytes, stops: Any) -> None:
    """Cut anywhere, by whoever, any number of times: the file is what was sent, and there is one of it."""
    asyncio.run(_stopped(tmp_path_factory.mktemp("cut"), content, stops))


async def _stopped(home: Path, content: bytes, stops: list[tuple[int, str]]) -> None:
    blobs = LocalBlobs(home)
    place = await files_in_memory(blobs=blobs)

    def process() -> Resuming:
        return Resuming(place.files, blobs, Parts(home), place.clock)

    async def sends(part: bytes, *, breaks: bool) -> AsyncIterator[bytes]:
        for at in range(0, len(part), 7):
            yield part[at : at + 7]
        if breaks:
            raise BadRequest("The connection ended in the middle of the body")

    resuming = process()
    what = Upload("a", ROOT, size=len(content))
    ident = (await resuming.begin(place.instance, "me", what)).id
    node = None
    for length, stopper in [*stops, (len(content), "none")]:
        _, offset = await resuming.settled(place.instance, ident)
        part = content[offset : offset + length]
        with suppress(BadRequest):
            offset, node = await resuming.append(
                place.instance, ident, offset, sends(part, breaks=stopper == "client"), author=Author()
            )
        if stopper == "server":
            resuming = process()
    assert node is not None
    assert await place.bytes_of(node) == content
    assert node.md5sum == md5_base64(content)
    assert [one.name for one in (await place.files.list(place.instance, ROOT)).nodes if not one.is_dir] == ["a"]
    assert not list(home.rglob("*.part"))
    await blobs.close()


def test_metadata_of_a_header() -> None:
    assert said_in(said(name="é.txt") + ", flag") == {"name": "é.txt", "flag": ""}
    for wrong in ("name ?", "name /w==", "x" * 70_000):
        with pytest.raises(BadRequest):
            said_in(wrong)
