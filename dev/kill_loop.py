"""Kills a working server again and again, and looks whether it kept its word: `python dev/kill_loop.py --kills 200`.

Several threads create, change and delete documents and files over HTTP; at a random moment the server gets SIGKILL.
After each restart everything that was acknowledged must be there, a request that was under way must have happened whole
or not at all, every file must have its bytes, and no bytes may lie about that no file names.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from alcove.base.postgres.testing import TestServer
from alcove.files.model.texts import made_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOMAIN = "drill.localhost"
DOCTYPE = "org.alcove.drill"
SCOPE = f"{DOCTYPE} io.cozy.files io.cozy.files.versions"
PASSPHRASE = "only-for-this-drill"
ROOT = "io.cozy.files.root-dir"
WORKERS = 4
PATIENCE = 120.0
"""Seconds that a start, or the sweep after it, gets before the drill is given up."""
READY = 2.0
"""Seconds after which a restart counts as slow."""
SIZES = (12, 900, 16_384, 16_384, 300_000)


@dataclass(slots=True)
class Thing:
    """A document or a file: the state acknowledged last, and the one asked for by a request without an answer.

    A state is a digest of the content, with "trashed" behind it for a file in the trash; None: it is not there.
    """

    name: str
    is_file: bool
    sure: str | None = None
    maybe: tuple[str | None, ...] = ()
    id: str = ""
    rev: str = ""


@dataclass
class Verdict:
    """What the drill saw; the lists from `lost` on should stay empty.

    `ready` holds the seconds until each restart answered, `busy` the processor's seconds of them: on a machine that
    others share, only these say something about the server.
    """

    kills: int = 0
    acknowledged: int = 0
    ready: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    without_bytes: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was lost, nothing left over and nothing refused."""
        return not (self.lost or self.without_bytes or self.orphans or self.refused)


class Server:
    """The server under test, on free ports of this machine and a data folder of its own."""

    def __init__(self, home: Path, database: str = "") -> None:
        self.home = home
        self.database = database
        self.url = ""
        self.operator_url = ""
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; return after how many seconds it answered."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ALCOVE_")}
        environment |= {"ALCOVE_HOME": str(self.home), "ALCOVE_ADMIN_PASSPHRASE": PASSPHRASE}
        environment |= {"ALCOVE_LOG_LEVEL": "error", "ALCOVE_DATABASE": self.database}
        begun = time.perf_counter()
        command = [sys.executable, "-m", "alcove", "serve", "--port", "0", "--admin-port", "0"]
        self._child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        while time.perf_counter() - begun < PATIENCE:
            said = self._said()
            if said:
                self.url = f"http://127.0.0.1:{said['port']}"
                self.operator_url = f"http://127.0.0.1:{said['admin_port']}"
                if httpx.get(f"{self.url}/status", headers={"Host": DOMAIN}).status_code == 200:
                    return time.perf_counter() - begun
            if self._child.poll() is not None:
                break
            time.sleep(0.005)
        raise SystemExit("the server did not start")

    def _said(self) -> dict[str, Any] | None:
        """What the running server wrote about itself; the word of a killed one is not taken."""
        assert self._child is not None
        try:
            said: dict[str, Any] = json.loads((self.home / "server.json").read_text("utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return said if said["pid"] == self._child.pid else None

    def busy(self) -> float:
        """Seconds of the processor that it has used since its start."""
        assert self._child is not None
        told = Path(f"/proc/{self._child.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """End it as a power switch would."""
        assert self._child is not None
        self._child.send_signal(signal.SIGKILL)
        self._child.wait()

    def blobs(self) -> set[str]:
        """The names of all blobs that lie in the data folder."""
        return {path.name for path in self.home.glob("instances/*/blobs/**/*") if path.is_file()}


class Worker:
    """One client: its things are its own, so it knows what each must look like."""

    def __init__(self, number: int, seed: int, verdict: Verdict) -> None:
        self.things: list[Thing] = []
        self.touched: list[Thing] = []
        self._number = number
        self._serial = count(1)
        self._chance = random.Random(f"{seed}/{number}")
        self._verdict = verdict
        self._http = httpx.Client()

    def connect(self, url: str, token: str) -> None:
        """Talk to the server at its new address."""
        self._http.close()
        headers = {"Host": DOMAIN, "Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=30)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def work(self, stop: threading.Event) -> None:
        """Send requests one after another until the server is gone."""
        self.touched = []
        try:
            while not stop.is_set():
                self._step()
        except httpx.TransportError:
            return

    def _step(self) -> None:
        alive = [thing for thing in self.things[-40:] if thing.sure is not None]
        if not alive or self._chance.random() < 0.4:
            thing = Thing(f"{self._number}-{next(self._serial):06d}", self._chance.random() < 0.4)
            self.things.append(thing)
        else:
            thing = self._chance.choice(alive)
        self.touched.append(thing)
        if thing.is_file:
            self._file(thing)
        else:
            self._document(thing)

    def _ask(self, thing: Thing, wanted: str | None, send: Callable[[], httpx.Response]) -> dict[str, Any]:
        """Send a request that brings a thing into a state, and keep the books right whatever happens to it."""
        thing.maybe = (wanted,)
        answer = send()
        if answer.status_code >= 400:
            self._verdict.refused.append(f"{answer.request.method} {answer.url.path}: {answer.status_code}")
            return {}
        thing.sure, thing.maybe = wanted, ()
        self._verdict.acknowledged += 1
        said: dict[str, Any] = answer.json() if answer.content else {}
        return said

    def _document(self, thing: Thing) -> None:
        path = f"/data/{DOCTYPE}/{thing.name}"
        if thing.sure is not None and self._chance.random() < 0.2:
            self._ask(thing, None, lambda: self._http.delete(path, params={"rev": thing.rev}))
            return
        value = self._chance.randbytes(self._chance.choice((10, 300, 4000))).hex()
        body = {"value": value} | ({"_id": thing.name, "_rev": thing.rev} if thing.rev else {})
        thing.rev = self._ask(thing, _digest(value.encode()), lambda: self._http.put(path, json=body)).get("rev", "")

    def _file(self, thing: Thing) -> None:
        draw = self._chance.random()
        content = self._chance.randbytes(self._chance.choice(SIZES))
        digest = _digest(content)
        if thing.sure is None:
            where = {"Type": "file", "Name": f"{thing.name}.bin"}
            said = self._ask(thing, digest, lambda: self._http.post(f"/files/{ROOT}", params=where, content=content))
            thing.id = said.get("data", {}).get("id", "")
        elif thing.sure.endswith("trashed"):
            self._ask(thing, None, lambda: self._http.delete(f"/files/trash/{thing.id}"))
        elif draw < 0.6:
            self._ask(thing, digest, lambda: self._http.put(f"/files/{thing.id}", content=content))
        else:
            self._ask(thing, f"{thing.sure} trashed", lambda: self._http.delete(f"/files/{thing.id}"))

    def check(self, things: list[Thing]) -> None:
        """Compare things with what the server now says of them, and go on from there."""
        for thing in {thing.name: thing for thing in things}.values():
            found = self._found_file(thing) if thing.is_file else self._found_document(thing)
            if found != thing.sure and found not in thing.maybe:
                kind = "file" if thing.is_file else "document"
                self._verdict.lost.append(f"{kind} {thing.name}: {found}, not {thing.sure} or {thing.maybe}")
            thing.sure, thing.maybe = found, ()

    def _found_document(self, thing: Thing) -> str | None:
        answer = self._http.get(f"/data/{DOCTYPE}/{thing.name}")
        if answer.status_code == 404:
            return None
        document = answer.raise_for_status().json()
        thing.rev = document["_rev"]
        return _digest(document["value"].encode())

    def _found_file(self, thing: Thing) -> str | None:
        if thing.id:
            answer = self._http.get(f"/files/{thing.id}")
        else:
            answer = self._http.get("/files/metadata", params={"Path": f"/{thing.name}.bin"})
        if answer.status_code == 404:
            return None
        data = answer.raise_for_status().json()["data"]
        thing.id = data["id"]
        stated = data["attributes"]["md5sum"]
        got = self._http.get(f"/files/download/{thing.id}")
        if got.status_code != 200 or _digest(got.content) != stated:
            self._verdict.without_bytes.append(f"{thing.name}: {got.status_code}, {len(got.content)} bytes")
        return f"{stated} trashed" if data["attributes"].get("trashed") else str(stated)

    def blobs_named(self, *, made: bool = True) -> set[str]:
        """Every blob that a file or an old version of one names, and those that are `made` from it."""
        named: set[str] = set()
        for doctype in ("io.cozy.files", "io.cozy.files.versions"):
            answer = self._http.get(f"/data/{doctype}/_all_docs", params={"include_docs": "true"})
            rows = answer.json()["rows"] if answer.status_code == 200 else []
            locators = [row["doc"].get("internal_vfs_id", "") for row in rows if row.get("doc")]
            named.update(locator.partition(".")[0] for locator in locators if locator)
        return named | {each for blob in named for each in made_from(blob)} if made else named


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _look_for_orphans(server: Server, worker: Worker, verdict: Verdict) -> None:
    """Wait for the sweep that follows a start; report what it left, and files whose blob is gone.

    On a database that other processes may use too, nothing is swept at a start: what lies about goes after a day.
    """
    until = time.perf_counter() + (0 if server.database else PATIENCE)
    while True:
        named, there = worker.blobs_named(), server.blobs()
        if there <= named or time.perf_counter() > until:
            break
        time.sleep(0.02)
    verdict.orphans += [] if server.database else sorted(there - named)
    verdict.without_bytes += sorted(worker.blobs_named(made=False) - there)


def _load(server: Server, workers: list[Worker], seconds: float) -> None:
    stop = threading.Event()
    threads = [threading.Thread(target=worker.work, args=(stop,)) for worker in workers]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()


def _move_in(server: Server) -> None:
    """Make the instance of the drill."""
    with httpx.Client(base_url=server.operator_url, auth=("", PASSPHRASE), timeout=PATIENCE) as operator:
        made = operator.post("/instances", params={"Domain": DOMAIN, "Passphrase": "a-passphrase-of-the-drill"})
        made.raise_for_status()


def _token(server: Server) -> str:
    """A token for the instance: one lasts half an hour, the drill may take longer."""
    with httpx.Client(base_url=server.operator_url, auth=("", PASSPHRASE), timeout=PATIENCE) as operator:
        asked = {"Domain": DOMAIN, "Audience": "cli", "Subject": "CLI", "Scope": SCOPE}
        return operator.post("/instances/token", params=asked).raise_for_status().text


def drill(
    kills: int,
    seed: int,
    home: Path,
    told: Callable[[str], None] = lambda _: None,
    load: tuple[float, float] = (0.03, 0.9),
    database: str = "",
) -> Verdict:
    """Kill the server so many times, each after so many seconds of load (least, most), and look each time."""
    chance, verdict, server = random.Random(seed), Verdict(), Server(home, database)
    workers = [Worker(number, seed, verdict) for number in range(WORKERS)]
    server.start()
    _move_in(server)
    try:
        token = _token(server)
        for _ in range(kills):
            for worker in workers:
                worker.connect(server.url, token)
            _load(server, workers, chance.uniform(*load))
            verdict.kills += 1
            verdict.ready.append(server.start())
            verdict.busy.append(server.busy())
            token = _token(server)
            for worker in workers:
                worker.connect(server.url, token)
                older = chance.sample(worker.things, min(10, len(worker.things)))
                worker.check([*worker.touched, *older])
            _look_for_orphans(server, workers[0], verdict)
            told(f"{verdict.kills} kills, {verdict.acknowledged} acknowledged, {len(verdict.lost)} lost")
        for worker in workers:
            worker.check(worker.things)
    finally:
        server.kill()
        for worker in workers:
            worker.close()
    return verdict


@contextlib.contextmanager
def _database(wanted: bool) -> Iterator[str]:
    """The address of an empty PostgreSQL that keeps what it acknowledged; empty when none is wanted."""
    if not wanted:
        yield ""
        return
    server = TestServer(careful=True)
    try:
        server.start()
        yield asyncio.run(server.database())
    finally:
        server.remove()


def main() -> int:
    """Say what the kills did; 1 when anything was lost, left over or refused."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="with documents in a PostgreSQL made for this")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _database(asked.postgres) as database:
        home, say = Path(folder) / "home", partial(print, file=sys.stderr)
        verdict = drill(asked.kills, asked.seed, home, say, database=database)
    slow = sum(seconds > READY for seconds in verdict.ready)
    print(f"{verdict.kills} kills, {verdict.acknowledged} writes acknowledged: {len(verdict.lost)} lost,")
    print(f"{len(verdict.without_bytes)} files without bytes, {len(verdict.orphans)} blobs without a file,")
    print(
        f"{len(verdict.refused)} requests refused; ready after {statistics.median(verdict.ready):.2f} s in the median,"
    )
    print(f"{max(verdict.ready):.2f} s at the most, {slow} times later than {READY:.0f} s;")
    print(f"the processor worked {statistics.median(verdict.busy):.2f} s for it, {max(verdict.busy):.2f} s at the most")
    for line in [*verdict.lost, *verdict.without_bytes, *verdict.orphans, *verdict.refused][:20]:
        print(f"  {line}")
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
