"""Gathering through the front door: what is given comes out as documents, once."""

from __future__ import annotations

import asyncio
import errno
import io
import zipfile
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

from alcove.base.confined import Confinement, Level
from alcove.connectors import Gatherings
from alcove.connectors.errors import InputTooLarge
from alcove.connectors.model import ACCOUNTS, GATHERINGS, INTAKE, RUNS
from alcove.connectors.service import intake, stops
from alcove.connectors.service.intake import IntakeLimits
from alcove.connectors.service.stops import Stops
from alcove.connectors.store import Shelf
from alcove.connectors.tests.conftest import outcomes
from alcove.documents import Change, Documents
from alcove.files import Files

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTES = """
from alcove_connectors.sdk import (
    Asked, BillEntry, Connector, Context, FileEntry, Input, NotUnderstood, Question, save_bills, save_files
)

class Notes(Connector):
    slug = "notes"

    def take(self, ctx: Context, item: Input) -> None:
        text = item.read(1000).decode()
        if "odd" in text:
            raise NotUnderstood("It is odd.")
        currency = ctx.answer(item, "currency") or "EUR"
        if "ask" in text and not ctx.answer(item, "currency"):
            raise Asked(Question("currency", "Which currency?", ("CHF", "EUR"), key="money"))
        ctx.log.info("took one")
        (file,) = save_files(ctx, [FileEntry(item.name.rpartition("/")[2], item.path, id_attributes=(text,))])
        bill = {"vendor": "V", "date": "2026-01-02", "amount": float(len(text)), "currency": currency}
        saved = save_bills(ctx, [BillEntry(bill, file)])
        ctx.state["taken"] = ctx.state.get("taken", 0) + saved.new
        ctx.result(item, saved.outcome, counts={"bills": saved.new, "files": int(file.outcome == "new")})
"""

PERMISSIONS = {
    "accounts": {"type": "io.cozy.accounts", "verbs": ["GET", "PUT"]},
    "files": {"type": "io.cozy.files"},
    "bills": {"type": "io.cozy.bills"},
}


def zipped(entries: dict[str, bytes]) -> bytes:
    """The bytes of an archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def notes(write_connector: Any) -> Any:
    """A real connector: it stores a file and a bill through the kit."""
    return write_connector(
        "notes",
        NOTES,
        entrypoint="notes.run:Notes",
        permissions=PERMISSIONS,
        folders=[{"defaultDir": "$administrative"}],
    )


async def test_what_is_given_is_there_once(write_connector: Any, open_place: Any) -> None:
    place = await open_place(notes(write_connector))
    files = {"a.txt": b"notes one", "b.zip": zipped({"in/c.txt": b"notes of two", "d.txt": b"notes odd"}), "e": b"Hm"}
    said = await place.gather(files)
    assert said["state"] == "done"
    assert outcomes(said) == {
        "a.txt": ("new", ""),
        "b.zip/in/c.txt": ("new", ""),
        "b.zip/d.txt": ("not_understood", "It is odd."),
        "e": ("not_understood", "No connector knows what to do with it: it is a text."),
    }
    assert said["done"] == said["total"] == 4
    (bill,) = [bill for bill in await place.documents("io.cozy.bills") if bill["amount"] == 9]
    assert bill["cozyMetadata"]["createdByApp"] == "notes"
    file = await place.house.need(Files).get(place.instance, bill["invoice"].partition(":")[2])
    assert file.references == [{"type": "io.cozy.bills", "id": bill["_id"]}]
    assert await place.house.need(Files).path(place.instance, file) == "/Administrative/Notes/a.txt"
    again = await place.gather(files)
    assert [entry["outcome"] for entry in again["files"] if entry["connector"]].count("known") == 2
    assert len(await place.documents("io.cozy.bills")) == 2
    (account,) = await place.documents(ACCOUNTS)
    assert (account["account_type"], account["data"]["state"]) == ("notes", {"taken": 2})
    assert not await place.documents(INTAKE)
    assert not place.leftovers()


async def test_a_question_is_answered_in_the_next_gathering(write_connector: Any, open_place: Any) -> None:
    place = await open_place(notes(write_connector))
    asked = await place.gather({"x/a.txt": b"notes ask"})
    assert asked["files"][0]["outcome"] == "asked"
    assert asked["files"][0]["question"]["field"] == "currency"
    answered = await place.gather({"x/a.txt": b"notes ask"}, **{"x/a.txt": "CHF"})
    assert answered["files"][0]["outcome"] == "new"
    assert [bill["currency"] for bill in await place.documents("io.cozy.bills")] == ["CHF"]


async def test_a_connector_can_do_only_what_its_manifest_says(write_connector: Any, open_place: Any) -> None:
    konnector = write_connector("notes", NOTES, entrypoint="notes.run:Notes", permissions={})
    place = await open_place(konnector)
    said = await place.gather({"a.txt": b"notes one"})
    assert "403" in said["files"][0]["reason"]
    assert not await place.documents("io.cozy.bills")


async def test_gatherings_are_listed_newest_first(open_place: Any) -> None:
    place = await open_place()
    first = await place.gather({"a": b"1"})
    second = await place.gather({"a": b"2"})
    listed = (await place.client.get("/connectors/gather")).json()
    assert [entry["attributes"]["created_at"] for entry in listed["data"]] == [
        second["created_at"],
        first["created_at"],
    ]


async def test_without_confinement_it_says_what_to_install(open_place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def find(_mode: str) -> Confinement:
        return Confinement(Level.NONE, "bubblewrap is not installed: install it")

    monkeypatch.setattr(Confinement, "find", find)
    place = await open_place()
    said = await place.gather({"a": b"1"})
    assert (said["state"], said["error"]) == ("errored", "Bubblewrap is not installed: install it")
    assert not place.leftovers()


async def test_bad_requests_are_refused_in_words(open_place: Any) -> None:
    place = await open_place()
    gather = {"data": {"attributes": {"intake": ["f" * 32]}}}
    for method, path, body, status in (
        ("POST", "/connectors/gather", gather, 404),
        ("POST", "/connectors/gather", {"data": {"attributes": {"intake": []}}}, 422),
        ("POST", "/connectors/gather", {"data": {"attributes": {"intake": "x"}}}, 422),
        ("POST", "/connectors/gather", {"data": {"attributes": {"intake": ["x"], "answers": [1]}}}, 422),
        ("POST", "/connectors/gather", [], 400),
        ("POST", "/connectors/intake", {}, 422),
        ("POST", "/connectors/intake?Name=..", {}, 422),
        ("DELETE", "/connectors/intake/x", None, 404),
        ("GET", "/connectors/gather/x", None, 404),
    ):
        answer = await place.client.request(method, path, json=body)
        assert answer.status_code == status, (method, path, answer.text)
        assert answer.json()["errors"][0]["status"] == str(status)
    anonymous = await place.client.post("/connectors/intake?Name=a", content=b"x", headers={"Authorization": ""})
    assert anonymous.status_code == 401
    assert not place.leftovers()


async def test_a_full_disk_is_told_and_nothing_stays(open_place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place = await open_place()

    def full(opened: BinaryIO, *_: object) -> None:
        opened.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(intake, "_append", full)
    answer = await place.client.post("/connectors/intake?Name=a", content=b"x" * 1000)
    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (507, "Insufficient Storage")
    assert not place.leftovers()


async def test_a_file_too_large_is_refused_while_it_streams(open_place: Any) -> None:
    place = await open_place()
    place.intake._limits = IntakeLimits(size=3 << 20, files=2, total=5 << 20)

    async def endless() -> Any:
        while True:
            yield b"x" * (1 << 16)

    async def long() -> Any:
        for _ in range(64):
            yield b"x" * (1 << 16)

    with pytest.raises(InputTooLarge):
        await place.intake.receive(place.instance, "a", endless())
    answer = await place.client.post("/connectors/intake?Name=a", content=long())
    assert answer.status_code == 413
    assert "3145728 bytes" in answer.json()["errors"][0]["detail"]
    with pytest.raises(InputTooLarge):
        await place.intake.receive(place.instance, "a", endless(), size=3 << 30)
    assert not place.leftovers()
    await place.give("a", b"x" * (3 << 20))
    full = await place.client.post("/connectors/intake?Name=b", content=b"x" * (2 << 20))
    assert full.status_code == 413
    kept = await place.give("b", b"x")
    many = await place.client.post("/connectors/intake?Name=c", content=b"x")
    assert "2 files can wait" in many.json()["errors"][0]["detail"]
    assert (await place.client.delete(f"/connectors/intake/{kept}")).status_code == 204
    await place.give("c", b"x")


async def test_what_was_lost_on_its_way_is_told(open_place: Any) -> None:
    place = await open_place()
    intake_id = await place.give("a", b"text")
    (place.intake.folder(place.instance.key) / intake_id).write_bytes(b"te")
    answer = await place.client.post("/connectors/gather", json={"data": {"attributes": {"intake": [intake_id]}}})
    said = await place.end(answer.json()["data"]["id"])
    assert outcomes(said) == {"a": ("error", "The file was lost on its way: send it again.")}


async def test_leftovers_go_when_the_server_starts(open_place: Any) -> None:
    place = await open_place(store="sqlite")
    await place.give("a", b"text")
    stray = place.intake.workspace(place.instance.key, "0" * 32)
    stray.mkdir(parents=True)
    await place.gather({"b": b"text"})
    assert len(place.leftovers()) == 2
    await place.close()
    again = await open_place(store="sqlite")
    assert not again.leftovers()
    assert not await again.documents(INTAKE)
    assert len(await again.documents(GATHERINGS)) == 1


async def test_a_gathering_that_was_cut_off_begins_again(write_connector: Any, open_place: Any) -> None:
    slow = "import json, os, time\ntime.sleep(0.3)\nfor item in json.load(open(os.environ['ALCOVE_INPUTS'])):\n"
    slow += "    print(json.dumps({'type': 'result', 'input': item['id'], 'outcome': 'new'}), flush=True)\n"
    place = await open_place(write_connector("slow", slow))
    documents, gatherings = place.house.need(Documents), place.house.need(Gatherings)
    gathering_id, intake_id = "0" * 32, await place.give("a", b"slow")
    fields = {"state": "queued", "intake": [intake_id], "answers": {}, "created_at": "2026-01-01T00:00:00Z"}
    await Shelf(documents).put_gathering(place.instance.key, gathering_id, fields)
    running = asyncio.Event()

    def watch(changes: Sequence[Change]) -> None:
        if any(b'"state":"running"' in change.document.body for change in changes):
            running.set()

    stop = documents.watch(watch)
    task = asyncio.create_task(gatherings.run(place.instance, gathering_id))
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    stop()
    assert len(place.leftovers()) == 2
    await gatherings.run(place.instance, gathering_id)
    (said,) = await place.documents(GATHERINGS)
    assert (said["state"], outcomes(said)) == ("done", {"a": ("new", "")})
    assert not place.leftovers()


STUCK = """
import json, os, time
for item in json.load(open(os.environ["ALCOVE_INPUTS"])):
    print(json.dumps({"type": "begin", "input": item["id"]}), flush=True)
    while "stuck" in open(item["path"]).read():
        time.sleep(0.05)
    print(json.dumps({"type": "result", "input": item["id"], "outcome": "new"}), flush=True)
"""


async def begun(place: Any, files: dict[str, bytes]) -> str:
    """Begins to gather; answers the gathering's id."""
    ids = [await place.give(name, content) for name, content in files.items()]
    answer = await place.client.post("/connectors/gather", json={"data": {"attributes": {"intake": ids}}})
    return str(answer.json()["data"]["id"])


async def test_a_person_stops_a_gathering_and_what_was_read_stays(write_connector: Any, open_place: Any) -> None:
    place = await open_place(write_connector("slow", STUCK))
    second = asyncio.Event()

    def watch(changes: Sequence[Change]) -> None:
        if any(b'"label":"b"' in change.document.body for change in changes):
            second.set()

    unwatch = place.house.need(Documents).watch(watch)
    gathering_id = await begun(place, {"a": b"slow", "b": b"slow and stuck", "c": b"slow"})
    await second.wait()
    unwatch()
    answer = await place.client.post(f"/connectors/gather/{gathering_id}/stop")
    assert answer.status_code == 202, answer.text
    said = await place.end(gathering_id)
    assert (said["state"], said["total"], said["done"]) == ("stopped", 3, 1)
    assert outcomes(said) == {"a": ("new", "")}
    (run,) = await place.documents(RUNS)
    assert (run["state"], run["outcomes"], run.get("error")) == ("stopped", {"new": 1}, None)
    assert not place.leftovers()
    again = await place.client.post(f"/connectors/gather/{gathering_id}/stop")
    assert (again.status_code, again.json()["data"]["attributes"]["state"]) == (202, "stopped")
    assert (await place.gather({"b": b"slow"}))["state"] == "done"


async def test_a_gathering_is_stopped_before_it_has_begun(write_connector: Any, open_place: Any) -> None:
    place = await open_place(write_connector("slow", STUCK))
    busy = [await begun(place, {"a": b"slow and stuck"}) for _ in range(2)]
    waiting = await begun(place, {"c": b"slow"})
    stopped = await place.client.post(f"/connectors/gather/{waiting}/stop")
    assert stopped.json()["data"]["attributes"]["state"] == "stopped"
    for ident in busy:
        await place.client.post(f"/connectors/gather/{ident}/stop")
    assert [(await place.end(ident))["state"] for ident in (waiting, *busy)] == ["stopped"] * 3
    assert not place.leftovers()


async def test_another_process_hears_that_a_gathering_shall_stop(
    write_connector: Any, open_place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stops, "LOOK", 0.01)
    place = await open_place(write_connector("slow", STUCK))
    gathering_id = await begun(place, {"a": b"slow and stuck"})
    elsewhere = Stops(Shelf(place.house.need(Documents)), place.house.clock)
    await elsewhere.ask(place.instance, gathering_id)
    assert (await place.end(gathering_id))["state"] == "stopped"


async def test_what_is_not_there_is_not_stopped(open_place: Any) -> None:
    place = await open_place()
    assert (await place.client.post("/connectors/gather/none/stop")).status_code == 404
