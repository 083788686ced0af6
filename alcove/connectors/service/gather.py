"""Gathering: files that a person gives are sorted out, each goes to its connector, each gets its outcome."""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.clock import Clock, rfc3339
from alcove.base.confined import Limits, NoConfinement
from alcove.base.errors import Unprocessable
from alcove.base.ids import new_id
from alcove.connectors.errors import NoSuchConnector
from alcove.connectors.model import ENDED, FileOutcome, Konnector, RunInput, account_id, is_result, outcome_of
from alcove.connectors.service.board import Board
from alcove.connectors.service.runs import MEMORY, Run, RunEnd, Runs, Workspace
from alcove.connectors.texts import said

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from alcove.connectors.service.folders import Folders
    from alcove.connectors.service.intake import Intake
    from alcove.connectors.service.journal import Journal
    from alcove.connectors.service.konnectors import Konnectors
    from alcove.connectors.service.questions import Questions
    from alcove.connectors.service.stops import Stops
    from alcove.connectors.store import Shelf
    from alcove.documents import Document
    from alcove.instances import Instance
    from alcove.jobs import Jobs

WORKER = "gather"
KEPT = 100
"""Gatherings that an instance remembers."""
HANDS = 2
"""Connectors of one gathering that run at a time."""
DEATHS = 25
"""Processes that may die over one connector's files before the rest is given up."""
SORTER = Konnector("sorter", Path("sorter"), {"language": "python"})
"""What the log calls the sorter. Its code is a part of the connectors' package, and it needs no manifest."""
ANSWERS = 64 << 10
"""Bytes of the answers to questions."""

FRESH = Limits(memory=MEMORY, quiet=120.0, output=64 << 20, open_files=256, processes=32)

_ID = re.compile(r"^[0-9a-f]{32}(\.\d{1,6}){0,4}$")


def limits_for(count: int) -> Limits:
    """What a run over that many files may use. Its token is good for 30 minutes, so is its time."""
    seconds = min(1500.0, 300.0 + 5.0 * count)
    return replace(FRESH, wall=seconds, cpu=int(seconds))


@dataclass(frozen=True, slots=True)
class _Work:
    """One gathering at work."""

    instance: Instance
    id: str
    workspace: Workspace
    board: Board
    answers: Mapping[str, Any]
    attended: bool


class Gatherings:
    """The gatherings of every instance."""

    def __init__(
        self,
        shelf: Shelf,
        intake: Intake,
        konnectors: Konnectors,
        runs: Runs,
        jobs: Jobs,
        folders: Folders,
        questions: Questions,
        journal: Journal,
        stops: Stops,
        clock: Clock,
    ) -> None:
        self._shelf = shelf
        self._intake = intake
        self._konnectors = konnectors
        self._runs = runs
        self._jobs = jobs
        self._folders = folders
        self._questions = questions
        self._journal = journal
        self._stops = stops
        self._clock = clock

    async def start(
        self,
        instance: Instance,
        ids: Sequence[str],
        answers: Mapping[str, Any],
        *,
        attended: bool = False,
        gathering_id: str = "",
    ) -> Document:
        """Begins to gather files that were taken in; gives the gathering, whose document tells how it goes.

        `attended` says that a person is there, so that a question waits for its answer for a while. Raises
        `IntakeMissing`, and `Unprocessable` for no files or too long answers.
        """
        if not ids:
            raise Unprocessable("There is nothing to gather: name at least one file", pointer="/data/attributes/intake")
        if len(orjson.dumps(answers)) > ANSWERS:
            raise Unprocessable(f"The answers may have {ANSWERS} bytes", pointer="/data/attributes/answers")
        ids = list(dict.fromkeys(ids))
        await self._intake.check(instance, ids)
        gathering_id, now = gathering_id or new_id(), rfc3339(self._clock.now())
        fields = {"state": "queued", "total": len(ids), "done": 0, "files": [], "intake": ids, "answers": answers}
        fields["attended"] = attended
        document = await self._shelf.put_gathering(
            instance.key, gathering_id, {**fields, "created_at": now, "updated_at": now}
        )
        await self._jobs.push(instance.key, WORKER, {"gathering": gathering_id}, manual=True, job_id=gathering_id)
        return document

    async def run(self, instance: Instance, gathering_id: str) -> None:
        """Does the work of a gathering. When a crash cut it off it begins again: nothing is stored twice."""
        fields = (await self._shelf.gathering(instance.key, gathering_id)).fields()
        board = Board(self._shelf, self._clock, instance.key, gathering_id, fields)
        workspace = Workspace(self._intake.workspace(instance.key, gathering_id))
        if fields["state"] not in ENDED:
            attended = bool(fields.get("attended"))
            work = _Work(instance, gathering_id, workspace, board, fields.get("answers") or {}, attended)
            await asyncio.to_thread(_prepare, workspace)
            try:
                done = await self._stops.unless_asked(instance.key, gathering_id, self._gather(work, fields["intake"]))
                await board.state("done" if done else "stopped")
                await self._close_questions(work, fields["intake"])
            except NoConfinement as refusal:
                await board.state("errored", str(refusal))
        await self._clear(instance.key, gathering_id, fields["intake"])

    async def _close_questions(self, work: _Work, ids: Sequence[str]) -> None:
        """A file that was handed over again, and taken, leaves no question about its first copy."""
        waiting = await self._shelf.waiting(work.instance.key)
        taken = {waiting[one]["md5sum"] for one in ids if one in waiting and work.board.taken(one)}
        copies = [one for one, fields in waiting.items() if fields["md5sum"] in taken]
        closed = await self._questions.close_about(work.instance.key, copies)
        if closed:
            await self._intake.discard(
                work.instance.key, list(closed - await self._questions.wanted(work.instance.key))
            )

    async def give_up(self, instance: Instance, gathering_id: str, reason: str) -> None:
        """Ends a gathering that failed again and again through the server's own fault."""
        fields = (await self._shelf.gathering(instance.key, gathering_id)).fields()
        fields |= {"state": "errored", "error": reason, "updated_at": rfc3339(self._clock.now())}
        await self._shelf.put_gathering(instance.key, gathering_id, fields)
        await self._clear(instance.key, gathering_id, fields["intake"])

    async def _clear(self, tenant: str, gathering_id: str, ids: Sequence[str]) -> None:
        """Removes what a gathering worked with, but for the files that an open question is about."""
        self._questions.forget(tenant, gathering_id)
        wanted = await self._questions.wanted(tenant)
        await self._intake.discard(tenant, [intake_id for intake_id in ids if intake_id not in wanted])
        folder = self._intake.workspace(tenant, gathering_id)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def tidy(self, instance: Instance) -> None:
        """Removes what earlier servers left: files that no unfinished gathering wants, old gatherings."""
        documents = [(document, document.fields()) for document in await self._shelf.all_gatherings(instance.key)]
        for document, fields in documents:
            if fields["state"] not in ENDED and (await self._jobs.get(instance.key, document.id)).ended:
                await self.give_up(instance, document.id, said("stopped", instance.locale))
                fields["state"] = "errored"
        await self._questions.tidy(instance.key)
        await self._journal.tidy(instance.key)
        going = [(document, fields) for document, fields in documents if fields["state"] not in ENDED]
        wanted = {intake_id for _, fields in going for intake_id in fields["intake"]}
        wanted |= await self._questions.wanted(instance.key)
        await self._intake.tidy(instance.key, wanted, {document.id for document, _ in going})
        ended = [(fields["created_at"], document) for document, fields in documents if fields["state"] in ENDED]
        ended.sort(key=lambda pair: (pair[0], pair[1].id))
        await self._shelf.drop_gatherings(instance.key, [document for _, document in ended[:-KEPT]])

    async def _gather(self, work: _Work, ids: Sequence[str]) -> None:
        await work.board.state("sorting")
        inputs, lost = await self._intake.link(work.instance.key, ids, work.workspace.files)
        for intake_id, name in lost:
            await work.board.settle(intake_id, FileOutcome(name, reason=said("lost", work.instance.locale)))
        plan = await self._sort(work, inputs)
        await work.board.state("running")
        await self._konnectors.install(work.instance)
        hands = asyncio.Semaphore(HANDS)

        async def connect(slug: str, mine: Sequence[RunInput]) -> None:
            async with hands:
                await self._connect(work, self._konnectors.get(slug), mine)

        async with asyncio.TaskGroup() as group:
            for slug, mine in plan.items():
                group.create_task(connect(slug, mine))

    # Sorting

    async def _sort(self, work: _Work, inputs: Sequence[RunInput]) -> dict[str, list[RunInput]]:
        """Which connector takes which file; the others have their outcome on the board."""
        plan: dict[str, list[RunInput]] = {}
        through: set[str] = set()
        for item in inputs:
            work.board.expect(item.id)
        by_id = {item.id: item for item in inputs}
        konnectors = self._konnectors.all()

        async def hear(line: Mapping[str, Any]) -> None:
            kind, line_id = line.get("type"), str(line.get("id", line.get("input", "")))
            if kind == "end" and line_id in by_id:
                through.add(line_id)
            if kind in ("sorted", "refused") and _ID.match(line_id) and line_id.partition(".")[0] in by_id:
                await self._place(work, plan, by_id, line_id, line)

        async def attempt(left: Sequence[RunInput]) -> RunEnd:
            for item in left:  # a plan that was cut off is made anew
                _forget(plan, item.id)
                work.board.withdraw(item.id, entries=True)
                work.board.expect(item.id)
            run = Run(work.instance, SORTER, workspace=work.workspace, inputs=left, limits=limits_for(len(left)))
            return await self._runs.sort(run, konnectors, hear)

        async def ruin(item: RunInput, reason: str) -> None:
            _forget(plan, item.id)
            work.board.withdraw(item.id, entries=True)
            words = said("unsorted", work.instance.locale, reason=reason)
            await work.board.settle(item.id, FileOutcome(item.name, reason=words))

        await self._over(work, inputs, attempt, lambda item: item.id in through, ruin)
        return plan

    async def _place(
        self,
        work: _Work,
        plan: dict[str, list[RunInput]],
        by_id: Mapping[str, RunInput],
        line_id: str,
        line: Mapping[str, Any],
    ) -> None:
        """Takes one line of the sorter in. What it says is checked: it has read files that may have got hold of it."""
        given = by_id.get(line_id)
        name = given.name if given else str(line.get("name", ""))[:500]
        if given is None:
            work.board.withdraw(line_id.partition(".")[0])
        if line["type"] == "refused":
            outcome = "not_understood" if line.get("outcome") == "not_understood" else "error"
            reason = str(line.get("reason", ""))[:1000]
            await work.board.settle(line_id, FileOutcome(name, "", outcome, reason))
            return
        path = given.path if given else work.workspace.expanded / line_id
        try:
            slug = self._konnectors.get(str(line.get("connector"))).slug
        except NoSuchConnector:
            return
        work.board.expect(line_id)
        plan.setdefault(slug, []).append(RunInput(line_id, name, path))

    # Running

    async def _connect(self, work: _Work, konnector: Konnector, inputs: Sequence[RunInput]) -> None:
        """Lets a connector take its files; each has its outcome on the board afterwards."""
        names = {item.id: item.name for item in inputs}
        run = Run(
            work.instance,
            konnector,
            await self._message(work, konnector),
            job_id=work.id,
            manual=True,
            worker=WORKER,
            attended=work.attended,
            workspace=work.workspace,
        )
        entry = await self._journal.begin(run.asker, len(inputs), apart=self._runs.apart)

        async def settle(input_id: str, outcome: FileOutcome) -> None:
            await work.board.settle(input_id, outcome)
            await entry.settle(outcome)

        async def hear(line: Mapping[str, Any]) -> None:
            input_id = str(line.get("input", ""))
            if is_result(line) and input_id in names and not work.board.settled(input_id):
                await settle(input_id, outcome_of(names[input_id], konnector.slug, line))
            elif line.get("type") in ("begin", "ask") and input_id in names:
                await entry.work_on(names[input_id])

        async def attempt(left: Sequence[RunInput]) -> RunEnd:
            return await self._runs.run(replace(run, inputs=left, limits=limits_for(len(left))), hear)

        async def ruin(item: RunInput, reason: str) -> None:
            name, locale = konnector.local_name(work.instance.locale), work.instance.locale
            words = said("untaken", locale, name=name, reason=reason.rstrip("."))
            await settle(item.id, FileOutcome(item.name, konnector.slug, "error", words))

        async with entry.closing(lambda: self._stops.heard(work.id)):
            await self._over(work, inputs, attempt, lambda item: work.board.settled(item.id), ruin)

    async def _message(self, work: _Work, konnector: Konnector) -> dict[str, Any]:
        """The message of a run over files, with the account that the connector has in this instance."""
        account = account_id(konnector.slug, "files")
        now = rfc3339(self._clock.now())
        fields = await self._shelf.ensure_account(
            work.instance.key,
            account,
            {
                "account_type": konnector.slug,
                "name": konnector.name,
                "auth": {"accountName": konnector.name},
                "data": {"source": "files"},
                "state": "LOGIN_SUCCESS",
                "cozyMetadata": {"metadataVersion": 1, "createdAt": now, "updatedAt": now, "doctypeVersion": 1},
            },
        )
        message = {"account": account, "konnector": konnector.slug, "answers": work.answers}
        folder = await self._folders.ensure(work.instance, konnector, fields)
        return {**message, "folder_to_save": folder} if folder else message

    async def _over(
        self,
        work: _Work,
        inputs: Sequence[RunInput],
        attempt: Callable[[Sequence[RunInput]], Awaitable[RunEnd]],
        settled: Callable[[RunInput], bool],
        ruin: Callable[[RunInput, str], Awaitable[None]],
    ) -> None:
        """Runs over inputs until each is settled. When the process dies, the one under way is ruined by it, and a
        fresh process takes the others; one that dies without having begun anything gets a second try only.
        """
        left, blind, reason = list(inputs), 0, ""
        for _ in range(DEATHS):
            if not left:
                return
            end = await attempt(left)
            locale = work.instance.locale
            reason = end.words(locale) or said("silent", locale)
            before, left = len(left), [item for item in left if not settled(item)]
            culprit = next((item for item in left if item.id == end.heard.under_way), None)
            if culprit is not None:
                await ruin(culprit, reason)
                left.remove(culprit)
            blind += culprit is None and len(left) == before
            if end.ending.ok or blind > 1 or _is_final(end):
                break
        for item in left:
            await ruin(item, reason)


def _is_final(end: RunEnd) -> bool:
    """Whether the connector itself said that going on is of no use (a full disk), rather than died of a file."""
    return bool(end.heard.critical) and not end.heard.critical.startswith("UNKNOWN_ERROR")


def _forget(plan: dict[str, list[RunInput]], input_id: str) -> None:
    """Takes an input and all that came out of it out of the plan."""
    for slug, items in plan.items():
        plan[slug] = [item for item in items if item.id.partition(".")[0] != input_id]


def _prepare(workspace: Workspace) -> None:
    """Empty folders. The outer one keeps others out; the inner ones are open to the user that a child becomes."""
    shutil.rmtree(workspace.folder, ignore_errors=True)
    workspace.files.mkdir(parents=True)
    workspace.folder.chmod(0o700)
    workspace.files.chmod(0o755)
    workspace.expanded.mkdir()
    workspace.expanded.chmod(0o777)
