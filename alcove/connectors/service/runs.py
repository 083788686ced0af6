"""One run of a connector: a confined process, told everything by its environment, heard line by line."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.confined import Bind, Confinement, Ending, Level, Limits, Program, Talk
from alcove.base.errors import Unprocessable
from alcove.base.ids import new_id
from alcove.connectors.model import (
    FIELDS_LIMIT,
    JOB_EVENTS,
    LINE_TYPES,
    MESSAGE,
    Heard,
    Konnector,
    RunInput,
    decode_line,
    environment,
)
from alcove.connectors.question import read_question
from alcove.connectors.service.languages import command, limits_for, python_command, python_sees
from alcove.connectors.service.questions import Asker, Questions
from alcove.connectors.texts import how_it_ended

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from alcove.base.doors import Doors
    from alcove.connectors.service.reaching import RunReach
    from alcove.connectors.service.ways import Ways
    from alcove.identity import Tokens
    from alcove.instances import Instance
    from alcove.realtime import Realtime

    OnLine = Callable[[Mapping[str, Any]], Awaitable[None]]

log = logging.getLogger("alcove.connectors")

INPUTS = "/inputs/inputs.json"
PAYLOAD = "cozy_payload.json"
FILES = "/inputs/files"
EXPANDED = "/inputs/expanded"

ASKED = 50
"""Questions that one run may ask; those after it are refused."""
ASKED_AT_ONCE = 8
MASKED = 4
"""Characters from which on a secret is masked: the stars of a shorter one would hide half of each line."""
WAITING = 240.0
"""Seconds that one run may wait for answers, all of them together: its token has to outlive it."""

MEMORY = 2 << 30
"""Bytes of address space: PDF readers take half a gigabyte before they read anything."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of one gathering on the disk: what goes in, what comes out of archives."""

    folder: Path

    @property
    def files(self) -> Path:
        """Links to the files taken in."""
        return self.folder / "files"

    @property
    def expanded(self) -> Path:
        """What the sorter takes out of archives."""
        return self.folder / "expanded"

    def seen(self, path: Path, confinement: Confinement) -> str:
        """Where a child finds a file of this workspace."""
        within = EXPANDED if path.parent == self.expanded else FILES
        return confinement.place(Bind(path, f"{within}/{path.name}"))

    def binds(self, *, unpacking: bool) -> tuple[Bind, ...]:
        """What a child sees of it: only the sorter may write, and only what it unpacks."""
        return (Bind(self.files, FILES), Bind(self.expanded, EXPANDED, writable=unpacking))


@dataclass(frozen=True, slots=True)
class Run:
    """What to run, for whom, with which message."""

    instance: Instance
    konnector: Konnector
    fields: Mapping[str, Any] = field(default_factory=dict)
    payload: Any = None
    job_id: str = ""
    trigger_id: str = ""
    manual: bool = False
    worker: str = "konnector"
    attended: bool = False
    """Whether a person is there to answer questions."""
    clearing: bool = False
    """Whether the account was deleted, and the connector clears up after it at the vendor."""
    secret: Any = None
    """What the operator has the connector told."""
    workspace: Workspace | None = None
    inputs: Sequence[RunInput] = ()
    limits: Limits = field(default_factory=lambda: Limits(memory=MEMORY))
    reach: RunReach | None = None
    """Where it may connect to; without one, to its own server alone."""

    @property
    def asker(self) -> Asker:
        """Who asks when this run does."""
        account = str(self.fields.get("account") or "")
        slug, name = self.konnector.slug, self.konnector.local_name(self.instance.locale)
        return Asker(self.instance.key, slug, name, account, self.worker, self.job_id, self.attended)


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended and what it told."""

    ending: Ending
    heard: Heard

    @property
    def failure(self) -> str:
        """The error of the job; empty for success (contract-b section 8)."""
        return self.heard.failure(0 if self.ending.ok else 1, self.ending.reason)

    def words(self, locale: str) -> str:
        """The failure for a person: the detail that came with it, or the code, or how the process ended."""
        if self.heard.critical:
            return self.heard.detail or self.heard.critical
        return self.heard.failure(0 if self.ending.ok else 1, how_it_ended(self.ending, locale))


class Runs:
    """Starts connectors. `confinement` is asked at each run: it is found when the server starts."""

    def __init__(
        self,
        confinement: Callable[[], Confinement],
        tokens: Tokens,
        realtime: Realtime,
        questions: Questions,
        ways: Ways,
        node: str = "",
    ) -> None:
        self._confinement = confinement
        self._questions = questions
        self._tokens = tokens
        self._realtime = realtime
        self._ways = ways
        self._node = node

    @property
    def apart(self) -> bool:
        """Whether runs have a network of their own, in which there is nothing."""
        return self._confinement().level is Level.NAMESPACES

    def confinement(self) -> Confinement:
        """What holds connectors back on this machine."""
        return self._confinement()

    def refusal(self) -> str:
        """Why no connector can run on this machine; empty when they can."""
        found = self._confinement()
        return found.how[0].upper() + found.how[1:] if found.level is Level.NONE else ""

    async def run(self, run: Run, on_line: OnLine | None = None) -> RunEnd:
        """Runs a connector to its end.

        Raises `NoConfinement`, `NoNode`, `CannotStart`, and `Unprocessable` for a message that is too long.
        """
        confinement = self._confinement()
        started = await asyncio.to_thread(command, run.konnector, confinement, self._node, run.clearing)
        async with self._ways.open(run.instance, run.konnector.slug, confinement, run.reach) as way:
            env = {**self._environment(run, way.url), **started.env, **way.env}
            program = Program(started.argv, env, (*started.binds, *way.binds), started.cwd)
            if len(env["COZY_PAYLOAD"].encode()) > FIELDS_LIMIT:
                program = await asyncio.to_thread(_with_payload_file, program, way.folder / PAYLOAD, confinement)
            return await self._watched(run, program, on_line, asking=_Asking(run, self._questions), doors=way.doors)

    async def sort(self, run: Run, konnectors: Sequence[Konnector], on_line: OnLine | None = None) -> RunEnd:
        """Runs the sorter over the inputs: it gets no token and no way to the server."""
        confinement = self._confinement()
        assert run.workspace is not None, "the sorter works in a workspace"
        folders = {konnector.slug: str(konnector.folder) for konnector in konnectors}
        expanded = confinement.place(Bind(run.workspace.expanded, EXPANDED, writable=True))
        extra = {"ALCOVE_CONNECTORS": json.dumps(folders), "ALCOVE_EXPANDED": expanded}
        extra["COZY_LOCALE"] = run.instance.locale
        code = tuple(Bind(konnector.folder, str(konnector.folder)) for konnector in konnectors)
        argv = python_command("-m", "alcove_connectors.sorter")
        return await self._watched(run, Program(argv, extra, (*code, *python_sees())), on_line)

    async def _watched(
        self,
        run: Run,
        program: Program,
        on_line: OnLine | None,
        *,
        asking: _Asking | None = None,
        doors: Doors | None = None,
    ) -> RunEnd:
        if run.workspace is not None:
            listed = self._list_inputs(run.workspace, run.inputs)
            env = {**program.env, "ALCOVE_INPUTS": self._confinement().place(listed)}
            seen = (*program.binds, listed, *run.workspace.binds(unpacking=asking is None))
            program = replace(program, env=env, binds=seen)
        heard = Heard()
        masked = asking.masked if asking else str

        async def hear(raw: bytes) -> None:
            line = decode_line(raw)
            if line is None:
                text = masked(raw[:MESSAGE].decode(errors="replace"))
                log.debug("a connector writes", extra={"slug": run.konnector.slug, "text": text})
                return
            line = {name: masked(value) if isinstance(value, str) else value for name, value in line.items()}
            heard.hear(line)
            if asking is not None:
                self._publish(run, line)
                asking.hear(line)
            if on_line is not None:
                await on_line(line)

        try:
            limits = limits_for(run.konnector, run.limits)
            ending = await self._confinement().run(program, limits, hear, asking.talk if asking else None, doors)
        finally:
            if asking is not None:
                await asking.end()
        if not ending.ok:
            text = masked(ending.stderr[-2000:].decode(errors="replace"))
            log.info("a run failed", extra={"slug": run.konnector.slug, "reason": ending.reason, "stderr": text})
        return RunEnd(ending, heard)

    def _environment(self, run: Run, url: str) -> dict[str, str]:
        env = environment(
            url=url,
            token=self._tokens.make(run.instance, "konn", run.konnector.slug),
            konnector=run.konnector,
            locale=run.instance.locale,
            fields=run.fields,
            payload=run.payload,
            seconds=int(run.limits.wall),
            job_id=run.job_id,
            trigger_id=run.trigger_id,
            manual=run.manual,
            secret=run.secret,
        )
        if len(env["COZY_FIELDS"].encode()) > FIELDS_LIMIT:
            raise Unprocessable(f"The message of the job is longer than {FIELDS_LIMIT} bytes")
        return env

    def _list_inputs(self, workspace: Workspace, inputs: Sequence[RunInput]) -> Bind:
        confinement = self._confinement()
        listed = [{"id": item.id, "name": item.name, "path": workspace.seen(item.path, confinement)} for item in inputs]
        path = workspace.folder / f"inputs-{new_id()}.json"
        path.write_bytes(orjson.dumps(listed))
        path.chmod(0o644)
        return Bind(path, INPUTS)

    def _publish(self, run: Run, line: Mapping[str, Any]) -> None:
        """Cozy's lines reach who watches the job; a gathering is watched by its own document."""
        kind = line.get("type")
        if kind in LINE_TYPES and run.job_id:
            event = {"type": kind, "message": str(line.get("message", ""))[:MESSAGE]}
            self._realtime.publish(run.instance.key, "CREATED", JOB_EVENTS, run.job_id, orjson.dumps(event))


class _Asking:
    """The questions of one run, each waited for in a task of its own; answers go to the child's standard input."""

    def __init__(self, run: Run, questions: Questions) -> None:
        self.talk = Talk()
        self._run = run
        self._questions = questions
        self._inputs = {item.id: item for item in run.inputs}
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked = 0
        self._left = WAITING
        self._secrets: list[str] = []
        self._alone = False

    def hear(self, line: Mapping[str, Any]) -> None:
        """Takes a line of the run in; what is no question is left alone."""
        name = line.get("ask")
        if line.get("type") != "ask" or not isinstance(name, str) or len(name) > 100:
            return
        self._asked += 1
        if len(self._tasks) < ASKED_AT_ONCE:
            task = asyncio.create_task(self._ask(name, line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, name: str, line: Mapping[str, Any]) -> None:
        question = read_question(line.get("question"))
        if question is None or self._asked > ASKED:
            await self._say({"type": "answer", "ask": name, "why": "refused"})
            return
        # Who did not answer once is not there: the questions that follow wait for later at once.
        asker = replace(self._run.asker, attended=self._run.attended and not self._alone and self._left > 0)
        began = time.monotonic()
        item = self._inputs.get(str(line.get("input", "")))
        question = replace(question, seconds=min(question.seconds, max(self._left, 0.0)))
        reply = await self._questions.ask(asker, question, item, self.talk.hold)
        if question.secret and reply.answer is not None and len(reply.answer) >= MASKED:
            self._secrets.append(reply.answer)
        self._left -= time.monotonic() - began
        self._alone = self._alone or reply.why == "late"
        said: dict[str, Any] = {"type": "answer", "ask": name, "id": reply.id}
        await self._say(said | ({"why": reply.why} if reply.answer is None else {"answer": reply.answer}))

    def masked(self, text: str) -> str:
        """The text without the secrets that this run was told: what it writes is logged, kept and sent on."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    async def _say(self, line: Mapping[str, Any]) -> None:
        await self.talk.say(orjson.dumps(line))

    async def end(self) -> None:
        """The run is over: nothing waits for it any more."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _with_payload_file(program: Program, file: Path, confinement: Confinement) -> Program:
    """A payload that no variable can carry lies in a file, which the variable names (contract-b section 8)."""
    file.write_text(program.env["COZY_PAYLOAD"], "utf-8")
    file.chmod(0o644)
    bind = Bind(file, f"{program.cwd}/{PAYLOAD}")
    name = PAYLOAD if confinement.level is Level.NAMESPACES else str(file)
    env = {**program.env, "COZY_PAYLOAD": f"@{name}"}
    return replace(program, env=env, binds=(*program.binds, bind))
