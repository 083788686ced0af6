"""The way out of one confined run: every connection is judged by name and address, and written down, before it opens.

In the child's network each name has an address that stands for it (`names`): what connects there comes here, whatever
library it is, and TLS goes on to the end. A proxy on `PROXY` is for other ports. Where there are no namespaces the
proxy alone is there, on this machine, for the child that knows its secret.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from alcove.base.outgoing import ACTING, NoReply
from alcove.egress.addresses import Trust, addresses_of, public
from alcove.egress.model import Line, clean_host
from alcove.egress.names import Lookups, Names
from alcove.egress.proxied import HEAD, NotProxied, Wish, read_wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.egress.addresses import Address
    from alcove.egress.service import Journal

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Count = Callable[[int], None]

PURPOSE = "connector"
PROXY = 3128
CHUNK = 64 << 10
TRIED = 4
"""Addresses of one host that are tried."""
LOCAL = "127.0.0.1"
"""The child's own machine, in which there is nothing but the way home."""
UNNAMED = "unnamed"
"""Stands for a host that nobody named."""
WEB = (80, 443)
COMMON = (*WEB, 110, 143, 465, 587, 993, 995, 5000, 5001, 8000, 8080, 8443)
"""Ports that are listened on in a child's network: of the web, of mail, and of machines at home."""


class Refused(NoReply):
    """Nothing goes there; the message says why, without any secret."""


class Reach(Protocol):
    """Where a run may connect to."""

    async def judge(self, host: str, port: int) -> None:
        """Raises `Refused` for a host that it may not connect to, by its name."""
        ...

    def trusts(self, host: str) -> bool:
        """Whether a person or a maker named this host: it may be in a network that the operator trusts."""
        ...


@dataclass(slots=True)
class Budget:
    """What one run may use: bytes, connections, seconds."""

    up: int = 512 << 20
    down: int = 4 << 30
    connections: int = 2000
    at_once: int = 32
    connecting: float = 10.0
    idle: float = 120.0
    """Seconds without a byte in either direction."""


@dataclass(frozen=True, slots=True)
class Home:
    """The run's own server: a connection to it does not leave. `host` and `port` as the run sees them."""

    host: str
    port: int
    address: str
    """Where it listens."""
    real_port: int


@dataclass(slots=True)
class Outcome:
    """What became of a run's connections."""

    accepted: int = 0
    """Connections that were to leave: as many as the journal has lines."""
    refused: list[str] = field(default_factory=list)
    """In words, for who reads what the run told."""


class Brokers:
    """Makes the broker of each run."""

    def __init__(self, journal: Journal, trust: Trust) -> None:
        self._journal = journal
        self._trust = trust

    def make(self, tenant: str, who: str, home: Home, reach: Reach, ports: Sequence[int] = ()) -> Broker:
        """One for a run of the connector `who`, of an instance; `ports` are listened on beside the common ones."""
        return Broker(self._journal, self._trust, tenant, who, home, reach, ports)


class Broker:
    """Answers in the network of one run. It is `alcove.base.doors.Doors`."""

    def __init__(
        self,
        journal: Journal,
        trust: Trust,
        tenant: str,
        who: str,
        home: Home,
        reach: Reach,
        ports: Sequence[int] = (),
        budget: Budget | None = None,
    ) -> None:
        self.ports = tuple(dict.fromkeys((home.port, *COMMON, *ports, PROXY)))
        self.outcome = Outcome()
        self.secret = ""
        self._journal, self._trust, self._tenant, self._who = journal, trust, tenant, who
        self._home, self._reach = home, reach
        self._budget = budget or Budget()
        self._names = Names()
        self._places = asyncio.Semaphore(self._budget.at_once)
        self._servers: list[asyncio.Server] = []
        self._lookups: asyncio.BaseTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._up = self._down = 0
        self._over = False

    async def serve(self, lookups: socket.socket, streams: Sequence[socket.socket]) -> None:
        """Begins to answer on sockets in the child's network."""
        loop = asyncio.get_running_loop()
        self._lookups, _ = await loop.create_datagram_endpoint(lambda: Lookups(self._names), sock=lookups)
        for stream in streams:
            self._servers.append(await asyncio.start_server(self._accept, sock=stream, limit=HEAD))

    async def serve_here(self) -> int:
        """Begins to answer as a proxy on this machine, for who knows the secret; gives the port."""
        self.secret = secrets.token_urlsafe(24)
        self._servers.append(await asyncio.start_server(self._accept, LOCAL, 0, limit=HEAD))
        return int(self._servers[0].sockets[0].getsockname()[1])

    async def close(self) -> None:
        """The run is over: nothing is connected any more, and each line of the journal is ended."""
        self._over = True
        for server in self._servers:
            server.close()
        if self._lookups is not None:
            self._lookups.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is accepted in a task"
        self._tasks.add(task)
        try:
            async with self._places:
                await self._answer(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # one end went away: so does the other
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(reader, writer, proxied=bool(self.secret) or writer.get_extra_info("sockname")[1] == PROXY)
        try:
            wish = await self._wish(client)
        except (NotProxied, TimeoutError, EOFError, asyncio.LimitOverrunError) as error:
            await self._leave(client, Wish("", 0), str(error) or "nothing was asked for")
            return
        host = _named(wish.host)
        if wish.port == self._home.port and host in (self._home.host, LOCAL):
            there = await asyncio.open_connection(self._home.address, self._home.real_port)
            await _join(client, wish, there, _ignore, _ignore, self._budget.idle)
            return
        await self._leave(client, replace(wish, host=host), "" if host else "it names no host")

    async def _wish(self, client: _Client) -> Wish:
        """Where a client wants to go: what it says to the proxy, or what the address that it chose stands for."""
        if client.proxied:
            async with asyncio.timeout(self._budget.connecting):
                return read_wish(await client.reader.readuntil(b"\r\n\r\n"), self.secret)
        address, port = client.writer.get_extra_info("sockname")[:2]
        return Wish(self._names.name_of(address) or address, port)

    async def _leave(self, client: _Client, wish: Wish, wrong: str) -> None:
        """Writes a line of the journal, and connects unless something is `wrong` or forbidden."""
        self.outcome.accepted += 1
        if self.outcome.accepted >= self._budget.connections:
            for server in self._servers:  # this one is still told of; whoever comes later is not let in
                server.close()
        ACTING.set(self._tenant)
        try:
            async with self._journal.connection(PURPOSE, wish.host or UNNAMED, wish.port, self._who) as line:
                if wrong:
                    raise Refused(wrong)
                there = await self._connect(wish.host, wish.port, line)
                await self._carry(client, wish, there, line)
        except NoReply as refusal:
            self.outcome.refused.append(str(refusal))
            client.refuse(str(refusal))

    async def _connect(self, host: str, port: int, line: Line) -> Ends:
        """A connection to the host, at an address that was judged; raises `NoReply`."""
        self._spend(0, 0, host)
        if self.outcome.accepted >= self._budget.connections:
            raise Refused(f"{host}: the run has opened {self._budget.connections} connections, as many as it may")
        await self._reach.judge(host, port)
        reason = "it cannot be connected to"
        for address in (await self._addresses(host, port))[:TRIED]:
            line.address = str(address)
            try:
                async with asyncio.timeout(self._budget.connecting):
                    return await asyncio.open_connection(str(address), port)
            except TimeoutError:
                reason = f"no answer within {self._budget.connecting:g} s"
            except OSError as error:
                reason = error.strerror or type(error).__name__
        raise NoReply(f"{host}: {reason}")

    async def _addresses(self, host: str, port: int) -> Sequence[Address]:
        try:
            async with asyncio.timeout(self._budget.connecting):
                found = await addresses_of(host, port)
        except (OSError, UnicodeError, TimeoutError):
            raise Refused(f"{host} is not known") from None
        known = self._reach.trusts(host)
        allowed = [address for address in found if public(address) or (known and address in self._trust)]
        if not allowed:
            shown = ", ".join(map(str, found[:TRIED]))
            raise Refused(f"{host} is not on the Internet ({shown}): nothing is sent there")
        return allowed

    async def _carry(self, client: _Client, wish: Wish, there: Ends, line: Line) -> None:
        def up(size: int) -> None:
            line.up += size
            self._spend(size, 0, line.host)

        def down(size: int) -> None:
            line.down += size
            self._spend(0, size, line.host)

        try:
            await _join(client, wish, there, up, down, self._budget.idle)
        except asyncio.CancelledError:
            if not self._over:
                raise
        except TimeoutError:
            raise NoReply(f"{line.host}: nothing was said for {self._budget.idle:g} s") from None
        except OSError as error:
            if client.reader.exception() is None:  # else it is the child that went away
                raise NoReply(f"{line.host}: {error.strerror or type(error).__name__}") from None

    def _spend(self, up: int, down: int, host: str) -> None:
        """Counts bytes; raises `NoReply` when the run has used what it may."""
        self._up += up
        self._down += down
        if self._up > self._budget.up:
            raise NoReply(f"{host}: the run has sent {self._budget.up >> 20} MiB, as much as it may")
        if self._down > self._budget.down:
            raise NoReply(f"{host}: the run has received {self._budget.down >> 20} MiB, as much as it may")


class _Client:
    """The child's end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, proxied: bool) -> None:
        self.reader, self.writer, self.proxied = reader, writer, proxied

    def refuse(self, reason: str) -> None:
        """Says why, where there are words for it; else whoever connected shall see that it failed."""
        if self.proxied:
            body = f"{reason}\n".encode()
            head = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
            self.writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            return
        with contextlib.suppress(OSError):
            now = struct.pack("ii", 1, 0)  # closed by a reset
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
        self.writer.transport.abort()


async def _join(client: _Client, wish: Wish, there: Ends, up: Count, down: Count, idle: float) -> None:
    """Carries bytes until both ends have said all; raises `OSError`, and what the counters raise."""
    reader, writer = there
    try:
        if wish.first:
            up(len(wish.first))
            writer.write(wish.first)
        elif client.proxied:
            client.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        async with asyncio.timeout(idle) as alarm, asyncio.TaskGroup() as group:
            group.create_task(_pump(client.reader, writer, up, alarm, idle))
            group.create_task(_pump(reader, client.writer, down, alarm, idle))
    except* (OSError, NoReply) as errors:
        raise _first(errors) from None
    finally:
        writer.close()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: Count, alarm: asyncio.Timeout, idle: float
) -> None:
    loop = asyncio.get_running_loop()
    while chunk := await reader.read(CHUNK):
        if not alarm.expired():
            alarm.reschedule(loop.time() + idle)
        count(len(chunk))
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def _named(said: str) -> str:
    """A host as it is compared and written down; empty when it cannot be one."""
    try:
        return str(ipaddress.ip_address(said))
    except ValueError:
        return clean_host(said)


def _first(errors: BaseException) -> BaseException:
    """What went wrong first, out of what went wrong together."""
    return _first(errors.exceptions[0]) if isinstance(errors, BaseExceptionGroup) else errors


def _ignore(_size: int) -> None:
    """Bytes that do not leave are not counted."""
