"""The routes, walked through the route table as the server does."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson
import pytest
from starlette.requests import Request

from alcove.base.clock import SetClock
from alcove.base.errors import Forbidden, Refusal
from alcove.base.house import Registry
from alcove.base.http import Call, Guard, Route, Rule
from alcove.base.router import Router
from alcove.instances import CAPABILITIES, PROVISIONERS, Instance, Instances
from alcove.jobs import Running, Worker
from alcove.jobs.http.queue import DeadHTTP, QueueHTTP
from alcove.jobs.http.triggers import TriggersHTTP
from alcove.jobs.testing import ME, Bench

ALICE = Instance("me.localhost:8080", ME)
ALL = frozenset({"GET", "POST", "PATCH", "DELETE"})


class Caller:
    """A caller with some rules, in the manner of `identity`."""

    def __init__(self, *rules: Rule, audience: str = "app", subject: str = "drive") -> None:
        self.audience, self.subject, self.source = audience, subject, f"io.cozy.apps/{subject}"
        self.session = self.document = ""
        self.device: Mapping[str, str] = {}
        self._rules = rules

    def rules(self, verb: str, doctype: str) -> Sequence[Rule]:
        return [rule for rule in self._rules if rule.covers(verb, doctype)]

    def allow_type(self, verb: str, doctype: str) -> None:
        if not any(not rule.values for rule in self.rules(verb, doctype)):
            raise Forbidden

    def allow(self, verb: str, doctype: str, doc_id: str, fields: Mapping[str, Any] | None = None) -> None:
        for rule in self.rules(verb, doctype):
            said = (fields or {}).get(rule.selector) if rule.selector else doc_id
            if not rule.values or said in rule.values:
                return
        raise Forbidden


OWNER = Caller(Rule("io.cozy.jobs", ALL), Rule("io.cozy.triggers", ALL), audience="cli")
APP = Caller(Rule("io.cozy.jobs", ALL), Rule("io.cozy.triggers", ALL))
NARROW = Caller(
    Rule("io.cozy.jobs", ALL, frozenset({"log"}), "worker"), Rule("io.cozy.triggers", ALL, frozenset({"log"}), "worker")
)
STRANGER = Caller(Rule("io.cozy.nothing", ALL))


class Front:
    """Requests by method and path; answers the status and the decoded body."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        instances = Instances(
            bench.documents, SetClock(), Registry(PROVISIONERS), Registry(CAPABILITIES), locale="en", flat=True
        )
        self._router: Router[Route] = Router()
        for route in (
            *QueueHTTP(bench.jobs).routes(),
            *TriggersHTTP(bench.triggers, bench.jobs, bench.allowances, bench.policies, "http").routes(),
            *DeadHTTP(bench.runners[0], instances).routes(),
        ):
            self._router.add(("OP " if route.operator else "") + route.method, route.path, route)

    async def ask(
        self, line: str, caller: Caller | None = OWNER, body: Any = None, **attributes: Any
    ) -> tuple[int, Any]:
        method, _, target = line.rpartition(" ")
        path, _, query = target.partition("?")
        found = self._router.find(method, path)
        assert found is not None, line
        route, params = found
        said = {"data": {"attributes": attributes}} if body is None else body
        sent = said if isinstance(said, bytes) else orjson.dumps(said)

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": sent}

        scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": query.encode()}
        call = Call(Request(scope, receive), params, None if route.operator else ALICE)
        if route.guard in (Guard.TOKEN, Guard.LATE):
            assert caller is not None
            call.admit(caller)
        try:
            response = await route.handler(call)
        except Refusal as refusal:
            response = route.errors(refusal, "application/json")
        return response.status_code, orjson.loads(response.body) if response.body else None

    async def make(self, **attributes: Any) -> str:
        status, made = await self.ask("POST /jobs/triggers", **{"worker": "log", **attributes})
        assert status == 201, made
        return str(made["data"]["id"])


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    bench = await Bench().open()
    yield Front(bench)
    await bench.close()


async def test_a_job_is_pushed_read_and_done(front: Front) -> None:
    status, pushed = await front.ask("POST /jobs/queue/log", arguments="hello")
    assert status == 202
    data = pushed["data"]
    assert data["type"] == "io.cozy.jobs"
    assert data["links"] == {"self": f"/jobs/log/{data['id']}"}
    assert data["meta"] == {"rev": data["attributes"]["_rev"]}
    assert data["attributes"] | {"_rev": "", "queued_at": ""} == {
        "_id": data["id"],
        "_rev": "",
        "domain": "me.localhost",
        "prefix": ME,
        "worker": "log",
        "message": "hello",
        "event": None,
        "state": "queued",
        "queued_at": "",
        "started_at": "0001-01-01T00:00:00Z",
        "finished_at": "0001-01-01T00:00:00Z",
    }
    _, queued = await front.ask("GET /jobs/queue/log")
    assert [item["id"] for item in queued["data"]] == [data["id"]]
    await front.bench.turn()
    _, read = await front.ask(f"GET /jobs/{data['id']}")
    assert read["data"]["attributes"]["state"] == "done"
    assert await front.ask("GET /jobs/queue/log") == (200, {"data": [], "meta": {"count": 0}})


async def test_who_may_push_what(front: Front) -> None:
    async def nothing(_running: Running) -> None:
        pass

    front.bench.workers.add("secret", Worker(nothing, reserved=True))
    front.bench.workers.add("rare", Worker(nothing, hourly=1))
    assert (await front.ask("POST /jobs/queue/log", NARROW))[0] == 202
    assert (await front.ask("POST /jobs/queue/rare", NARROW)) == (403, {"error": "Forbidden"})
    assert (await front.ask("POST /jobs/queue/rare", STRANGER))[0] == 403
    assert (await front.ask("POST /jobs/queue/secret", APP))[0] == 403
    assert (await front.ask("POST /jobs/queue/secret", OWNER))[0] == 202
    status, body = await front.ask("POST /jobs/queue/nothing")
    assert status == 404
    assert body["errors"][0]["detail"] == "jobs: could not find worker"
    assert (await front.ask("POST /jobs/queue/rare"))[0] == 202
    assert (await front.ask("POST /jobs/queue/rare"))[0] == 429
    for line in ("GET /jobs/queue/log", "POST /jobs/clean", "DELETE /jobs/purge", "GET /jobs/triggers"):
        assert (await front.ask(line, STRANGER))[0] == 403
    _, pushed = await front.ask("POST /jobs/queue/rare?", APP, options={"timeout": 3})
    assert "errors" in pushed


WRONG_OPTIONS: list[Any] = [[], {"timeout": "x"}, {"max_exec_count": -1}]


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"{}", {"data": {"attributes": []}}]
    + [{"data": {"attributes": {"options": options}}} for options in WRONG_OPTIONS],
)
async def test_a_malformed_push_is_a_400(front: Front, body: Any) -> None:
    assert (await front.ask("POST /jobs/queue/log", body=body))[0] == 400


async def test_a_job_is_read_only_with_the_right_to_its_worker(front: Front) -> None:
    _, pushed = await front.ask("POST /jobs/queue/log", options={"timeout": 3})
    path = f"/jobs/{pushed['data']['id']}"
    assert pushed["data"]["attributes"]["options"] == {"timeout": 3.0}
    assert (await front.ask(f"GET {path}", NARROW))[0] == 200
    assert (await front.ask(f"GET {path}", STRANGER))[0] == 403
    assert (await front.ask("GET /jobs/unknown"))[0] == 404


async def test_a_client_settles_its_own_jobs_only(front: Front) -> None:
    _, other = await front.ask("POST /jobs/queue/log")
    trigger = await front.make(type="@client")
    _, launched = await front.ask(f"POST /jobs/triggers/{trigger}/launch")
    job = launched["data"]["id"]
    assert (await front.ask(f"PATCH /jobs/{other['data']['id']}", state="done"))[0] == 403
    assert (await front.ask(f"PATCH /jobs/{job}", state="queued"))[0] == 422
    status, settled = await front.ask(f"PATCH /jobs/{job}", state="errored", error="LOGIN_FAILED")
    assert status == 200
    assert settled["data"]["attributes"]["error"] == "LOGIN_FAILED"
    assert (await front.ask(f"PATCH /jobs/{job}", state="done"))[0] == 422


async def test_tidying_up(front: Front) -> None:
    assert await front.ask("POST /jobs/clean") == (200, {"deleted": 0})
    assert await front.ask("DELETE /jobs/purge?workers=log&duration=1W") == (200, {"deleted": 0})
    assert (await front.ask("DELETE /jobs/purge?duration=junk"))[0] == 400


async def test_a_trigger_is_made_read_changed_and_deleted(front: Front) -> None:
    status, made = await front.ask(
        "POST /jobs/triggers", type="@cron", arguments="0 0 3 * * 1", worker="log", worker_arguments="legacy"
    )
    assert status == 201
    data = made["data"]
    assert data["meta"] == {}
    assert data["links"] == {"self": f"/jobs/triggers/{data['id']}"}
    metadata = data["attributes"].pop("cozyMetadata")
    assert metadata["createdByApp"] == "CLI"
    assert data["attributes"] == {
        "_id": data["id"],
        "_rev": data["attributes"]["_rev"],
        "domain": "me.localhost",
        "prefix": ME,
        "type": "@cron",
        "worker": "log",
        "arguments": "0 0 3 * * 1",
        "debounce": "",
        "options": None,
        "message": "legacy",
    }
    path = f"/jobs/triggers/{data['id']}"
    _, changed = await front.ask(f"PATCH {path}", arguments="0 0 4 * * 2")
    assert changed["data"]["attributes"]["arguments"] == "0 0 4 * * 2"
    assert changed["data"]["attributes"]["current_state"] == {"trigger_id": data["id"], "status": "done"}
    _, state = await front.ask(f"GET {path}/state")
    assert (state["data"]["type"], state["data"]["links"]) == ("io.cozy.triggers.state", {"self": f"{path}/state"})
    assert (await front.ask(f"DELETE {path}"))[0] == 204
    status, gone = await front.ask(f"GET {path}")
    assert status == 404
    assert gone["errors"][0]["detail"] == "Trigger with specified ID does not exist"


async def test_bad_triggers_are_refused_in_the_words_of_the_contract(front: Front) -> None:
    status, body = await front.ask("POST /jobs/triggers", type="@nope", worker="log")
    assert (status, body["errors"][0]["source"]) == (422, {"pointer": "/data/attributes/Type"})
    hidden = "io.cozy.contacts io.cozy.oauth.clients:CREATED"
    status, body = await front.ask("POST /jobs/triggers", type="@event", arguments=hidden, worker="log")
    assert (status, "io.cozy.oauth.clients unreadable" in str(body)) == (403, True)
    answer = await front.ask("POST /jobs/triggers", type="@in", arguments="soon", worker="log")
    assert answer == (400, {"error": "Trigger unparsable"})
    status, body = await front.ask("POST /jobs/triggers", type="@every", arguments="1h", debounce="abc", worker="log")
    assert status == 422
    assert body["errors"][0]["detail"] == 'time: invalid duration "abc"'


async def test_triggers_are_listed_by_worker_and_type(front: Front) -> None:
    cron = await front.make(type="@cron", arguments="0 0 3 * * 1")
    await front.make(type="@in", arguments="1h")
    await front.make(type="@client")
    _, listed = await front.ask("GET /jobs/triggers?Worker=log&Type=@cron,@at", NARROW)
    assert [item["id"] for item in listed["data"]] == [cron]
    assert "current_state" in listed["data"][0]["attributes"]
    assert (await front.ask("GET /jobs/triggers?Worker=log,client", NARROW))[0] == 403
    assert (await front.ask("GET /jobs/triggers"))[1]["meta"] == {"count": 3}


async def test_launching_a_trigger_and_its_jobs(front: Front) -> None:
    path = f"/jobs/triggers/{await front.make(type='@cron', arguments='0 0 3 * * 1')}"
    status, launched = await front.ask(f"POST {path}/launch")
    assert status == 201
    assert launched["data"]["attributes"]["manual_execution"] is True
    _, listed = await front.ask(f"GET {path}/jobs?Limit=5")
    assert [item["id"] for item in listed["data"]] == [launched["data"]["id"]]
    assert (await front.ask(f"GET {path}/jobs?Limit=x"))[0] == 400
    assert (await front.ask(f"POST {path}/launch", STRANGER))[0] == 403


async def test_who_may_make_triggers_for_whom(front: Front) -> None:
    async def nothing(_running: Running) -> None:
        pass

    front.bench.workers.add("secret", Worker(nothing, reserved=True))
    every = {"type": "@every", "arguments": "1h"}
    assert (await front.ask("POST /jobs/triggers", NARROW, worker="secret", **every))[0] == 403
    assert (await front.ask("POST /jobs/triggers", APP, worker="secret", **every))[0] == 403
    assert (await front.ask("POST /jobs/triggers", APP, worker="nobody", **every))[0] == 404
    assert (await front.ask("POST /jobs/triggers", NARROW, worker="log", **every))[0] == 201
    assert (await front.ask("POST /jobs/triggers", APP, type="@client"))[0] == 201


async def test_a_konnector_handles_its_own_triggers(front: Front) -> None:
    path = f"/jobs/triggers/{await front.make(type='@client', message={'konnector': 'bank'})}"
    bank, shop = Caller(audience="konn", subject="bank"), Caller(audience="konn", subject="shop")
    assert (await front.ask(f"GET {path}", shop))[0] == 403
    assert (await front.ask(f"GET {path}", bank))[0] == 200
    assert (await front.ask(f"PATCH {path}", bank, message={"konnector": "bank", "x": 1}))[0] == 200
    assert (await front.ask(f"POST {path}/launch", bank))[0] == 403
    assert (await front.ask(f"DELETE {path}", bank))[0] == 204


async def test_webhooks(front: Front) -> None:
    _, made = await front.ask("POST /jobs/triggers", type="@webhook", worker="log")
    hook = made["data"]["id"]
    assert made["data"]["links"]["webhook"] == f"http://me.localhost:8080/jobs/webhooks/{hook}"
    path = f"POST /jobs/webhooks/{hook}"
    assert await front.ask(path, None, body=b'{"from":"outside"}') == (204, None)
    assert await front.ask(path, None, body=b"") == (204, None)
    assert (await front.ask(path, None, body=b"not json"))[0] == 422
    assert (await front.ask("POST /jobs/webhooks/unknown", None))[0] == 404
    for _ in range(27):
        await front.ask(path, None, body=b"1")
    assert (await front.ask(path, None, body=b"1"))[0] == 404
    assert len(await front.bench.jobs.of_trigger(ME, hook)) == 29


async def test_the_operator_sees_dead_jobs_and_tries_them_again(front: Front) -> None:
    async def fail(_running: Running) -> None:
        raise ValueError("no luck")

    front.bench.workers.add("w", Worker(fail))
    job = await front.bench.jobs.push(ME, "w", {"private": "text"})
    await front.bench.turn()
    _, body = await front.ask("OP GET /jobs/dead")
    (dead,) = body["data"]
    assert dead["id"] == job.id
    assert dead["attributes"] | {"ended_at": ""} == {
        "instance": ME,
        "worker": "w",
        "error": "no luck",
        "attempts": 1,
        "ended_at": "",
    }
    assert "private" not in str(body)
    assert await front.ask(f"OP POST /jobs/dead/{job.id}/retry") == (204, None)
    assert (await front.ask(f"OP POST /jobs/dead/{job.id}/retry"))[0] == 404
