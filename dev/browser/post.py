"""A mail server beside the browser: tests wait for what it gets."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from alcove.outbox.testing import PostOffice, post_office, text_of
from browser.beside import beside

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60
"""Seconds that a mail may take on a machine that is busy with other things."""


class Post:
    """What arrived at the mail server, for tests without an event loop."""

    def __init__(self, office: PostOffice, loop: asyncio.AbstractEventLoop) -> None:
        self._office = office
        self._loop = loop
        self._read = 0

    def settings(self) -> dict[str, str]:
        """The settings of a server that sends its mails here."""
        return {f"ALCOVE_{name.upper()}": str(value) for name, value in self._office.settings().items()}

    def next(self) -> str:
        """The text of the next mail, waited for."""
        self._read += 1
        waiting = asyncio.run_coroutine_threadsafe(self._office.arrived(self._read), self._loop)
        return text_of(waiting.result(PATIENCE))


@contextlib.contextmanager
def post() -> Iterator[Post]:
    """A mail server, until the end of the block."""
    with beside(post_office()) as (office, loop):
        yield Post(office, loop)
