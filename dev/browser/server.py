"""A server of its own, as a person runs it: a process, a data folder, free ports of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import alcove_sample
import httpx
from alcove_client import Operator, Place, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alcove_sample import Household

OPERATOR = "only-for-this-test"
PASSPHRASE = "clairière-orage-huit-sabots"
ROUNDS = "50000"
"""Rounds of PBKDF2 for people who are made here: the fewest that the contract allows."""
ACCOUNTS, OPERATIONS, BILLS = "io.cozy.bank.accounts", "io.cozy.bank.operations", "io.cozy.bills"
SCOPE = f"{ACCOUNTS} {OPERATIONS} {BILLS} io.cozy.files io.cozy.accounts io.cozy.konnectors org.alcove.money.links"
AT_ONCE = 2000
"""Documents of one request."""


class NotStarted(Exception):
    """The server ended before it said where it listens."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an instance: its domain, and a client that may read and write it."""

    domain: str
    place: Place
    passphrase: str = PASSPHRASE

    def address(self, app: str, rest: str = "") -> str:
        """Where an app of this person is."""
        return f"http://{app}.{self.domain}/{rest}"

    def give(self, documents: Mapping[str, list[dict[str, Any]]]) -> None:
        """Writes documents by doctype."""
        for doctype, written in documents.items():
            for start in range(0, len(written), AT_ONCE):
                body = {"docs": written[start : start + AT_ONCE]}
                self.place.ask("POST", f"/data/{doctype}/_bulk_docs", json=body)

    def live(self, household: Household) -> None:
        """Takes on the accounts, operations and bills of a household, linked by the server when it returns."""
        self.give(alcove_sample.as_documents(household))
        self.settle()

    def settle(self) -> dict[str, int]:
        """The counts of the person's money, once all is linked."""
        while True:
            try:
                return self.place.money()
            except Refused as refusal:  # much takes long: the server asks to come back
                if refusal.status != 503:
                    raise


class Server:
    """A server on `home` that can be stopped and started again where it was."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.port = self.admin_port = 0
        self.opening = ""
        self._settings = settings
        self._child: subprocess.Popen[str] | None = None
        self._operator: Operator | None = None
        self._people: list[Person] = []

    def start(self) -> None:
        """Starts it with `alcove up`; `opening` is the address that it told. Raises `NotStarted`."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ALCOVE_")}
        environment |= {
            "ALCOVE_HOME": str(self.home),
            "ALCOVE_PORT": str(self.port),
            "ALCOVE_ADMIN_PORT": str(self.admin_port),
            "ALCOVE_ADMIN_PASSPHRASE": OPERATOR,
            "ALCOVE_LOCALE": "fr",
            "ALCOVE_LOG_LEVEL": "warning",
            **self._settings,
        }
        command = [sys.executable, "-m", "alcove", "up"]
        self._child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line.startswith("Open "):
            self.stop()
            raise NotStarted(line)
        self.opening = line.removeprefix("Open ").strip()
        said = json.loads((self.home / "server.json").read_text("utf-8"))
        self.port, self.admin_port = said["port"], said["admin_port"]
        # What it may still write is not wanted, but must not fill the pipe.
        threading.Thread(target=self._child.stdout.read, daemon=True).start()

    def stop(self) -> None:
        """Ends it as the system does, and waits."""
        if self._child is None:
            return
        while self._people:
            self._people.pop().place.close()
        if self._operator is not None:
            self._operator.close()
            self._operator = None
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(20)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._child = None

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._child is not None, "it runs"
        return self._child.pid

    @property
    def operator(self) -> Operator:
        """The operator's side."""
        self._operator = self._operator or Operator(f"http://127.0.0.1:{self.admin_port}", OPERATOR)
        return self._operator

    def person(self, name: str, **options: str) -> Person:
        """Makes an instance for somebody; `options` as the operator API names them."""
        domain = f"{name}.localhost:{self.port}"
        chosen = {"Passphrase": PASSPHRASE, "Locale": "fr", "PublicName": "Camille Moreau", "KdfIterations": ROUNDS}
        self.operator.create(domain, **(chosen | options))
        return self.known(domain)

    def known(self, domain: str) -> Person:
        """Somebody who is there already."""
        token = self.operator.token(domain, scope=SCOPE)
        self._people.append(Person(domain, Place(f"http://127.0.0.1:{self.port}", domain, token)))
        return self._people[-1]

    def answers(self) -> bool:
        """Whether somebody listens on its port."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/status", timeout=5).status_code < 500
        except httpx.TransportError:
            return False
