"""Finds the server of these settings, or starts one for as long as a command needs it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from alcove_client import ClientError, Operator, Place

from alcove.cli.first import FIRST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alcove.base.config import Settings

PATIENCE = 30.0
"""Seconds that a server gets to start."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers: where, and the operator's door to it."""

    settings: Settings
    url: str
    operator: Operator

    def place(self, domain: str, scope: str) -> Place:
        """The instance of that domain, with a token for this scope."""
        return Place(self.url, domain, self.operator.token(domain, scope=scope))


def _where(settings: Settings) -> dict[str, Any] | None:
    """What the server that holds the data folder wrote about itself; None when there is none."""
    try:
        with (settings.home / "server.json").open("r+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two commands may look at once
            except OSError:
                text = file.read()
                return json.loads(text) if text else {}
            return None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ClientError(f"ALCOVE_HOME is {settings.home}: {error.strerror or error}") from None


def _open(settings: Settings, said: dict[str, Any]) -> Running:
    from alcove.identity import operator_passphrase

    host = settings.host if settings.host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104 - a comparison
    operator = Operator(f"http://{host}:{said['admin_port']}", operator_passphrase(settings))
    return Running(settings, f"http://{host}:{said['port']}", operator)


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[Running]:
    """The server of these settings. When none runs, one is started on the same data folder and stopped at the end.

    What goes wrong between the command and the server ends the command with one line.
    """
    try:
        with _running(settings) as server:
            yield server
    except ClientError as error:
        raise click.ClickException(str(error)) from None


@contextlib.contextmanager
def _running(settings: Settings) -> Iterator[Running]:
    said = _where(settings)
    if said is not None:
        yield _open(settings, said or _wait(settings, None))
        return
    command = [sys.executable, "-m", "alcove", "serve", "--port", "0", "--admin-port", "0"]
    # In a group of its own: Ctrl-C is the command's, which has something to say to the server before it ends.
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, process_group=0)
    try:
        yield _open(settings, _wait(settings, child))
    finally:
        child.terminate()
        try:
            child.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()


def _wait(settings: Settings, child: subprocess.Popen[str] | None) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if child is not None and child.poll() is not None:
            reason = (child.stderr.read() if child.stderr else "").strip().splitlines()
            raise ClientError(f"the server did not start: {reason[-1] if reason else f'exit {child.returncode}'}")
        said = _where(settings)
        if said:
            return said
        time.sleep(0.02)
    raise ClientError(f"the server did not start within {PATIENCE:.0f} seconds")


def named_or_all(server: Running, named: str | None) -> list[str]:
    """The instance named, or all there are."""
    return [pick(server, named)] if named else [record["domain"] for record in server.operator.instances()]


def pick(server: Running, named: str | None) -> str:
    """The instance that a command is for: the one named, the only one, or the first of this machine."""
    records = server.operator.instances()
    known: list[str] = [record["domain"] for record in records]
    if named:
        found = [name for name in known if named in (name, name.partition(":")[0])]
        if named in found:
            return named
        if len(found) > 1:
            raise ClientError(f"{named} may be {' or '.join(found)}: say it with its port")
        if not found:
            there = f"; there are {', '.join(known)}" if known else "; there is none yet"
            raise ClientError(f"there is no instance {named}{there}")
        return found[0]
    mine = [name for name in known if name.partition(":")[0] == FIRST]
    if mine:
        return mine[0]
    real: list[str] = [record["domain"] for record in records if not record.get("sample")]
    if len(real) == 1:
        return real[0]
    if real:
        raise ClientError(f"say which instance is meant with --instance: {', '.join(real)}")
    domain = f"{FIRST}:{server.settings.port}"
    server.operator.create(domain, Locale=server.settings.locale)
    click.echo(f"Made the instance {domain}; `alcove up` prints the address that opens it", err=True)
    return domain
