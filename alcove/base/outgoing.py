"""What the server asks of other servers. Rooms know this door by its Protocol; `egress` opens it (decision 6)."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping


SELF = "alcove"
"""Stands for the server itself where an instance's key is expected: its own store has that key."""
ACTING: ContextVar[str] = ContextVar("acting", default=SELF)
"""The key of the instance that the work at hand is for: set for each request and each job. What goes out meanwhile is
written into this instance's journal."""


class NoReply(Exception):
    """No answer that can be used. The message names the host and says what is wrong; it never holds a secret."""


@dataclass(frozen=True, slots=True)
class Question:
    """One request to another server. `purpose` is a word for the journal: why something leaves."""

    url: str
    purpose: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    limit: int = 1 << 20
    """Bytes that the answer may have."""
    patience: float = 0.0
    """Seconds that the whole of the answer may take; 0: as long as the door waits by itself."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other server answered, whatever the status. A redirect is an answer like any other."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; raises `NoReply`."""
        try:
            said = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, dict):
            raise NoReply("the answer is not a JSON object")
        return said


class Outgoing(Protocol):
    """Asks other servers, within limits of size and time, and never one of a private network unless that is allowed."""

    async def ask(self, question: Question) -> Reply:
        """The answer; raises `NoReply`."""
        ...
