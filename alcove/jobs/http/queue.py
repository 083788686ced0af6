"""`/jobs`: pushing jobs, reading them, tidying up; and the operator's dead letters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from alcove.base.clock import rfc3339
from alcove.base.errors import BadRequest
from alcove.base.http import Guard, JSONResponse, Route, jsonapi_errors
from alcove.base.jsonapi import MEDIA_TYPE, answer, read, resource
from alcove.jobs.errors import ReservedWorker
from alcove.jobs.model.duration import BadDuration, read_duration
from alcove.jobs.model.job import DOCTYPE, job_resource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.base.http import Call
    from alcove.instances import Instances
    from alcove.jobs.service.jobs import Jobs
    from alcove.jobs.service.runner import Runner

PURGED_AFTER = "2W"
DEAD_DOCTYPE = "org.alcove.jobs.dead"


def listed(items: Sequence[Mapping[str, Any]]) -> Response:
    """A JSON:API list as this room's routes have it: without `links` (golden answers of jobs)."""
    return Response(orjson.dumps({"data": items, "meta": {"count": len(items)}}), 200, None, MEDIA_TYPE)


class QueueHTTP:
    """The routes about jobs."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def routes(self) -> list[Route]:
        """The route table."""
        table = (
            ("GET", "/jobs/queue/:worker", self.queued),
            ("POST", "/jobs/clean", self.clean),
            ("DELETE", "/jobs/purge", self.purge),
            ("GET", "/jobs/:id", self.get),
            ("PATCH", "/jobs/:id", self.settle),
        )
        return [
            Route("POST", "/jobs/queue/:worker", self.push, Guard.LATE, jsonapi_errors),
            *(Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, path, handler in table),
        ]

    async def push(self, call: Call) -> Response:
        """`POST /jobs/queue/:worker`."""
        worker = call.params["worker"]
        said = (await read(call))["attributes"]
        await call.identify()
        call.caller.allow("POST", DOCTYPE, "", {"worker": worker})
        if self._jobs.worker(worker).reserved and call.caller.audience != "cli":
            raise ReservedWorker
        attempts, timeout = _limits(said.get("options"))
        await self._jobs.check_rate(call.instance.key, worker)
        job = await self._jobs.push(
            call.instance.key,
            worker,
            said.get("arguments"),
            manual=said.get("manual") is True,
            max_attempts=attempts,
            timeout=timeout,
        )
        return answer(job_resource(job), 202)

    async def queued(self, call: Call) -> Response:
        """`GET /jobs/queue/:worker`: the jobs that wait."""
        worker = call.params["worker"]
        call.caller.allow("GET", DOCTYPE, "", {"worker": worker})
        return listed([job_resource(job) for job in await self._jobs.queued(call.instance.key, worker)])

    async def get(self, call: Call) -> Response:
        """`GET /jobs/:id`."""
        job = await self._jobs.get(call.instance.key, call.params["id"])
        call.caller.allow("GET", DOCTYPE, job.id, job.fields)
        return answer(job_resource(job))

    async def settle(self, call: Call) -> Response:
        """`PATCH /jobs/:id`: a client says how the job ended that it ran."""
        job = await self._jobs.get(call.instance.key, call.params["id"])
        call.caller.allow("PATCH", DOCTYPE, job.id, job.fields)
        said = (await read(call))["attributes"]
        ended = await self._jobs.settle_client_job(call.instance.key, job.id, said.get("state"), said.get("error"))
        return answer(job_resource(ended))

    async def clean(self, call: Call) -> Response:
        """`POST /jobs/clean`: ends jobs that seem to go on but that nobody does any more."""
        call.caller.allow_type("POST", DOCTYPE)
        return JSONResponse({"deleted": await self._jobs.clean(call.instance.key)})

    async def purge(self, call: Call) -> Response:
        """`DELETE /jobs/purge?workers=&duration=`: removes old jobs."""
        call.caller.allow_type("DELETE", DOCTYPE)
        try:
            older = read_duration(call.query("duration") or PURGED_AFTER, long=True)
        except BadDuration as error:
            raise BadRequest(f"{error} is no duration, such as 2W", parameter="duration") from None
        workers = [name for name in call.query("workers").split(",") if name]
        return JSONResponse({"deleted": await self._jobs.purge(call.instance.key, older, workers)})


def _limits(options: Any) -> tuple[int | None, float | None]:
    """The attempts and seconds that a push asks for; raises `BadRequest`."""
    if options is None:
        return None, None
    if not isinstance(options, dict):
        raise BadRequest("options must be an object", pointer="/data/attributes/options")
    attempts, timeout = options.get("max_exec_count"), options.get("timeout")
    for name, value in (("max_exec_count", attempts), ("timeout", timeout)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise BadRequest("a positive number is allowed", pointer=f"/data/attributes/options/{name}")
    return (int(attempts) if attempts else None), (float(timeout) if timeout else None)


class DeadHTTP:
    """The operator's view of jobs that failed for good, of all instances. It shows no message: that is the person's."""

    def __init__(self, runner: Runner, instances: Instances) -> None:
        self._runner = runner
        self._instances = instances

    def routes(self) -> list[Route]:
        """The route table, on the operator's port."""
        table = (("GET", "/jobs/dead", self.dead), ("POST", "/jobs/dead/:id/retry", self.retry))
        return [
            Route(method, path, handler, Guard.OPERATOR, jsonapi_errors, operator=True)
            for method, path, handler in table
        ]

    async def dead(self, _call: Call) -> Response:
        """`GET /jobs/dead`: the latest thousand."""
        items = []
        for entry in await self._runner.dead():
            instance = self._instances.by_key(entry.tenant)
            attributes = {
                "instance": instance.domain if instance else entry.tenant,
                "worker": entry.worker,
                "error": entry.error,
                "attempts": entry.attempts,
                "ended_at": rfc3339(datetime.fromtimestamp((entry.ended or 0) / 1000, UTC)),
            }
            items.append(resource(DEAD_DOCTYPE, entry.id, attributes))
        return listed(items)

    async def retry(self, call: Call) -> Response:
        """`POST /jobs/dead/:id/retry`: queues it as if it were new."""
        await self._runner.retry_dead(call.params["id"])
        return Response(status_code=204)
