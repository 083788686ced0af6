"""Jobs that pack files into a ZIP and unpack one, asked for as an app does."""

from __future__ import annotations

import io
import stat
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from alcove.files.model import ROOT
from alcove.files.service import packing
from alcove.instances import Instances
from alcove.jobs import Jobs
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

SCOPE = "io.cozy.files io.cozy.jobs"


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance()
        yield entry


@pytest.fixture
async def client(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client(scope=SCOPE) as one:
        yield one


async def run(door: Front, client: httpx.AsyncClient, worker: str, message: Any) -> tuple[str, str]:
    """How a job ended, and its error."""
    body = {"data": {"attributes": {"arguments": message}}}
    pushed = await client.post(f"/jobs/queue/{worker}", json=body)
    assert pushed.status_code == 202, pushed.text
    tenant = door.house.need(Instances).by_domain("alice.example").key
    job = await door.house.need(Jobs).wait(tenant, pushed.json()["data"]["id"])
    return job.state, job.error


async def put(client: httpx.AsyncClient, name: str, content: bytes, folder: str = ROOT) -> str:
    answer = await client.post(f"/files/{folder}?Type=file&Name={name}", content=content)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


async def paths(client: httpx.AsyncClient) -> dict[str, bytes]:
    """All files by their paths, without the archives themselves."""
    rows = (await client.get("/data/io.cozy.files/_all_docs?include_docs=true")).json()["rows"]
    names = {row["id"]: row["doc"] for row in rows}
    found = {}
    for ident, doc in names.items():
        if doc.get("type") == "file" and not doc["name"].endswith(".zip"):
            path = f"{names[doc['dir_id']]['path'].rstrip('/')}/{doc['name']}"
            found[path] = (await client.get(f"/files/download/{ident}")).content
    return found


def made(entries: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return written.getvalue()


async def test_files_are_packed_beside_each_other(door: Front, client: httpx.AsyncClient) -> None:
    folder = (await client.post("/files/?Type=directory&Name=Papers")).json()["data"]["id"]
    one, two = await put(client, "one.txt", b"one"), await put(client, "two.txt", b"two", folder)
    files = {"mine/first.txt": one, "../mine/all": folder}
    message = {"files": files, "dir_id": folder, "filename": "packed.zip"}
    assert await run(door, client, "zip", message) == ("done", "")
    packed = (await client.get("/files/metadata?Path=/Papers/packed.zip")).json()["data"]
    assert packed["attributes"]["mime"] == "application/zip"
    content = (await client.get(f"/files/download/{packed['id']}")).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")} == {
            "mine/first.txt": b"one",
            "mine/all/two.txt": b"two",
        }
    assert two


async def test_an_archive_is_unpacked_once_however_often_it_is_asked(door: Front, client: httpx.AsyncClient) -> None:
    ident = await put(client, "a.zip", made({"a.txt": b"one", "deep/er/b.txt": b"two", "empty/": b""}))
    target = (await client.post("/files/?Type=directory&Name=Out")).json()["data"]["id"]
    message = {"zip": ident, "destination": target}
    assert await run(door, client, "unzip", message) == ("done", "")
    expected = {"/Out/a.txt": b"one", "/Out/deep/er/b.txt": b"two"}
    assert await paths(client) == expected
    assert await run(door, client, "unzip", message) == ("done", "")
    assert await paths(client) == expected
    assert (await client.get("/files/metadata?Path=/Out/empty")).status_code == 200


async def test_one_bad_entry_loses_none_of_the_others(door: Front, client: httpx.AsyncClient) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("good.txt", b"good")
        archive.writestr("../../out.txt", b"out")
        archive.writestr(link, b"/etc/shadow")
        archive.writestr("damaged.txt", b"to be damaged")
        archive.writestr("last.txt", b"last")
    content = written.getvalue().replace(b"to be damaged", b"is no more so", 1)
    ident = await put(client, "a.zip", content)
    state, error = await run(door, client, "unzip", {"zip": ident, "destination": ROOT})
    assert state == "errored"
    assert error.startswith("2 files were unpacked, 3 entries were not: ../../out.txt: its name leads out")
    assert "link: it is a symbolic link" in error
    assert "damaged.txt: its bytes are damaged" in error
    assert await paths(client) == {"/good.txt": b"good", "/last.txt": b"last"}


async def test_a_name_that_is_taken_gets_a_number(door: Front, client: httpx.AsyncClient) -> None:
    await put(client, "a.txt", b"mine")
    ident = await put(client, "a.zip", made({"a.txt": b"theirs"}))
    assert await run(door, client, "unzip", {"zip": ident, "destination": ROOT}) == ("done", "")
    assert await paths(client) == {"/a.txt": b"mine", "/a (2).txt": b"theirs"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"nothing of the kind", "it is no ZIP archive"),
        (made({"a": b"0" * (1 << 20)})[:-30], "it is no ZIP archive"),
        (made({f"{n}": bytes(1 << 20) for n in range(3)}), "more than an honest one"),
    ],
    ids=["text", "cut", "bomb"],
)
async def test_what_is_no_archive_makes_nothing(
    door: Front, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, content: bytes, reason: str
) -> None:
    monkeypatch.setattr(packing, "FLOOR", 1 << 20)
    ident = await put(client, "a.zip", content)
    state, error = await run(door, client, "unzip", {"zip": ident, "destination": ROOT})
    assert (state, reason in error) == ("errored", True), error
    assert await paths(client) == {}


async def test_what_needs_more_room_than_there_is_makes_nothing(door: Front, client: httpx.AsyncClient) -> None:
    ident = await put(client, "a.zip", made({"a.txt": bytes(100_000), "b.txt": bytes(100_000)}))
    assert (await door.operator.patch("/instances/alice.example?DiskQuota=50000")).status_code == 200
    state, _ = await run(door, client, "unzip", {"zip": ident, "destination": ROOT})
    assert state == "errored"
    assert await paths(client) == {}


@pytest.mark.parametrize(
    ("worker", "message"),
    [
        ("zip", None),
        ("zip", {"files": {"a": 3}, "dir_id": ROOT, "filename": "a.zip"}),
        ("zip", {"files": {"a": "none"}, "dir_id": ROOT, "filename": "a.zip"}),
        ("zip", {"files": {"a": "none"}, "dir_id": "none", "filename": "a.zip"}),
        ("unzip", []),
        ("unzip", {"zip": ROOT, "destination": ROOT}),
    ],
)
async def test_a_message_that_makes_no_sense_is_told(
    door: Front, client: httpx.AsyncClient, worker: str, message: Any
) -> None:
    state, error = await run(door, client, worker, message)
    assert (state, bool(error)) == ("errored", True)
