"""A connector asks, the person answers: the run goes on, or a new one begins with the answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from alcove.connectors import Intake
from alcove.connectors.model import ACCOUNTS, QUESTIONS
from alcove.connectors.question import Choice, Kind, Question, read_question
from alcove.connectors.store import Shelf
from alcove.documents import Documents
from alcove.identity import Tokens
from alcove.jobs import Jobs
from alcove.realtime import Realtime
from alcove.realtime.service import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx

    from alcove.documents import Change

FILES = """
from alcove_connectors.sdk import Asked, Connector, Context, Input, Question

class Table(Connector):
    slug = "table"

    def take(self, ctx: Context, item: Input) -> None:
        text = item.read(1000).decode()
        for field in ("amount", "date"):
            if field in text and not ctx.answer(item, field):
                raise Asked(Question(field, f"Which column is the {field}?", ("A", ("B", "The second")),
                                     rows=(("A", "B"), ("1", "2")), key="layout", seconds=SECONDS))
        said = [ctx.answer(item, field) for field in ("amount", "date")]
        ctx.result(item, "new", " ".join(said), {"files": 1})
"""

VENDOR = """
from alcove_connectors.sdk import Connector, Context, LoginFailed, Question

class Vendor(Connector):
    slug = "vendor"

    def run(self, ctx: Context) -> None:
        said = ctx.ask(Question("it", "The code of your phone?", kind="KIND", seconds=SECONDS))
        ctx.log.info(f"said {said}")
        if said != "hunter22":
            raise LoginFailed("It was " + said, detail="WRONG_TWOFA_CODE", retry=False)
"""

PERMISSIONS = {"accounts": {"type": ACCOUNTS, "verbs": ["GET", "PUT"]}}


def table(write_connector: Any, seconds: float = 30) -> Any:
    """A connector of files that asks for columns."""
    source = f"SECONDS = {seconds}\n{FILES}"
    return write_connector("table", source, entrypoint="table.run:Table", permissions=PERMISSIONS)


def vendor(write_connector: Any, kind: str, seconds: float = 30) -> Any:
    """A connector of accounts that asks for a secret."""
    source = f"SECONDS = {seconds}\n{VENDOR.replace('KIND', kind)}"
    return write_connector("vendor", source, entrypoint="vendor.run:Vendor", permissions=PERMISSIONS)


class Asked:
    """Waits for questions in a state, by listening to what is written."""

    def __init__(self, place: Any) -> None:
        self._place = place
        self._seen: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.stop: Callable[[], None] = place.house.need(Documents).watch(self._hear)

    def _hear(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.document.type == QUESTIONS and not change.document.deleted:
                self._seen.put_nowait({"_id": change.document.id, **change.document.fields()})

    async def next(self, state: str) -> dict[str, Any]:
        """The next question that enters a state."""
        while True:
            async with asyncio.timeout(60):
                said = await self._seen.get()
            if said["state"] == state:
                return said


async def begin(place: Any, files: dict[str, bytes], *, attended: bool = True) -> str:
    """Begins to gather; gives the id."""
    ids = [await place.give(name, content) for name, content in files.items()]
    body = {"data": {"attributes": {"intake": ids, "attended": attended}}}
    answer = await place.client.post("/connectors/gather", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["data"]["id"])


async def reply(place: Any, ident: str, said: Any, **more: Any) -> httpx.Response:
    """Answers a question."""
    body = {"data": {"attributes": {"answer": said}}}
    got: httpx.Response = await place.client.post(f"/connectors/questions/{ident}/answer", json=body, **more)
    return got


async def listed(place: Any) -> list[dict[str, Any]]:
    """The open questions, through the front door."""
    answer = await place.client.get("/connectors/questions")
    assert answer.status_code == 200
    return [{"_id": entry["id"], **entry["attributes"]} for entry in answer.json()["data"]]


async def push(place: Any, *, manual: bool = True) -> str:
    """Starts the connector of accounts; gives the job's id."""
    shelf = Shelf(place.house.need(Documents))
    await shelf.ensure_account(place.instance.key, "account", {"account_type": "vendor", "name": "me"})
    message = {"account": "account", "konnector": "vendor"}
    job = await place.house.need(Jobs).push(place.instance.key, "konnector", message, manual=manual)
    return str(job.id)


async def ended(place: Any, job_id: str) -> Any:
    """A job, when it has ended."""
    return await place.house.need(Jobs).wait(place.instance.key, job_id)


async def test_the_same_run_goes_on_with_the_answer(write_connector: Any, open_place: Any) -> None:
    place = await open_place(table(write_connector))
    asked = Asked(place)
    gathering = await begin(place, {"a": b"table amount", "b": b"table", "c": b"table amount date"})
    first = await asked.next("waiting")
    assert [entry["_id"] for entry in await listed(place)] == [first["_id"]]
    assert (first["connector"], first["files"], first["job"], first["field"]) == ("table", ["a"], gathering, "amount")
    assert first["choices"] == [{"value": "A", "label": "A"}, {"value": "B", "label": "The second"}]
    assert first["rows"] == [["A", "B"], ["1", "2"]]
    so_far = (await place.client.get(f"/connectors/gather/{gathering}")).json()["data"]["attributes"]
    assert so_far["state"] == "running"
    assert (await reply(place, first["_id"], "B")).status_code == 202
    again = await asked.next("waiting")
    assert (again["_id"], again["files"]) == (first["_id"], ["c"])
    assert (await reply(place, again["_id"], "A")).status_code == 202
    second = await asked.next("waiting")
    assert second["field"] == "date"
    assert (await reply(place, second["_id"], "A")).status_code == 202
    said = await place.end(gathering)
    found = {entry["file"]: (entry["outcome"], entry["reason"]) for entry in said["files"]}
    assert found == {"a": ("new", "B "), "b": ("new", " "), "c": ("new", "A A")}
    assert not await listed(place)
    assert not place.leftovers()


async def test_an_answer_twice_or_wrong_or_by_another_is_refused(write_connector: Any, open_place: Any) -> None:
    place = await open_place(table(write_connector))
    asked = Asked(place)
    gathering = await begin(place, {"a": b"table amount"})
    ident = (await asked.next("waiting"))["_id"]
    for wrong in ("C", "", None, 3, ["A"], "A" * 5000):
        assert (await reply(place, ident, wrong)).status_code == 422
    assert (await reply(place, "none", "A")).status_code == 404
    tokens = place.house.need(Tokens)
    for kind, subject, scope in (("cli", "CLI", "io.cozy.files"), ("konn", "table", "")):
        other = {"Authorization": f"Bearer {tokens.make(place.instance, kind, subject, scope)}"}
        assert (await reply(place, ident, "A", headers=other)).status_code == 403
        assert (await place.client.get("/connectors/questions", headers=other)).status_code == 403
        assert (await place.client.delete(f"/connectors/questions/{ident}", headers=other)).status_code == 403
    nobody = {"Authorization": ""}
    assert (await reply(place, ident, "A", headers=nobody)).status_code == 401
    assert (await place.client.put(f"/data/{QUESTIONS}/{ident}", json={"state": "answered"})).status_code == 403
    assert (await reply(place, ident, "A")).status_code == 202
    assert (await reply(place, ident, "A")).status_code == 409
    assert (await place.client.delete(f"/connectors/questions/{ident}")).status_code == 409
    assert (await place.end(gathering))["files"][0]["outcome"] == "new"


async def test_a_question_that_nobody_answers_waits_for_later(write_connector: Any, open_place: Any) -> None:
    place = await open_place(table(write_connector, seconds=0.05))
    asked = Asked(place)
    said = await place.end(await begin(place, {"a": b"table amount", "b": b"table date"}))
    assert [entry["outcome"] for entry in said["files"]] == ["asked", "asked"]
    assert [question["field"] for question in await listed(place)] == ["amount", "date"]
    assert said["files"][0]["question"]["id"] == (await asked.next("later"))["_id"]
    assert len(place.leftovers()) == 2


async def test_a_later_answer_starts_it_again_with_all_files_of_the_kind(write_connector: Any, open_place: Any) -> None:
    konnector = table(write_connector)
    place = await open_place(konnector, store="sqlite")
    await place.end(await begin(place, {"a": b"table amount 1", "b": b"table"}, attended=False))
    await place.end(await begin(place, {"c": b"table amount 2"}, attended=False))
    await place.close()
    place = await open_place(konnector, store="sqlite")
    (question,) = await listed(place)
    assert (question["state"], question["files"]) == ("later", ["a", "c"])
    asked = Asked(place)
    answer = await reply(place, question["_id"], "B")
    gathering = answer.json()["data"]["attributes"]["job"]
    # The answer serves the first of the two files; this connector does not remember, so it asks about the second.
    await reply(place, (await asked.next("waiting"))["_id"], "A")
    said = await place.end(gathering)
    assert [(entry["file"], entry["reason"]) for entry in said["files"]] == [("a", "B "), ("c", "A ")]
    assert not await listed(place)
    assert not place.leftovers()


async def test_a_dropped_question_lets_its_files_go(write_connector: Any, open_place: Any) -> None:
    place = await open_place(table(write_connector))
    asked = Asked(place)
    gathering = await begin(place, {"a": b"table amount"})
    live = (await asked.next("waiting"))["_id"]
    assert (await place.client.delete(f"/connectors/questions/{live}")).status_code == 204
    said = (await place.end(gathering))["files"][0]
    assert said["outcome"] == "not_understood"
    assert "left unanswered" in said["reason"]
    await place.end(await begin(place, {"a": b"table date"}, attended=False))
    assert len(place.leftovers()) == 1
    (late,) = await listed(place)
    assert (await place.client.delete(f"/connectors/questions/{late['_id']}")).status_code == 204
    assert not place.leftovers()
    assert (await reply(place, late["_id"], "A")).status_code == 409


async def test_a_file_that_is_read_after_all_leaves_no_question(write_connector: Any, open_place: Any) -> None:
    place = await open_place(table(write_connector))
    other = await place.give("waits", b"table amount")
    await place.end(await begin(place, {"a": b"table amount", "b": b"table date"}, attended=False))
    assert len(await listed(place)) == 2
    said = await place.gather({"again": b"table amount"}, again={"amount": "B"})
    assert said["files"][0]["outcome"] == "new"
    (left,) = await listed(place)
    assert (left["field"], left["files"]) == ("date", ["b"])
    assert set(place.leftovers()) == {other, *left["intake"]}


async def test_files_that_are_gone_end_their_question(write_connector: Any, open_place: Any) -> None:
    place = await open_place(table(write_connector))
    await place.end(await begin(place, {"a": b"table date"}, attended=False))
    (late,) = await listed(place)
    await place.house.need(Intake).discard(place.instance.key, late["intake"])
    assert (await reply(place, late["_id"], "A")).status_code == 404
    assert not await listed(place)


@pytest.mark.parametrize("kind", ["code", "password"])
async def test_a_secret_answer_is_written_down_nowhere(
    write_connector: Any, open_place: Any, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    place = await open_place(vendor(write_connector, kind))
    caplog.set_level("DEBUG")
    outbox, asked = Outbox(), Asked(place)
    for doctype in (QUESTIONS, "io.cozy.jobs", "io.cozy.jobs.events", ACCOUNTS):
        place.house.need(Realtime).subscribe(place.instance.key, doctype, "", outbox)
    job_id = await push(place)
    await reply(place, (await asked.next("waiting"))["_id"], "hunter22")
    job = await ended(place, job_id)
    assert (job.state, job.error) == ("done", "")
    told = []
    while outbox._frames:
        told.append(await outbox.get())
    assert any("said ***" in str(entry) for entry in told)
    written = [await place.documents(doctype) for doctype in (QUESTIONS, "io.cozy.jobs", ACCOUNTS)]
    assert "hunter22" not in f"{told}{written}{caplog.text}"


async def test_a_connector_that_tells_a_secret_is_not_passed_on(write_connector: Any, open_place: Any) -> None:
    ask = {"type": "ask", "ask": "1", "question": {"kind": "password", "field": "f", "text": "T?"}}
    source = f"import json, sys\nprint(json.dumps({ask!r}), flush=True)\nsaid = json.loads(input())['answer']\n"
    told = "dict(type=kind, message='X ' + said, no_retry=True)"
    source += f"for kind in ('info', 'critical'): print(json.dumps({told}), flush=True)\n"
    place = await open_place(write_connector("vendor", source))
    outbox, asked = Outbox(), Asked(place)
    place.house.need(Realtime).subscribe(place.instance.key, "io.cozy.jobs.events", "", outbox)
    job_id = await push(place)
    await reply(place, (await asked.next("waiting"))["_id"], "hunter22")
    assert (await ended(place, job_id)).error == "X ***"
    assert "X ***" in await outbox.get()
    assert "hunter22" not in str([await place.documents(doctype) for doctype in ("org.alcove.runs", "io.cozy.jobs")])


async def test_a_code_that_comes_too_late_begins_anew(write_connector: Any, open_place: Any) -> None:
    place = await open_place(vendor(write_connector, "code", seconds=0.05))
    asked = Asked(place)
    job = await ended(place, await push(place))
    assert (job.state, job.error) == ("errored", "USER_ACTION_NEEDED.TWOFA_EXPIRED")
    ident = (await asked.next("later"))["_id"]
    again = (await reply(place, ident, None)).json()["data"]["attributes"]["job"]
    assert (await asked.next("waiting"))["job"] == again
    assert (await ended(place, again)).error == "USER_ACTION_NEEDED.TWOFA_EXPIRED"


async def test_a_password_that_comes_later_is_held_for_the_run_that_it_starts(
    write_connector: Any, open_place: Any
) -> None:
    place = await open_place(vendor(write_connector, "password"))
    asked = Asked(place)
    job = await ended(place, await push(place, manual=False))
    assert job.error == "LOGIN_FAILED.NEEDS_SECRET"
    ident = (await asked.next("later"))["_id"]
    again = (await reply(place, ident, "hunter22")).json()["data"]["attributes"]["job"]
    assert (await ended(place, again)).error == ""
    assert not await listed(place)


async def test_a_run_that_ends_does_not_leave_a_question_waiting(write_connector: Any, open_place: Any) -> None:
    line = {"type": "ask", "ask": "1", "question": {"kind": "text", "field": "f", "text": "T?"}}
    rude = f"import json\nprint(json.dumps({line!r}), flush=True)\nraise SystemExit(3)"
    place = await open_place(write_connector("vendor", rude))
    asked = Asked(place)
    assert "status 3" in (await ended(place, await push(place))).error
    assert (await asked.next("later"))["field"] == "f"


async def test_a_code_in_cozy_s_own_way_goes_to_the_account(open_place: Any) -> None:
    place = await open_place()
    shelf = Shelf(place.house.need(Documents))
    fields = {"account_type": "dummy", "state": "TWOFA_NEEDED_RETRY.SMS", "twoFACode": None}
    await shelf.ensure_account(place.instance.key, "acc", fields)
    (question,) = await listed(place)
    assert (question["kind"], question["way"], question["wrong"]) == ("code", "SMS", True)
    assert (await reply(place, question["_id"], "")).status_code == 422
    assert (await reply(place, question["_id"], "123456")).status_code == 202
    assert (await place.documents(ACCOUNTS))[0]["twoFACode"] == "123456"
    assert not await listed(place)
    assert (await reply(place, question["_id"], "1")).status_code == 409
    assert (await reply(place, "account:none", "1")).status_code == 404


def test_what_is_no_question_is_not_asked() -> None:
    good = {"kind": "choice", "field": "f", "text": "T?", "choices": ["a"]}
    assert read_question(good) == Question(Kind.CHOICE, "f", "T?", (Choice("a", "a"),))
    wrong: tuple[Any, ...] = (
        None,
        [],
        {},
        {**good, "kind": "other"},
        {**good, "kind": 3},
        {**good, "kind": ["choice"]},
        {**good, "field": 3},
        {**good, "text": ""},
        {**good, "choices": [3, {}]},
        {**good, "choices": "ab"},
    )
    for bad in wrong:
        assert read_question(bad) is None, bad
    long = read_question({**good, "text": "x" * 9000, "rows": [["y" * 900] * 900] * 900, "seconds": 1e9})
    assert long is not None
    assert (len(long.text), len(long.rows), len(long.rows[0]), len(long.rows[0][0]), long.seconds) == (
        500,
        10,
        200,
        200,
        180,
    )
