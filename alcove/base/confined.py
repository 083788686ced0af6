"""Child processes that are not trusted: what they see, what they may use, and how they end.

Bubblewrap gives the child namespaces of its own: an empty network, a read-only system, its own /tmp, nothing of the
data folder but what is bound. `prlimit` limits what it uses; a deadline and limits on its output end it. Where
bubblewrap cannot work, running is refused, unless the settings allow to go on with the limits alone (`degraded`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path, PurePosixPath

from alcove.base.doors import Doors, NoDoor, Threshold
from alcove.base.errors import Unavailable

LINE = 64 << 10
"""Bytes of one line on standard output (contract-b section 8)."""

STDERR_KEPT = 256 << 10
"""Bytes of standard error that are kept, from its start (contract-b section 8)."""

TMP_SIZE = 512 << 20
"""Bytes of the child's own /tmp. It lies in memory."""

PRIVATE_USERS = 1_900_000_000
"""User ids from here on belong to nobody: run by root, each child gets one, so that its processes can be counted."""

HOW_TO = "install bubblewrap (Debian: apt install bubblewrap), or allow confinement = degraded in the settings"

NO_MEMORY = (b"MemoryError", b"JavaScript heap out of memory", b"ERR_MEMORY_ALLOCATION_FAILED", b"bad_alloc")
"""What languages write on standard error when they were refused memory: Python, and V8 in its several ways."""

OnLine = Callable[[bytes], Awaitable[None]]


class NoConfinement(Unavailable):
    """This machine cannot confine child processes, and the settings do not allow to run them without."""


class Level(Enum):
    """What holds a child back."""

    NAMESPACES = "namespaces"
    """Empty network, read-only system, own processes, limits."""
    LIMITS = "limits"
    """Limits alone: it reads what the server can read, and reaches the network."""
    NONE = "none"
    """Nothing can: children are refused."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use: bytes, seconds, counts. Memory and CPU are per process."""

    memory: int = 1 << 30
    """Bytes of address space."""
    data: int = 0
    """Bytes that it may write to, for programs that reserve far more address space than they use; 0: not limited."""
    cpu: int = 300
    wall: float = 300.0
    quiet: float = float("inf")
    """Seconds without a line of output after which the child is thought to hang."""
    processes: int = 16
    file_size: int = 1 << 30
    open_files: int = 128
    output: int = 16 << 20
    """Bytes of standard output, and of standard error, after which the child is ended."""


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or folder that the child sees: `source` outside, `target` inside. Read-only unless `writable`."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. `argv` and `env` name files as `Confinement.place` says; nothing of our environment is inherited."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[Bind, ...] = ()
    cwd: str = "/tmp"  # noqa: S108 - the child's own


class Cause(Enum):
    """Why a child ended."""

    EXIT = "exit"
    DEADLINE = "deadline"
    QUIET = "quiet"
    MEMORY = "memory"
    CPU = "cpu"
    OUTPUT = "output"
    LINE = "line"
    SIGNAL = "signal"


REASONS = {
    Cause.EXIT: "it ended with status {status}",
    Cause.DEADLINE: "it took longer than {wall:.0f} s and was ended",
    Cause.QUIET: "it gave no sign of life for {quiet:.0f} s and was ended",
    Cause.MEMORY: "it needed more than the {memory} MiB of memory that it may have",
    Cause.CPU: "it used more than {cpu} s of processor time and was ended",
    Cause.OUTPUT: "it wrote more than {output} bytes of output and was ended",
    Cause.LINE: "it wrote a line of more than {line} bytes and was ended",
    Cause.SIGNAL: "it was ended by signal {signal}",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended. `status` is its exit status, 128 and the signal's number when a signal ended it."""

    cause: Cause
    status: int
    stderr: bytes
    seconds: float
    limits: Limits

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, with status 0."""
        return self.cause is Cause.EXIT and self.status == 0

    @property
    def facts(self) -> dict[str, float]:
        """What a sentence about it may name: its status or signal, and the limits."""
        known: dict[str, float] = {"status": self.status, "signal": self.status - 128, "line": LINE}
        limits = self.limits
        known |= {"memory": (limits.data or limits.memory) >> 20, "cpu": limits.cpu, "output": limits.output}
        return known | {"wall": limits.wall, "quiet": limits.quiet}

    @property
    def reason(self) -> str:
        """The cause in words."""
        return REASONS[self.cause].format(**self.facts)


class Talk:
    """A way to speak to one child on its standard input, and to hold its clock while it waits for a person."""

    def __init__(self) -> None:
        self._watch: _Watch | None = None

    def _join(self, watch: _Watch | None) -> None:
        self._watch = watch

    async def say(self, line: bytes) -> None:
        """Writes one line. A child that has ended, or closed its ears, does not hear it: that is no error."""
        if self._watch is not None:
            await self._watch.say(line)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Around a wait that is not the child's fault: it does not count as silence, nor towards its deadline."""
        watch = self._watch
        if watch is not None:
            watch.pause()
        try:
            yield
        finally:
            if watch is not None:
                watch.resume()


class Confinement:
    """Runs children at one `level`; `how` says in words what was found on this machine."""

    def __init__(self, level: Level, how: str, prefix: tuple[str, ...] = (), *, private_user: bool = False) -> None:
        self.level = level
        self.how = how
        self._prefix = prefix
        self._private_user = private_user

    @classmethod
    async def find(cls, mode: str = "required") -> Confinement:
        """What this machine can do; `mode` is the setting `confinement`: `required` or `degraded`."""
        if shutil.which("prlimit") is None:
            return cls(Level.NONE, "prlimit is not there (Debian: apt install util-linux)")
        tried = await _first_that_works()
        if tried is not None:
            return cls(Level.NAMESPACES, "bubblewrap", tried, private_user="--unshare-all" not in tried)
        found = "bubblewrap does not work here" if shutil.which("bwrap") else "bubblewrap is not installed"
        if mode == "degraded":
            return cls(Level.LIMITS, f"{found}: connectors and the drawing of thumbnails run with limits alone")
        return cls(Level.NONE, f"{found}: {HOW_TO}")

    def place(self, bind: Bind) -> str:
        """Where the child finds what is bound: without namespaces it is where it lies."""
        return bind.target if self.level is Level.NAMESPACES else str(bind.source)

    async def run(
        self,
        program: Program,
        limits: Limits | None = None,
        on_line: OnLine | None = None,
        talk: Talk | None = None,
        doors: Doors | None = None,
    ) -> Ending:
        """Runs a program to its end, whatever it takes; each line of its output goes to `on_line` as it comes.

        With `talk` it has a standard input, and the other end is there; without, its standard input is empty. With
        `doors` there is somebody in its network who answers; with limits alone it has the network of the machine.
        Raises `NoConfinement`. When `on_line` raises, or the task is cancelled, the child is killed first.
        """
        if self.level is Level.NONE:
            raise NoConfinement(self.how[0].upper() + self.how[1:])
        limits, listening = limits or Limits(), talk is not None
        starting = asyncio.ensure_future(self._start(program, limits, on_line, doors, listening=listening))
        try:
            watch = await asyncio.shield(starting)
        except asyncio.CancelledError:
            await asyncio.shield(asyncio.ensure_future(_forsake(starting)))
            raise
        try:
            if talk is not None:
                talk._join(watch)
            return await watch.to_the_end()
        finally:
            if talk is not None:
                talk._join(None)

    async def _start(
        self, program: Program, limits: Limits, on_line: OnLine | None, doors: Doors | None, *, listening: bool
    ) -> _Watch:
        if doors is None or self.level is not Level.NAMESPACES:
            return await self._spawn(self._command(program, limits), program, limits, on_line, listening=listening)
        threshold = Threshold()
        try:
            command = self._command(program, limits, threshold.arguments)
            try:
                watch = await self._spawn(
                    command, program, limits, on_line, listening=listening, inherited=threshold.inherited
                )
            finally:
                threshold.started()
            try:
                await threshold.open(doors)
            except BaseException as error:
                await watch.abandon()
                if isinstance(error, NoDoor):
                    raise NoConfinement(f"The child's network cannot be opened: {error}") from None
                raise
            return watch
        finally:
            threshold.close()

    async def _spawn(
        self,
        command: Sequence[str],
        program: Program,
        limits: Limits,
        on_line: OnLine | None,
        *,
        listening: bool,
        inherited: Sequence[int] = (),
    ) -> _Watch:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(
            lambda: asyncio.subprocess.SubprocessStreamProtocol(LINE, loop),
            *command,
            env=dict(program.env),
            cwd="/" if self.level is Level.NAMESPACES else program.cwd,
            stdin=asyncio.subprocess.PIPE if listening else asyncio.subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=inherited,
        )
        return _Watch(asyncio.subprocess.Process(transport, protocol, loop), transport, limits, on_line)

    def _command(self, program: Program, limits: Limits, more: Sequence[str] = ()) -> list[str]:
        limited = [*_limit_command(limits), "--"]
        if self.level is not Level.NAMESPACES:
            return [*limited, *program.argv]
        seen = _bound(_outermost(program.binds), program.cwd)
        there = ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", program.cwd, "--"]
        user = _become(PRIVATE_USERS + secrets.randbelow(1 << 24)) if self._private_user else []
        return [*self._prefix, *more, *_system(), *seen, *there, *limited, *user, *program.argv]


class Here:
    """What confinement this machine offers: found out once, when it is first asked for."""

    def __init__(self, mode: str) -> None:
        self._mode = mode
        self._one = asyncio.Lock()
        self._found: Confinement | None = None

    async def find(self) -> Confinement:
        """What there is."""
        async with self._one:
            if self._found is None:
                self._found = await Confinement.find(self._mode)
        return self._found

    def get(self) -> Confinement:
        """What was found; before that, nothing."""
        return self._found or Confinement(Level.NONE, "the server is starting")


# What the child sees


def _bound(binds: Sequence[Bind], cwd: str) -> list[str]:
    """The folders that lead to what is bound (bubblewrap's own would be closed to another user), then the binds.

    Where it works in a folder that is nothing but such a one, it may write there.
    """
    whole = [PurePosixPath(bind.target) for bind in binds]
    inside = [*whole, *map(PurePosixPath, ("/usr", "/proc", "/dev"))]
    above = {parent for target in whole for parent in target.parents} - {PurePosixPath("/"), PurePosixPath("/tmp")}  # noqa: S108 - the child's own
    arguments: list[str] = []
    for folder in sorted(above):
        if not any(folder.is_relative_to(other) for other in inside):
            arguments += ["--perms", "0777" if str(folder) == cwd else "0755", "--dir", str(folder)]
    for bind in sorted(binds, key=lambda bind: bind.target):
        arguments += ["--bind" if bind.writable else "--ro-bind", str(bind.source), bind.target]
    return arguments


def _outermost(binds: tuple[Bind, ...]) -> tuple[Bind, ...]:
    """Leaves out what lies in another read-only bind at its own place: it is seen already."""
    seen = {Path(bind.target) for bind in binds if bind.target == str(bind.source)}
    kept = []
    for bind in binds:
        same = bind.target == str(bind.source)
        if same and not seen.isdisjoint(Path(bind.target).parents):
            continue
        if bind not in kept:
            kept.append(bind)
    return tuple(kept)


def _variants() -> list[tuple[str, ...]]:
    """Ways to call bubblewrap, the tightest first.

    Root gets no user namespace: there its processes could not be counted, as the limit spares root's. It becomes
    another user inside instead.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return []
    always = ("--die-with-parent", "--new-session", "--hostname", "connector", "--cap-drop", "ALL")
    apart = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
    change_user = ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP")
    variants = [
        (bwrap, "--unshare-all", "--unshare-user", "--disable-userns", *always),
        (bwrap, "--unshare-all", *always),
    ]
    if os.geteuid() == 0 and shutil.which("setpriv"):
        variants.insert(0, (bwrap, *apart, *always, *change_user))
    return variants


async def _first_that_works() -> tuple[str, ...] | None:
    for variant in _variants():
        user = [] if "--unshare-all" in variant else _become(PRIVATE_USERS)
        command = [*variant, *_system(), "--", *_limit_command(Limits()), "--", *user, "/usr/bin/env"]
        nowhere = asyncio.subprocess.DEVNULL
        child = await asyncio.create_subprocess_exec(*command, env={}, stdin=nowhere, stdout=nowhere, stderr=nowhere)
        if await child.wait() == 0:
            return variant
    return None


def _system() -> list[str]:
    """The read-only system: /usr, what leads to it, a few files of /etc, and folders of its own."""
    arguments = ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    arguments += ["--perms", "1777", "--size", str(TMP_SIZE), "--tmpfs", "/tmp"]  # noqa: S108 - the child's own
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    arguments += ["--perms", "0755", "--dir", "/etc"]
    for name in ("ld.so.cache", "localtime", "mime.types", "alternatives", "fonts"):
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return arguments


def _limit_command(limits: Limits) -> list[str]:
    """Sets the limits, and offers the child first when the machine runs out of memory."""
    sizes = [f"--as={limits.memory}", f"--fsize={limits.file_size}", "--core=0", f"--cpu={limits.cpu}"]
    counts = [f"--nproc={limits.processes}", f"--nofile={limits.open_files}"]
    if limits.data:
        counts.append(f"--data={limits.data}")
    first_to_go = [choom, "-n", "1000", "--"] if (choom := shutil.which("choom")) else []
    return [*first_to_go, shutil.which("prlimit") or "prlimit", *sizes, *counts]


def _become(user: int) -> list[str]:
    setpriv = shutil.which("setpriv") or "setpriv"
    return [setpriv, f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]


def python_binds() -> tuple[Bind, ...]:
    """What this Python needs to run inside: its own folders, wherever pyenv, uv or a virtual environment put them."""
    folders = {Path(sys.prefix), Path(sys.base_prefix)}
    step = Path(sys.executable)
    for _ in range(8):
        folders.add(step.parent.parent)
        if not step.is_symlink():
            break
        step = step.parent / step.readlink()
    folders |= {folder.resolve() for folder in folders}
    wanted = [Path(os.path.normpath(folder)) for folder in folders]
    outside = sorted({folder for folder in wanted if not folder.is_relative_to("/usr") and folder != Path("/")})
    return tuple(Bind(folder, str(folder)) for folder in outside)


# How the child ends


async def _forsake(starting: asyncio.Future[_Watch]) -> None:
    """Ends a child that nobody wants any more before it was there.

    asyncio by itself would kill its first process alone; what that has started by then keeps the pipes open, whose end
    is waited for: for ever.
    """
    with contextlib.suppress(OSError):  # it could not be started
        await (await starting).abandon()


class _Watch:
    """One running child: reads its output, ends it when it oversteps."""

    def __init__(
        self,
        child: asyncio.subprocess.Process,
        transport: asyncio.SubprocessTransport,
        limits: Limits,
        on_line: OnLine | None,
    ) -> None:
        self._child = child
        self._transport = transport
        self._limits = limits
        self._on_line = on_line
        self._cause: Cause | None = None
        self._stderr = bytearray()
        self._began = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + limits.wall
        self._alarm: asyncio.Timeout | None = None
        self._holds = 0
        self._held_since = 0.0

    async def say(self, line: bytes) -> None:
        stdin = self._child.stdin
        if stdin is None:
            return
        with contextlib.suppress(ConnectionError, RuntimeError):  # it ended, or closed its end
            stdin.write(line + b"\n")
            await stdin.drain()

    def pause(self) -> None:
        if not self._holds:
            self._held_since = self._loop.time()
        self._holds += 1
        self._set_alarm()

    def resume(self) -> None:
        self._holds -= 1
        if not self._holds:
            self._deadline += self._loop.time() - self._held_since
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None and not self._alarm.expired():
            self._alarm.reschedule(None if self._holds else self._next_end())

    def _next_end(self) -> float:
        """When the child is ended unless it gives a sign of life, on the loop's clock."""
        return min(self._deadline, self._loop.time() + self._limits.quiet)

    async def abandon(self) -> None:
        """Ends it without having listened."""
        self._kill()
        await self._gone([])

    async def to_the_end(self) -> Ending:
        readers = [asyncio.create_task(self._read_lines()), asyncio.create_task(self._read_stderr())]
        try:
            async with asyncio.timeout_at(self._next_end()) as self._alarm:
                await asyncio.gather(*readers)
                await self._child.wait()
        except TimeoutError:
            self._end(Cause.DEADLINE if self._deadline <= self._loop.time() else Cause.QUIET)
        finally:
            self._alarm = None
            self._kill()
            # Who is cancelled twice must not leave pipes behind.
            await asyncio.shield(asyncio.ensure_future(self._gone(readers)))
        return self._ending()

    async def _gone(self, readers: list[asyncio.Task[None]]) -> None:
        """Waits until the child, which was killed, and its pipes are no more."""
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        self._transport.close()  # a pipe that is full and that nobody reads is never seen to end
        await self._child.wait()

    def _ending(self) -> Ending:
        code = self._child.returncode or 0
        status = 128 - code if code < 0 else code
        cause = self._cause or Cause.EXIT
        if self._cause is None and status > 128:
            over = status - 128 in (signal.SIGXCPU, signal.SIGKILL) and self._cpu_is_spent()
            cause = Cause.CPU if over else Cause.SIGNAL
        if cause in (Cause.EXIT, Cause.SIGNAL) and status and any(word in self._stderr for word in NO_MEMORY):
            cause = Cause.MEMORY
        return Ending(cause, status, bytes(self._stderr), time.monotonic() - self._began, self._limits)

    def _cpu_is_spent(self) -> bool:
        return time.monotonic() - self._began >= self._limits.cpu

    def _end(self, cause: Cause) -> None:
        self._cause = self._cause or cause
        self._kill()

    def _kill(self) -> None:
        """Ends the whole group; inside namespaces, the end of bubblewrap ends everything."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)

    async def _cut_off(self, cause: Cause, stream: asyncio.StreamReader) -> None:
        """Ends the child and reads on to the end without keeping anything.

        A pipe that nobody reads fills up and is never seen to close; the end of the child would not be heard then.
        """
        self._end(cause)
        while await stream.read(LINE):
            pass

    async def _read_lines(self) -> None:
        assert self._child.stdout is not None
        total, rest = 0, bytearray()
        while chunk := await self._child.stdout.read(LINE):
            total += len(chunk)
            if total > self._limits.output:
                return await self._cut_off(Cause.OUTPUT, self._child.stdout)
            rest += chunk
            *lines, rest = rest.split(b"\n")
            for line in lines:
                await self._tell(bytes(line))
            if lines:
                self._set_alarm()
            if len(rest) > LINE:
                return await self._cut_off(Cause.LINE, self._child.stdout)
        await self._tell(bytes(rest))
        return None

    async def _tell(self, line: bytes) -> None:
        if len(line) > LINE:
            self._end(Cause.LINE)
        elif line and self._on_line is not None and self._cause is None:
            await self._on_line(line)

    async def _read_stderr(self) -> None:
        assert self._child.stderr is not None
        total = 0
        while chunk := await self._child.stderr.read(LINE):
            total += len(chunk)
            if total > self._limits.output:
                return await self._cut_off(Cause.OUTPUT, self._child.stderr)
            self._stderr += chunk[: STDERR_KEPT - len(self._stderr)]
        return None
