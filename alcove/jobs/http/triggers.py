"""`/jobs/triggers` and `/jobs/webhooks`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from alcove.base.errors import BadRequest, Unprocessable
from alcove.base.http import Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, read, resource
from alcove.instances import Allowance, TooOften
from alcove.jobs.errors import ReservedWorker, TriggerMissing
from alcove.jobs.http.queue import listed
from alcove.jobs.model.job import CLIENT, job_resource
from alcove.jobs.model.trigger import DOCTYPE, STATE_DOCTYPE, trigger_resource, trigger_state

if TYPE_CHECKING:
    from alcove.base.http import Call, Caller
    from alcove.documents import Policies
    from alcove.instances import Allowances
    from alcove.jobs.model.trigger import Trigger
    from alcove.jobs.service.jobs import Jobs
    from alcove.jobs.service.triggers import Triggers

PAYLOAD_LIMIT = 1 << 20
"""Bytes of a webhook's body at the most."""
WEBHOOKS = Allowance("calls of webhooks", 30)
LISTED = 50


class TriggersHTTP:
    """The routes about triggers. `scheme` is the one of the URLs that are given out."""

    def __init__(self, triggers: Triggers, jobs: Jobs, allowances: Allowances, policies: Policies, scheme: str) -> None:
        self._triggers = triggers
        self._policies = policies
        self._jobs = jobs
        self._allowances = allowances
        self._scheme = scheme

    def routes(self) -> list[Route]:
        """The route table."""
        one = "/jobs/triggers/:id"
        late = (
            ("POST", "/jobs/triggers", self.create),
            ("GET", one, self.get),
            ("PATCH", one, self.change),
            ("DELETE", one, self.delete),
            ("GET", f"{one}/state", self.state),
            ("GET", f"{one}/jobs", self.jobs),
            ("POST", f"{one}/launch", self.launch),
        )
        return [
            *(Route(method, path, handler, Guard.LATE, jsonapi_errors) for method, path, handler in late),
            Route("GET", "/jobs/triggers", self.list, Guard.TOKEN, jsonapi_errors),
            # The trigger's id is the secret that lets call it.
            Route("POST", "/jobs/webhooks/:id", self.webhook, Guard.PUBLIC, jsonapi_errors),
        ]

    async def create(self, call: Call) -> Response:
        """`POST /jobs/triggers`."""
        said = (await read(call))["attributes"]
        await call.identify()
        by = "CLI" if call.caller.audience == "cli" else call.caller.subject
        draft = self._triggers.drafted(call.instance.key, said, by=by)
        call.caller.allow("POST", DOCTYPE, "", draft.fields)
        for rule in draft.rules() if draft.kind == "@event" else ():
            self._policies.check(rule.type)
        worker = self._jobs.worker(draft.worker)
        if worker.reserved and draft.kind != "@client" and call.caller.audience != "cli":
            raise ReservedWorker
        trigger = await self._triggers.create(call.instance.key, said, by=by)
        return answer(self._resource(call, trigger), 201)

    async def list(self, call: Call) -> Response:
        """`GET /jobs/triggers?Worker=a,b&Type=@cron,...`: with how each is doing."""
        workers = frozenset(filter(None, call.query("Worker").split(",")))
        kinds = frozenset(filter(None, call.query("Type").split(",")))
        if len(workers) == 1:
            call.caller.allow("GET", DOCTYPE, "", {"worker": next(iter(workers))})
        else:
            call.caller.allow_type("GET", DOCTYPE)
        triggers = await self._triggers.list(call.instance.key, workers, kinds)
        return listed([await self._with_state(call, trigger) for trigger in triggers])

    async def get(self, call: Call) -> Response:
        """`GET /jobs/triggers/:id`."""
        return answer(await self._with_state(call, await self._allowed(call, "GET")))

    async def change(self, call: Call) -> Response:
        """`PATCH /jobs/triggers/:id`: its message, or the arguments of a @cron."""
        trigger = await self._allowed(call, "PATCH")
        said = (await read(call))["attributes"]
        changed = await self._triggers.change(call.instance.key, trigger.id, said)
        # The state starts anew in this one answer: so the reference has it (golden jobs/triggers).
        return answer(self._resource(call, changed, trigger_state(changed.id, [])))

    async def delete(self, call: Call) -> Response:
        """`DELETE /jobs/triggers/:id`."""
        trigger = await self._allowed(call, "DELETE")
        await self._triggers.delete(call.instance.key, trigger.id)
        return Response(status_code=204)

    async def state(self, call: Call) -> Response:
        """`GET /jobs/triggers/:id/state`."""
        trigger = await self._allowed(call, "GET")
        state = await self._triggers.state(call.instance.key, trigger.id)
        link = f"/jobs/triggers/{trigger.id}/state"
        return answer(resource(STATE_DOCTYPE, trigger.id, state, links={"self": link}))

    async def jobs(self, call: Call) -> Response:
        """`GET /jobs/triggers/:id/jobs?Limit=`: the jobs it started, the newest first."""
        trigger = await self._known(call)
        call.caller.allow("GET", DOCTYPE, trigger.id, trigger.fields)
        limit = call.query("Limit", str(LISTED))
        if not (limit.isascii() and limit.isdigit()):
            raise BadRequest("Limit must be a number", parameter="Limit")
        jobs = await self._jobs.of_trigger(call.instance.key, trigger.id, min(int(limit[:9]), LISTED))
        return listed([job_resource(job) for job in jobs])

    async def launch(self, call: Call) -> Response:
        """`POST /jobs/triggers/:id/launch`: its job, now."""
        trigger = await self._known(call)
        call.caller.allow("POST", DOCTYPE, trigger.id, trigger.fields)
        await self._jobs.check_rate(call.instance.key, trigger.worker)
        return answer(job_resource(await self._triggers.launch(call.instance.key, trigger.id)), 201)

    async def webhook(self, call: Call) -> Response:
        """`POST /jobs/webhooks/:id?Manual=true`: 204 as soon as the job is queued, whatever becomes of it."""
        trigger = await self._triggers.get(call.instance.key, call.params["id"])
        try:
            await self._allowances.take(call.instance.key, WEBHOOKS)
        except TooOften:
            raise TriggerMissing from None
        body = await call.body(PAYLOAD_LIMIT)
        try:
            payload = orjson.loads(body) if body.strip() else None
        except orjson.JSONDecodeError:
            raise Unprocessable("The body of a webhook must be JSON") from None
        await self._triggers.call(call.instance.key, trigger.id, payload, manual=call.query("Manual") == "true")
        return Response(status_code=204)

    async def _allowed(self, call: Call, verb: str) -> Trigger:
        """The trigger of the call, if the caller may do this to it: by permission, or as the konnector it runs."""
        trigger = await self._known(call)
        if not _is_its_konnector(call.caller, trigger):
            call.caller.allow(verb, DOCTYPE, trigger.id, trigger.fields)
        return trigger

    async def _known(self, call: Call) -> Trigger:
        """The trigger of the call: one that is not there is told to everybody, as the reference does."""
        trigger = await self._triggers.get(call.instance.key, call.params["id"])
        await call.identify()
        return trigger

    def _resource(self, call: Call, trigger: Trigger, state: dict[str, Any] | None = None) -> dict[str, Any]:
        webhook = f"{self._scheme}://{call.instance.domain}/jobs/webhooks/{trigger.id}"
        return trigger_resource(trigger, webhook, state)

    async def _with_state(self, call: Call, trigger: Trigger) -> dict[str, Any]:
        return self._resource(call, trigger, await self._triggers.state(call.instance.key, trigger.id))


def _is_its_konnector(caller: Caller, trigger: Trigger) -> bool:
    message = trigger.message
    return (
        caller.audience == "konn"
        and trigger.worker in ("konnector", CLIENT)
        and isinstance(message, dict)
        and message.get("konnector") == caller.subject
    )
