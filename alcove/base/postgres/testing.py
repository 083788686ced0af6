"""A PostgreSQL for tests: in a temporary folder, reached by a socket in it, without care for power cuts."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACES = "/usr/lib/postgresql/*/bin"
_CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_HERE = ("listen_addresses=''", "max_connections=200")
_MISSING = "PostgreSQL is not installed: apt-get install postgresql"


class NoPostgres(Exception):
    """There is no PostgreSQL to test with; the message says how to get it."""


class TestServer:
    """A server of its own. PostgreSQL refuses to run as root: then it runs as a user without rights."""

    __test__ = False

    def __init__(self, *, careful: bool = False) -> None:
        """A `careful` one keeps what it acknowledged when it is stopped in the middle."""
        self._careful = careful
        self._programs = _programs()
        self._user = _user() if os.getuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="alcove-postgres-"))
        if self._user is not None:
            os.chown(self.folder, self._user, -1)
        self._names = count(1)
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "alcove", "-A", "trust", "-E", "UTF8", "-N")

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        given = _HERE if self._careful else (*_CARELESS, *_HERE)
        options = " ".join(f"-c {one}" for one in (*given, f"unix_socket_directories={self.folder}"))
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start"
        )

    def stop(self, how: str = "immediate") -> None:
        """Stops it: `fast` says farewell, `immediate` is a crash."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", how, "stop")

    async def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"t{next(self._names)}"
        connection = await asyncpg.connect(self._url("postgres"))
        try:
            await connection.execute(f"create database {name}")
        finally:
            await connection.close()
        return self._url(name)

    def remove(self) -> None:
        """Stops it and removes its folder."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _url(self, name: str) -> str:
        return f"postgresql:///{name}?host={self.folder}&user=alcove"

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = (str(self._programs / program), *arguments)
        done = subprocess.run(
            command, user=self._user, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace')[-500:]}")


def _programs() -> Path:
    found = sorted(Path("/").glob(PLACES.lstrip("/")), key=lambda place: int(place.parent.name))
    if not found:
        raise NoPostgres(_MISSING)
    return found[-1]


def _user() -> int:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise NoPostgres("PostgreSQL does not run as root, and there is no other user here")
