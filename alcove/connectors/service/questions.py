"""Questions that runs ask a person: kept as documents, answered while the run waits, or later by a new run.

An answer is never written down: it goes to the waiting run, or is held in memory until the run that it starts asks.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from alcove.base.clock import Clock, rfc3339
from alcove.connectors.errors import QuestionMissing, QuestionSettled
from alcove.connectors.question import OPEN, Question, State, question_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from alcove.connectors.model import RunInput
    from alcove.connectors.store import Shelf

OPEN_MOST = 200
"""Questions of one instance that may be open; more are not stored."""

CLOSED_KEPT = 100
DAYS = 30
"""For how long a question that nobody answers keeps the files that it is about."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Which run asks: of which instance, connector and account, as which job, and whether somebody is there."""

    tenant: str
    slug: str
    name: str
    """What the person calls the connector."""
    account: str
    worker: str
    job_id: str
    attended: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What the run is told: the answer, or None and why there is none (`late` or `dropped`)."""

    id: str
    answer: str | None = None
    why: str = ""


class _Wait:
    """Runs that wait for the answer to one question."""

    def __init__(self) -> None:
        self.future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.runs = 0


class Questions:
    """The questions of every instance. `tenant` is an instance's key."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock
        self._waits: dict[tuple[str, str], _Wait] = {}
        self._given: dict[tuple[str, str], dict[str, str]] = {}

    async def ask(
        self,
        asker: Asker,
        question: Question,
        item: RunInput | None = None,
        hold: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Reply:
        """Asks the person, and waits where somebody is there. `hold` is entered around the wait."""
        ident = question_id(asker.slug, item.id if item else asker.account, question)
        known = self._given.get((asker.tenant, asker.job_id), {}).pop(ident, None)
        if known is not None:
            return Reply(ident, known)
        seconds = question.seconds if asker.attended else 0.0
        fields = self._fields(asker, question, item)
        if not seconds:
            await self._put(asker.tenant, ident, {**fields, "state": State.LATER})
            return Reply(ident, why="late")
        until = rfc3339(self._clock.now() + timedelta(seconds=seconds))
        wait = self._waits.setdefault((asker.tenant, ident), _Wait())
        wait.runs += 1
        try:
            if not await self._put(asker.tenant, ident, {**fields, "state": State.WAITING, "until": until}):
                return Reply(ident, why="late")
            with hold():
                await asyncio.wait({wait.future}, timeout=seconds)
        finally:
            wait.runs -= 1
            if not wait.runs:
                await self._give_up_waiting(asker.tenant, ident, wait)
            if not wait.runs:
                self._waits.pop((asker.tenant, ident), None)
        return wait.future.result() if wait.future.done() else Reply(ident, why="late")

    async def _give_up_waiting(self, tenant: str, ident: str, wait: _Wait) -> None:
        """The last run goes: the question stays for later, unless it was answered in this very moment."""
        if not wait.future.done():
            late = await self._shelf.change_question(tenant, ident, {State.WAITING}, {"state": State.LATER})
            if late is None and not wait.future.done():
                await asyncio.wait({wait.future}, timeout=5)

    def _fields(self, asker: Asker, question: Question, item: RunInput | None) -> dict[str, Any]:
        return {
            **question.json(),
            "connector": asker.slug,
            "source": asker.name,
            "account": asker.account,
            "worker": asker.worker,
            "job": asker.job_id,
            "files": [item.name] if item else [],
            "intake": [item.id.partition(".")[0]] if item else [],
            "asked_at": rfc3339(self._clock.now()),
        }

    async def _put(self, tenant: str, ident: str, fields: dict[str, Any]) -> bool:
        """Writes a question down; False when there are too many."""
        known = await self._shelf.open_questions(tenant)
        if len(known) >= OPEN_MOST and ident not in {document.id for document in known}:
            return False
        await self._shelf.put_question(tenant, ident, fields)
        return True

    async def open(self, tenant: str) -> list[tuple[str, dict[str, Any]]]:
        """The open questions, the oldest first."""
        found = [(document.id, document.fields()) for document in await self._shelf.open_questions(tenant)]
        return sorted(found, key=lambda pair: (str(pair[1]["asked_at"]), pair[0]))

    async def get(self, tenant: str, ident: str) -> dict[str, Any]:
        """An open question; raises `QuestionMissing` and `QuestionSettled`."""
        fields = await self._shelf.question(tenant, ident)
        if fields is None:
            raise QuestionMissing
        if fields["state"] not in OPEN:
            raise QuestionSettled
        return fields

    async def settle(self, tenant: str, ident: str, state: State, answer: str | None) -> bool:
        """Closes an open question: a run that waits goes on with the answer. Gives whether one did.

        Raises `QuestionSettled` when somebody else was first.
        """
        fields = {"state": state, "until": None, "settled_at": rfc3339(self._clock.now())}
        if await self._shelf.change_question(tenant, ident, OPEN, fields) is None:
            raise QuestionSettled
        wait = self._waits.get((tenant, ident))
        if wait is None or wait.future.done():
            return False
        wait.future.set_result(Reply(ident, answer, "" if answer is not None else "dropped"))
        return True

    async def close_about(self, tenant: str, files: Collection[str]) -> set[str]:
        """Closes those that wait for later and are about nothing but these files: they were read without an answer.

        Gives the files of those that were closed.
        """
        closed_about: set[str] = set()
        for ident, fields in await self.open(tenant):
            about = set(fields["intake"])
            if about and about <= set(files):
                now = rfc3339(self._clock.now())
                closed = {"state": State.ANSWERED, "settled_at": now}
                if await self._shelf.change_question(tenant, ident, {State.LATER}, closed) is not None:
                    closed_about |= about
        return closed_about

    def give(self, tenant: str, job_id: str, ident: str, answer: str) -> None:
        """Holds an answer for a run to come, in memory only."""
        self._given.setdefault((tenant, job_id), {})[ident] = answer

    def forget(self, tenant: str, job_id: str) -> None:
        """Drops the answers that a run did not ask for."""
        self._given.pop((tenant, job_id), None)

    async def wanted(self, tenant: str) -> set[str]:
        """The ids of the files that open questions are about: they stay until then."""
        return {intake for _, fields in await self.open(tenant) for intake in fields.get("intake") or []}

    async def tidy(self, tenant: str) -> None:
        """After a start nobody waits any more; old questions go."""
        oldest = rfc3339(self._clock.now() - timedelta(days=DAYS))
        closed = []
        for document in await self._shelf.all_questions(tenant):
            fields = document.fields()
            if fields["state"] == State.WAITING:
                await self._shelf.change_question(tenant, document.id, {State.WAITING}, {"state": State.LATER})
            if fields["state"] not in OPEN or fields["asked_at"] < oldest:
                closed.append((fields["state"] in OPEN, fields["asked_at"], document.id))
        closed.sort(reverse=True)
        gone = [ident for stale, _, ident in closed if stale]
        gone += [ident for stale, _, ident in closed if not stale][CLOSED_KEPT:]
        await self._shelf.drop_questions(tenant, gone)
