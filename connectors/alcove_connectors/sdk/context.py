"""What one run of a connector is given, and how it tells what it did: JSON lines on standard output."""

from __future__ import annotations

import json
import sys
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from alcove_connectors.sdk.errors import BadInput, InputProblem, LoginFailed, StackError, UserActionNeeded
from alcove_connectors.sdk.language import spoken
from alcove_connectors.sdk.questions import NotAnswered, Question, answer_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from alcove_connectors.sdk.stack import Stack

HEAD = 64 << 10
"""Bytes of an input that recognition sees."""

MESSAGE = 4000
"""Characters of a message that the server keeps (contract-b section 8)."""

ACCOUNTS = "io.cozy.accounts"

NAMES = ("login", "accountName", "namePath")
"""Fields of an account's `auth` that say who it is: they are shown, the others are secrets."""

ADMINISTRATIVE = {"fr": "Administratif", "en": "Administrative"}


@dataclass(frozen=True, slots=True)
class Input:
    """One file to take. `name` is the path that the person gave (`2025/a.zip/march.ofx`), `path` where it is."""

    id: str
    name: str
    path: Path

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return self.path.stat().st_size

    def head(self, size: int = HEAD) -> bytes:
        """Its first bytes."""
        with self.path.open("rb") as opened:
            return opened.read(size)

    def open(self) -> IO[bytes]:
        """The file, opened for reading bytes."""
        return self.path.open("rb")

    def read(self, limit: int) -> bytes:
        """The whole content; raises `BadInput` when it has more than `limit` bytes."""
        with self.path.open("rb") as opened:
            content = opened.read(limit + 1)
        if len(content) > limit:
            raise BadInput(f"The file is larger than {limit // (1 << 20)} MiB, more than can be read at once.")
        return content


class Log:
    """Lines for the server's log and for who watches the run. Secrets are masked."""

    def __init__(self, emit: Callable[[Mapping[str, Any]], None], secrets: set[str]) -> None:
        self._emit = emit
        self._secrets = secrets

    def debug(self, message: str) -> None:
        """For who develops the connector."""
        self.line("debug", message)

    def info(self, message: str) -> None:
        """What goes on."""
        self.line("info", message)

    def warning(self, message: str) -> None:
        """Something odd that did not stop the run."""
        self.line("warning", message)

    def line(self, kind: str, message: str, **more: Any) -> None:
        """One line of that type. `error` and `critical` make the job fail (contract-b section 8)."""
        self._emit({"type": kind, "message": masked(message, self._secrets)[:MESSAGE], **more})


def masked(text: str, secrets: set[str]) -> str:
    """The text with each secret of four characters and more replaced by stars."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return text


def print_line(line: Mapping[str, Any], stream: IO[str] | None = None) -> None:
    """Writes one JSON line, on standard output unless said otherwise, at once."""
    stream = stream or sys.stdout
    stream.write(json.dumps(spoken(line), ensure_ascii=False, separators=(",", ":")) + "\n")
    stream.flush()


def no_answer() -> str:
    """Where nobody can be asked."""
    return ""


@dataclass(slots=True)
class Context:
    """One run: what to do (`fields`, `inputs`), for whom (`account`, `stack`), and how to tell (`log`, `result`)."""

    stack: Stack
    slug: str
    version: str = "0"
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The message of the job: `account`, `folder_to_save`, `answers` and whatever else the trigger says."""
    inputs: Sequence[Input] = ()
    locale: str = "en"
    deadline: float = float("inf")
    """When the run will be killed, on the clock of `time.monotonic()`."""
    emit: Callable[[Mapping[str, Any]], None] = field(default=print_line)
    listen: Callable[[], str] = field(default=no_answer)
    """Waits for the next line of the server; empty when there will be none."""
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    secrets: set[str] = field(default_factory=set)
    """Texts that must never be written out."""
    log: Log = field(init=False)
    state: dict[str, Any] = field(init=False, default_factory=dict)
    """What the connector wants to remember for this account; stored by `commit_state` and at the end of a good run."""
    _account: dict[str, Any] = field(init=False, default_factory=dict)
    _folder: str = field(init=False, default="")
    _done: set[str] = field(init=False, default_factory=set)
    _stored_state: str = field(init=False, default="{}")
    _given: dict[tuple[str, str], str] = field(init=False, default_factory=dict)
    _asked: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.log = Log(self.emit, self.secrets)

    # For whom

    @property
    def account_id(self) -> str:
        """The id of the account document; empty when the run has none."""
        return str(self.fields.get("account") or "")

    @property
    def account(self) -> dict[str, Any]:
        """The account document as it was when the run began (empty without an account)."""
        return self._account

    @property
    def account_identifier(self) -> str:
        """What tells this account from others of the same vendor: its login, or its name."""
        auth = self._account.get("auth") or {}
        said = auth.get("login") or auth.get("accountName") or self._account.get("name") or self.account_id
        return str(said)

    def load(self) -> None:
        """Reads the account and its state: called once, before the connector runs."""
        if not self.account_id:
            return
        self._account = self.stack.get(ACCOUNTS, self.account_id) or {}
        auth = self._account.get("auth") or {}
        self.secrets.update(value for name, value in auth.items() if name not in NAMES and isinstance(value, str))
        self.state = dict((self._account.get("data") or {}).get("state") or {})
        self._stored_state = json.dumps(self.state, sort_keys=True)

    def commit_state(self) -> None:
        """Stores the state. Call it after each batch that is safely written, never before."""
        encoded = json.dumps(self.state, sort_keys=True)
        if encoded == self._stored_state or not self.account_id:
            return
        for _ in range(3):
            account = self.stack.get(ACCOUNTS, self.account_id)
            if account is None:
                return
            account["data"] = {**(account.get("data") or {}), "state": self.state}
            try:
                self._account = self.stack.update(ACCOUNTS, account)
            except StackError as error:
                if error.status == 409:
                    continue
                raise
            self._stored_state = encoded
            return
        raise StackError(409, "the account changes too fast", "PUT account")

    @property
    def folder(self) -> str:
        """The path of the folder to save into: the account's own, else one under the administrative folder."""
        if not self._folder:
            self._folder = self._saved_folder() or self._made_folder()
        return self._folder

    def _saved_folder(self) -> str:
        folder_id = str(self.fields.get("folder_to_save") or "")
        resource = self.stack.file(folder_id) if folder_id else None
        return str(resource["attributes"].get("path") or "") if resource else ""

    def _made_folder(self) -> str:
        administrative = ADMINISTRATIVE.get(self.locale, ADMINISTRATIVE["en"])
        path = str(self._account.get("defaultFolderPath") or f"/{administrative}/{self.slug.capitalize()}")
        return str(self.stack.make_folder(path)["attributes"]["path"])

    # What to do

    @property
    def time_left(self) -> float:
        """Seconds until the run is killed: stop before, with what is done stored."""
        return self.deadline - time.monotonic()

    def answer(self, item: Input, field_name: str) -> str:
        """What the person answered to a question about this input; empty when nothing.

        It was said in this run, or with it: `answers` of the message, by the input's name or id, then by field.
        """
        answers = self.fields.get("answers") or {}
        said = answers.get(item.name, answers.get(item.id))
        if isinstance(said, dict):
            said = said.get(field_name)
        return self._given.get((item.id, field_name)) or (said if isinstance(said, str) else "")

    def ask(self, question: Question) -> str:
        """Asks the person and waits for the answer: the run goes on with it.

        When nobody answers in time it raises what ends the run with Cozy's code, and the question stays: answering it
        later starts the run again. In connectors of files, raise `Asked` instead: it lets the other files go first.
        """
        try:
            return self._answer_to(question)
        except NotAnswered as error:
            if question.kind == "password":
                raise LoginFailed("The password is needed again.", detail="NEEDS_SECRET", retry=False) from error
            detail = "TWOFA_EXPIRED" if question.kind == "code" else ""
            raise UserActionNeeded(f"It waits for your answer: {question.text}", detail=detail, retry=False) from error

    def ask_about(self, item: Input, question: Question) -> None:
        """Asks about one input; `answer` has it from then on. Raises `NotAnswered`."""
        self._given[item.id, question.field] = self._answer_to(question, item)

    def _answer_to(self, question: Question, item: Input | None = None) -> str:
        self._asked += 1
        name, began = str(self._asked), time.monotonic()
        line = {"type": "ask", "ask": name, "question": question.json()}
        self.emit({**line, "input": item.id} if item else line)
        try:
            answer = answer_in(self._reply(name))
        finally:
            self.deadline += time.monotonic() - began
        if question.secret:
            self.secrets.add(answer)
        return answer

    def _reply(self, name: str) -> dict[str, Any]:
        """The line that answers this question; an empty one when the server tells nothing any more."""
        while heard := self.listen():
            try:
                line = json.loads(heard)
            except ValueError:
                continue
            if isinstance(line, dict) and line.get("ask") == name:
                return line
        return {}

    # How to tell

    def progress(self, done: int, total: int, label: str = "") -> None:
        """Tells how far the run is."""
        self.emit({"type": "progress", "done": done, "total": total, "label": label})

    def result(
        self,
        item: Input,
        outcome: str,
        reason: str = "",
        counts: Mapping[str, int] | None = None,
        question: Mapping[str, Any] | None = None,
    ) -> None:
        """Tells what became of an input: `new`, `known` (nothing added), `not_understood`, `error` or `asked`."""
        line: dict[str, Any] = {"type": "result", "input": item.id, "outcome": outcome}
        line |= {"reason": masked(reason, self.secrets)[:MESSAGE], "counts": dict(counts or {})}
        if question:
            line["question"] = dict(question)
        self._done.add(item.id)
        self.emit(line)

    @contextmanager
    def handle(self, item: Input) -> Iterator[None]:
        """Around the work on one input: what it raises becomes its result, and the others go on.

        `ConnectorError` is let through: it ends the run. When a process dies in here, the server knows by which input.
        """
        self.emit({"type": "begin", "input": item.id})
        try:
            yield
        except InputProblem as problem:
            self.result(item, problem.outcome, problem.reason)
        except (MemoryError, RecursionError):
            self.result(item, "error", "Reading this file needs more memory than a connector may have.")
        except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
            print(masked(traceback.format_exc(), self.secrets), file=sys.stderr)
            self.result(item, "error", f"The file could not be read: {type(error).__name__}.")

    @property
    def done(self) -> int:
        """How many inputs have their result."""
        return len(self._done)

    @property
    def answered(self) -> bool:
        """Whether the person answered anything in this run."""
        return bool(self._given)

    def is_done(self, item: Input) -> bool:
        """Whether this input has its result already."""
        return item.id in self._done
