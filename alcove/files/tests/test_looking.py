"""One process looks into many files: whatever a file does to it, only that one is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from alcove.base.confined import Cause, Ending, Here, Limits
from alcove.files.service import looking
from alcove.files.service.looking import Batch, Looking, Subject
from alcove.files.testing import parts_of
from alcove.files.tests.test_texts import Reading
from alcove.files.tests.test_thumbnails import Machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from alcove.files.tests.conftest import Door

PROGRAM = """
import os, signal, time

def prepare(mimes):
    global prepared
    prepared = mimes

def main(path, mime):
    print(open(path).read(), len(prepared), flush=True)
    if mime == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if mime == "memory":
        bytearray(1 << 40)
    if mime == "hang":
        time.sleep(60)
    if mime == "spin":
        while True:
            pass
    if mime == "raise":
        raise ValueError("no")
    if mime == "end the others":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    print("whole")
"""
LIMITS = Limits(memory=256 << 20, cpu=1, wall=5.0, file_size=0)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the program lies and the bytes meanwhile."""
    (tmp_path / "program.py").write_text(PROGRAM)
    return tmp_path


async def looked(place: Path, *kinds: str, limits: Limits = LIMITS) -> tuple[list[str], dict[str, list[str]]]:
    """Files of these kinds: those that no process came to, and of each what the program wrote and how it ended."""
    found: dict[str, list[str]] = {}

    async def add(batch: Batch, kind: str) -> bool:
        async def heard(line: bytes) -> None:
            found.setdefault(kind, []).append(line.decode())

        async def ended(ending: Ending) -> None:
            found.setdefault(kind, []).append(ending.cause.value)

        await batch.add(parts_of(kind.encode()), Subject(kind, heard, ended))
        return True

    machine = Looking(Here("degraded").find, place / "drawing")
    left = await machine.some(place / "program.py", limits, kinds, add)
    assert not list((place / "drawing").iterdir())
    return left, found


@pytest.mark.slow("starts confined processes")
async def test_what_a_file_does_to_its_reader_others_do_not_suffer(place: Path) -> None:
    kinds = ("first", "crash", "memory", "spin", "raise", "last")
    left, found = await looked(place, *kinds)
    assert left == []
    assert found == {
        "first": ["first 6", "whole", "exit"],
        "crash": ["crash 6", "signal"],
        "memory": ["memory 6", "memory"],
        "spin": ["spin 6", "cpu"],
        "raise": ["raise 6", "exit"],
        "last": ["last 6", "whole", "exit"],
    }


@pytest.mark.slow("starts confined processes, one of which hangs")
async def test_one_that_hangs_is_ended_in_its_time(place: Path) -> None:
    left, found = await looked(place, "first", "hang", "last", limits=Limits(wall=0.5, file_size=0))
    assert left == []
    assert found["hang"] == ["hang 3", "deadline"]
    assert found["last"] == ["last 3", "whole", "exit"]


@pytest.mark.slow("starts confined processes")
async def test_who_ends_them_all_is_to_blame(place: Path) -> None:
    left, found = await looked(place, "first", "end the others", "last")
    assert left == ["last"]
    assert found["first"][-1] == "exit"
    assert found["end the others"][1:] == ["signal"]
    assert "last" not in found


@pytest.mark.slow("starts confined processes")
async def test_others_get_their_turn(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "PATIENCE", 0.0)
    left, found = await looked(place, "first", "last")
    assert left == ["last"]
    assert list(found) == ["first"]


@pytest.mark.parametrize(("name", "value"), [("MANY", 1), ("MUCH", 3)])
async def test_a_batch_takes_so_much(place: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: int) -> None:
    monkeypatch.setattr(looking, name, value)
    monkeypatch.setattr(Batch, "run", _ran)
    left, _ = await looked(place, "first", "last")
    assert left == ["last"]


async def _ran(batch: Batch) -> int:
    return len(batch._files)


# What a process may write, through the texts of a place


@pytest.fixture
async def reading(door: Door) -> AsyncIterator[Reading]:
    made = Reading(door)
    yield made
    await made.texts.stop()


async def texts(reading: Reading, machine: Machine, count: int) -> list[str | None]:
    """The texts of so many files of one person, asked for at once, as this machine reads them."""

    async def confine() -> Machine:
        return machine

    reading.door.looking._confine = confine  # type: ignore[assignment]  # it runs nothing
    instance = reading.door.place.instance
    made = [await reading.door.make(f"?Type=file&Name={n}.txt", f"{n}".encode()) for n in range(count)]
    nodes = [await reading.door.place.files.get(instance, ident) for ident in made]
    for node in nodes:
        await reading.texts.text(instance.key, node.id, node.fields)
    await reading.texts.settle()
    return [await reading.texts.text(instance.key, node.id, node.fields) for node in nodes]


async def test_many_files_are_read_by_one_process(reading: Reading) -> None:
    machine = Machine(*(line for n in range(5) for line in (b'"%d"' % n, b"# exit 0")))
    assert await texts(reading, machine, 5) == ["0", "1", "2", "3", "4"]
    assert machine.runs == 1


async def test_the_next_process_reads_those_after_the_one_to_blame(reading: Reading) -> None:
    machine = Machine(b'"a"', b"# exit 0", b'"b"', cause=Cause.SIGNAL)
    assert await texts(reading, machine, 3) == ["a", None, "a"]
    assert machine.runs == 2


@pytest.mark.parametrize("line", [b"#", b"# exit", b"# exit -1", b"# exit 0 0", b"# bad 0", b"# exit 9999", b"#\xff 0"])
async def test_what_is_no_end_is_none(reading: Reading, line: bytes) -> None:
    machine = Machine(line, b'"a"', b"# exit 0", b'"b"', b"# exit 0", b'"of nobody"', b"# exit 0")
    assert await texts(reading, machine, 2) == ["a", "b"]


async def test_a_file_whose_bytes_are_gone_does_not_keep_others_from_being_read(reading: Reading) -> None:
    door, instance = reading.door, reading.door.place.instance
    gone = await door.make("?Type=file&Name=gone.txt", b"gone")
    node = await door.place.files.get(instance, gone)
    await door.place.blobs.remove(instance.key, node.blob)
    await reading.texts.text(instance.key, gone, node.fields)
    assert await texts(reading, Machine(b'"a"', b"# exit 0"), 1) == ["a"]


async def test_one_process_never_sees_files_of_two_people(reading: Reading) -> None:
    seen = list[set[str]]()

    async def make(tenant: str, files: list[tuple[str, str]]) -> None:
        seen.append({tenant})
        assert len(files) == 2

    reading.texts._make = make  # type: ignore[method-assign,assignment]  # what it is asked for is looked at
    for number, tenant in enumerate(("a", "b", "a", "b")):
        reading.texts.ask(tenant, f"file {number}", f"blob {number}")
    await reading.texts.settle()
    assert seen == [{"a"}, {"b"}]


async def test_what_cannot_be_kept_is_read_again(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    write, failed = reading.door.place.blobs.write, list[str]()

    async def full(*given: Any, **named: Any) -> Any:
        if "name" in named and not failed:
            failed.append(named["name"])
            raise OSError("disk full")
        return await write(*given, **named)

    monkeypatch.setattr(reading.door.place.blobs, "write", full)
    machine = Machine(b'"a"', b"# exit 0", b'"b"', b"# exit 0")
    first = await texts(reading, machine, 2)
    assert (first, len(failed)) == ([None, "b"], 1)
    await reading.texts.settle()
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
