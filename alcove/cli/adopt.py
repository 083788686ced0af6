"""`alcove adopt`: a folder of files that exists becomes a folder of an instance, copied or moved."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from alcove_client import ClientError, Refused, Unreachable
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from alcove.base.clock import rfc3339
from alcove.base.config import read_settings
from alcove.base.ids import new_id
from alcove.cli.given import find_files, shown
from alcove.cli.running import pick, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alcove_client import Place

    from alcove.cli.given import Given
    from alcove.cli.running import Running

SCOPE = "io.cozy.files"
STALE = 24 * 3600.0
"""Seconds after which a second name that an interrupted run left is taken away."""
SHOWN = 50


@dataclass(slots=True)
class Outcome:
    """What came of it; each file that was not taken, with its reason."""

    taken: int = 0
    there: int = 0
    bytes: int = 0
    errors: list[dict[str, str]] = field(default_factory=list)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--instance", help="Whose files they become.")
@click.option("--to", "target", default="/", show_default=True, help="The directory there; made where it is missing.")
@click.option("--move", is_flag=True, help="Take the files in place: each is removed here once it is safe there.")
@click.option("--hidden", is_flag=True, help="Hidden files and folders, too.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def adopt(folder: Path, instance: str | None, target: str, *, move: bool, hidden: bool, as_json: bool) -> None:
    """Put what is in FOLDER into an instance, with names and dates.

    It may be interrupted, and goes on when it is run again: what is there already is passed over. With --move, files
    on the disk of the data folder are not copied: the server gives their bytes a second name, then the first one goes.
    The exit status is 1 when a file was not taken.
    """
    with running(read_settings()) as server:
        domain = pick(server, instance)
        place = server.place(domain, SCOPE)
        taking = _Taking(server, place, folder, "/" + target.strip("/"), move=move)
        found = list(find_files([folder], hidden=hidden))
        try:
            with _progress(found) as told:
                taking.all(found, told)
        finally:
            place.close()
    outcome = taking.outcome
    if as_json:
        click.echo(json.dumps({"instance": domain, **asdict(outcome)}, ensure_ascii=False))
    else:
        click.echo(
            f"{domain}: {outcome.taken} files taken, {outcome.there} were there, {len(outcome.errors)} not taken"
        )
        for error in outcome.errors[:SHOWN]:
            click.echo(f"  {error['file']}: {error['reason']}", err=True)
        if len(outcome.errors) > SHOWN:
            click.echo(f"  and {len(outcome.errors) - SHOWN} more; --json tells all", err=True)
    sys.exit(1 if outcome.errors else 0)


@contextmanager
def _progress(found: list[Given]) -> Iterator[Callable[[int, int], None]]:
    """A bar of bytes and files; what it gives is told of both."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Taking", total=sum(given.size for given in found))
        done = 0

        def told(size: int, files: int) -> None:
            nonlocal done
            done += files
            progress.update(task, advance=size, description=f"Taking {done} of {len(found)}")

        yield told


class _Taking:
    """Takes files one after the other. One that cannot be taken is told, and the others go on."""

    def __init__(self, server: Running, place: Place, folder: Path, target: str, *, move: bool) -> None:
        self.outcome = Outcome()
        self._server = server
        self._place = place
        self._folder = folder
        self._target = target
        self._move = move
        self._adopting = server.settings.home / "adopting"
        self._directories: dict[str, str] = {}

    def all(self, found: list[Given], told: Callable[[int, int], None]) -> None:
        """Takes them all. Raises `Unreachable`: what was taken until then stays, and is passed over the next time."""
        self._tidy()
        for given in found:
            try:
                if given.reason:
                    self._refuse(given, given.reason)
                else:
                    self._one(given)
            except Unreachable:
                raise
            except ClientError as error:
                self._refuse(given, str(error))
            except (OSError, UnicodeError) as error:
                self._refuse(given, getattr(error, "strerror", "") or "its name is no text that can be kept")
            told(given.size, 1)
        if self._move:
            self._remove_empty()

    def _refuse(self, given: Given, reason: str) -> None:
        self.outcome.errors.append({"file": given.name, "reason": shown(reason)})

    def _one(self, given: Given) -> None:
        inner = given.path.relative_to(self._folder)
        path = "/".join([self._target.rstrip("/"), *inner.parts])
        path.encode()  # a name that is no UTF-8 cannot be kept
        status = given.path.stat()
        moment = rfc3339(datetime.fromtimestamp(status.st_mtime_ns // 1_000_000 / 1000, UTC))
        there = self._place.file_at(path)
        if there is not None:
            self._compare(given, there, moment)
            return
        dates = {"CreatedAt": moment, "UpdatedAt": moment}
        dir_id = self._directory(path.rpartition("/")[0] or "/")
        if self._move:
            self._moved(given, dir_id, inner.name, dates)
        else:
            self._place.upload(given.path, dir_id, inner.name, dates)
        self.outcome.taken += 1
        self.outcome.bytes += given.size

    def _compare(self, given: Given, there: dict[str, str], moment: str) -> None:
        """What is there under that name is the same file, or the file is told."""
        same = there.get("type") == "file" and there.get("size") == str(given.size)
        if same and (self._move or there.get("updated_at") != moment):
            same = there.get("md5sum") == _md5(given.path)
        if not same:
            self._refuse(given, "another one of this name is there")
            return
        self.outcome.there += 1
        if self._move:
            given.path.unlink()

    def _directory(self, path: str) -> str:
        if path not in self._directories:
            self._directories[path] = self._place.ensure_directory(path)
        return self._directories[path]

    def _moved(self, given: Given, dir_id: str, name: str, dates: dict[str, str]) -> None:
        """Has the server give the bytes a second name; where that cannot be, sends them. Then the first one goes."""
        md5 = self._linked(given, dir_id, name, dates)
        if md5 is None:
            md5 = self._place.upload(given.path, dir_id, name, dates)
            if md5 != _md5(given.path):
                raise ClientError("it changed while it was taken: it is in both places now")
        given.path.unlink()

    def _linked(self, given: Given, dir_id: str, name: str, dates: dict[str, str]) -> str | None:
        """The MD5 of what the server took in place; None when it cannot be taken so."""
        status = given.path.lstat()
        if given.path.is_symlink() or status.st_nlink > 1:
            return None  # under its other name it could still be changed
        handed = self._adopting / new_id()
        try:
            self._adopting.mkdir(mode=0o700, exist_ok=True)
            os.link(given.path, handed)
        except OSError:
            return None  # another disk, or one that gives files one name only
        try:
            made = self._server.operator.adopt(self._place.domain, handed.name, name, dir_id, dates)
        except ClientError as error:
            os.utime(given.path, ns=(status.st_atime_ns, status.st_mtime_ns))
            if isinstance(error, Refused) and error.status == 400:
                return None  # the server is not allowed to take it: its bytes can still be sent
            raise
        finally:
            handed.unlink(missing_ok=True)
        return str(made["md5sum"])

    def _tidy(self) -> None:
        """Takes away second names that an interrupted run left."""
        with suppress(OSError):
            for left in self._adopting.iterdir():
                if time.time() - left.lstat().st_ctime > STALE:
                    left.unlink(missing_ok=True)

    def _remove_empty(self) -> None:
        for where, _, _ in os.walk(self._folder, topdown=False):
            if Path(where) != self._folder:
                with suppress(OSError):
                    os.rmdir(where)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return base64.b64encode(digest.digest()).decode()
