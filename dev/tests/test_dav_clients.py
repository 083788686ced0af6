"""Other makers' clients of WebDAV against a server on a real port and a real folder: litmus, rclone, cadaver."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
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

SUITES = {"basic": 16, "copymove": 13, "props": 30, "locks": 41, "http": 4}
"""The suites of litmus, and the tests that each has: 104."""


def needs(program: str) -> pytest.MarkDecorator:
    """Skips a test where a program of the system is missing."""
    return pytest.mark.skipif(
        shutil.which(program) is None, reason=f"{program} is not installed: apt-get install {program}"
    )


@dataclass
class Reached:
    """A server: the address of its files, and what opens them."""

    url: str
    password: str
    scratch: Path

    async def run(self, *command: str, said: str = "") -> str:
        """What a program prints; fails with that when it fails."""
        env = {**os.environ, "HOME": str(self.scratch), "RCLONE_CONFIG": os.devnull, "LC_ALL": "C.UTF-8"}
        process = await asyncio.create_subprocess_exec(
            *command,
            env=env,
            cwd=self.scratch,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate(said.encode())
        text = printed.decode("utf-8", "replace")
        assert process.returncode == 0, f"{command[0]}: {text}"
        return text

    async def remote(self) -> str:
        """The files as rclone names them."""
        hidden = (await self.run("rclone", "obscure", self.password)).strip()
        return f':webdav,url="{self.url}",vendor=other,user=me,pass="{hidden}":'


@pytest.fixture
async def reached(tmp_path: Path) -> AsyncIterator[Reached]:
    """The instance's domain is an address, since these programs look names up in the system's way."""
    server = Server(Settings(home=tmp_path / "home", port=0, admin_port=0, admin_passphrase="x"))
    house = await server.start()
    domain = f"127.0.0.1:{server.settings.port}"
    async with httpx.AsyncClient(auth=("", "x")) as operator:
        where = f"http://127.0.0.1:{server.settings.admin_port}/instances"
        made = await operator.post(where, params={"Domain": domain, "KdfIterations": "50000"})
        assert made.status_code == 201, made.text
    token = house.need(Tokens).make(house.need(Instances).by_domain(domain), "cli", "CLI", "io.cozy.files")
    (tmp_path / "scratch").mkdir()
    yield Reached(f"http://{domain}/dav/files", token, tmp_path / "scratch")
    await server.stop()


@needs("litmus")
@pytest.mark.parametrize("suite", SUITES)
async def test_litmus(reached: Reached, monkeypatch: pytest.MonkeyPatch, suite: str) -> None:
    monkeypatch.setenv("TESTS", suite)
    told = await reached.run("litmus", "-k", f"{reached.url}/", "me", reached.password)
    number = SUITES[suite]
    assert f"of {number} tests run: {number} passed, 0 failed" in told, told
    assert "WARNING" not in told, told


def tree(top: Path) -> None:
    """Some files, with names and sizes that go wrong elsewhere."""
    for name in ("a.txt", "été/à côté & <co>.bin", "été/100% #1 ?.txt", "deep/er/and/er/empty", "zero/null"):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if path.name in ("empty", "null") else os.urandom(70_000))


@needs("rclone")
async def test_rclone_copies_compares_and_keeps_in_step(reached: Reached) -> None:
    here, remote = reached.scratch / "here", await reached.remote()
    tree(here)
    await reached.run("rclone", "copy", str(here), f"{remote}top")
    await reached.run("rclone", "check", "--download", str(here), f"{remote}top")
    (here / "a.txt").write_bytes(b"changed")
    (here / "zero" / "null").unlink()
    (here / "new").write_bytes(b"new")
    await reached.run("rclone", "sync", str(here), f"{remote}top")
    await reached.run("rclone", "check", "--download", str(here), f"{remote}top")
    await reached.run("rclone", "moveto", f"{remote}top/été", f"{remote}top/hiver")
    await reached.run("rclone", "copyto", f"{remote}top/new", f"{remote}top/copied")
    listed = await reached.run("rclone", "lsf", "-R", "--files-only", f"{remote}top")
    assert set(listed.splitlines()) == {
        *("a.txt", "new", "copied", "deep/er/and/er/empty", "hiver/à côté & <co>.bin", "hiver/100% #1 ?.txt"),
    }
    await reached.run("rclone", "purge", f"{remote}top")
    assert "top" not in await reached.run("rclone", "lsf", remote)


@needs("rclone")
async def test_rclone_keeps_dates_where_it_is_told_to(reached: Reached) -> None:
    here = reached.scratch / "here"
    tree(here)
    os.utime(here / "a.txt", (946684800, 946684800))
    remote = (await reached.remote()).replace("vendor=other", "vendor=owncloud")
    await reached.run("rclone", "copy", str(here), f"{remote}top")
    assert "2000-01-01" in await reached.run("rclone", "lsl", f"{remote}top/a.txt")
    told = await reached.run("rclone", "sync", "-v", str(here), f"{remote}top")
    assert "There was nothing to transfer" in told, told


@needs("cadaver")
async def test_cadaver(reached: Reached) -> None:
    host = reached.url.removeprefix("http://").partition(":")[0]
    (reached.scratch / ".netrc").write_text(f"machine {host}\nlogin me\npassword {reached.password}\n", "utf-8")
    (reached.scratch / "up.txt").write_bytes(b"hello")
    steps = """mkcol folder
cd folder
put up.txt
propset up.txt colour red
propget up.txt colour
lock up.txt
discover up.txt
unlock up.txt
copy up.txt other.txt
move other.txt moved.txt
get moved.txt down.txt
ls
delete up.txt
cd ..
rmcol folder
quit
"""
    told = await reached.run("cadaver", f"{reached.url}/", said=steps)
    assert (reached.scratch / "down.txt").read_bytes() == b"hello", told
    assert "Value of colour is: red" in told
    assert "failed" not in told.lower(), told
