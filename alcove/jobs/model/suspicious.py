"""Triggers that cannot be meant as they are (contract-a section 10, `checks/triggers`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alcove.jobs.model.trigger import Trigger

NEVER_THE_SAME = "@in"
"""Those count from when they were made: two of the same words are two different times."""
SERVICE = "service"
"""The worker of what apps run in the background."""


def suspicious(triggers: Sequence[Trigger]) -> list[dict[str, Any]]:
    """Each trigger that another one repeats, and each of a service that does not say which one."""
    return [*_repeated(triggers), *(fault for trigger in triggers for fault in _nameless(trigger))]


def _repeated(triggers: Sequence[Trigger]) -> Iterator[dict[str, Any]]:
    last: dict[bytes, Trigger] = {}
    for trigger in reversed(triggers):
        if trigger.kind == NEVER_THE_SAME:
            continue
        said = [trigger.kind, trigger.worker, trigger.arguments, trigger.fields.get("debounce") or "", trigger.message]
        other = last.get(key := orjson.dumps(said))
        last[key] = trigger
        if other is not None:
            more = {"other_id": other.id, "arguments": said[2], "debounce": said[3]}
            yield {"type": "duplicate", **_told(trigger), **more}


def _nameless(trigger: Trigger) -> Iterator[dict[str, Any]]:
    if trigger.kind != "@event" or trigger.worker != SERVICE:
        return
    if not isinstance(trigger.message, dict):
        yield {"type": "invalid_message", **_told(trigger)}
        return
    for member in ("name", "slug"):
        if not isinstance(trigger.message.get(member), str) or not trigger.message[member]:
            yield {"type": f"missing_{member}", **_told(trigger)}


def _told(trigger: Trigger) -> dict[str, Any]:
    message = orjson.dumps(trigger.message).decode()
    return {"_id": trigger.id, "trigger": trigger.kind, "worker": trigger.worker, "message": message}
