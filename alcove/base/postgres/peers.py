"""The processes of one server, by one connection of each to PostgreSQL: it listens, and holds the lock of the duties.

When the connection is lost the duties are: PostgreSQL gives the lock to another process only when it saw this
connection end, and this process ends its duties as soon as it sees it. In between both may work, which is why followers
and alarms have to be safe against being run twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from alcove.base.errors import Unavailable
from alcove.base.ids import new_id
from alcove.base.postgres.connections import AWAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from alcove.base.peers import Step
    from alcove.base.postgres.connections import Connection
    from alcove.base.postgres.pool import Postgres

CHANNEL = "alcove"
"""Where the processes of a server speak: who sends it, the topic, the text."""
LOOK = 1.0
"""Seconds between two tries to get the duties, and two looks whether the connection still lives."""
POLL = 5.0
"""Seconds between two looks at what was not heard."""
DEAD = 5.0
"""Seconds without an answer after which the connection counts as lost."""
LONGEST = 7000
"""Bytes of a message: PostgreSQL carries less than 8000."""
_DUTIES = 0x616C636F76650002
"""The lock of who has the duties."""

log = logging.getLogger("alcove.peers")


class PostgresPeers:
    """`Peers` over PostgreSQL. Who is no `candidate` never has duties."""

    def __init__(self, postgres: Postgres, *, candidate: bool, look: float = LOOK, poll: float = POLL) -> None:
        self.origin = new_id()
        self.on_duty = False
        self._postgres = postgres
        self._candidate = candidate
        self._look = look
        self._poll = poll
        self._duties: list[tuple[Step, Step]] = []
        self._heard: dict[str, Callable[[str], None]] = {}
        self._catching_up: list[Step] = []
        self._sending = set[asyncio.Task[None]]()
        self._loop: asyncio.Task[None] | None = None

    def payload(self, topic: str, text: str) -> str:
        """A message as it goes over the channel, for who sends it inside a transaction."""
        return f"{self.origin} {topic} {text}"

    def send(self, topic: str, text: str) -> None:
        """Tells the others, soon; what is too long for one message is left out."""
        payload = self.payload(topic, text)
        if len(payload.encode()) > LONGEST:
            log.warning("too long for the other processes: %s", topic)
            return
        task = asyncio.ensure_future(self._send(payload))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, payload: str) -> None:
        with contextlib.suppress(Unavailable):
            await self._postgres.fetch("select pg_notify($1, $2)", CHANNEL, payload)

    def hear(self, topic: str, heard: Callable[[str], None]) -> None:
        """Calls `heard` with what the others send about a topic."""
        self._heard[topic] = heard

    def catch_up(self, step: Step) -> None:
        """A look at what may have gone unheard: after each new connection, and every few seconds."""
        self._catching_up.append(step)

    def duty(self, begin: Step, end: Step) -> None:
        """Takes note of a duty."""
        self._duties.append((begin, end))

    async def start(self) -> None:
        """Connects; goes on until `stop`, whatever happens to the connection."""
        self._loop = asyncio.create_task(self._live(), name="peers")

    async def stop(self) -> None:
        """Ends the duties of this process, then the connection."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
            self._loop = None
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _live(self) -> None:
        while True:
            connection: Connection = None
            try:
                connection = await self._postgres.connect()
                await connection.add_listener(CHANNEL, self._receive)
                await self._turn(connection)
            except (Unavailable, *AWAY) as error:
                log.debug("the other processes are not heard: %s", error or type(error).__name__)
            except Exception:
                log.exception("the other processes are not heard")
            finally:
                # The lock goes with the connection: another process begins only after this one has ended.
                await self._leave()
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(self._look)

    async def _turn(self, connection: Connection) -> None:
        rest = 0.0
        while True:
            rest -= self._look
            if rest <= 0:
                rest = self._poll
                for step in self._catching_up:
                    await step()
            await self._look_at(connection)
            await asyncio.sleep(self._look)

    async def _look_at(self, connection: Connection) -> None:
        """Asks for the lock, or whether the connection still lives."""
        if self.on_duty or not self._candidate:
            await connection.execute("select 1", timeout=DEAD)
        elif await connection.fetchval("select pg_try_advisory_lock($1)", _DUTIES, timeout=DEAD):
            self.on_duty = True
            log.info("this process has the duties now")
            for begin, _ in self._duties:
                await begin()

    async def _leave(self) -> None:
        if self.on_duty:
            self.on_duty = False
            for _, end in reversed(self._duties):
                try:
                    await end()
                except Exception:
                    log.exception("a duty did not end well")

    def _receive(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        origin, topic, text = payload.split(" ", 2)
        heard = self._heard.get(topic)
        if heard is not None and origin != self.origin:
            try:
                heard(text)
            except Exception:
                log.exception("a message about %s was not understood", topic)
