"""Triggers: making, changing, launching them, and how they are doing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.clock import rfc3339
from alcove.base.errors import TooLarge
from alcove.base.ids import new_id
from alcove.jobs.errors import BadTriggerArguments, FixedTrigger, TriggerMissing
from alcove.jobs.model.suspicious import suspicious
from alcove.jobs.model.trigger import DOCTYPE, Trigger, new_trigger, trigger_of, trigger_state
from alcove.jobs.service.jobs import Jobs, millis
from alcove.jobs.store import Alarm, Alarms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alcove.base.clock import Clock
    from alcove.documents import Document, Documents, Tx
    from alcove.jobs.model.job import Job
    from alcove.jobs.service.bell import Bell

DEBOUNCED = "debounced"
"""The rule of an alarm that ends a debounce."""
GATHERED_LIMIT = 1 << 20
"""Bytes of payloads that a debounced webhook gathers at the most."""


class Triggers:
    """The triggers of every instance. `tenant` is an instance's key."""

    def __init__(
        self,
        documents: Documents,
        alarms: Alarms,
        jobs: Jobs,
        clock: Clock,
        bell: Bell,
        domain_of: Callable[[str], str],
    ) -> None:
        self._documents = documents
        self._alarms = alarms
        self._jobs = jobs
        self._clock = clock
        self._bell = bell
        self._domain_of = domain_of

    async def create(self, tenant: str, said: Mapping[str, Any], *, by: str) -> Trigger:
        """Makes a trigger of `type`, `arguments`, `worker`, `message`, `debounce`, `options`; `by` is who makes it.

        Raises `BadTriggerType`, `BadTriggerArguments`, `BadDebounce`, `WorkerMissing`.
        """
        trigger = self.drafted(tenant, said, by=by)
        self._jobs.worker(trigger.worker)
        return await self._documents.work(tenant, lambda tx: add_trigger(tx, trigger))

    def drafted(self, tenant: str, said: Mapping[str, Any], *, by: str) -> Trigger:
        """The trigger that would be made, checked but for its worker: to see who may make it before it is there."""
        return new_trigger(tenant, self._domain_of(tenant), said, by=by, now=rfc3339(self._clock.now()))

    async def get(self, tenant: str, trigger_id: str) -> Trigger:
        """A trigger; raises `TriggerMissing`."""
        document = await self._documents.get(tenant, DOCTYPE, trigger_id)
        if document is None:
            raise TriggerMissing
        return trigger_of(document)

    async def check(self, tenant: str) -> Sequence[Mapping[str, Any]]:
        """What of the triggers cannot be meant: see `suspicious`."""
        return suspicious([trigger_of(document) for document in await self._documents.all(tenant, DOCTYPE)])

    async def list(self, tenant: str, workers: frozenset[str], kinds: frozenset[str]) -> list[Trigger]:
        """The triggers of these workers and types; an empty set means any."""
        triggers = [trigger_of(document) for document in await self._documents.all(tenant, DOCTYPE)]
        return [t for t in triggers if (not workers or t.worker in workers) and (not kinds or t.kind in kinds)]

    async def state(self, tenant: str, trigger_id: str) -> dict[str, Any]:
        """How a trigger is doing, from its last 50 jobs."""
        return trigger_state(trigger_id, await self._jobs.of_trigger(tenant, trigger_id))

    async def next_run(self, tenant: str, trigger: Trigger) -> datetime | None:
        """When time fires a trigger next; None when nothing does. One that was just made has no alarm yet."""
        if not trigger.timed:
            return None
        alarm = await self._alarms.get(tenant, trigger.id)
        if alarm is not None and alarm.rule == f"{trigger.kind} {trigger.arguments}":
            return datetime.fromtimestamp(alarm.due / 1000, UTC)
        if alarm is not None:
            return None  # it has fired, and is about to go
        try:
            return trigger.timetable()(self._clock.now())
        except (BadTriggerArguments, OverflowError):
            return None

    async def change(self, tenant: str, trigger_id: str, said: Mapping[str, Any]) -> Trigger:
        """Changes the `message`, or the `arguments` of a @cron. Raises `TriggerMissing`, `FixedTrigger`,
        `BadTriggerArguments`.
        """
        now = rfc3339(self._clock.now())

        async def unit(tx: Tx) -> Document:
            document = await tx.get(DOCTYPE, trigger_id)
            if document is None:
                raise TriggerMissing
            changed = _changed(trigger_of(document), said, now)
            return await tx.put(DOCTYPE, trigger_id, changed.fields, document.rev)

        return trigger_of(await self._documents.work(tenant, unit))

    async def delete(self, tenant: str, trigger_id: str) -> None:
        """Removes a trigger; raises `TriggerMissing`. Jobs that it started go on."""

        async def unit(tx: Tx) -> None:
            document = await tx.get(DOCTYPE, trigger_id)
            if document is None:
                raise TriggerMissing
            await tx.delete(DOCTYPE, trigger_id, document.rev)

        await self._documents.work(tenant, unit)

    async def discard(self, tenant: str, trigger_id: str) -> None:
        """Removes a trigger if it is still there."""
        await self._documents.work(tenant, lambda tx: drop_trigger(tx, trigger_id))

    async def launch(self, tenant: str, trigger_id: str) -> Job:
        """Starts a job of a trigger because a person wants it now; raises `TriggerMissing`, `WorkerMissing`."""
        return await self.fire(tenant, await self.get(tenant, trigger_id), manual=True)

    async def fire(
        self,
        tenant: str,
        trigger: Trigger,
        *,
        manual: bool = False,
        event: Any = None,
        payload: Any = None,
        debounced: bool = False,
        job_id: str = "",
    ) -> Job:
        """Pushes the job of a trigger; raises `WorkerMissing`."""
        attempts, timeout = trigger.limits()
        return await self._jobs.push(
            tenant,
            trigger.worker,
            trigger.message,
            manual=manual,
            trigger_id=trigger.id,
            max_attempts=attempts,
            timeout=timeout,
            event=event,
            payload=payload,
            debounced=debounced,
            job_id=job_id,
        )

    async def call(self, tenant: str, trigger_id: str, payload: Any, *, manual: bool) -> None:
        """A webhook was called; raises `TriggerMissing`, also when the trigger is of another type."""
        trigger = await self.get(tenant, trigger_id)
        if trigger.kind != "@webhook":
            raise TriggerMissing
        if trigger.debounce():
            await self.gather(tenant, trigger, payload)
        else:
            await self.fire(tenant, trigger, manual=manual, payload=payload)

    async def gather(self, tenant: str, trigger: Trigger, payload: Any = None) -> None:
        """One match of a debounced trigger: the first starts the time, the others are merged (contract-b section 7.3).

        Raises `TooLarge` when the payloads of a webhook become too much.
        """
        while True:
            seen = await self._alarms.get(tenant, trigger.id)
            if seen is not None and payload is None:
                return
            gathered = [*(orjson.loads(seen.body) if seen and seen.body else []), payload]
            body = None if payload is None else orjson.dumps(gathered)
            if body is not None and len(body) > GATHERED_LIMIT:
                raise TooLarge("This webhook was called with too much in too short a time")
            due = seen.due if seen else millis(self._clock.now() + trigger.debounce())
            alarm = Alarm(tenant, trigger.id, DEBOUNCED, due, body)
            if await self._alarms.set(alarm, replacing=seen):
                self._bell.ring()
                return


async def add_trigger(tx: Tx, trigger: Trigger) -> Trigger:
    """Keeps a trigger that was drafted, in a unit of work: with it goes what it belongs to, or neither is there."""
    return trigger_of(await tx.put(DOCTYPE, new_id(), trigger.fields))


async def drop_trigger(tx: Tx, trigger_id: str) -> None:
    """Removes a trigger in a unit of work, if it is still there."""
    document = await tx.get(DOCTYPE, trigger_id)
    if document is not None:
        await tx.delete(DOCTYPE, trigger_id, document.rev)


def _changed(trigger: Trigger, said: Mapping[str, Any], now: str) -> Trigger:
    fields = dict(trigger.fields)
    if said.get("arguments") not in (None, "", trigger.arguments):
        if trigger.kind != "@cron":
            raise FixedTrigger
        if not isinstance(said["arguments"], str):
            raise BadTriggerArguments
        fields["arguments"] = said["arguments"]
    if "message" in said:
        fields["message"] = said["message"]
    metadata = fields.get("cozyMetadata")
    fields["cozyMetadata"] = {**(metadata if isinstance(metadata, dict) else {}), "updatedAt": now}
    return replace(trigger, fields=fields).checked()
