"""The other processes of this server: what is said to them, and the work that only one of all does at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

Step = Callable[[], Awaitable[None]]


class Peers(Protocol):
    """The processes that share one database."""

    def send(self, topic: str, text: str) -> None:
        """Tells the others, soon; who is away does not hear it. Nothing happens when there are none."""
        ...

    def hear(self, topic: str, heard: Callable[[str], None]) -> None:
        """Calls `heard` with what the others send about a topic: one word. It must not block."""
        ...

    def duty(self, begin: Step, end: Step) -> None:
        """Work that one process at a time does: begun when the turn comes to this one, ended when it is lost."""
        ...

    async def start(self) -> None:
        """From now on duties are taken and others are heard."""
        ...

    async def stop(self) -> None:
        """Ends the duties of this process, so that another takes them."""
        ...


class Alone:
    """`Peers` of a server that is one process: every duty is its own."""

    def __init__(self) -> None:
        self._duties: list[tuple[Step, Step]] = []

    def send(self, topic: str, text: str) -> None:
        """Nobody is there."""

    def hear(self, topic: str, heard: Callable[[str], None]) -> None:
        """Nobody speaks."""

    def duty(self, begin: Step, end: Step) -> None:
        """Takes note of a duty."""
        self._duties.append((begin, end))

    async def start(self) -> None:
        """Begins all of them, in the order they came."""
        for begin, _ in self._duties:
            await begin()

    async def stop(self) -> None:
        """Ends them, the last one first."""
        for _, end in reversed(self._duties):
            await end()
