"""A trigger as clients see it (doctype io.cozy.triggers, contract-b section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.jsonapi import resource
from alcove.jobs.errors import BadDebounce, BadTriggerArguments, BadTriggerType
from alcove.jobs.model.duration import BadDuration, read_duration
from alcove.jobs.model.job import CLIENT, Job
from alcove.jobs.model.rules import BadRule, EventRule, read_rules
from alcove.jobs.model.timetable import ONCE, TIMED, BadTime, Next, timetable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.documents import Document

DOCTYPE = "io.cozy.triggers"
STATE_DOCTYPE = "io.cozy.triggers.state"
TYPES = TIMED | {"@event", "@webhook", "@client"}


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger: its document's id, revision and fields."""

    id: str
    rev: str
    fields: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Its type, with the sign: `@every`."""
        return str(self.fields.get("type", ""))

    @property
    def arguments(self) -> str:
        """When it fires, in the words of its type."""
        return str(self.fields.get("arguments") or "")

    @property
    def worker(self) -> str:
        """Who does its jobs."""
        return str(self.fields.get("worker", ""))

    @property
    def message(self) -> Any:
        """What its jobs are told."""
        return self.fields.get("message")

    @property
    def once(self) -> bool:
        """Whether it is removed when it has fired."""
        return self.kind in ONCE

    @property
    def timed(self) -> bool:
        """Whether time fires it."""
        return self.kind in TIMED

    @property
    def made(self) -> datetime:
        """When it was made."""
        said = (self.fields.get("cozyMetadata") or {}).get("createdAt", "")
        try:
            return datetime.fromisoformat(said).astimezone(UTC)
        except (TypeError, ValueError):
            return datetime(2026, 1, 1, tzinfo=UTC)

    def debounce(self) -> timedelta:
        """How long matches are gathered before a job is made; raises `BadDebounce`."""
        text = self.fields.get("debounce") or ""
        if not text:
            return timedelta(0)
        try:
            return max(timedelta(0), read_duration(str(text)))
        except BadDuration:
            raise BadDebounce(str(text)) from None

    def rules(self) -> list[EventRule]:
        """The rules of an `@event`; raises `BadTriggerArguments`."""
        try:
            return read_rules(self.arguments)
        except BadRule:
            raise BadTriggerArguments from None

    def timetable(self) -> Next:
        """When a trigger of time fires; raises `BadTriggerArguments`."""
        seed = f"{self.fields.get('domain')}\0{self.worker}\0" + orjson.dumps(self.message).decode()
        try:
            return timetable(self.kind, self.arguments, made=self.made, seed=seed)
        except BadTime:
            raise BadTriggerArguments from None

    def limits(self) -> tuple[int | None, float | None]:
        """The most attempts and seconds that its options ask for (their timeout is in nanoseconds)."""
        options = self.fields.get("options")
        if not isinstance(options, dict):
            return None, None
        attempts, timeout = options.get("max_exec_count"), options.get("timeout")
        return (
            attempts if isinstance(attempts, int) and attempts > 0 else None,
            timeout / 1e9 if isinstance(timeout, int | float) and timeout > 0 else None,
        )

    def checked(self) -> Trigger:
        """The same; raises `BadTriggerType`, `BadTriggerArguments`, `BadDebounce` when it could never work."""
        if self.kind not in TYPES:
            raise BadTriggerType
        self.debounce()
        if self.timed:
            self.timetable()
        elif self.kind == "@event":
            self.rules()
        return self


def trigger_of(document: Document) -> Trigger:
    """The trigger of a stored document."""
    return Trigger(document.id, document.rev, document.fields())


def new_trigger(tenant: str, domain: str, said: Mapping[str, Any], *, by: str, now: str) -> Trigger:
    """A trigger of what a client said, without id yet; raises as `Trigger.checked`."""
    kind = said.get("type")
    worker = CLIENT if kind == "@client" else said.get("worker")
    message = said["message"] if "message" in said else said.get("worker_arguments")
    fields = {
        "domain": domain,
        "prefix": tenant,
        "type": kind if isinstance(kind, str) else "",
        "worker": worker if isinstance(worker, str) else "",
        "arguments": _string(said.get("arguments")),
        "debounce": _string(said.get("debounce")),
        "options": said.get("options"),
        "message": message,
        "cozyMetadata": {
            "doctypeVersion": "1",
            "metadataVersion": 1,
            "createdAt": now,
            **({"createdByApp": by} if by else {}),
            "updatedAt": now,
        },
    }
    return Trigger("", "", fields).checked()


def _string(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadTriggerArguments
    return value


def trigger_state(trigger_id: str, jobs: Sequence[Job]) -> dict[str, Any]:
    """How a trigger is doing, from its last jobs, newest first (contract-b section 7.1)."""
    state: dict[str, Any] = {"trigger_id": trigger_id, "status": jobs[0].state if jobs else "done"}
    for job in jobs:
        started = job.fields.get("started_at")
        found = {"last_execution": started, "last_executed_job_id": job.id}
        if job.fields.get("manual_execution"):
            found |= {"last_manual_execution": started, "last_manual_job_id": job.id}
        if job.state == "errored":
            found |= {"last_failure": started, "last_failed_job_id": job.id, "last_error": job.error}
        elif job.state == "done":
            found |= {"last_success": started, "last_successful_job_id": job.id}
        for name, value in found.items():
            state.setdefault(name, value)
    return state


def trigger_resource(trigger: Trigger, webhook: str = "", state: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The trigger in JSON:API, with its state when that was asked for. It has no `meta.rev`."""
    attributes: dict[str, Any] = {"_id": trigger.id, "_rev": trigger.rev, **trigger.fields}
    if state is not None:
        attributes["current_state"] = state
    links = {"self": f"/jobs/triggers/{trigger.id}"}
    if trigger.kind == "@webhook":
        links["webhook"] = webhook
    return resource(DOCTYPE, trigger.id, attributes, links=links)
