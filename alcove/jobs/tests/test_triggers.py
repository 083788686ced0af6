"""Triggers: made, changed, fired by time, by events, by calls."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from alcove.documents import Change, Document
from alcove.jobs import Running, TriggerMissing, Worker, WorkerMissing
from alcove.jobs.errors import BadDebounce, BadTriggerArguments, BadTriggerType, FixedTrigger
from alcove.jobs.model.trigger import DOCTYPE
from alcove.jobs.testing import ME, Bench


class Notes:
    """A worker that remembers its jobs."""

    def __init__(self) -> None:
        self.jobs: list[Running] = []

    async def handle(self, running: Running) -> None:
        self.jobs.append(running)

    @property
    def messages(self) -> list[Any]:
        return [running.message for running in self.jobs]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = await Bench().open()
    yield bench
    await bench.close()


@pytest.fixture
def notes(bench: Bench) -> Notes:
    notes = Notes()
    bench.workers.add("note", Worker(notes.handle))
    return notes


async def make(bench: Bench, kind: str, arguments: str = "", **more: Any) -> str:
    said = {"type": kind, "arguments": arguments, "worker": "note", "message": kind, **more}
    return (await bench.triggers.create(ME, said, by="test")).id


async def put(bench: Bench, doctype: str, doc_id: str, fields: dict[str, Any]) -> Document:
    known = await bench.documents.get(ME, doctype, doc_id)
    return await bench.documents.work(ME, lambda tx: tx.put(doctype, doc_id, fields, known.rev if known else ""))


async def remove(bench: Bench, doctype: str, doc_id: str) -> None:
    known = await bench.documents.get(ME, doctype, doc_id)
    assert known is not None
    await bench.documents.work(ME, lambda tx: tx.delete(doctype, doc_id, known.rev))


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"type": "@nope"}, BadTriggerType),
        ({"type": 3}, BadTriggerType),
        ({"type": "@in", "arguments": "soon"}, BadTriggerArguments),
        ({"type": "@at", "arguments": "0001-01-01T00:00:00+23:59"}, BadTriggerArguments),
        ({"type": "@in", "arguments": 3}, BadTriggerArguments),
        ({"type": "@event", "arguments": ""}, BadTriggerArguments),
        ({"type": "@every", "arguments": "1h", "debounce": "abc"}, BadDebounce),
        ({"type": "@every", "arguments": "1h", "worker": "nobody"}, WorkerMissing),
    ],
)
async def test_what_could_never_work_is_refused(bench: Bench, said: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        await bench.triggers.create(ME, {"worker": "log", **said}, by="test")
    assert await bench.documents.count(ME, DOCTYPE) == 0


async def test_at_and_in_fire_once_and_are_gone(bench: Bench, notes: Notes) -> None:
    await make(bench, "@at", "2020-01-01T00:00:00Z")
    await make(bench, "@in", "1h")
    await bench.turn()
    assert notes.messages == ["@at"]
    bench.clock.pass_time(hours=1)
    await bench.turn()
    assert notes.messages == ["@at", "@in"]
    bench.clock.pass_time(minutes=1)
    await bench.turn()
    assert notes.messages == ["@at", "@in"]
    assert await bench.triggers.list(ME, frozenset(), frozenset()) == []
    assert await bench.alarms.next_due() is None


async def test_every_and_cron_fire_again_and_again(bench: Bench, notes: Notes) -> None:
    await make(bench, "@every", "24h")
    await make(bench, "@cron", "0 0 18 * * *")
    await bench.turn()
    for _ in range(4):
        bench.clock.pass_time(hours=12)
        await bench.turn()
    assert notes.messages == ["@cron", "@every", "@cron", "@every"]


async def test_after_a_long_night_one_run_makes_up_for_all(bench: Bench, notes: Notes) -> None:
    await make(bench, "@every", "1h")
    await bench.turn()
    bench.clock.pass_time(hours=9, minutes=30)
    await bench.turn()
    assert len(notes.jobs) == 1
    bench.clock.pass_time(minutes=30)
    await bench.turn()
    assert len(notes.jobs) == 2


async def test_a_trigger_that_is_deleted_or_changed_fires_no_more_as_before(bench: Bench, notes: Notes) -> None:
    gone = await make(bench, "@every", "1h")
    moved = await make(bench, "@cron", "0 0 13 * * *")
    await bench.turn()
    await bench.triggers.delete(ME, gone)
    await bench.triggers.change(ME, moved, {"arguments": "0 0 15 * * *", "message": "moved"})
    await bench.turn()
    bench.clock.pass_time(hours=2)
    await bench.turn()
    assert notes.messages == []
    bench.clock.pass_time(hours=1)
    await bench.turn()
    assert notes.messages == ["moved"]
    with pytest.raises(TriggerMissing):
        await bench.triggers.delete(ME, gone)


async def test_a_new_message_does_not_move_the_time(bench: Bench, notes: Notes) -> None:
    trigger = await make(bench, "@every", "1h")
    await bench.turn()
    bench.clock.pass_time(minutes=50)
    await bench.triggers.change(ME, trigger, {"message": "new"})
    await bench.turn()
    bench.clock.pass_time(minutes=10)
    await bench.turn()
    assert notes.messages == ["new"]
    with pytest.raises(FixedTrigger):
        await bench.triggers.change(ME, trigger, {"arguments": "2h"})


async def test_firing_twice_for_the_same_time_makes_one_job(bench: Bench, notes: Notes) -> None:
    await make(bench, "@every", "1h")
    await bench.turn()
    (alarm,) = await bench.alarms.due(1 << 60)
    bench.clock.pass_time(hours=1)
    await bench.clockwork.tick()
    (moved,) = await bench.alarms.due(1 << 60)
    await bench.alarms.set(alarm, replacing=moved)  # as if the server had crashed before it noted the next time
    await bench.turn()
    assert len(notes.jobs) == 1


async def test_a_trigger_without_its_worker_waits_for_it(bench: Bench) -> None:
    fields = {"type": "@every", "arguments": "1h", "worker": "absent"}
    await put(bench, DOCTYPE, "t", fields)
    await put(bench, DOCTYPE, "bad", {**fields, "arguments": "junk"})
    await bench.turn()
    bench.clock.pass_time(hours=1)
    await bench.turn()
    due = await bench.alarms.next_due()
    assert due is not None
    assert due > bench.clock.now().timestamp() * 1000


async def test_events_fire_by_verb_value_and_change(bench: Bench, notes: Notes) -> None:
    await make(bench, "@event", "io.cozy.contacts:CREATED:fam:kind io.cozy.todos:DELETED", message="a")
    await make(bench, "@event", "io.cozy.contacts:UPDATED:!=:kind", message="b")
    await put(bench, "io.cozy.contacts", "c1", {"kind": "other"})
    await put(bench, "io.cozy.contacts", "c2", {"kind": "fam"})
    await put(bench, "io.cozy.todos", "t1", {"x": 1})
    await bench.turn()
    assert [(j.message, j.event["doc"]["_id"], j.event["verb"]) for j in notes.jobs] == [("a", "c2", "CREATED")]
    await put(bench, "io.cozy.contacts", "c2", {"kind": "fam", "x": 1})
    await put(bench, "io.cozy.contacts", "c2", {"kind": "work"})
    await remove(bench, "io.cozy.todos", "t1")
    await bench.turn()
    changed, deleted = notes.jobs[1].event, notes.jobs[2].event
    assert (changed["old"]["kind"], changed["doc"]["kind"]) == ("fam", "work")
    assert (deleted["verb"], deleted["doc"]["x"]) == ("DELETED", 1)
    assert len(notes.jobs) == 3


async def test_what_nobody_may_read_is_no_event(bench: Bench, notes: Notes) -> None:
    await make(bench, "@event", "io.cozy.oauth.clients io.cozy.contacts")
    await put(bench, "io.cozy.oauth.clients", "c1", {"client_secret": "x"})
    await put(bench, "io.cozy.contacts", "c1", {})
    await bench.turn()
    assert [job.event["doc"]["_type"] for job in notes.jobs] == ["io.cozy.contacts"]


async def test_how_documents_are_listed_is_no_event(bench: Bench, notes: Notes) -> None:
    await make(bench, "@event", "io.cozy.contacts")
    await put(bench, "io.cozy.contacts", "_design/by_name", {"language": "query"})
    await put(bench, "io.cozy.contacts", "c1", {})
    await bench.turn()
    assert [job.event["doc"]["_id"] for job in notes.jobs] == ["c1"]


async def test_a_document_made_and_changed_between_two_visits_is_seen_as_both(bench: Bench, notes: Notes) -> None:
    await make(bench, "@event", "io.cozy.contacts:CREATED")
    await bench.turn()
    await put(bench, "io.cozy.contacts", "c1", {})
    await put(bench, "io.cozy.contacts", "c1", {"x": 1})
    await bench.turn()
    assert len(notes.jobs) == 1


@pytest.mark.usefixtures("notes")
async def test_the_follower_wants_what_triggers_wait_for(bench: Bench) -> None:
    heard = list[bool]()
    bench.documents.watch(lambda changes: heard.append(bench.happenings.wants(ME, changes)))

    async def wanted(doctype: str, doc_id: str) -> bool:
        await put(bench, doctype, doc_id, {})
        return heard[-1]

    assert await wanted("io.cozy.contacts", "c1"), "the triggers are not known yet"
    await bench.follow()
    assert not await wanted("io.cozy.contacts", "c2")
    await make(bench, "@event", "io.cozy.contacts:CREATED")
    assert heard[-1], "the trigger itself"
    assert await wanted("io.cozy.todos", "t1"), "the new trigger was not read yet"
    await bench.follow()
    assert await wanted("io.cozy.contacts", "c3")
    assert not await wanted("io.cozy.todos", "t2")


async def test_after_a_crash_events_are_caught_up_without_doubles(bench: Bench, notes: Notes) -> None:
    await make(bench, "@event", "io.cozy.contacts:CREATED,UPDATED")
    await put(bench, "io.cozy.contacts", "c1", {})
    await put(bench, "io.cozy.contacts", "c2", {})
    await put(bench, "io.cozy.contacts", "c2", {"x": 1})
    bench.happenings.forget(ME)  # what the process had seen is lost
    changes = await bench.documents.changes(ME, 0, 100)
    for _ in range(2):
        await bench.happenings.follow(ME, changes)
    await bench.turn()
    assert [(j.event["doc"]["_id"], j.event["verb"]) for j in notes.jobs] == [("c1", "CREATED"), ("c2", "UPDATED")]


async def test_more_than_is_kept_is_not_missed(bench: Bench, notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alcove.jobs.service.happenings.KEPT", 2)
    await make(bench, "@event", "io.cozy.contacts:CREATED")
    for number in range(5):
        await put(bench, "io.cozy.contacts", f"c{number}", {})
    await bench.turn()
    assert len(notes.jobs) == 5


async def test_a_folder_as_value_means_all_below_it(bench: Bench, notes: Notes) -> None:
    await make(bench, "@event", "io.cozy.files:CREATED:top")
    await put(bench, "io.cozy.files", "top", {"dir_id": "root"})
    await put(bench, "io.cozy.files", "sub", {"dir_id": "top"})
    await put(bench, "io.cozy.files", "deep", {"dir_id": "sub"})
    await put(bench, "io.cozy.files", "else", {"dir_id": "root"})
    await bench.turn()
    assert [j.event["doc"]["_id"] for j in notes.jobs] == ["top", "sub", "deep"]


async def test_what_no_trigger_waits_for_is_not_kept(bench: Bench, notes: Notes) -> None:
    await put(bench, "io.cozy.contacts", "c0", {})
    await bench.turn()
    await put(bench, "io.cozy.contacts", "c1", {})
    await bench.documents.work("alcove", lambda tx: tx.put("instances", "i", {}))
    assert bench.happenings._seen == {}
    await make(bench, "@event", "io.cozy.contacts")
    await put(bench, "io.cozy.contacts", "c2", {})
    await bench.turn()
    assert [j.event["doc"]["_id"] for j in notes.jobs] == ["c2"]


async def test_a_debounced_event_makes_one_job_of_many_matches(bench: Bench, notes: Notes) -> None:
    await make(bench, "@event", "io.cozy.contacts", debounce="10m")
    for number in range(3):
        await put(bench, "io.cozy.contacts", f"c{number}", {})
        await bench.turn()
    bench.clock.pass_time(minutes=9)
    await bench.turn()
    assert notes.jobs == []
    bench.clock.pass_time(minutes=1)
    await bench.turn()
    assert [(j.event, j.job.fields["debounced"]) for j in notes.jobs] == [(None, True)]
    await put(bench, "io.cozy.contacts", "c9", {})
    bench.clock.pass_time(minutes=20)
    await bench.turn()
    bench.clock.pass_time(minutes=10)
    await bench.turn()
    assert len(notes.jobs) == 2


async def test_a_webhook_hands_on_what_was_posted(bench: Bench, notes: Notes) -> None:
    plain = await make(bench, "@webhook")
    debounced = await make(bench, "@webhook", debounce="1m")
    other = await make(bench, "@client")
    await bench.triggers.call(ME, plain, {"a": 1}, manual=True)
    for number in range(3):
        await bench.triggers.call(ME, debounced, number, manual=False)
    await bench.turn()
    assert [(j.payload, j.manual) for j in notes.jobs] == [({"a": 1}, True)]
    bench.clock.pass_time(minutes=1)
    await bench.turn()
    assert notes.jobs[1].payload == {"payloads": [0, 1, 2]}
    for missing in (other, "nothing"):
        with pytest.raises(TriggerMissing):
            await bench.triggers.call(ME, missing, None, manual=False)


async def test_launching_and_how_a_trigger_is_doing(bench: Bench, notes: Notes) -> None:
    trigger = await make(bench, "@cron", "0 0 3 * * *", options={"max_exec_count": 1, "timeout": 2_000_000_000})
    assert await bench.triggers.state(ME, trigger) == {"trigger_id": trigger, "status": "done"}
    job = await bench.triggers.launch(ME, trigger)
    assert job.fields["options"] == {"max_exec_count": 1, "timeout": 2.0}
    await bench.turn()
    state = await bench.triggers.state(ME, trigger)
    assert state["last_manual_job_id"] == state["last_successful_job_id"] == job.id
    bench.clock.pass_time(seconds=1)
    second = await bench.triggers.launch(ME, trigger)
    assert [j.id for j in await bench.jobs.of_trigger(ME, trigger)] == [second.id, job.id]


async def test_a_client_s_trigger_is_launched_and_settled_by_the_client(bench: Bench) -> None:
    trigger = await make(bench, "@client", worker="ignored")
    job = await bench.triggers.launch(ME, trigger)
    assert (job.worker, job.state) == ("client", "running")
    await bench.turn()
    assert (await bench.jobs.get(ME, job.id)).state == "running"
    ended = await bench.jobs.settle_client_job(ME, job.id, "errored", "LOGIN_FAILED")
    assert (ended.state, ended.error) == ("errored", "LOGIN_FAILED")


async def test_the_time_of_an_imported_trigger_without_metadata(bench: Bench, notes: Notes) -> None:
    await put(bench, DOCTYPE, "t", {"type": "@every", "arguments": "1h", "worker": "note", "message": 1})
    await bench.turn()
    bench.clock.pass_time(hours=1)
    await bench.turn()
    assert notes.messages == [1]


async def test_changes_of_nothing_do_nothing(bench: Bench) -> None:
    await bench.happenings.follow(ME, [])
    await bench.clockwork.follow(ME, [Change(ME, 1, Document(DOCTYPE, "gone", "2-a", b"{}", deleted=True))])
    assert await bench.clockwork.tick() == 30
