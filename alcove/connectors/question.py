"""A question of a connector to the person: what may be asked, and what may be answered."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from alcove.base.errors import Unprocessable

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT = 500
"""Characters of a question, and of one of its choices."""
CHOICES = 200
ROWS = 10
COLUMNS = 200
CELL = 200
ANSWER = 4096
"""Characters of an answer."""

LONGEST_WAIT = 180.0
"""Seconds that a run waits for one answer (Cozy's connectors wait three minutes for a code)."""


class Kind(StrEnum):
    """What kind of answer is wanted. The answers to a code and to a password are secrets."""

    CHOICE = "choice"
    TEXT = "text"
    CODE = "code"
    PASSWORD = "password"


class State(StrEnum):
    """Where a question is. `waiting`: a run waits for the answer; `later`: the answer starts a new run."""

    WAITING = "waiting"
    LATER = "later"
    ANSWERED = "answered"
    DROPPED = "dropped"


OPEN = frozenset({State.WAITING, State.LATER})


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers: what is sent back, and what the person reads."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked. `rows` show what it is about, the first of them as a heading of columns."""

    kind: Kind
    field: str
    text: str
    choices: tuple[Choice, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    key: str = ""
    """What it is about, when that is not the one file or the account: files with one key wait for one answer."""
    seconds: float = LONGEST_WAIT

    @property
    def secret(self) -> bool:
        """Whether the answer must never be written down."""
        return self.kind in (Kind.CODE, Kind.PASSWORD)

    def json(self) -> dict[str, Any]:
        """As its document holds it."""
        return {name: value for name, value in asdict(self).items() if name != "seconds"}

    def check(self, answer: Any) -> str:
        """The answer as it goes to the connector; raises `Unprocessable` for one that cannot be right."""
        pointer = "/data/attributes/answer"
        if not isinstance(answer, str) or not answer.strip():
            raise Unprocessable("The answer must be a text that is not empty", pointer=pointer)
        if len(answer) > ANSWER:
            raise Unprocessable(f"The answer may have {ANSWER} characters", pointer=pointer)
        if self.kind is Kind.CHOICE and answer not in {choice.value for choice in self.choices}:
            raise Unprocessable("The answer is none of the choices", pointer=pointer)
        return answer if self.kind is Kind.PASSWORD else answer.strip()


def read_question(said: Any) -> Question | None:
    """The question that a connector's line or a document holds; None for what is none. Too much of it is cut off.

    What a connector writes is not to be believed: types are looked at one by one.
    """
    if not isinstance(said, dict) or said.get("kind") not in list(Kind):
        return None
    field, text = _text(said.get("field"), 100), _text(said.get("text"))
    choices = tuple(filter(None, map(_choice, _list(said.get("choices"), CHOICES))))
    kind = Kind(said["kind"])
    if not field or not text or (kind is Kind.CHOICE and not choices):
        return None
    rows = tuple(
        tuple(_text(cell, CELL) for cell in _list(row, COLUMNS)) for row in _list(said.get("rows"), ROWS) if row
    )
    seconds = said.get("seconds")
    wait = float(seconds) if isinstance(seconds, int | float) and 0 <= seconds <= LONGEST_WAIT else LONGEST_WAIT
    return Question(kind, field, text, choices, rows, _text(said.get("key"), 200), wait)


def _list(value: Any, most: int) -> list[Any]:
    return list(value[:most]) if isinstance(value, list | tuple) else []


def _text(value: Any, most: int = TEXT) -> str:
    return value[:most] if isinstance(value, str) else ""


def _choice(said: Any) -> Choice | None:
    if isinstance(said, str):
        said = {"value": said}
    if not isinstance(said, dict) or not _text(said.get("value")):
        return None
    value = _text(said["value"])
    return Choice(value, _text(said.get("label")) or value)


def question_id(slug: str, about: str, question: Question) -> str:
    """One question stays one, however often it is asked: by connector, by what it is about, by the field wanted."""
    parts: tuple[str, ...] = ("org.alcove.questions", slug, question.key or about, question.field)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def question_of(fields: Mapping[str, Any]) -> Question:
    """The question in a document of ours."""
    found = read_question(dict(fields))
    assert found is not None, "only questions that could be read are stored"
    return found
