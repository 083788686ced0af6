"""Starting and stopping on real ports and a real folder."""

from __future__ import annotations

import asyncio
import fcntl
import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from alcove.base.config import Settings, WrongSetting, read_settings
from alcove.instances import Instances
from alcove.server import run
from alcove.server.run import FolderTaken, Server

if TYPE_CHECKING:
    from pathlib import Path


def settings(home: Path, **more: object) -> Settings:
    return Settings(**{"home": home, "port": 0, "admin_port": 0, "admin_passphrase": "x", **more})  # type: ignore[arg-type]  # a test's own keywords


async def refused(server: Server) -> str:
    with pytest.raises((WrongSetting, FolderTaken)) as caught:
        await server.start()
    await server.stop()
    return str(caught.value)


async def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PAUSE", 0)
    first = Server(settings(tmp_path))
    await first.start()
    assert "in use by another Alcove server" in await refused(Server(settings(tmp_path)))
    await first.stop()
    again = Server(settings(tmp_path))
    await again.start()
    await again.stop()


async def test_a_glance_at_the_lock_is_no_second_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    glance = (tmp_path / "server.json").open("w+")
    fcntl.flock(glance, fcntl.LOCK_SH)

    async def close_meanwhile(_: float) -> None:
        glance.close()

    monkeypatch.setattr(asyncio, "sleep", close_meanwhile)
    lock = await run.take_folder(settings(tmp_path))
    lock.close()


async def test_what_works_for_the_server_still_reaches_it_while_it_stops(tmp_path: Path) -> None:
    server = Server(settings(tmp_path))
    house = await server.start()
    answers = []

    async def ask() -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.settings.port}") as client:
            answers.append((await client.get("/version")).status_code)

    house.on_leave("ask", ask)
    server.ask_to_stop()
    await server.stop()
    assert answers == [200]
    assert "jobs" in [name for name, _ in house.leaving]


@pytest.mark.parametrize("name", ["port", "admin_port"])
async def test_a_port_in_use_is_named(name: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = await refused(Server(settings(tmp_path, **{name: port})))
    assert f"ALCOVE_{name.upper()} is {port}" in said
    assert "free port" in said


async def test_a_home_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    chosen = read_settings({"ALCOVE_HOME": str(tmp_path / "home")})
    assert f"ALCOVE_HOME is {tmp_path / 'home'}" in await refused(Server(chosen))


async def test_a_host_that_is_not_this_machine_is_named(tmp_path: Path) -> None:
    said = await refused(Server(settings(tmp_path, host="192.0.2.1")))
    assert "ALCOVE_HOST is '192.0.2.1'" in said
    assert "127.0.0.1" in said


@pytest.mark.parametrize(
    ("proxies", "forwarded", "statuses"),
    [
        ("", "203.0.113.{n}", [401, 401, 401, 401, 401, 429]),  # whatever a visitor says of themselves
        ("127.0.0.1", "203.0.113.{n}", [401] * 6),
        ("127.0.0.1", "203.0.113.{n}, 203.0.113.77", [401, 401, 401, 401, 401, 429]),  # who came to the proxy counts
        ("10.0.0.0/8", "203.0.113.{n}", [401, 401, 401, 401, 401, 429]),
        ("127.0.0.0/8,10.0.0.0/8", "203.0.113.{n}, 10.0.0.3", [401] * 6),
    ],
)
async def test_a_visitor_is_whom_a_trusted_proxy_names(
    tmp_path: Path, proxies: str, forwarded: str, statuses: list[int]
) -> None:
    server = Server(settings(tmp_path, store="memory", blobs="memory", proxies=proxies))
    house = await server.start()
    host = {"Host": "me.localhost", "Accept": "application/json"}
    seen = []
    try:
        await house.need(Instances).create("me.localhost", {}, {})
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.settings.port}", headers=host) as client:
            page = await client.get("/auth/login")
            csrf = page.text.split('name="csrf_token" value="')[1].split('"')[0]
            for n in range(6):
                headers = {"X-Forwarded-For": forwarded.format(n=n), "Cookie": f"_csrf={csrf}"}
                answer = await client.post("/auth/login", data={"passphrase": "x", "csrf_token": csrf}, headers=headers)
                seen.append(answer.status_code)
    finally:
        server.ask_to_stop()
        await server.stop()
    assert seen == statuses


async def test_an_address_with_a_fragment_is_refused(tmp_path: Path) -> None:
    """Cut off at the `#` it would name something else: the folder around what was meant."""
    server = Server(settings(tmp_path))
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.settings.port)
    writer.write(b"DELETE /dav/files/folder/#1.txt HTTP/1.1\r\nHost: me.localhost\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    await server.stop()
