"""The main job as a person does it: the command, on files, twice; and what it says of bad ones."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import alcove_sample
import pytest
from alcove_sample.export import write
from rich.console import Console
from rich.progress import Progress

from alcove.cli.gather import Outcome, follow_or_stop, gather_into, take, tell
from alcove.cli.given import Given

if TYPE_CHECKING:
    from collections.abc import Callable

    from alcove_client import Place

pytestmark = [
    pytest.mark.slow,  # each command starts a server and confined processes
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed: apt-get install bubblewrap"),
]


def alcove(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "ALCOVE_HOME": str(home), "ALCOVE_PORT": "0", "ALCOVE_ADMIN_PORT": "0", "COLUMNS": "200"}
    command = [sys.executable, "-m", "alcove", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=110, check=False)


def summary(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_a_household_is_gathered_linked_and_known_the_second_time(tmp_path: Path) -> None:
    household = alcove_sample.make(3, years=1, operations=200, bills=14)
    told = write(tmp_path / "given", household)
    home = tmp_path / "home"
    first = alcove(
        home, "gather", str(tmp_path / "given" / "statements"), str(tmp_path / "given" / "invoices"), "--json"
    )
    assert first.returncode == 0, first.stderr
    said = summary(first)
    assert said["errors"] == []
    assert said["operations"] == len(household.operations)
    assert said["accounts"] == len(household.accounts)
    assert said["bills"] == len(household.bills)
    assert said["linked"] >= 0.8 * len({(link["vendor"], link["number"]) for link in told["links"]})
    again = summary(alcove(home, "gather", str(tmp_path / "given"), "--json"))
    assert {name: again[name] for name in ("accounts", "operations", "bills", "linked")} == {
        name: said[name] for name in ("accounts", "operations", "bills", "linked")
    }
    assert set(again) == {"files", "accounts", "operations", "bills", "linked", "errors"}
    listed = json.loads(alcove(home, "money", "list", "--json").stdout)
    with_bill = next(line for line in listed if line["bills"])
    why = alcove(home, "money", "why", with_bill["id"])
    assert why.returncode == 0, why.stderr
    assert why.stdout.strip()


def test_bad_files_get_a_reason_each_and_the_rest_goes_on(tmp_path: Path) -> None:
    given = tmp_path / "given"
    write(given, alcove_sample.make(4, years=1, operations=120, bills=2))
    statement = next((given / "statements").glob("*.ofx"))
    folder = tmp_path / "bad"
    folder.mkdir()
    shutil.copy(statement, folder / "good.ofx")
    (folder / "empty.ofx").write_bytes(b"")
    (folder / "cut.ofx").write_bytes(statement.read_bytes()[: statement.stat().st_size // 2])
    (folder / "noise.pdf").write_bytes(os.urandom(4096))
    (folder / "letter.csv").write_text("Dear bank,\nplease find attached nothing at all.\n")
    (folder / "new\nline.ofx").write_bytes(b"nothing")
    os.mkfifo(folder / "pipe.ofx")
    (folder / os.fsdecode(b"latin\xe9.ofx")).write_bytes(b"nothing")
    (folder / "bomb.xml").write_text(
        '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Document>&b;</Document>'
    )
    done = alcove(tmp_path / "home", "gather", str(folder), str(tmp_path / "missing.ofx"), "--json")
    said = summary(done)
    assert said["operations"] > 0
    refused = {Path(error["file"]).name: error["reason"] for error in said["errors"]}
    assert set(refused) >= {"empty.ofx", "noise.pdf", "letter.csv", "bomb.xml", "missing.ofx"}
    assert set(refused) >= {"new\ufffdline.ofx", "pipe.ofx", "latin\ufffd.ofx"}
    assert "good.ofx" not in refused
    assert all(reason and "Traceback" not in reason for reason in refused.values())
    assert "Traceback" not in done.stderr


def test_what_a_person_can_mend_is_one_line(tmp_path: Path) -> None:
    for words, said in (
        (("gather", "x", "--answer", "nonsense"), "NAME=VALUE"),
        (("instance", "show", "nobody.example"), "no instance"),
        (("serve", "--port", "99999999"), "port"),
    ):
        done = alcove(tmp_path / "home", *words)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert said in done.stderr


class Interrupted:
    """A place whose gathering goes on until the person presses Ctrl-C."""

    stopped = 0

    def gathering(self, ident: str) -> dict[str, Any]:
        if not self.stopped:
            raise KeyboardInterrupt
        files = [{"file": "a.ofx", "outcome": "new", "reason": ""}]
        return {"state": "stopped", "total": 3, "done": 1, "files": files}

    def stop(self, ident: str) -> None:
        self.stopped += 1


def test_ctrl_c_stops_the_gathering_and_tells_what_was_read() -> None:
    place, console = Interrupted(), Console(record=True, width=200, file=io.StringIO())
    with Progress(console=console) as progress:
        said = follow_or_stop(cast("Place", place), lambda: "one", progress, attended=True)
    outcome = Outcome()
    take(outcome, said, {})
    tell(outcome, console)
    assert (place.stopped, outcome.files, outcome.unread) == (1, 1, 2)
    assert "Stopped: 2 files were not read" in console.export_text()


class Sending:
    """A place to which the second file is on its way when the person presses Ctrl-C."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.gathered = 0

    def money(self) -> dict[str, int]:
        return {}

    def intake(self, file: Path, name: str, told: Callable[[int], None]) -> str:
        if self.held:
            raise KeyboardInterrupt
        self.held.append(name)
        return name

    def take_back(self, intake_id: str) -> None:
        self.held.remove(intake_id)

    def gather(self, *_: Any, **__: Any) -> str:
        self.gathered += 1
        return "one"


def test_ctrl_c_while_files_are_sent_takes_them_back(tmp_path: Path) -> None:
    place, console = Sending(), Console(record=True, width=200, file=io.StringIO())
    files = [Given(tmp_path / name, name, 10) for name in ("a.ofx", "b.ofx", "c.ofx")]
    outcome = gather_into(cast("Place", place), files, {}, console)
    tell(outcome, console)
    assert (place.held, place.gathered, outcome.unread) == ([], 0, 3)
    assert "Stopped: 3 files were not read" in console.export_text()


def test_ctrl_c_at_the_very_beginning_of_a_gathering_stops_it() -> None:
    place, console = Interrupted(), Console(record=True, width=200, file=io.StringIO())

    def begin() -> str:
        signal.raise_signal(signal.SIGINT)
        return "one"

    with Progress(console=console) as progress:
        said = follow_or_stop(cast("Place", place), begin, progress, attended=True)
    assert (place.stopped, said["state"]) == (1, "stopped")
