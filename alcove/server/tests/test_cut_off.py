"""Bodies that end too early, on real connections: nothing half written is kept, and what was there is as it was."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

import httpx
import pytest

from alcove.base.config import Settings
from alcove.identity import Tokens
from alcove.instances import Instances
from alcove.server.run import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DOMAIN = "me.localhost"
OLD = b"as it was"
"""Of a kind that nobody looks into: nothing else is written beside it."""
SAID, SENT = 8 << 20, 3 << 20
REQUESTS = {
    "a new file": "POST /files/?Type=file&Name=new.zip",
    "new bytes": "PUT /files/{old}",
    "a new file over WebDAV": "PUT /dav/files/new.zip",
    "new bytes over WebDAV": "PUT /dav/files/old.zip",
}


class Place:
    """A server on real ports and a real folder, with one file."""

    def __init__(self, home: Path, server: Server) -> None:
        self._home = home
        self._server = server
        assert server.house is not None
        instance = server.house.need(Instances).by_domain(DOMAIN)
        token = server.house.need(Tokens).make(instance, "cli", "CLI", "io.cozy.files")
        self.headers = {"Host": DOMAIN, "Authorization": f"Bearer {token}"}
        self.port = server.settings.port
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=self.headers)
        self.old = ""

    def blobs(self) -> list[str]:
        """The names of all files below the folder of bytes, unfinished ones too."""
        return sorted(path.name for path in self._home.glob("instances/*/blobs/*/*"))

    async def until(self, wanted: int) -> None:
        """Waits until so many files lie there."""
        async with asyncio.timeout(20):
            while len(self.blobs()) != wanted:  # noqa: ASYNC110 - the server tells nobody that it has given up
                await asyncio.sleep(0.01)

    async def names(self) -> dict[str, int]:
        """What the root holds, and its sizes."""
        answer = (await self.client.get("/files/io.cozy.files.root-dir")).raise_for_status()
        held = [one["attributes"] for one in answer.json()["included"]]
        return {one["name"]: int(one["size"]) for one in held if one["type"] == "file"}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    server = Server(Settings(home=tmp_path, port=0, admin_port=0, admin_passphrase="x"))
    house = await server.start()
    await house.need(Instances).create(DOMAIN, {}, {})
    made = Place(tmp_path, server)
    answer = await made.client.post("/files/?Type=file&Name=old.zip", content=OLD)
    made.old = answer.raise_for_status().json()["data"]["id"]
    yield made
    await made.client.aclose()
    server.ask_to_stop()
    await server.stop()


async def cut(place: Place, line: str, head: str, body: bytes, how: str) -> None:
    """Sends the beginning of a request, waits until some of it is on the disk, and ends the connection."""
    before = len(place.blobs())
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    headers = "".join(f"{name}: {value}\r\n" for name, value in place.headers.items())
    writer.write(f"{line.format(old=place.old)} HTTP/1.1\r\n{headers}{head}\r\n\r\n".encode() + body)
    await writer.drain()
    await place.until(before + 1)
    if how == "reset":
        linger = struct.pack("ii", 1, 0)  # closing says RST
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
    else:
        writer.write_eof()
        answer = await reader.read()
        assert b" 20" not in answer[:12], "it is refused, or nothing is said"
        writer.close()
    await place.until(before)


@pytest.mark.slow("starts a server")
@pytest.mark.parametrize("how", ["reset", "end"])
@pytest.mark.parametrize("what", REQUESTS)
async def test_a_body_that_ends_too_early_leaves_nothing(place: Place, what: str, how: str) -> None:
    await cut(place, REQUESTS[what], f"Content-Length: {SAID}", b"x" * SENT, how)
    chunk = b"%x\r\n" % SENT + b"x" * SENT + b"\r\n"  # and no last one
    await cut(place, REQUESTS[what], "Transfer-Encoding: chunked", chunk, how)
    assert await place.names() == {"old.zip": len(OLD)}
    assert (await place.client.get(f"/files/download/{place.old}")).content == OLD
    old = (await place.client.get(f"/files/{place.old}")).json()["data"]
    assert old["meta"]["rev"].startswith("1-")
    assert not old["relationships"].get("old_versions", {}).get("data")


@pytest.mark.slow("starts a server")
async def test_the_name_is_free_again(place: Place) -> None:
    await cut(place, REQUESTS["a new file"], f"Content-Length: {SAID}", b"x" * SENT, "reset")
    answer = await place.client.post("/files/?Type=file&Name=new.zip", content=b"y" * SAID)
    assert answer.status_code == 201
    assert await place.names() == {"old.zip": len(OLD), "new.zip": SAID}
