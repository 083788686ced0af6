"""A folder with thousands of entries, through every door: some at a time, all of them, each once.

`dev/files_bench.py` and `dev/dav_bench.py --listing` measure a hundred thousand.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from files_bench import file

from alcove.base.ids import new_id
from alcove.dav.http import reading
from alcove.documents import Documents, Followers
from alcove.files import FILES, Files
from alcove.instances import Instances
from alcove.server.testing import front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.documents import Tx
    from alcove.server.testing import Front

COUNT = 2500
NAMES = [f"file {number:07}.zip" for number in range(COUNT)]
PART = 256 << 10


@pytest.fixture
async def house() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance()
        yield entry


async def wide(house: Front) -> str:
    """The id of a folder of so many files, which search knows."""
    instance = house.house.need(Instances).by_domain("alice.example")
    folder = await house.house.need(Files).create_dir(instance, "wide")

    async def unit(tx: Tx) -> None:
        for name in NAMES:
            await tx.put(FILES, new_id(), file(name, folder.id))

    await house.house.need(Documents).work(instance.key, unit)
    await house.house.need(Followers).settle(instance.key, "search")
    return folder.id


@pytest.mark.slow("makes thousands of files")
async def test_pages_hold_each_entry_once_and_in_order(house: Front) -> None:
    folder = await wide(house)
    async with house.client(scope=FILES) as client:
        path, seen, pages = f"/files/{folder}/relationships/contents?page[limit]=300", list[str](), 0
        while path:
            page = (await client.get(path)).raise_for_status().json()
            assert page["meta"]["count"] == COUNT
            ids = [one["id"] for one in page["data"]]
            assert len(ids) <= 300
            seen, pages, path = seen + ids, pages + 1, page.get("links", {}).get("next", "")
        assert (len(seen), len(set(seen)), pages) == (COUNT, COUNT, 9)
        middle = (await client.get(f"/files/{folder}?page[limit]=3&page[skip]=1200")).json()["included"]
        assert [one["attributes"]["name"] for one in middle] == NAMES[1200:1203]
        assert [one["id"] for one in middle] == seen[1200:1203]
        whole = (await client.get(f"/files/{folder}")).json()
        assert len(whole["included"]) == 30, "as many as the reference gives when nobody says how many"


@pytest.mark.slow("makes thousands of files")
async def test_one_of_them_is_found(house: Front) -> None:
    await wide(house)
    async with house.client(scope=FILES) as client:
        hits = (await client.get("/search", params={"q": "0001234"})).json()
        assert [hit["attributes"]["title"] for hit in hits["data"]] == [NAMES[1234]]
        many = (await client.get("/search", params={"q": "file", "kinds": "files"})).json()
        assert (many["meta"]["count"], many["meta"]["more"]) == (5, ["files"])


class Slow:
    """A client of WebDAV that takes an answer part by part, when it is told to."""

    def __init__(self, house: Front, headers: dict[str, str]) -> None:
        self.parts = list[bytes]()
        self.status = 0
        self.waits, self.may_go_on = asyncio.Event(), asyncio.Event()
        lines = {"host": "alice.example", "content-length": "0", **headers}
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "PROPFIND",
            "scheme": "http",
            "path": "/dav/files/wide/",
            "raw_path": b"/dav/files/wide/",
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in lines.items()],
            "server": ("alice.example", 80),
            "client": ("127.0.0.1", 1),
        }
        self.asking = asyncio.ensure_future(house.public(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if not self.may_go_on.is_set() and not self.parts and not self.status:
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.Event().wait()  # it never hangs up
        raise AssertionError

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message.get("body"):
            self.parts.append(message["body"])
            self.waits.set()
            await self.may_go_on.wait()


@pytest.mark.slow("makes thousands of files")
async def test_webdav_tells_them_as_fast_as_they_are_taken(house: Front) -> None:
    await wide(house)
    token = house.token("alice.example", FILES)
    client = Slow(house, {"authorization": f"Bearer {token}", "depth": "1"})
    await client.waits.wait()
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(client.parts) == 1, "nothing is made before it can be sent"
    client.may_go_on.set()
    await client.asking
    assert client.status == 207
    assert len(client.parts) > COUNT / 300
    assert max(map(len, client.parts)) < PART
    told = re.findall(rb"<d:displayname>(file [^<]*)</d:displayname>", b"".join(client.parts))
    assert [name.decode() for name in told] == NAMES


@pytest.mark.slow("makes thousands of files")
async def test_webdav_refuses_to_tell_all_depths_of_too_many(house: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST", COUNT - 1)
    await wide(house)
    async with house.client(scope=FILES, Depth="infinity") as client:
        answer = await client.request("PROPFIND", "/dav/files/wide/")
        assert answer.status_code == 403
        assert "propfind-finite-depth" in answer.text
