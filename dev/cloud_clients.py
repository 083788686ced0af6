"""The desktop clients of Nextcloud and ownCloud, two of each, against a server: do their folders come to the same?

`python dev/cloud_clients.py` runs the large form and tells what it took, `dev/tests/test_cloud_clients.py` a small one.
The clients are Debian's `nextcloud-desktop-cmd` and `owncloud-client-cmd`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alcove_client import Place
from browser.server import PASSPHRASE, ROUNDS, Server

from alcove.identity import client_form, salt_of

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAMS = ("nextcloudcmd", "owncloudcmd")
OWN = re.compile(r"\.sync_|\._sync_|\.owncloudsync|\.nextcloudsync|\.csync")
CONFLICT = re.compile(r"\(conflicted copy|_conflict-")
TIMEOUT = 1800


@dataclass(frozen=True)
class Access:
    """Where the clients go, and what they say there."""

    url: str
    login: str
    password: str


def access_of(server: Server) -> Access:
    """An instance that clients find without help, and an app password of it."""
    domain = f"localhost:{server.port}"
    server.operator.create(domain, Passphrase=PASSPHRASE, KdfIterations=ROUNDS)
    token = server.operator.token(domain, scope="org.alcove.app_passwords")
    with closing(Place(f"http://127.0.0.1:{server.port}", domain, token)) as place:
        form = client_form(PASSPHRASE, salt_of(domain), int(ROUNDS))
        made = place.ask("POST", "/settings/app_passwords", json={"name": "Desk", "passphrase": form})
    told = made["data"]["attributes"]
    return Access(f"http://{domain}", told["login"], told["password"])


class Client:
    """A client with a home and a folder of its own."""

    def __init__(self, program: str, access: Access, home: Path) -> None:
        self.program = program
        self.folder = home / "folder"
        self._home = home / "home"
        self._access = access
        self.folder.mkdir(parents=True)
        self._home.mkdir()
        (self._home / "exclude").touch()

    def sync(self) -> float:
        """Syncs once; how many seconds that took. Fails with what the client said."""
        said = self._access
        command = [self.program, "--non-interactive", "--trust", "--exclude", str(self._home / "exclude")]
        command += ["-u", said.login, "-p", said.password, str(self.folder), said.url]
        begin = time.monotonic()
        environment = {**os.environ, "HOME": str(self._home), "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}
        ran = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False, env=environment)
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-8000:]
        return time.monotonic() - begin

    def write(self, name: str, content: bytes) -> None:
        """Writes a file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def tree(self, *, conflicts: bool = True) -> dict[str, str]:
        """What is in the folder: names, and digests of bytes; without what the client keeps for itself."""
        found = dict[str, str]()
        for path in sorted(self.folder.rglob("*")):
            name = str(path.relative_to(self.folder))
            if OWN.match(path.name) or (not conflicts and CONFLICT.search(name)):
                continue
            found[name] = "folder" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def conflicts(self) -> list[Path]:
        """What the client kept beside a file that somebody else had changed too."""
        return [path for path in self.folder.rglob("*") if CONFLICT.search(path.name) and not OWN.match(path.name)]


class Story:
    """What two people with a client each do; after each chapter their folders are the same.

    `note` is told the name of each step and the seconds that it took.
    """

    def __init__(self, first: Client, second: Client, note: Callable[[str, float], None]) -> None:
        self._first = first
        self._second = second
        self._note = note
        self._chance = random.Random(7)

    def tell(self, *, files: int, large: int) -> None:
        """All of it, with so many small files and one file of `large` bytes."""
        self._begin(files, large)
        self._changes()
        self._conflict()
        self._removals()
        before = self._first.tree()
        self._note("nothing new", self._first.sync())
        assert self._first.tree() == before

    def _both(self, what: str) -> None:
        """The first one sends, the second one fetches: then their folders are the same."""
        self._note(f"{what}: send", self._first.sync())
        self._note(f"{what}: fetch", self._second.sync())
        assert self._second.tree(conflicts=False) == self._first.tree(conflicts=False)

    def _begin(self, files: int, large: int) -> None:
        one = self._first
        for number in range(files):
            one.write(f"small/{number % 20:02}/file {number}.txt", self._chance.randbytes(self._chance.randrange(3000)))
        self._both("small files")
        one.write("Été/à côté/100 % & plus #1.txt", "déjà vu".encode())
        one.write("Été/empty", b"")
        (one.folder / "Été/nothing in it").mkdir()
        one.write("日本/🌴.bin", self._chance.randbytes(2000))
        self._both("odd names")
        block = self._chance.randbytes(1_000_000)
        one.write("large.bin", b"".join(block[at:] + block[:at] for at in range(large // len(block))))
        self._both("large file")

    def _changes(self) -> None:
        one = self._first
        os.utime(one.folder / "large.bin", (1_500_000_000, 1_500_000_000))
        (one.folder / "small/01").rename(one.folder / "small/renamed")
        (one.folder / "small/02").rename(one.folder / "Été/moved")
        (one.folder / "Été/empty").rename(one.folder / "no longer empty")
        one.write("no longer empty", b"now there is something")
        one.write("small/00/file 0.txt", b"changed")
        self._both("renames and edits")
        self._second.write("from the other side.txt", b"hello")
        (self._second.folder / "small/renamed").rename(self._second.folder / "back")
        self._note("the other way: send", self._second.sync())
        self._note("the other way: fetch", one.sync())
        assert one.tree() == self._second.tree()

    def _conflict(self) -> None:
        one, other, name = self._first, self._second, "from the other side.txt"
        one.write(name, b"ours")
        other.write(name, b"mine")  # as long, and within the same second
        self._note("conflict: send", one.sync())
        self._note("conflict: fetch", other.sync())
        assert (other.folder / name).read_bytes() == b"ours"
        [kept] = other.conflicts()
        assert kept.read_bytes() == b"mine"
        one.sync()
        assert one.tree(conflicts=False) == other.tree(conflicts=False)
        kept.unlink()

    def _removals(self) -> None:
        one, other = self._first, self._second
        shutil.rmtree(one.folder / "back")
        (one.folder / "no longer empty").unlink()
        self._both("removals")
        # What one edits and the other removes stays: it comes back from where it was edited.
        shutil.rmtree(one.folder / "Été/moved")
        kept = sorted((other.folder / "Été/moved").iterdir())[0]
        kept.write_bytes(b"not yet done with this")
        one.sync()
        other.sync()
        one.sync()
        assert kept.read_bytes() == b"not yet done with this"
        assert one.tree() == other.tree()


class Note:
    """Prints what each step took, of the client and of the server."""

    def __init__(self, program: str, server: int) -> None:
        self._program = program
        self._server = Path(f"/proc/{server}")
        self._spent = self._cpu()

    def __call__(self, what: str, seconds: float) -> None:
        """Prints a step."""
        spent = self._cpu()
        memory = next(line for line in (self._server / "status").read_text().splitlines() if line.startswith("VmRSS"))
        told = f"{seconds:7.2f} s, server {spent - self._spent:6.2f} s of CPU, {int(memory.split()[1]) >> 10} MiB"
        print(f"{self._program:13} {what:26} {told}", flush=True)
        self._spent = spent

    def _cpu(self) -> float:
        said = (self._server / "stat").read_text().rpartition(")")[2].split()
        return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Runs the large form with every client that is here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--large", type=int, default=300, help="MB of the large file")
    parser.add_argument("--programs", nargs="*", default=PROGRAMS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="alcove-clients-") as home:
        for program in asked.programs:
            server = Server(Path(home, program, "server"))
            server.start()
            try:
                access = access_of(server)
                one, other = (Client(program, access, Path(home, program, name)) for name in ("a", "b"))
                Story(one, other, Note(program, server.pid)).tell(files=asked.files, large=asked.large * 1_000_000)
            finally:
                server.stop()


if __name__ == "__main__":
    main()
