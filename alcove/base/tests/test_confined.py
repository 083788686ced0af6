"""A child that is not trusted ends, whatever it does, and reaches nothing that is not its own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from alcove.base.confined import (
    Bind,
    Cause,
    Confinement,
    Ending,
    Level,
    Limits,
    NoConfinement,
    Program,
    _outermost,
    _variants,
    python_binds,
)


async def namespaces() -> Confinement:
    found = await Confinement.find()
    if found.level is not Level.NAMESPACES:
        pytest.skip(f"children cannot be confined here: {found.how}")
    return found


async def run(script: str, limits: Limits | None = None, *binds: Bind) -> tuple[Ending, list[bytes]]:
    """Runs Python source as a confined child; gives how it ended and its lines."""
    lines: list[bytes] = []

    async def on_line(line: bytes) -> None:
        lines.append(line)

    program = Program((sys.executable, "-I", "-c", script), {"LANG": "C.UTF-8"}, (*python_binds(), *binds))
    ending = await (await namespaces()).run(program, limits, on_line)
    return ending, lines


async def test_lines_come_out_and_the_environment_is_its_own() -> None:
    ending, lines = await run("import os; print('one'); print('two'); print(sorted(os.environ))")
    assert ending.ok, ending.stderr
    assert lines[:2] == [b"one", b"two"]
    assert b"PATH" not in lines[2]


async def test_the_end_of_a_crash_is_told() -> None:
    ending, _ = await run("import sys; print('no', file=sys.stderr); sys.exit(3)")
    assert (ending.cause, ending.status, ending.stderr) == (Cause.EXIT, 3, b"no\n")
    assert ending.reason == "it ended with status 3"


async def test_a_hang_ends_at_the_deadline_with_its_children() -> None:
    ending, _ = await run("import os, time; os.fork(); time.sleep(60)", Limits(wall=0.5))
    assert ending.cause is Cause.DEADLINE
    assert ending.seconds < 5


async def test_a_busy_loop_ends_when_its_processor_time_is_spent() -> None:
    ending, _ = await run("while True: pass", Limits(cpu=1, wall=20))
    assert ending.cause is Cause.CPU


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_a_flood_of_output_ends_it(stream: str) -> None:
    ending, _ = await run(f"import sys\nwhile True: print('x' * 100, file=sys.{stream})")
    assert ending.cause is Cause.OUTPUT
    assert len(ending.stderr) <= 256 << 10


async def test_a_line_without_end_ends_it() -> None:
    ending, lines = await run("import sys\nwhile True: sys.stdout.write('x' * 4096)")
    assert ending.cause is Cause.LINE
    assert not lines


async def test_four_gigabytes_are_refused() -> None:
    ending, _ = await run("x = bytearray(4 << 30)")
    assert ending.cause is Cause.MEMORY
    assert "1024 MiB" in ending.reason


async def test_silence_ends_it_but_not_a_slow_talker() -> None:
    talk = "import time\nfor n in range(8): print(n, flush=True); time.sleep(0.1)\n"
    ending, lines = await run(talk + "time.sleep(60)", Limits(quiet=0.6, wall=30))
    assert (ending.cause, len(lines)) == (Cause.QUIET, 8)


async def test_a_fork_bomb_meets_its_limit() -> None:
    bomb = "import os\nn = 0\ntry:\n  while True:\n    n += 1\n    if not os.fork(): import time; time.sleep(9)\n"
    ending, lines = await run(bomb + "except OSError: print(n)", Limits(processes=8, wall=5))
    assert int(lines[0]) <= 8, ending


async def test_the_network_is_empty() -> None:
    ending, _ = await run("import socket; socket.create_connection(('127.0.0.1', 22), 1)")
    assert b"Refused" in ending.stderr or b"unreachable" in ending.stderr
    ending, lines = await run("import socket; print(socket.if_nameindex())")
    assert lines == [b"[(1, 'lo')]"], ending.stderr


async def test_nothing_of_the_machine_is_seen(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mine")
    for path in ("/etc/shadow", "/etc/passwd", str(secret), str(Path.home() / ".ssh")):
        ending, _ = await run(f"open({path!r}).read()")
        assert b"FileNotFoundError" in ending.stderr, path
    ending, lines = await run("import os; print(os.listdir('/home') if os.path.exists('/home') else [])")
    assert secret.name.encode() not in b"".join(lines), ending


@pytest.mark.parametrize("variant", range(3))
async def test_only_its_tmp_can_be_written(variant: int) -> None:
    variants = _variants()
    if variant >= len(variants):
        pytest.skip("bubblewrap cannot be called in this way here")
    confinement = Confinement(
        Level.NAMESPACES, "", variants[variant], private_user="--unshare-all" not in variants[variant]
    )
    script = "import os\nfor p in ('/usr/x', '/etc/x', '/x', '/dev/shm/x', '/dev/x', '/usr/bin/env', '/tmp/x'):\n"
    script += "  try: open(p, 'w'); print(p, flush=True)\n  except OSError: pass"
    lines: list[bytes] = []

    async def on_line(line: bytes) -> None:
        lines.append(line)

    await namespaces()
    program = Program((sys.executable, "-Ic", script), {}, python_binds())
    ending = await confinement.run(program, None, on_line)
    assert lines == [b"/tmp/x"], ending.stderr


async def test_what_is_bound_is_seen_and_writable_only_if_said(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o777)
    (tmp_path / "given").write_text("hello")
    read = Bind(tmp_path, "/given")
    ending, lines = await run("print(open('/given/given').read()); open('/given/new', 'w')", None, read)
    assert lines == [b"hello"]
    assert b"Read-only" in ending.stderr
    write = Bind(tmp_path, "/given", writable=True)
    ending, _ = await run("open('/given/new', 'w').write('x')", None, write)
    assert (tmp_path / "new").read_text() == "x", ending.stderr


async def test_a_file_cannot_grow_past_its_limit() -> None:
    ending, _ = await run("open('/tmp/x', 'wb').write(b'x' * (1 << 21))", Limits(file_size=1 << 20))
    assert not ending.ok


async def test_a_cancelled_run_leaves_no_process() -> None:
    confinement = await namespaces()
    began = asyncio.Event()

    async def on_line(_line: bytes) -> None:
        began.set()

    program = Program((sys.executable, "-I", "-uc", "print(1); import time; time.sleep(60)"), {}, python_binds())
    task = asyncio.create_task(confinement.run(program, None, on_line))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_run_whose_output_nobody_reads_ends_too() -> None:
    begun = asyncio.Event()

    async def deaf(_line: bytes) -> None:
        begun.set()
        await asyncio.Event().wait()

    flood = "import sys\nwhile True: print('x' * 50_000, flush=True)"
    program = Program((sys.executable, "-I", "-c", flood), {}, python_binds())
    task = asyncio.create_task((await namespaces()).run(program, Limits(output=1 << 30), deaf))
    await asyncio.wait_for(begun.wait(), 20)
    for _ in range(2):  # also for who is cancelled again while it ends
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 20)


async def test_who_is_cancelled_while_the_child_starts_waits_for_none_of_its_children(tmp_path: Path) -> None:
    there = tmp_path / "there"
    command = f"/bin/sh -c 'echo > {there}; exec sleep 60' & wait"
    task = asyncio.create_task(Confinement(Level.LIMITS, "limits alone").run(Program(("/bin/sh", "-c", command))))
    for _ in range(2):  # it is born; its pipes are not connected yet
        await asyncio.sleep(0)
    while not there.exists():  # the loop is held: nothing goes on here until the child has a child
        os.sched_yield()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 20)


async def test_an_error_of_the_reader_is_not_lost() -> None:
    confinement = await namespaces()

    async def on_line(_line: bytes) -> None:
        raise RuntimeError("reader")

    with pytest.raises(RuntimeError, match="reader"):
        await confinement.run(Program((sys.executable, "-Ic", "print(1)"), {}, python_binds()), None, on_line)


async def test_without_confinement_running_is_refused() -> None:
    with pytest.raises(NoConfinement, match="Bubblewrap is not"):
        await Confinement(Level.NONE, "bubblewrap is not installed: ...").run(Program(("/usr/bin/env",)))


async def test_degraded_runs_have_limits_alone(tmp_path: Path) -> None:
    confinement = Confinement(Level.LIMITS, "limits alone")
    bind = Bind(tmp_path, "/given")
    assert confinement.place(bind) == str(tmp_path)
    script = "x = bytearray(4 << 30)"
    ending = await confinement.run(Program((sys.executable, "-I", "-c", script), {}, (bind,), cwd=str(tmp_path)))
    assert b"MemoryError" in ending.stderr


async def test_a_missing_bubblewrap_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    real = shutil.which
    monkeypatch.setattr("alcove.base.confined.shutil.which", lambda name: None if name == "bwrap" else real(name))
    refused, degraded = await Confinement.find(), await Confinement.find("degraded")
    assert refused.level is Level.NONE
    assert "apt install bubblewrap" in refused.how
    assert degraded.level is Level.LIMITS


def test_what_is_seen_already_is_bound_once(tmp_path: Path) -> None:
    outer = Bind(tmp_path, str(tmp_path))
    inner = Bind(tmp_path / "inner", str(tmp_path / "inner"))
    elsewhere = Bind(tmp_path / "inner", "/inputs")
    assert _outermost((outer, inner, elsewhere, outer)) == (outer, elsewhere)
