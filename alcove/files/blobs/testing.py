"""Two servers for tests that speak S3 and share no code: moto (in memory), and rclone over a folder."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import urllib.request
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Self

from alcove.files.blobs.s3 import Bucket

if TYPE_CHECKING:
    from collections.abc import Sequence

BUCKETS = 100
_ADDRESS = re.compile(rb"http://127\.0\.0\.1:(\d+)")


class BucketServer:
    """A server on a free port of this machine, with a bucket for each test. `folder` is its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key_id, self.secret = "key" + secrets.token_hex(8), secrets.token_hex(16)
        self.url = ""
        self._names = count(1)
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Starts it, and waits until it answers."""
        log = self.folder.with_name(self.folder.name + ".log")
        with log.open("wb") as out:
            self._child = subprocess.Popen(self._command(), stdout=out, stderr=subprocess.STDOUT)
        while self._child.poll() is None:
            said = _ADDRESS.search(log.read_bytes())
            if said is not None:
                self.url = f"http://127.0.0.1:{int(said[1])}"
                return self
        raise RuntimeError(f"{type(self).__name__} did not start: {log.read_text(errors='replace')[-500:]}")

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends it."""
        assert self._child is not None
        self._child.kill()
        self._child.wait()

    def bucket(self) -> Bucket:
        """A new, empty bucket."""
        name = f"bucket{next(self._names)}"
        self._make(name)
        return Bucket(name, "us-east-1", self.key_id, self.secret, self.url)

    def _make(self, name: str) -> None:
        raise NotImplementedError

    def _command(self) -> Sequence[str]:
        raise NotImplementedError


class Moto(BucketServer):
    """Keeps to the words of S3 (ranges, conditions), and asks nobody who they are."""

    def _command(self) -> Sequence[str]:
        return (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0")

    def _make(self, name: str) -> None:
        self._ask("PUT", name)

    def _ask(self, method: str, path: str) -> str:
        # Any key is good, but it must be there: the request would be one for something else.
        signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request"}
        asked = urllib.request.Request(f"{self.url}/{path}", method=method, headers=signed)  # noqa: S310 - its own
        with urllib.request.urlopen(asked) as answer:  # noqa: S310 - its own
            said: bytes = answer.read()
        return said.decode()

    def unfinished(self) -> int:
        """How many uploads in parts were begun in any bucket and neither ended nor thrown away."""
        last = next(self._names)
        return sum(self._ask("GET", f"bucket{n}?uploads").count("<Upload>") for n in range(1, last))


class Rclone(BucketServer):
    """Checks signatures; answers a range with everything. Its buckets are folders, which it remembers: made at once."""

    def _command(self) -> Sequence[str]:
        for n in range(1, BUCKETS):
            (self.folder / f"bucket{n}").mkdir()
        program = str(Path(sys.executable).with_name("rclone"))
        key = f"{self.key_id},{self.secret}"
        here = ("--addr", "127.0.0.1:0", "--config", "")
        return (program, "serve", "s3", *here, "--auth-key", key, str(self.folder))

    def _make(self, name: str) -> None:
        if not (self.folder / name).is_dir():
            raise RuntimeError(f"more than {BUCKETS} buckets are asked for")
