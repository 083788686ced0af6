"""Fires the triggers of time, and ends debounces: one ordered list of alarms for all instances.

The alarms follow the trigger documents (a follower with its cursor), so that triggers that are made, imported or
deleted by anybody are heard of, also after a crash. A job's id comes from its trigger and time: firing twice makes one
job.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.errors import NotFound, Refusal
from alcove.jobs.errors import TriggerMissing, WorkerMissing
from alcove.jobs.model.job import stable_id
from alcove.jobs.model.trigger import Trigger, trigger_of
from alcove.jobs.service.jobs import millis
from alcove.jobs.service.triggers import DEBOUNCED
from alcove.jobs.store import Alarm, Alarms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.base.clock import Clock
    from alcove.documents import Change
    from alcove.jobs.service.bell import Bell
    from alcove.jobs.service.triggers import Triggers

REST = 30.0
"""Seconds between two looks at the clock at the most: a laptop's clock jumps when it wakes."""
LINGER = timedelta(minutes=1)
"""How long a trigger that fires once can still be read after it has (golden jobs/events)."""
FIRED = "fired"
"""The rule of an alarm that removes such a trigger."""
AGAIN = timedelta(minutes=1)
"""When an alarm rings again whose job could not be pushed."""

log = logging.getLogger("alcove.jobs")


class Clockwork:
    """Keeps the alarms, and rings them."""

    def __init__(self, alarms: Alarms, triggers: Triggers, clock: Clock, bell: Bell) -> None:
        self._alarms = alarms
        self._triggers = triggers
        self._clock = clock
        self._bell = bell

    async def follow(self, tenant: str, changes: Sequence[Change]) -> None:
        """Sets the alarms that changed triggers need: the follower of their documents."""
        for change in changes:
            if change.document.deleted:
                await self._alarms.drop(tenant, change.document.id)
            else:
                await self._wind(tenant, trigger_of(change.document))
        self._bell.ring()

    async def _wind(self, tenant: str, trigger: Trigger) -> None:
        """Sets a trigger's alarm; one whose rule is the same keeps its time."""
        if not trigger.timed:
            return
        seen = await self._alarms.get(tenant, trigger.id)
        rule = f"{trigger.kind} {trigger.arguments}"
        if seen is not None and seen.rule in (rule, FIRED):
            return
        try:
            due = trigger.timetable()(self._clock.now())
        except (Refusal, OverflowError):
            log.warning("a trigger cannot be understood", extra={"trigger": trigger.id})
            due = None
        if due is None:
            await self._alarms.drop(tenant, trigger.id)
        else:
            await self._alarms.set(Alarm(tenant, trigger.id, rule, _ceiling(due)), replacing=seen)

    async def tick(self) -> float:
        """Rings what is due; answers the seconds to rest."""
        for alarm in await self._alarms.due(millis(self._clock.now())):
            await self._ring(alarm)
        due = await self._alarms.next_due()
        return REST if due is None else min(REST, max(0.0, (due - millis(self._clock.now())) / 1000))

    async def _ring(self, alarm: Alarm) -> None:
        try:
            trigger = await self._triggers.get(alarm.tenant, alarm.trigger)
            if alarm.rule == FIRED:
                await self._triggers.discard(alarm.tenant, trigger.id)
                await self._alarms.drop(alarm.tenant, trigger.id)
            elif alarm.rule == DEBOUNCED:
                await self._end_debounce(alarm, trigger)
            else:
                await self._fire(alarm, trigger)
        except WorkerMissing:
            log.warning("a trigger's worker is not there", extra={"trigger": alarm.trigger})
            await self._postpone(alarm)
        except (TriggerMissing, NotFound):
            await self._alarms.drop(alarm.tenant, alarm.trigger)
        except Exception:
            log.exception("a trigger could not be fired", extra={"trigger": alarm.trigger})
            await self._postpone(alarm)

    async def _postpone(self, alarm: Alarm) -> None:
        later = replace(alarm, due=millis(self._clock.now() + AGAIN))
        await self._alarms.set(later, replacing=alarm)

    async def _fire(self, alarm: Alarm, trigger: Trigger) -> None:
        await self._triggers.fire(alarm.tenant, trigger, job_id=_job_id(alarm))
        if trigger.once:
            removal = Alarm(alarm.tenant, trigger.id, FIRED, millis(self._clock.now() + LINGER))
            await self._alarms.set(removal, replacing=alarm)
            return
        # From now and not from the time it was due: after a night switched off, one run makes up for all it missed.
        after = max(self._clock.now(), datetime.fromtimestamp(alarm.due / 1000, UTC))
        due = trigger.timetable()(after)
        if due is None:
            await self._alarms.drop(alarm.tenant, trigger.id, seen=alarm)
        else:
            await self._alarms.set(replace(alarm, due=_ceiling(due)), replacing=alarm)

    async def _end_debounce(self, alarm: Alarm, trigger: Trigger) -> None:
        payload: Any = {"payloads": orjson.loads(alarm.body)} if alarm.body else None
        await self._triggers.fire(alarm.tenant, trigger, payload=payload, debounced=True, job_id=_job_id(alarm))
        # When more was gathered meanwhile the alarm is another one by now, and rings again with all of it.
        await self._alarms.drop(alarm.tenant, trigger.id, seen=alarm)


def _ceiling(due: datetime) -> int:
    """The next whole millisecond: rounded down, an alarm would ring too early and find the same time once more."""
    return millis(due + timedelta(microseconds=999))


def _job_id(alarm: Alarm) -> str:
    gathered = alarm.body.decode() if alarm.body else ""
    return stable_id(alarm.tenant, alarm.trigger, str(alarm.due), gathered)
