"""`/connectors`: taking files in, gathering them, and answering what connectors ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from starlette.responses import Response

from alcove.base.clock import rfc3339
from alcove.base.digits import whole
from alcove.base.errors import Unprocessable
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, answer_list, read, resource
from alcove.connectors.errors import IntakeMissing
from alcove.connectors.model import GATHERINGS, INTAKE, QUESTIONS, TRIGGERS

if TYPE_CHECKING:
    from alcove.connectors.service.answers import Answers
    from alcove.connectors.service.gather import Gatherings
    from alcove.connectors.service.intake import Intake
    from alcove.connectors.service.runs import Runs
    from alcove.connectors.service.stops import Stops
    from alcove.connectors.store import Shelf
    from alcove.documents import Document
    from alcove.instances import Instance
    from alcove.jobs import Triggers


KONNECTOR = "konnector"
"""The worker that runs a source for one account."""


class ConnectorsHTTP:
    """The routes of this room: those of files ask for `org.alcove.gatherings`, others for `org.alcove.questions`."""

    def __init__(
        self,
        intake: Intake,
        gatherings: Gatherings,
        stops: Stops,
        answers: Answers,
        shelf: Shelf,
        runs: Runs,
        triggers: Triggers,
    ) -> None:
        self._intake = intake
        self._answers = answers
        self._gatherings = gatherings
        self._shelf = shelf
        self._runs = runs
        self._stops = stops
        self._triggers = triggers

    def routes(self) -> list[Route]:
        """The lines of the route table."""
        lines = (
            ("POST", "/connectors/intake", self.receive),
            ("DELETE", "/connectors/intake/:intake-id", self.take_back),
            ("POST", "/connectors/gather", self.gather),
            ("GET", "/connectors/gather", self.list_gatherings),
            ("GET", "/connectors/gather/:gathering-id", self.show),
            ("POST", "/connectors/gather/:gathering-id/stop", self.stop),
            ("GET", "/connectors/confinement", self.confinement),
            ("GET", "/connectors/schedule", self.schedule),
            ("GET", "/connectors/questions", self.questions),
            ("POST", "/connectors/questions/:question-id/answer", self.reply),
            ("DELETE", "/connectors/questions/:question-id", self.drop),
        )
        return [Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, path, handler in lines]

    async def receive(self, call: Call) -> Response:
        """`POST /connectors/intake?Name=`: the body is the file's bytes."""
        call.caller.allow_type("POST", GATHERINGS)
        said = call.request.headers.get("content-length", "")
        size = whole(said, 19)
        intake_id, fields = await self._intake.receive(call.instance, call.query("Name"), call.request.stream(), size)
        return answer(resource(INTAKE, intake_id, fields), 201)

    async def take_back(self, call: Call) -> Response:
        """`DELETE /connectors/intake/:intake-id`: a file that shall not be gathered after all."""
        call.caller.allow_type("POST", GATHERINGS)
        intake_id = call.params["intake-id"]
        if await self._shelf.intake(call.instance.key, intake_id) is None:
            raise IntakeMissing(intake_id)
        await self._intake.discard(call.instance.key, [intake_id])
        return Response(status_code=204)

    async def gather(self, call: Call) -> Response:
        """`POST /connectors/gather`: begins to gather; the answer is 202 with the gathering."""
        call.caller.allow_type("POST", GATHERINGS)
        attributes = (await read(call))["attributes"]
        ids = attributes.get("intake")
        if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
            raise Unprocessable("intake must be a list of ids", pointer="/data/attributes/intake")
        answers = attributes.get("answers") or {}
        if not isinstance(answers, dict):
            raise Unprocessable("answers must be an object", pointer="/data/attributes/answers")
        attended = attributes.get("attended", False)
        if not isinstance(attended, bool):
            raise Unprocessable("attended must be true or false", pointer="/data/attributes/attended")
        instance = cast("Instance", call.instance)
        document = await self._gatherings.start(instance, ids, answers, attended=attended)
        return answer(_shown(document), 202)

    async def list_gatherings(self, call: Call) -> Response:
        """`GET /connectors/gather`: the latest gatherings, the newest first."""
        call.caller.allow_type("GET", GATHERINGS)
        found = await self._shelf.gatherings(call.instance.key)
        return answer_list([_shown(document) for document in found])

    async def show(self, call: Call) -> Response:
        """`GET /connectors/gather/:gathering-id`."""
        call.caller.allow("GET", GATHERINGS, call.params["gathering-id"])
        return answer(_shown(await self._shelf.gathering(call.instance.key, call.params["gathering-id"])))

    async def stop(self, call: Call) -> Response:
        """`POST /connectors/gather/:gathering-id/stop`: what was read stays; the answer is 202 with the gathering."""
        call.caller.allow("POST", GATHERINGS, call.params["gathering-id"])
        document = await self._stops.ask(cast("Instance", call.instance), call.params["gathering-id"])
        return answer(_shown(document), 202)

    async def confinement(self, call: Call) -> Response:
        """`GET /connectors/confinement`: what holds connectors back here: `namespaces`, `limits` alone, or `none`."""
        call.caller.allow_type("GET", GATHERINGS)
        found = self._runs.confinement()
        said = {"level": found.level.value, "how": found.how}
        return answer(resource("org.alcove.confinement", "confinement", said))

    async def schedule(self, call: Call) -> Response:
        """`GET /connectors/schedule`: when each source that runs by itself runs next, in UTC."""
        call.caller.allow("GET", TRIGGERS, "", {"worker": KONNECTOR})
        tenant, shown = call.instance.key, []
        for trigger in await self._triggers.list(tenant, frozenset((KONNECTOR,)), frozenset()):
            due = await self._triggers.next_run(tenant, trigger)
            if due is not None and isinstance(trigger.message, dict):
                account, konnector = (str(trigger.message.get(name) or "") for name in ("account", "konnector"))
                said = {"account": account, "connector": konnector, "next": rfc3339(due)}
                shown.append(resource("org.alcove.schedule", trigger.id, said))
        return answer_list(shown)

    async def questions(self, call: Call) -> Response:
        """`GET /connectors/questions`: what waits for the person's answer, the oldest first."""
        call.caller.allow_type("GET", QUESTIONS)
        found = await self._answers.open(cast("Instance", call.instance))
        return answer_list([resource(QUESTIONS, ident, fields) for ident, fields in found])

    async def reply(self, call: Call) -> Response:
        """`POST /connectors/questions/:question-id/answer`: 202, with the job that goes on or begins."""
        ident = call.params["question-id"]
        call.caller.allow("POST", QUESTIONS, ident)
        attributes = (await read(call))["attributes"]
        job = await self._answers.answer(cast("Instance", call.instance), ident, attributes.get("answer"))
        return answer(resource(QUESTIONS, ident, {"state": "answered", **({"job": job} if job else {})}), 202)

    async def drop(self, call: Call) -> Response:
        """`DELETE /connectors/questions/:question-id`: it stays unanswered, and its files are not kept."""
        ident = call.params["question-id"]
        call.caller.allow("DELETE", QUESTIONS, ident)
        await self._answers.drop(cast("Instance", call.instance), ident)
        return Response(status_code=204)


def _shown(document: Document) -> dict[str, Any]:
    link = f"/connectors/gather/{document.id}"
    return resource(GATHERINGS, document.id, document.fields(), rev=document.rev, links={"self": link})
