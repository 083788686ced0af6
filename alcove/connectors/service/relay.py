"""The one way out of a run: a unix socket that leads to this server's own public port, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CONNECTIONS = 16
"""Connections of one run at a time; further ones are closed at once."""

CHUNK = 64 << 10


@contextlib.asynccontextmanager
async def relay(host: str, port: int) -> AsyncIterator[Path]:
    """Opens the socket for one run; gives its path. At the end every connection is closed.

    It lies in a folder that only the server can enter; the socket itself is open to the user that the child becomes.
    """
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="alcove-run-"))
    path = folder / "stack.sock"
    pipes = _Pipes(host, port)
    server = await asyncio.start_unix_server(pipes.accept, path)
    try:
        os.chmod(path, 0o666)  # noqa: S103 - see above
        yield path
    finally:
        server.close()
        await pipes.close()
        await server.wait_closed()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


class _Pipes:
    """The open connections of one run."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is accepted in a task"
        if len(self._tasks) >= CONNECTIONS:
            writer.close()
            return
        self._tasks.add(task)
        try:
            await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # one end went away: so does the other
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(self._host, self._port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, there_writer))
                group.create_task(_pump(there_reader, writer))
        except* OSError:
            pass
        finally:
            there_writer.close()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
