"""Fires the `@event` triggers: a follower of every change, made exact by what this process saw itself.

A follower comes after a crash and misses nothing, but it sees only the last write of each document and not what was
before. The watcher sees each write with the old content, but only while the process lives. So what the watcher kept is
used as far as it reaches, and the follower's own view for what happened before.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from alcove.base.errors import Refusal
from alcove.base.sqlite import SERVER
from alcove.jobs.errors import WorkerMissing
from alcove.jobs.model.job import stable_id
from alcove.jobs.model.trigger import DOCTYPE, Trigger, trigger_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alcove.documents import Change, Document, Documents
    from alcove.jobs.model.rules import EventRule
    from alcove.jobs.service.triggers import Triggers

KEPT = 1_000
"""Writes of one instance that are kept between two visits of the follower."""
FILES = "io.cozy.files"
DEEPEST = 256
"""Folders above a file that are looked at."""

log = logging.getLogger("alcove.jobs")

Watch = tuple[Trigger, tuple["EventRule", ...]]


class Happenings:
    """What happens to documents, as far as triggers wait for it.

    Jobs hold what happened, and apps read jobs: of doctypes that are not `readable`, nothing is told.
    """

    def __init__(self, documents: Documents, triggers: Triggers, readable: Callable[[str], bool]) -> None:
        self._documents = documents
        self._readable = readable
        self._triggers = triggers
        self._seen: dict[str, deque[Change]] = {}
        self._first: dict[str, int] = {}
        self._watches: dict[str, list[Watch]] = {}
        self._turns: dict[str, int] = {}

    def hear(self, changes: Sequence[Change]) -> None:
        """Keeps what was written until the follower comes: the watcher of the documents."""
        tenant = changes[0].tenant
        if tenant == SERVER:  # it has no triggers, and no follower comes by
            return
        self._first.setdefault(tenant, changes[0].seq)
        watched: dict[str, bool] = {}
        for change in changes:
            doctype = change.document.type
            if doctype == DOCTYPE:
                self._watches.pop(tenant, None)
                self._turns[tenant] = self._turns.get(tenant, 0) + 1
                watched.clear()
            if doctype not in watched:
                watched[doctype] = self._is_watched(tenant, doctype)
            if watched[doctype]:
                self._keep(tenant, change)

    def _keep(self, tenant: str, change: Change) -> None:
        seen = self._seen.setdefault(tenant, deque())
        seen.append(change)
        if len(seen) > KEPT:
            seen.popleft()
            self._first[tenant] = seen[0].seq

    def wants(self, tenant: str, changes: Sequence[Change]) -> bool:
        """Whether a trigger may wait for one of these, or is one of them: what the follower asks before it looks."""
        types = {change.document.type for change in changes}
        return DOCTYPE in types or any(self._is_watched(tenant, doctype) for doctype in types)

    def _is_watched(self, tenant: str, doctype: str) -> bool:
        """Whether triggers wait for documents of a type; true as long as they are not known."""
        watches = self._watches.get(tenant)
        return watches is None or any(_speaks(rules, doctype) for _, rules in watches)

    def forget(self, tenant: str) -> None:
        """Drops what is kept of an instance that is gone."""
        for kept in (self._seen, self._first, self._watches, self._turns):
            kept.pop(tenant, None)

    async def follow(self, tenant: str, changes: Sequence[Change]) -> None:
        """Fires what these changes match: the follower of every document. Doing it twice makes no second job."""
        if not changes:
            return
        last = changes[-1].seq
        watches = await self._watches_of(tenant)
        seen = self._seen.get(tenant, deque())
        if watches:
            first = self._first.get(tenant, last + 1)
            unseen = [change for change in changes if change.seq < first]
            for change in [*unseen, *(change for change in list(seen) if change.seq <= last)]:
                await self._match(tenant, watches, change, exact=change.seq >= first)
        while seen and seen[0].seq <= last:
            seen.popleft()
        if not seen:
            self._seen.pop(tenant, None)

    async def _watches_of(self, tenant: str) -> list[Watch]:
        known = self._watches.get(tenant)
        if known is not None:
            return known
        watches: list[Watch] = []
        turn = self._turns.get(tenant)
        for document in await self._documents.all(tenant, DOCTYPE):
            trigger = trigger_of(document)
            if trigger.kind == "@event":
                try:
                    rules = tuple(rule for rule in trigger.rules() if self._readable(rule.type))
                    watches.append((trigger, rules))
                except Refusal:
                    log.warning("a trigger cannot be understood", extra={"trigger": trigger.id})
        if self._turns.get(tenant) == turn:  # no trigger was written while they were read
            self._watches[tenant] = watches
        return watches

    async def _match(self, tenant: str, watches: Sequence[Watch], change: Change, *, exact: bool) -> None:
        document = change.document
        if document.design:
            return
        event = change.event
        if not exact and event == "CREATED" and not document.rev.startswith("1-"):
            event = "UPDATED"
        wanted = [(trigger, rules) for trigger, rules in watches if any(r.covers(event, document.type) for r in rules)]
        if not wanted:
            return
        shown = change.old if document.deleted and change.old is not None else document
        fields = shown.fields()
        old = change.old.fields() if change.old is not None else None
        for trigger, rules in wanted:
            for rule in rules:
                if rule.covers(event, document.type) and await self._meant(tenant, rule, document, fields, old):
                    await self._fire(tenant, trigger, document, _told(tenant, trigger, event, document, fields, old))
                    break

    async def _meant(
        self,
        tenant: str,
        rule: EventRule,
        document: Document,
        fields: Mapping[str, Any],
        old: Mapping[str, Any] | None,
    ) -> bool:
        if rule.matches(document.id, fields, old):
            return True
        return document.type == FILES and not rule.selector and await self._below(tenant, rule.values, fields)

    async def _below(self, tenant: str, folders: Sequence[str], fields: Mapping[str, Any]) -> bool:
        """Whether the file lies in one of the folders, at any depth."""
        above = fields.get("dir_id")
        for _ in range(DEEPEST):
            if above in folders:
                return True
            if not isinstance(above, str) or not above:
                return False
            folder = await self._documents.get(tenant, FILES, above)
            if folder is None:
                return False
            above = folder.fields().get("dir_id")
        return False

    async def _fire(self, tenant: str, trigger: Trigger, document: Document, event: Mapping[str, Any]) -> None:
        try:
            if trigger.debounce():
                await self._triggers.gather(tenant, trigger)
            else:
                job_id = stable_id(tenant, trigger.id, document.type, document.id, document.rev)
                await self._triggers.fire(tenant, trigger, event=event, job_id=job_id)
        except WorkerMissing:
            log.warning("a trigger's worker is not there", extra={"trigger": trigger.id, "worker": trigger.worker})


def _speaks(rules: Sequence[EventRule], doctype: str) -> bool:
    return any(rule.type == doctype for rule in rules)


def _told(
    tenant: str,
    trigger: Trigger,
    event: str,
    document: Document,
    fields: Mapping[str, Any],
    old: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The event as a job holds it."""
    names = {"_id": document.id, "_type": document.type}
    told = {
        "domain": trigger.fields.get("domain", ""),
        "prefix": tenant,
        "verb": event,
        "doc": {**names, "_rev": document.rev, **fields},
    }
    return told if old is None else {**told, "old": {**names, **old}}
