"""Starts and stops the house: sockets first, rooms from the ground up, and down again in the reverse order."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import importlib
import json
import logging
import os
import resource
import signal
import socket
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

import uvicorn

from alcove.base.config import WrongSetting
from alcove.base.http import AppHost
from alcove.identity import Gate
from alcove.instances import Instances
from alcove.server.app import Application
from alcove.server.barring import Barrier
from alcove.server.compose import compose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alcove.base.config import Settings
    from alcove.base.house import House, Step

try:
    from alcove.server.writing import OnePiece
except ImportError:  # where there is no httptools (armv7), uvicorn has another parser
    _HTTP: Any = "auto"
else:
    _HTTP = OnePiece

log = logging.getLogger("alcove.server")

GRACE = 10
"""Seconds that requests under way get when the server stops."""
TRIES, PAUSE = 10, 0.05
"""How often the lock of the data folder is asked for, and the seconds between."""


class FolderTaken(Exception):
    """Another server works on this data folder."""


class _Port(uvicorn.Server):
    """uvicorn without its own signal handlers: two ports stop together."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Says when it listens."""
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals to `Server`."""
        yield


class Server:
    """A running house on its two ports."""

    def __init__(self, settings: Settings) -> None:
        self._asked = settings
        self._stop = asyncio.Event()
        self._ports: list[_Port] = []
        self._serving: list[asyncio.Task[None]] = []
        self._listeners: list[socket.socket] = []
        self._lock: IO[str] | None = None
        self._warming: asyncio.Future[None] | None = None
        self.settings = settings
        self.house: House | None = None

    async def start(self) -> House:
        """Everything is ready when it returns. Raises `FolderTaken`, `WrongSetting` (a port is in use)."""
        _raise_file_limit()
        if self._asked.store != "memory":
            self._lock = await _folder(self._asked)
        # A worker answers only the connectors that it runs itself.
        answers = self._asked.role != "worker"
        public = self._listen(self._asked.port if answers else 0, "ALCOVE_PORT")
        admin = self._listen(self._asked.admin_port if answers else 0, "ALCOVE_ADMIN_PORT")
        self.settings = replace(self._asked, port=public.getsockname()[1], admin_port=admin.getsockname()[1])
        self.house = house = compose(self.settings)
        for name, step in house.starting:
            log.debug("starting %s", name)
            await step()
        gate, instances, barrier = house.need(Gate), house.need(Instances), house.need(Barrier)
        for operator, listener in ((False, public), (True, admin)):
            routes = [route for route in house.routes if route.operator is operator]
            sockets = [] if operator else house.sockets
            apps = None if operator else house.need(AppHost)
            app = Application(routes, sockets, gate, instances, self.settings.scheme, barrier, apps)
            await self._serve(app, listener)
        if self._lock is not None:
            _tell(self._lock, self.settings)
        self._warming = asyncio.get_running_loop().run_in_executor(None, _warm)
        return house

    async def _serve(self, app: Application, listener: socket.socket) -> None:
        config: Any = uvicorn.Config(
            app,
            http=_HTTP,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws="websockets-sansio",
            ws_max_size=64 << 10,
            ws_per_message_deflate=False,  # its window of every socket would be most of what an idle one costs
            ws_ping_interval=54,
            ws_ping_timeout=60,
            proxy_headers=bool(self._asked.proxies),
            forwarded_allow_ips=self._asked.proxies,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE,
            h11_max_incomplete_event_size=64 << 10,
        )
        port = _Port(config)
        self._ports.append(port)
        self._serving.append(asyncio.create_task(port.serve([listener])))
        await port.ready.wait()

    def _listen(self, port: int, setting: str) -> socket.socket:
        listener = _listen(self._asked.host, port, setting)
        self._listeners.append(listener)
        return listener

    def ask_to_stop(self) -> None:
        """Begins a graceful stop; a second time requests under way are not waited for."""
        if self._stop.is_set():
            for port in self._ports:
                port.should_exit = port.force_exit = True
        self._stop.set()

    async def wait(self) -> None:
        """Runs until a signal (INT, TERM) or `ask_to_stop`, then stops."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.ask_to_stop)
        await self._stop.wait()
        await self.stop()

    async def stop(self) -> None:
        """Ends jobs, then requests under way, then each room, then lets go of the data folder."""
        await self._run_steps(self.house.leaving if self.house else [])
        for port in self._ports:
            port.should_exit = True
        await asyncio.gather(*self._serving, return_exceptions=True)
        for listener in self._listeners:
            listener.close()
        await self._run_steps(self.house.stopping if self.house else [])
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()

    async def _run_steps(self, steps: Sequence[tuple[str, Step]]) -> None:
        for name, step in steps:
            try:
                await step()
            except Exception:
                log.exception("stopping %s failed", name)


def _warm() -> None:
    """Loads what the first token and the first page need, while the server already answers."""
    importlib.import_module("joserfc.jwt")
    importlib.import_module("jinja2")


def _listen(host: str, port: int, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio asks for it to set TCP_NODELAY
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise WrongSetting(
                f"ALCOVE_HOST is {host!r}: {reason}; an address of this machine is allowed, such as 127.0.0.1, or"
                " 0.0.0.0 for all of them"
            ) from None
        raise WrongSetting(f"{setting} is {port} on {host}: {reason}; choose a free port, or 0 to take any") from None
    listener.listen(1024)
    listener.setblocking(False)
    return listener


async def _folder(settings: Settings) -> IO[str] | None:
    """The lock of the data folder. Where a database is shared the folder is too: the first one to answer has it."""
    if not settings.database:
        return await take_folder(settings)
    if settings.role == "worker":
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return None
    with contextlib.suppress(FolderTaken):
        return await take_folder(settings)
    return None


async def take_folder(settings: Settings) -> IO[str]:
    """Locks the data folder: two servers on one folder would harm it.

    A command that looks whether a server runs holds the lock for an instant, so one refusal is no proof.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (settings.home / "server.json").open("a+", encoding="utf-8")
    except OSError as error:
        raise WrongSetting(
            f"ALCOVE_HOME is {settings.home}: {error.strerror or error}; a folder that you may write to is allowed"
        ) from None
    for _ in range(TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            await asyncio.sleep(PAUSE)
        else:
            return lock
    lock.close()
    raise FolderTaken(f"{settings.home} is in use by another Alcove server; stop it first")


def _tell(lock: IO[str], settings: Settings) -> None:
    """Writes where this server is reached, for the command line on the same machine."""
    lock.truncate(0)
    lock.write(json.dumps({"port": settings.port, "admin_port": settings.admin_port, "pid": os.getpid()}))
    lock.flush()


def _raise_file_limit() -> None:
    """Each open instance holds three files: takes what the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 65536) if hard != resource.RLIM_INFINITY else 65536
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
