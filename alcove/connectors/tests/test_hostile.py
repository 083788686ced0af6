"""A connector that misbehaves is ended and told of; the other files, and the server, do not notice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from alcove.base.confined import Limits
from alcove.connectors.service import gather

if TYPE_CHECKING:
    from pathlib import Path

SHORT = Limits(memory=512 << 20, quiet=2.0, output=4 << 20, processes=8)

MISBEHAVIOURS = {
    "crash": ("os._exit(7)", "it ended with status 7"),
    "segfault": ("os.kill(os.getpid(), 11)", "it was ended by signal 11"),
    "hang": ("time.sleep(600)", "no sign of life for 2 s"),
    "flood": ("while True: print('x' * 1000)", "bytes of output"),
    "complain": ("while True: print('x' * 1000, file=sys.stderr)", "bytes of output"),
    "endless": ("while True: sys.stdout.write('x' * 1000)", "a line of more than"),
    "greedy": ("x = bytearray(4 << 30)", "512 MiB of memory"),
    "bomb": ("while True: os.fork()", "it ended with status 1"),
    "caller": ("import socket; socket.create_connection(('192.0.2.1', 443), 1)", "it ended with status 1"),
    "neighbour": ("import socket; socket.create_connection(('127.0.0.1', 6060), 1)", "it ended with status 1"),
    "thief": ("open('/etc/shadow').read()", "it ended with status 1"),
    "vandal": ("open('/usr/bin/x', 'w')", "it ended with status 1"),
}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "FRESH", SHORT)


async def test_each_is_ended_and_the_rest_goes_on(hostile: Any, open_place: Any) -> None:
    place = await open_place(*(hostile(slug, source) for slug, (source, _) in MISBEHAVIOURS.items()))
    files = {f"{slug}/{n}": f"{slug} {n}".encode() for slug in MISBEHAVIOURS for n in ("good", "bad", "better")}
    said = await place.gather(files)
    assert said["state"] == "done"
    assert said["done"] == said["total"] == len(files)
    found = {entry["file"]: entry for entry in said["files"]}
    for slug, (_, reason) in MISBEHAVIOURS.items():
        assert found[f"{slug}/good"]["outcome"] == found[f"{slug}/better"]["outcome"] == "new", slug
        assert found[f"{slug}/bad"]["outcome"] == "error", slug
        assert found[f"{slug}/bad"]["reason"].startswith(f"{slug.capitalize()} could not take this file: "), slug
        assert reason in found[f"{slug}/bad"]["reason"], slug
    assert not place.leftovers()


async def test_it_sees_nothing_of_the_data_folder(hostile: Any, open_place: Any, tmp_path: Path) -> None:
    home = tmp_path / "home"
    source = f"if os.path.exists({str(home)!r}): os._exit(9)"
    place = await open_place(hostile("looker", source))
    assert place.server.settings.home == home
    said = await place.gather({"a": b"looker bad"})
    assert said["files"][0]["outcome"] == "new", said


async def test_it_reads_its_inputs_only_and_cannot_change_them(hostile: Any, open_place: Any) -> None:
    place = await open_place(hostile("vandal", "open(item['path'], 'a').write('x')"))
    said = await place.gather({"a": b"vandal bad"})
    assert "it ended with status 1" in said["files"][0]["reason"]


async def test_a_nose_that_kills_the_sorter_costs_its_file_only(write_connector: Any, open_place: Any) -> None:
    nose = "import os\n    if b'deadly' in head: os._exit(5)\n    return 0.9 if b'fine' in head else 0.0"
    source = "import json, os\nfor item in json.load(open(os.environ['ALCOVE_INPUTS'])):\n"
    source += "    print(json.dumps({'type': 'result', 'input': item['id'], 'outcome': 'new'}), flush=True)\n"
    place = await open_place(write_connector("nosy", source, nose=nose))
    said = await place.gather({"a": b"fine 1", "b": b"deadly", "c": b"fine 2", "d": b"deadly again"})
    found = {entry["file"]: entry for entry in said["files"]}
    assert [found[name]["outcome"] for name in "abcd"] == ["new", "error", "new", "error"]
    assert "could not be sorted: it ended with status 5" in found["b"]["reason"]


async def test_one_that_dies_at_once_is_tried_twice_only(write_connector: Any, open_place: Any) -> None:
    place = await open_place(write_connector("stillborn", "raise SystemExit(4)"))
    said = await place.gather({"a": b"stillborn 1", "b": b"stillborn 2"})
    assert [entry["outcome"] for entry in said["files"]] == ["error", "error"]


async def test_lies_on_its_lines_are_not_believed(write_connector: Any, open_place: Any) -> None:
    lies = "import json\nfor line in ([], 3, {'type': 'result', 'input': 'x' * 40, 'outcome': 'new'}, "
    lies += (
        "{'type': 'result', 'input': None, 'outcome': {}}, {'type': 'progress', 'done': 'x'}): print(json.dumps(line))"
    )
    place = await open_place(write_connector("liar", lies))
    said = await place.gather({"a": b"liar"})
    assert [(entry["file"], entry["outcome"]) for entry in said["files"]] == [("a", "error")]


async def test_a_critical_error_ends_the_others_with_its_words(write_connector: Any, open_place: Any) -> None:
    full = "import json\nprint(json.dumps({'type': 'critical', 'message': 'DISK_QUOTA_EXCEEDED', 'detail': 'Full.'}))"
    place = await open_place(write_connector("full", full))
    said = await place.gather({"a": b"full 1", "b": b"full 2"})
    assert {entry["reason"] for entry in said["files"]} == {"Full could not take this file: Full."}


async def test_many_deaths_are_given_up(hostile: Any, open_place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "DEATHS", 2)
    place = await open_place(hostile("crash", "os._exit(1)"))
    said = await place.gather(dict.fromkeys("abcd", b"crash bad"))
    assert said["done"] == 4
    assert {entry["outcome"] for entry in said["files"]} == {"error"}


def test_limits_grow_with_the_number_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "FRESH", replace(SHORT, wall=1))
    assert gather.limits_for(1).wall == 305
    assert gather.limits_for(10_000).wall == 1500
