"""A notification, and the rule that its category was declared with (contract-a section 12). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alcove.notifications.errors import NotificationWrong

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCTYPE = "io.cozy.notifications"
WAITING = "org.alcove.notifications.waiting"
"""Which mail waits for its time, by source: a collapsible one takes its place. `/data` opens none of them."""
TEXTS = {"category": 100, "category_id": 200, "title": 300, "message": 10_000, "priority": 20, "sound": 200,
         "content": 100_000, "content_html": 200_000}  # fmt: skip
"""Members that are texts, with the characters that each may have."""
CHANNELS = ("mobile", "mail", "sms")
FARTHEST = timedelta(days=366)
"""How far ahead a notification can be sent."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How the notifications of a category are sent, as its manifest says. `min_interval` is in nanoseconds there."""

    stateful: bool = False
    collapsible: bool = False
    min_interval: timedelta = timedelta(0)
    default_priority: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wants a person to know. `originator` is app, konnector, oauth, stack or cli."""

    originator: str
    slug: str


@dataclass(frozen=True, slots=True)
class Said:
    """What it says. `fields` are the members to store; `at` is when to send it, None for now."""

    fields: Mapping[str, Any]
    at: datetime | None

    @property
    def title(self) -> str:
        """The one line that there always is."""
        return str(self.fields["title"])

    def source(self, sender: Sender) -> str:
        """By what it belongs together with those before it."""
        category, ident = self.fields["category"], self.fields.get("category_id", "")
        return f"cozy/{sender.originator}/{sender.slug}/{category}/{ident}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a notification. `last_sent` is what is noted with it."""

    store: bool
    send: bool
    last_sent: datetime


def read_rule(said: Mapping[str, Any]) -> Rule:
    """The rule of a category in a manifest; what is not understood is as if it were not there."""
    interval = said.get("min_interval")
    nanoseconds = interval if isinstance(interval, int) and not isinstance(interval, bool) and interval > 0 else 0
    return Rule(
        said.get("stateful") is True,
        said.get("collapsible") is True,
        timedelta(microseconds=min(nanoseconds // 1000, FARTHEST // timedelta(microseconds=1))),
        str(said.get("default_priority") or ""),
    )


def read_notification(attributes: Mapping[str, Any], now: datetime) -> Said:
    """What a caller says, checked; raises `NotificationWrong`."""
    fields: dict[str, Any] = {}
    for name, length in TEXTS.items():
        value = attributes.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str) or len(value) > length:
            raise NotificationWrong(name, f"a text of {length} characters at the most is allowed")
        fields[name] = value
    for name in ("category", "title"):
        if not str(fields.get(name, "")).strip():
            raise NotificationWrong(name, "it is missing")
    state = attributes.get("state")
    if not isinstance(state, str | int | float | bool | None):
        raise NotificationWrong("state", "a text, a number, true or false is allowed")
    data = attributes.get("data")
    if not isinstance(data, dict | None):
        raise NotificationWrong("data", "an object is allowed")
    _check_channels(attributes.get("preferred_channels"))
    fields |= {name: value for name, value in (("state", state), ("data", data)) if value is not None}
    return Said(fields, _moment(attributes.get("at"), now))


def _check_channels(said: Any) -> None:
    """The mail is tried in any case, and no other channel is there: which ones are preferred changes nothing yet."""
    if said is not None and not (isinstance(said, list) and all(one in CHANNELS for one in said)):
        raise NotificationWrong("preferred_channels", f"a list of {', '.join(CHANNELS)} is allowed")


def _moment(said: Any, now: datetime) -> datetime | None:
    if said is None or said == "":
        return None
    try:
        at = datetime.fromisoformat(said)
        late = at > now + FARTHEST
    except (TypeError, ValueError):
        raise NotificationWrong("at", "a time with its zone is allowed, such as 2026-03-01T08:00:00Z") from None
    if late:
        raise NotificationWrong("at", f"{FARTHEST.days} days ahead at the most")
    return at if at > now else None


def judge(rule: Rule, state: Any, last: Mapping[str, Any] | None, now: datetime) -> Verdict:
    """What becomes of a notification with this state; `last` are the fields of the one before, of the same source.

    The same state as before is nothing new. A state that is false or zero says that all is well again: it is noted,
    and nobody is told.
    """
    if rule.stateful and last is not None and last.get("state") == state:
        return Verdict(store=False, send=False, last_sent=now)
    before = datetime.fromisoformat(str(last["last_sent"])) if last is not None else None
    too_soon = before is not None and now - before < rule.min_interval
    if too_soon or (rule.stateful and state in (False, 0)):
        return Verdict(store=True, send=False, last_sent=before or now)
    return Verdict(store=True, send=True, last_sent=now)
