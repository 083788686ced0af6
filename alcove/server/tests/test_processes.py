"""Real processes on one database: one answers, another works, and a third goes on when that one is killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from defusedxml.ElementTree import fromstring

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from alcove.base.postgres.testing import TestServer

pytestmark = pytest.mark.slow  # each process loads the whole server
DOMAIN = "me.example"


class Processes:
    """Processes of one server, killed at the end."""

    def __init__(self, home: Path, url: str) -> None:
        self._home = home
        self._environ = {
            **os.environ,
            "ALCOVE_HOME": str(home),
            "ALCOVE_DATABASE": url,
            "ALCOVE_PORT": "0",
            "ALCOVE_ADMIN_PORT": "0",
            "ALCOVE_ADMIN_PASSPHRASE": "operator",
        }
        self.running: list[asyncio.subprocess.Process] = []
        self.addresses: list[str] = []
        """Where each listens, in the order in which they were started."""

    async def start(self, role: str) -> asyncio.subprocess.Process:
        command = (sys.executable, "-m", "alcove", "serve", "--role", role)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, env=self._environ, stdout=pipe)
        self.running.append(process)
        assert process.stdout is not None
        said = await asyncio.wait_for(process.stdout.readline(), 60)
        assert said.startswith(b"Alcove serves on "), said
        self.addresses.append(said.decode().split()[-1])
        return process

    def ports(self) -> tuple[int, int]:
        said = json.loads((self._home / "server.json").read_text())
        return said["port"], said["admin_port"]

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest.fixture
async def processes(postgres: TestServer, tmp_path: Path) -> AsyncIterator[Processes]:
    processes = Processes(tmp_path, await postgres.database())
    yield processes
    for process in processes.running:
        await processes.kill(process)


async def until_done(client: httpx.AsyncClient, job: str) -> None:
    async with asyncio.timeout(30):
        while True:
            answer = await client.get(f"/jobs/{job}")
            if answer.json()["data"]["attributes"]["state"] == "done":
                return
            await asyncio.sleep(0.05)


async def push(client: httpx.AsyncClient) -> str:
    body = {"data": {"attributes": {"arguments": {"said": "in another process"}}}}
    answer = await client.post("/jobs/queue/log", json=body)
    assert answer.status_code == 202, answer.text
    job: str = answer.json()["data"]["id"]
    return job


async def test_jobs_pushed_here_are_done_there_and_by_another_after_a_kill(processes: Processes) -> None:
    await processes.start("web")
    worker = await processes.start("worker")
    port, admin = processes.ports()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{admin}", auth=("", "operator")) as operator:
        (await operator.post("/instances", params={"Domain": DOMAIN})).raise_for_status()
        asked = {"Domain": DOMAIN, "Audience": "cli", "Subject": "CLI", "Scope": "io.cozy.jobs:ALL"}
        token = (await operator.post("/instances/token", params=asked)).raise_for_status().text
    headers = {"Host": DOMAIN, "Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        await until_done(client, await push(client))
        await processes.kill(worker)
        left = await push(client)
        assert (await client.get(f"/jobs/{left}")).json()["data"]["attributes"]["state"] == "queued"
        await processes.start("worker")
        await until_done(client, left)


TAG = '<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/></d:prop></d:propfind>'


async def tags_of(client: httpx.AsyncClient, *paths: str) -> list[str]:
    """The entity tags of folders as one process tells them."""
    found = list[str]()
    for path in paths:
        answer = await client.request("PROPFIND", f"/dav/files{path}", content=TAG, headers={"Depth": "0"})
        assert answer.status_code == 207, answer.text
        found.append(fromstring(answer.content).findtext(".//{DAV:}getetag") or "")
    return found


async def until_told(client: httpx.AsyncClient, tags: list[str], *paths: str) -> None:
    """Waits until a process tells these tags: of what another one writes it hears within a moment."""
    async with asyncio.timeout(30):
        while True:
            if await tags_of(client, *paths) == tags:
                return
            await asyncio.sleep(0.05)


async def test_two_processes_tell_the_same_entity_tags_of_folders(processes: Processes) -> None:
    await processes.start("web")
    await processes.start("web")
    _, admin = processes.ports()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{admin}", auth=("", "operator")) as operator:
        (await operator.post("/instances", params={"Domain": DOMAIN})).raise_for_status()
        asked = {"Domain": DOMAIN, "Audience": "cli", "Subject": "CLI", "Scope": "io.cozy.files:ALL"}
        token = (await operator.post("/instances/token", params=asked)).raise_for_status().text
    headers, paths = {"Host": DOMAIN, "Authorization": f"Bearer {token}"}, ("/", "/a/", "/a/b/")
    one, other = (httpx.AsyncClient(base_url=url, headers=headers) for url in processes.addresses)
    async with one, other:
        for path in ("/a", "/a/b"):
            assert (await one.request("MKCOL", f"/dav/files{path}")).status_code == 201
        before = await tags_of(one, *paths)
        writers = ((one, "/a/b/x.txt"), (other, "/a/b/x.txt"), (other, "/a/y.txt"), (one, "/z.txt"))
        for number, (writer, path) in enumerate(writers):
            await writer.put(f"/dav/files{path}", content=b"%d" % number)
            written = await tags_of(writer, *paths)
            assert written[0] != before[0]
            await until_told(one, written, *paths)
            await until_told(other, written, *paths)
            before = written
