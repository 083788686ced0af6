"""A way out of a confined child's empty network: sockets in it that somebody outside answers.

The child connects as it would anywhere; what it connects to is ours, and decides. Nothing else is in its network.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = Path(__file__).with_name("netns.py")
TOLD = 64 << 10
"""Bytes that bubblewrap may say about itself."""


class NoDoor(Exception):
    """The child's network could not be entered; the message says why."""


class Doors(Protocol):
    """Who answers in the network of one child."""

    @property
    def ports(self) -> Sequence[int]:
        """The ports that are listened on, on every address of that network."""
        ...

    async def serve(self, lookups: socket.socket, streams: Sequence[socket.socket]) -> None:
        """Begins to answer: look-ups of names (DNS over UDP), and connections, by port. They are its own then."""
        ...


class Threshold:
    """What bubblewrap is told to wait for, and by which it says who its child is: a pair of pipes."""

    def __init__(self) -> None:
        self._told, self._tell = os.pipe()
        self._block, self._go = os.pipe()
        self.inherited = (self._tell, self._block)

    @property
    def arguments(self) -> list[str]:
        """The arguments of bubblewrap."""
        return ["--info-fd", str(self._tell), "--block-fd", str(self._block)]

    def started(self) -> None:
        """Bubblewrap runs, or will never: its ends of the pipes are closed here."""
        for end in self.inherited:
            os.close(end)

    async def open(self, doors: Doors) -> None:
        """Puts the doors into the child's network, then lets it begin; raises `NoDoor`."""
        pid = await asyncio.to_thread(self._child)
        lookups, *streams = await _sockets(pid, doors.ports)
        await doors.serve(lookups, streams)
        with contextlib.suppress(BrokenPipeError):  # it was killed meanwhile
            os.write(self._go, b"+")

    def close(self) -> None:
        """Closes what is left; who still waits begins, in a network with nothing in it."""
        os.close(self._told)
        os.close(self._go)

    def _child(self) -> int:
        said = b""
        while b"}" not in said and (part := os.read(self._told, TOLD)):
            said += part
        try:
            return int(orjson.loads(said)["child-pid"])
        except (orjson.JSONDecodeError, KeyError):
            raise NoDoor("bubblewrap did not say which process it started") from None


async def _sockets(pid: int, ports: Sequence[int]) -> list[socket.socket]:
    """Sockets in the network of a process: for look-ups, then for each port."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            helper = await asyncio.create_subprocess_exec(
                sys.executable, "-ISE", str(PROGRAM), str(pid), str(theirs.fileno()), *map(str, ports),
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
            )  # fmt: skip
        _, complaint = await helper.communicate()
        if helper.returncode:
            raise NoDoor(complaint.decode(errors="replace").strip().rpartition("\n")[2] or "its network is closed")
        _, found, _, _ = socket.recv_fds(ours, 1, len(ports) + 1, socket.MSG_CMSG_CLOEXEC)
    return [socket.socket(fileno=one) for one in found]
