"""What a connector asks a person, and how the answer comes back while the run goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Kind = Literal["choice", "text", "code", "password"]

OF_A_FILE = 60.0
"""Seconds that a run waits for an answer about a file: nothing is lost by reading the file again later."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask: `field` names what is wanted, `text` is the sentence that the person reads.

    `choices` are values, or pairs of a value and what the person reads. `rows` show what it is about, the first of
    them as a heading. Questions with the same `key` (the layout of a file) are one: one answer serves them all.
    The answers to `code` and `password` are secrets: they are written down nowhere, and masked in the log.
    """

    field: str
    text: str
    choices: Sequence[str | tuple[str, str]] = ()
    kind: Kind = "choice"
    rows: Sequence[Sequence[str]] = ()
    key: str = ""
    seconds: float = 180.0
    """How long the run waits for the answer; 180 at the most."""

    @property
    def secret(self) -> bool:
        """Whether the answer is."""
        return self.kind in ("code", "password")

    def json(self) -> dict[str, Any]:
        """As it is told to the server."""
        pairs = [(choice, choice) if isinstance(choice, str) else choice for choice in self.choices]
        return {
            "kind": self.kind,
            "field": self.field,
            "text": self.text,
            "choices": [{"value": value, "label": label} for value, label in pairs],
            "rows": [list(row) for row in self.rows],
            "key": self.key,
            "seconds": self.seconds,
        }


class NotAnswered(Exception):
    """Nobody answered: `why` is `late`, `dropped` (the person will not answer) or `refused` (the server will not ask).

    `id` is the question's on the server, where it stays to be answered later.
    """

    def __init__(self, why: str, ident: str = "") -> None:
        super().__init__(f"the question was not answered: {why}")
        self.why = why
        self.id = ident


def answer_in(line: Mapping[str, Any]) -> str:
    """The answer in a line of the server; raises `NotAnswered`."""
    said = line.get("answer")
    if not isinstance(said, str):
        raise NotAnswered(str(line.get("why") or "late"), str(line.get("id") or ""))
    return said
