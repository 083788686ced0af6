"""What a person does about a question: answers it, now or later, or drops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.errors import NotFound
from alcove.base.ids import new_id
from alcove.connectors.errors import QuestionMissing, QuestionSettled
from alcove.connectors.question import Kind, Question, State, question_of
from alcove.connectors.service.gather import WORKER as GATHER
from alcove.connectors.service.reaching import WORKER as REACH
from alcove.connectors.service.reaching import YES, hosts_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.connectors.service.gather import Gatherings
    from alcove.connectors.service.intake import Intake
    from alcove.connectors.service.questions import Questions
    from alcove.connectors.service.reaching import Reaching
    from alcove.connectors.store import Shelf
    from alcove.instances import Instance
    from alcove.jobs import Job, Jobs

KONNECTOR = "konnector"

TWOFA = "TWOFA_NEEDED"
"""State of an account whose connector waits, in Cozy's own way, for `twoFACode` in the account's document."""

OF_ACCOUNT = "account:"
"""Before the account's id in the id of such a question: it is no document of ours."""


class Answers:
    """The answers of every instance."""

    def __init__(
        self,
        shelf: Shelf,
        questions: Questions,
        gatherings: Gatherings,
        intake: Intake,
        jobs: Jobs,
        reaching: Reaching,
    ) -> None:
        self._reaching = reaching
        self._shelf = shelf
        self._questions = questions
        self._gatherings = gatherings
        self._intake = intake
        self._jobs = jobs

    async def open(self, instance: Instance) -> list[tuple[str, dict[str, Any]]]:
        """What waits for the person: questions of runs, and accounts that wait for a code in Cozy's own way."""
        accounts = [(document.id, document.fields()) for document in await self._shelf.accounts(instance.key)]
        codes = [(OF_ACCOUNT + ident, _code_of(ident, fields)) for ident, fields in accounts if _wants_code(fields)]
        return [*codes, *await self._questions.open(instance.key)]

    async def answer(self, instance: Instance, ident: str, said: Any) -> str:
        """Answers a question: the run that waits goes on, else a new one is started, whose job's id is given.

        A code that comes too late is not used: the new run asks for another, and `said` may be None. Raises
        `QuestionMissing`, `QuestionSettled`, `Unprocessable`, and `IntakeMissing` when the files are gone.
        """
        if ident.startswith(OF_ACCOUNT):
            await self._answer_account(instance.key, ident.removeprefix(OF_ACCOUNT), said)
            return ""
        fields = await self._questions.get(instance.key, ident)
        question = question_of(fields)
        stale = fields["state"] == State.LATER and question.kind is Kind.CODE
        answer = None if stale and said is None else question.check(said)
        if fields["state"] == State.LATER:
            await self._check(instance, ident, fields)
        if await self._questions.settle(instance.key, ident, State.ANSWERED, answer):
            return ""
        if fields["worker"] == REACH:
            return await self._reached(instance, fields, str(answer))
        return await self._again(instance, ident, fields, None if stale else answer)

    async def _check(self, instance: Instance, ident: str, fields: Mapping[str, Any]) -> None:
        """Looks whether what asked can begin again; without its files, a question is of no use any more."""
        try:
            if fields["worker"] == GATHER:
                await self._intake.check(instance, fields["intake"])
            elif fields["worker"] != REACH:  # where a connector connects to can be said at any time
                await self._jobs.get(instance.key, fields["job"])
        except NotFound:
            await self._questions.settle(instance.key, ident, State.DROPPED, None)
            raise

    async def _reached(self, instance: Instance, fields: Mapping[str, Any], answer: str) -> str:
        """Notes what the person said of hosts; with a yes the run begins again, as pages say of every question."""
        await self._reaching.decide(instance.key, str(fields["connector"]), hosts_in(fields), answer)
        try:
            job = await self._jobs.get(instance.key, fields["job"])
        except NotFound:
            return ""
        return await self._push(instance, job, new_id()) if answer == YES else ""

    async def _again(self, instance: Instance, ident: str, fields: Mapping[str, Any], answer: str | None) -> str:
        """Starts what asked again; when it has not ended, its answer waits for it to ask again."""
        if await self._goes_on(instance.key, fields):
            if answer is not None:
                self._questions.give(instance.key, fields["job"], ident, answer)
            return str(fields["job"])
        job_id = new_id()
        if answer is not None:
            self._questions.give(instance.key, job_id, ident, answer)
        if fields["worker"] == GATHER:
            await self._gatherings.start(instance, fields["intake"], {}, attended=True, gathering_id=job_id)
            return job_id
        return await self._push(instance, await self._jobs.get(instance.key, fields["job"]), job_id)

    async def _push(self, instance: Instance, earlier: Job, job_id: str) -> str:
        """Starts a run as an earlier one was."""
        message, trigger = earlier.fields.get("message"), earlier.fields.get("trigger_id")
        await self._jobs.push(instance.key, KONNECTOR, message, manual=True, trigger_id=trigger, job_id=job_id)
        return job_id

    async def _goes_on(self, tenant: str, fields: Mapping[str, Any]) -> bool:
        """Whether the job that asked will run again by itself: a stop of the server cut it off."""
        if fields["state"] != State.WAITING:
            return False
        return not (await self._jobs.get(tenant, fields["job"])).ended

    async def drop(self, instance: Instance, ident: str) -> None:
        """Leaves a question unanswered for good; the files that it is about are not kept any longer.

        Raises `QuestionMissing` and `QuestionSettled`.
        """
        fields = await self._questions.get(instance.key, ident)
        if await self._questions.settle(instance.key, ident, State.DROPPED, None):
            return
        wanted = await self._questions.wanted(instance.key)
        intake = [intake_id for intake_id in fields["intake"] if intake_id not in wanted]
        await self._intake.discard(instance.key, intake)

    async def _answer_account(self, tenant: str, account_id: str, said: Any) -> None:
        """Gives a code in Cozy's own way: in the account, whose connector looks for it and takes it out again."""
        account = await self._shelf.account(tenant, account_id)
        if account is None:
            raise QuestionMissing
        if not _wants_code(account):
            raise QuestionSettled
        code = Question(Kind.CODE, "twoFACode", "code").check(said)
        await self._shelf.change_account(tenant, account_id, {"twoFACode": code})


def _wants_code(account: Mapping[str, Any]) -> bool:
    return str(account.get("state") or "").startswith(TWOFA) and not account.get("twoFACode")


def _code_of(ident: str, account: Mapping[str, Any]) -> dict[str, Any]:
    """The question that an account's state stands for; its words are the client's, by `way`."""
    retry, _, way = str(account["state"]).removeprefix(TWOFA).partition(".")
    return {
        "kind": Kind.CODE,
        "field": "twoFACode",
        "text": "",
        "choices": [],
        "rows": [],
        "connector": str(account.get("account_type") or ""),
        "source": str(account.get("name") or account.get("account_type") or ""),
        "account": ident,
        "state": State.WAITING,
        "way": way,
        "wrong": retry == "_RETRY",
        "files": [],
    }
